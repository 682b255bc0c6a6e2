//! The `reqwest::Client` that everything goes through, token requests among it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use super::tls;
use crate::error::{ConfigurationError, Error, TransportError};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long nothing may come before a request is given up. It is the whole time that Microsoft's SDKs give a request by
/// default; here it starts anew with whatever comes, so that a large download has the time that it takes.
const READ_TIMEOUT: Duration = Duration::from_secs(100);

pub(crate) type Change = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// What the connections are made of.
#[derive(Default)]
pub(crate) struct Connections {
    pub(crate) own: Option<reqwest::Client>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) change: Option<Change>,
    /// Calls go to this machine, or to what is right beside it: a proxy of the environment's would carry them, token and all, to another.
    pub(crate) is_local: bool,
}

impl Connections {
    /// # Errors
    ///
    /// [`Error::Configuration`] when two settings exclude one another, or TLS cannot be set up on this machine.
    pub(crate) fn build(self) -> Result<reqwest::Client, Error> {
        let both = |setting| {
            ConfigurationError::new(
                setting,
                "a client that was built already cannot be changed any more",
            )
        };
        if let Some(own) = self.own {
            return match (self.connect_timeout, self.change) {
                (Some(_), _) => Err(both("connect_timeout").into()),
                (None, Some(_)) => Err(both("configure_http").into()),
                (None, None) => Ok(own),
            };
        }
        let mut builder = tls::with_tls(reqwest::Client::builder())?
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .read_timeout(READ_TIMEOUT);
        if self.is_local {
            builder = builder.no_proxy();
        }
        if let Some(change) = self.change {
            builder = change(builder);
        }
        // Last, whatever else was asked for: redirects are followed in this crate, and an address of Graph's is nobody
        // else's business.
        builder
            .redirect(Policy::none())
            .referer(false)
            .build()
            .map_err(|error| {
                let error = TransportError::from_reqwest(error);
                ConfigurationError::new("http", format!("the HTTP client cannot be built: {error}"))
                    .with_source(Arc::new(error))
                    .into()
            })
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("own", &self.own.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

/// Whether an answer came from the address that was asked: a client of the user's may follow redirects by itself, and
/// nothing but the address tells.
pub(crate) fn is_answer_of(response: &reqwest::Response, asked: &Url) -> bool {
    // Fragments are not sent, and an answer's address has none.
    let without_fragment = asked.as_str().split('#').next();
    without_fragment == Some(response.url().as_str())
}

pub(crate) fn followed_a_redirect() -> TransportError {
    TransportError::new(
        "the `reqwest::Client` that was given to `http_client` has followed a redirect by itself, which may lead headers \
         and bodies astray: build it with `.redirect(reqwest::redirect::Policy::none())`, or use `configure_http`",
    )
}
