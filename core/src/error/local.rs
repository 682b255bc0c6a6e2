//! Errors that this crate raises itself, before anything is sent.

use std::fmt;

use http::Method;

use super::{RequestContext, Source};
use crate::redact::OneLine;
use crate::redact::text;

/// A call that no request can express. The error says what is wrong and where. Nothing was sent.
#[derive(Clone, Debug)]
pub struct RequestError {
    context: RequestContext,
    message: String,
}

impl RequestError {
    #[doc(hidden)]
    pub fn new(method: Method, template: String, message: String) -> Self {
        Self {
            context: RequestContext::new(method, template),
            message: text(message),
        }
    }

    /// Returns the description of the fault.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cannot be sent: {}",
            self.context,
            OneLine(&self.message)
        )
    }
}

impl std::error::Error for RequestError {}

/// A client that cannot be built with the requested settings. The error names the setting and the
/// reason.
#[derive(Clone, Debug)]
pub struct ConfigurationError {
    setting: &'static str,
    message: String,
    source: Option<Source>,
}

impl ConfigurationError {
    #[doc(hidden)]
    pub fn new(setting: &'static str, message: impl Into<String>) -> Self {
        Self {
            setting,
            message: text(message),
            source: None,
        }
    }

    #[doc(hidden)]
    pub fn with_source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    /// Returns the setting, by the name of its method.
    pub fn setting(&self) -> &str {
        self.setting
    }

    /// Returns what is wrong with the setting.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot build the client: `{}`: {}",
            self.setting,
            OneLine(&self.message)
        )
    }
}

impl std::error::Error for ConfigurationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_deref()? as &(dyn std::error::Error + 'static))
    }
}

/// An address outside the hosts that a client may contact.
///
/// A token grants access to everything that its owner may do. It therefore goes only to the cloud's
/// own hosts, over https. It does not go to a `nextLink` of another cloud, and does not follow a
/// redirect to another host. Any other address is refused before a token is requested, and nothing
/// is sent.
#[derive(Clone, Debug)]
pub struct HostError {
    context: Option<RequestContext>,
    origin: String,
    reason: HostRefusal,
}

/// The reason why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostRefusal {
    /// The host is not in the client's list. `allowed` is that list, and `name` is the argument for
    /// `allow_host`.
    Unlisted { name: String, allowed: Vec<String> },
    /// The address is not https.
    Scheme,
    /// A redirect leads to an address that is not https.
    Downgrade,
    /// A redirect would repeat a call that changes something at another host.
    Change,
    /// The URL contains a user name or password.
    Credentials,
}

impl HostError {
    #[doc(hidden)]
    pub fn new(origin: String, reason: HostRefusal) -> Self {
        Self {
            context: None,
            origin,
            reason,
        }
    }

    #[doc(hidden)]
    pub fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// Returns the scheme, host and port of the address: `https://graph.contoso.example`.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context} → ")?;
        }
        let origin = &self.origin;
        match &self.reason {
            HostRefusal::Unlisted { name, allowed } => write!(
                f,
                "{origin} is not one of this client's hosts ({}), so nothing was sent; if the host \
                 may receive the access token, allow it with \
                 `Graph::builder(…).allow_host(\"{name}\")`",
                allowed.join(", ")
            ),
            HostRefusal::Scheme => write!(
                f,
                "{origin} is not https, so nothing was sent; plain http is only allowed for an \
                 address of this machine that `base_url` or the cloud names"
            ),
            HostRefusal::Downgrade => {
                write!(
                    f,
                    "a redirect to {origin} was not followed, because it is not https"
                )
            }
            HostRefusal::Change => write!(
                f,
                "a redirect to {origin} was not followed, because it would repeat a call other \
                 than GET at another host"
            ),
            HostRefusal::Credentials => {
                write!(
                    f,
                    "the URL contains a user name or password for {origin}, so nothing was sent"
                )
            }
        }
    }
}

impl std::error::Error for HostError {}
