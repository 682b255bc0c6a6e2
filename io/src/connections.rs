//! The `reqwest::Client` that sends all requests, including token requests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use msgraph_core::error::{ConfigurationError, Error, TransportError};
use reqwest::redirect::Policy;
use url::Url;

use super::{network_error, tls};

/// The longest time for making a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest time without any received data before a request fails. Microsoft's SDKs give a whole
/// request this time by default. Here it starts anew with each received byte, so that a large
/// download can take as long as it needs.
const READ_TIMEOUT: Duration = Duration::from_secs(100);

pub type Change = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// The settings of the connections.
#[derive(Default)]
pub struct Connections {
    pub own: Option<reqwest::Client>,
    pub connect_timeout: Option<Duration>,
    pub change: Option<Change>,
    /// Set to `true` if calls go to this machine, or to a host right beside it. A proxy from the
    /// environment would carry them, and their token, to another machine.
    pub is_local: bool,
}

impl Connections {
    /// # Errors
    ///
    /// Returns [`Error::Configuration`] when two settings exclude each other, or when TLS cannot be
    /// set up on this machine.
    pub fn build(self) -> Result<reqwest::Client, Error> {
        let both = |setting| {
            ConfigurationError::new(
                setting,
                "it cannot be combined with `http_client`, because that client is already built",
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
        // This comes last, so that no other setting overrides it. This crate follows redirects
        // itself, and a Graph address must not reach other hosts in a `Referer` header.
        builder
            .redirect(Policy::none())
            .referer(false)
            .build()
            .map_err(|error| {
                let error = network_error::from_reqwest(error);
                ConfigurationError::new("http", format!("cannot build the HTTP client: {error}"))
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

/// Checks whether a response came from the requested address. A client that the user supplies may
/// follow redirects by itself, which only the address shows.
pub fn is_response_of(response: &reqwest::Response, asked: &Url) -> bool {
    // Fragments are not sent, and the address of a response does not have one.
    let without_fragment = asked.as_str().split('#').next();
    without_fragment == Some(response.url().as_str())
}

pub fn followed_a_redirect() -> TransportError {
    TransportError::new(
        "the `reqwest::Client` passed to `http_client` followed a redirect itself, which may send \
         headers and bodies to another host: build it with \
         `.redirect(reqwest::redirect::Policy::none())`, or use `configure_http`",
    )
}
