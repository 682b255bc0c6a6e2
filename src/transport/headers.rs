//! The headers that identify each request to Graph
//! (<https://learn.microsoft.com/graph/best-practices-concept>).

use http::HeaderValue;
use http::header::{ACCEPT, HeaderMap, HeaderName, USER_AGENT};
use uuid::Uuid;

use crate::error::ConfigurationError;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const SDK_VERSION: HeaderName = HeaderName::from_static("sdkversion");

/// The crate, its version and the machine it runs on. Graph's own SDKs send the same data. It is
/// sent to Graph only.
const THIS_SDK: &str = concat!(
    "graph-rust/",
    env!("CARGO_PKG_VERSION"),
    ", graph-rust-core/",
    env!("CARGO_PKG_VERSION"),
);

const THIS_AGENT: &str = concat!("msgraph-rust/", env!("CARGO_PKG_VERSION"));

/// The headers that a client sends with each request, built once.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    user_agent: HeaderValue,
    sdk_version: HeaderValue,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            user_agent: HeaderValue::from_static(THIS_AGENT),
            sdk_version: sdk_version(),
        }
    }
}

impl Defaults {
    /// Creates the headers, with the program's own name before this crate's if it has one.
    ///
    /// # Errors
    ///
    /// Returns an error when the name holds a character that a header cannot hold.
    pub(crate) fn of_program(program: Option<&str>) -> Result<Self, ConfigurationError> {
        let mut defaults = Self::default();
        if let Some(program) = program {
            let user_agent = HeaderValue::from_str(&format!("{program} {THIS_AGENT}"));
            defaults.user_agent = user_agent.map_err(|_| {
                let name = program.escape_debug();
                ConfigurationError::new(
                    "user_agent",
                    format!("`{name}` contains characters that an HTTP header cannot contain"),
                )
            })?;
        }
        Ok(defaults)
    }

    /// Returns the user agent: the program and this crate.
    pub(crate) fn user_agent(&self) -> &HeaderValue {
        &self.user_agent
    }

    /// Sets the headers that the caller has not set. Returns the request id, which stays the same
    /// over all attempts.
    pub(crate) fn set(&self, headers: &mut HeaderMap) -> Option<String> {
        // Room for the headers that are added here and later: the token, and the number of a
        // repeat.
        headers.reserve(6);
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        headers
            .entry(USER_AGENT)
            .or_insert_with(|| self.user_agent.clone());
        headers
            .entry(SDK_VERSION)
            .or_insert_with(|| self.sdk_version.clone());
        let id = headers.entry(CLIENT_REQUEST_ID).or_insert_with(|| {
            let mut text = Uuid::encode_buffer();
            // Hexadecimal digits and hyphens are always a valid header value.
            HeaderValue::from_str(Uuid::new_v4().hyphenated().encode_lower(&mut text))
                .unwrap_or(HeaderValue::from_static(""))
        });
        id.to_str().ok().map(str::to_owned)
    }
}

fn sdk_version() -> HeaderValue {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let text = format!("{THIS_SDK} (hostOS={os}; hostArch={arch}; runtimeEnvironment=Rust)");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(THIS_SDK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_of_the_caller_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/csv"));
        headers.insert(CLIENT_REQUEST_ID, HeaderValue::from_static("mine"));
        let id = Defaults::of_program(Some("inventory/1.2"))
            .unwrap()
            .set(&mut headers);
        assert_eq!(id.as_deref(), Some("mine"));
        assert_eq!(headers[ACCEPT], "text/csv");
        assert_eq!(headers[USER_AGENT], format!("inventory/1.2 {THIS_AGENT}"));
        assert!(
            headers[SDK_VERSION]
                .to_str()
                .unwrap()
                .starts_with("graph-rust/")
        );
    }

    #[test]
    fn each_request_has_its_own_id() {
        let id = || Defaults::default().set(&mut HeaderMap::new()).unwrap();
        let (one, other) = (id(), id());
        assert_ne!(one, other);
        assert_eq!(Uuid::parse_str(&one).unwrap().get_version_num(), 4);
    }

    #[test]
    fn user_agent_with_invalid_characters_is_refused() {
        assert_eq!(
            Defaults::of_program(Some("a\nb")).unwrap_err().setting(),
            "user_agent"
        );
    }
}
