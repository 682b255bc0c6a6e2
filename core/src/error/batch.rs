//! Errors of a call that come from its batch.

use std::fmt;

use super::{Error, RequestContext};
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
        }
    }

    #[doc(hidden)]
    pub fn unknown(context: &RequestContext, message: &str) -> Self {
        Self {
            kind: BatchErrorKind::Unknown,
            context: Some(context.clone()),
            message: text(format!("{message}: its outcome is unknown")),
            source: None,
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
        }
    }

    #[doc(hidden)]
    pub fn foreign(context: &RequestContext) -> Self {
        Self {
            kind: BatchErrorKind::OtherBatch,
            context: Some(context.clone()),
            message: "it depends on a call of another batch".to_owned(),
            source: None,
        }
    }

    #[doc(hidden)]
    pub fn not_of_this_batch() -> Self {
        Self {
            kind: BatchErrorKind::OtherBatch,
            context: None,
            message: "the handle belongs to another batch".to_owned(),
            source: None,
        }
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
        Ok(())
    }
}

impl std::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source as &(dyn std::error::Error + 'static))
    }
}
