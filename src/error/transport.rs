//! What got lost between here and Graph.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;

use super::text::OneLine;
use super::{RequestContext, Source};

/// A request that did not get through, or an answer that did not arrive whole.
#[derive(Clone, Debug)]
pub struct TransportError {
    context: Option<RequestContext>,
    kind: Kind,
    message: String,
    source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Timeout,
    Connect,
    /// Broken off underway.
    Broken,
    /// Nothing that a repeat would mend.
    Final,
}

impl TransportError {
    /// What reqwest could not do. The URL, which may hold ids and tokens, is taken out.
    pub(crate) fn from_reqwest(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            Kind::Timeout
        } else if error.is_connect() {
            Kind::Connect
        } else if error.is_builder() || error.is_redirect() {
            Kind::Final
        } else {
            Kind::Broken
        };
        let error = error.without_url();
        let message = match (kind, innermost(&error)) {
            (Kind::Timeout, _) => "no answer in time".to_owned(),
            (Kind::Connect, cause) => format!("no connection: {cause}"),
            (Kind::Broken | Kind::Final, cause) => cause,
        };
        Self {
            context: None,
            kind,
            message,
            source: Some(Arc::new(error)),
        }
    }

    /// What a middleware of the user's, or one here, gave up on.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            context: None,
            kind: Kind::Final,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn with_source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    pub(crate) fn of(mut self, context: Option<&RequestContext>) -> Self {
        if self.context.is_none() {
            self.context = context.cloned();
        }
        self
    }

    /// Whether the time was over, be it for the connection or the answer.
    pub fn is_timeout(&self) -> bool {
        self.kind == Kind::Timeout
    }

    /// Whether there was no connection, so that nothing can have arrived.
    pub fn is_connect(&self) -> bool {
        self.kind == Kind::Connect
    }

    pub(crate) fn is_retryable(&self) -> bool {
        self.kind != Kind::Final
    }
}

/// The cause at the end of the chain: reqwest's own text says only that something failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context} → ")?;
        }
        write!(f, "{}", OneLine(&self.message))
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_deref()? as &(dyn std::error::Error + 'static))
    }
}
