//! The headers that identify each request to Graph
//! (<https://learn.microsoft.com/graph/best-practices-concept>).

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use http::header::{ACCEPT, HeaderMap, HeaderName, USER_AGENT};
use uuid::{Builder, Uuid};

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

/// The place of the id in the headers that are cloned for each request.
const NO_ID: HeaderValue = HeaderValue::from_static("");

const THIS_AGENT: &str = concat!("msgraph-rust/", env!("CARGO_PKG_VERSION"));

/// The headers that a client sends with each request, built once.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    /// The headers of a request, with [`NO_ID`] in place of the id.
    common: HeaderMap,
    ids: Arc<RequestIds>,
}

impl Default for Defaults {
    fn default() -> Self {
        let common = [
            (ACCEPT, HeaderValue::from_static("application/json")),
            (USER_AGENT, HeaderValue::from_static(THIS_AGENT)),
            (SDK_VERSION, sdk_version()),
            (CLIENT_REQUEST_ID, NO_ID),
        ];
        Self {
            common: common.into_iter().collect(),
            ids: Arc::default(),
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
            let user_agent = user_agent.map_err(|_| {
                let name = program.escape_debug();
                ConfigurationError::new(
                    "user_agent",
                    format!("`{name}` contains characters that an HTTP header cannot contain"),
                )
            })?;
            defaults.common.insert(USER_AGENT, user_agent);
        }
        Ok(defaults)
    }

    /// Sets the user agent: the program and this crate.
    pub(crate) fn set_user_agent(&self, headers: &mut HeaderMap) {
        if let Some(user_agent) = self.common.get(USER_AGENT) {
            headers.insert(USER_AGENT, user_agent.clone());
        }
    }

    /// Sets the headers that the caller has not set. Returns the request id, which stays the same
    /// over all attempts.
    pub(crate) fn set(&self, headers: &mut HeaderMap) -> Option<String> {
        if headers.is_empty() {
            *headers = self.common.clone();
        } else {
            for (name, value) in &self.common {
                headers.entry(name).or_insert_with(|| value.clone());
            }
        }
        let id = headers.get_mut(CLIENT_REQUEST_ID)?;
        if *id == NO_ID {
            let mut text = Uuid::encode_buffer();
            // Hexadecimal digits and hyphens are always a valid header value.
            *id = HeaderValue::from_str(self.ids.next().hyphenated().encode_lower(&mut text))
                .unwrap_or(NO_ID);
        }
        id.to_str().ok().map(str::to_owned)
    }
}

/// The ids of a client's requests: a keyed hash of their number. The key comes from the system's
/// random numbers, once for each client, because a system call for each request takes longer.
#[derive(Debug, Default)]
struct RequestIds {
    key: RandomState,
    count: AtomicU64,
}

impl RequestIds {
    fn next(&self) -> Uuid {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = [true, false].map(|half| self.key.hash_one((number, half)));
        Builder::from_random_bytes(Uuid::from_u64_pair(high, low).into_bytes()).into_uuid()
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
        let defaults = Defaults::default();
        let ids = [&defaults, &defaults.clone()].map(|same| same.set(&mut HeaderMap::new()));
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn user_agent_with_invalid_characters_is_refused() {
        assert_eq!(
            Defaults::of_program(Some("a\nb")).unwrap_err().setting(),
            "user_agent"
        );
    }
}
