//! The environment variables of a job.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use msgraph_io::is_loopback;
use url::Url;
use zeroize::Zeroizing;

use crate::Result;
use crate::error::SignInError;

/// The variables of an environment, read when they are needed. A credential may be created before
/// the job has them.
#[derive(Clone)]
pub(super) struct Variables(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Variables {
    pub(super) fn of_process() -> Self {
        Self::with(|name| std::env::var(name).ok())
    }

    pub(super) fn with(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// Returns the address in a variable. It must use https, except for this machine's own
    /// addresses.
    ///
    /// # Errors
    ///
    /// Returns an error if the variable is not set, or holds no such address. `origin` tells who
    /// sets the variable.
    pub(super) fn address(&self, name: &str, origin: &str) -> Result<Url> {
        let text = self.get(name, origin)?;
        let wrong = || {
            SignInError::new(format!(
                "the environment variable `{name}` is not an https URL"
            ))
        };
        let url = Url::parse(&text).map_err(|error| wrong().with_source(error))?;
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_loopback(&url) => Ok(url),
            _ => Err(wrong().into()),
        }
    }

    /// Returns the token in a variable, as the header that carries it.
    ///
    /// # Errors
    ///
    /// Returns an error if the variable is not set, or holds characters that are not valid in a
    /// header. `origin` tells who sets the variable.
    pub(super) fn bearer(&self, name: &str, origin: &str) -> Result<HeaderValue> {
        let token = Zeroizing::new(self.get(name, origin)?);
        let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| {
            SignInError::new(format!(
                "the environment variable `{name}` contains characters that an HTTP header cannot \
                 contain"
            ))
        })?;
        bearer.set_sensitive(true);
        Ok(bearer)
    }

    fn get(&self, name: &str, origin: &str) -> Result<String> {
        match (self.0)(name) {
            // An empty variable counts as not set.
            Some(value) if !value.is_empty() => Ok(value),
            _ => {
                let message = format!("the environment variable `{name}` is not set: {origin}");
                Err(SignInError::unavailable(message).into())
            }
        }
    }
}

/// Prints no values.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}
