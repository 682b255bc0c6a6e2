//! Errors of a call that come from its batch.

use std::fmt;

use super::{Attempts, Error, ErrorOrigin, RequestContext};
use crate::redact::OneLine;
use crate::redact::text;

/// A call in a batch that did not run, or whose outcome is unknown.
///
/// An error response to a single call of the batch is [`Error::Api`], as for any call.
#[derive(Clone, Debug)]
pub struct BatchError {
    kind: BatchErrorKind,
    context: Option<RequestContext>,
    message: String,
    source: Option<Box<Error>>,
    /// The response to the batch.
    origin: Option<ErrorOrigin>,
}

/// The reason why a call in a batch has no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BatchErrorKind {
    /// The call depends on another call, which failed: 424. The source of the error is the error of
    /// the other call.
    NotRun,
    /// Graph's response to the batch omits the call, or is damaged at its place. The call may have
    /// run.
    Unknown,
    /// More calls depend on each other than one request can hold.
    TooMany,
    /// The call depends on a call of another batch, or its response was requested from another
    /// batch.
    OtherBatch,
}

impl BatchError {
    #[doc(hidden)]
    pub fn not_run(context: &RequestContext, because_of: &RequestContext, error: Error) -> Self {
        Self {
            kind: BatchErrorKind::NotRun,
            context: Some(context.clone()),
            message: format!("not run, because it depends on {because_of}, which failed"),
            source: Some(Box::new(error)),
            origin: None,
        }
    }

    #[doc(hidden)]
    pub fn unknown(context: &RequestContext, message: &str) -> Self {
        Self {
            kind: BatchErrorKind::Unknown,
            context: Some(context.clone()),
            message: text(format!("{message}: its outcome is unknown")),
            source: None,
            origin: None,
        }
    }

    #[doc(hidden)]
    pub fn too_many(calls: usize, largest: usize) -> Self {
        Self {
            kind: BatchErrorKind::TooMany,
            context: None,
            message: format!(
                "{calls} calls of a batch depend on each other, but one request holds at most \
                 {largest} calls"
            ),
            source: None,
            origin: None,
        }
    }

    #[doc(hidden)]
    pub fn foreign(context: &RequestContext) -> Self {
        Self {
            kind: BatchErrorKind::OtherBatch,
            context: Some(context.clone()),
            message: "it depends on a call of another batch".to_owned(),
            source: None,
            origin: None,
        }
    }

    #[doc(hidden)]
    pub fn not_of_this_batch() -> Self {
        Self {
            kind: BatchErrorKind::OtherBatch,
            context: None,
            message: "the handle belongs to another batch".to_owned(),
            source: None,
            origin: None,
        }
    }

    /// Adds the response to the batch.
    #[doc(hidden)]
    pub fn with_origin(mut self, origin: ErrorOrigin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Returns the same error for another call.
    #[doc(hidden)]
    pub fn of(mut self, context: &RequestContext) -> Self {
        self.context = Some(context.clone());
        self
    }

    /// Returns the reason why the call has no response.
    pub fn kind(&self) -> BatchErrorKind {
        self.kind
    }

    /// Returns the id that Microsoft's support asks for: that of the batch, or of the call whose
    /// failure is the reason.
    pub fn request_id(&self) -> Option<&str> {
        match (&self.origin, &self.source) {
            (Some(origin), _) => origin.request_id(),
            (None, source) => source.as_ref()?.request_id(),
        }
    }

    /// Returns the attempts that were made for the batch, or for the call whose failure is the
    /// reason.
    pub fn attempts(&self) -> Option<&Attempts> {
        match (&self.origin, &self.source) {
            (Some(origin), _) => Some(origin.attempts()),
            (None, source) => source.as_ref()?.attempts(),
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context} in a batch: ")?;
        }
        write!(f, "{}", OneLine(&self.message))?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        match &self.origin {
            Some(origin) => write!(f, "{origin}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source as &(dyn std::error::Error + 'static))
    }
}
