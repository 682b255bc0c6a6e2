//! What this crate refuses by itself, before anything is sent.

use std::fmt;

use http::Method;

use super::text::OneLine;
use super::{RequestContext, Source};
use crate::redact::text;

/// A call that no request can express: says what was wrong and where. Nothing was sent.
#[derive(Clone, Debug)]
pub struct RequestError {
    context: RequestContext,
    message: String,
}

impl RequestError {
    pub(crate) fn new(method: Method, template: String, message: String) -> Self {
        Self {
            context: RequestContext::new(method, template),
            message: text(message),
        }
    }

    /// What is wrong with the call.
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

/// A client that cannot be built the way it was asked for: says which setting, and why.
#[derive(Clone, Debug)]
pub struct ConfigurationError {
    setting: &'static str,
    message: String,
    source: Option<Source>,
}

impl ConfigurationError {
    pub(crate) fn new(setting: &'static str, message: impl Into<String>) -> Self {
        Self {
            setting,
            message: text(message),
            source: None,
        }
    }

    pub(crate) fn with_source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    /// The setting, by the name of its method.
    pub fn setting(&self) -> &str {
        self.setting
    }

    /// What is wrong with it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the client cannot be built: {}: {}",
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

/// An address outside the hosts that a client may speak to.
///
/// A token opens everything that its owner may do, so it goes to the cloud's own hosts, over https, and nowhere else:
/// not to a `nextLink` of another cloud, and not after a redirect. What would go elsewhere is refused before a token is
/// asked for, and nothing is sent.
#[derive(Clone, Debug)]
pub struct HostError {
    context: Option<RequestContext>,
    origin: String,
    reason: HostRefusal,
}

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostRefusal {
    /// None of the client's hosts, which are these; the name is what [`allow_host`](crate::GraphBuilder::allow_host) takes.
    Unlisted { name: String, allowed: Vec<String> },
    /// Not https.
    Scheme,
    /// A redirect to something else than https.
    Downgrade,
    /// A redirect would make a call that changes something at another host.
    Change,
    /// A name or password stands in the URL.
    Credentials,
}

impl HostError {
    pub(crate) fn new(origin: String, reason: HostRefusal) -> Self {
        Self {
            context: None,
            origin,
            reason,
        }
    }

    pub(crate) fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// Scheme, host and port of the address: `https://graph.contoso.example`.
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
                "{origin} is none of this client's hosts ({}), so nothing was sent; if it may have the token, allow it: \
                 `Graph::builder(…).allow_host(\"{name}\")`",
                allowed.join(", ")
            ),
            HostRefusal::Scheme => write!(
                f,
                "{origin} is not https, so nothing was sent; plain http is for this machine's own addresses only, where \
                 `base_url` or the cloud names one"
            ),
            HostRefusal::Downgrade => {
                write!(
                    f,
                    "a redirect leads to {origin}, which is not https, so it was not followed"
                )
            }
            HostRefusal::Change => write!(
                f,
                "a redirect would make the call, which is no GET, at {origin}, so it was not followed"
            ),
            HostRefusal::Credentials => {
                write!(
                    f,
                    "the URL has a name or password for {origin} in it, so nothing was sent"
                )
            }
        }
    }
}

impl std::error::Error for HostError {}
