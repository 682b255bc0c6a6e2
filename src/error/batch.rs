//! What can go wrong with a call because it is part of a batch.

use std::fmt;

use super::text::OneLine;
use super::{Error, RequestContext};
use crate::redact::text;

/// A call in a batch that was not done, or of which nobody knows whether it was.
///
/// What Graph answered to a part is [`Error::Api`], as with any call.
#[derive(Clone, Debug)]
pub struct BatchError {
    kind: BatchErrorKind,
    context: Option<RequestContext>,
    message: String,
    source: Option<Box<Error>>,
}

/// Why a part of a batch has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BatchErrorKind {
    /// It was to be done after another one, and that one failed: 424. The error's source is that of the other one.
    NotRun,
    /// Graph's response to the batch does not name it, or is damaged in its part: it may have been done.
    Unknown,
    /// More calls wait for each other than one request holds.
    TooMany,
    /// It waits for a call of another batch, or its answer was taken from another batch.
    OtherBatch,
}

impl BatchError {
    pub(crate) fn not_run(
        context: &RequestContext,
        because_of: &RequestContext,
        error: Error,
    ) -> Self {
        Self {
            kind: BatchErrorKind::NotRun,
            context: Some(context.clone()),
            message: format!("not done, because {because_of} failed"),
            source: Some(Box::new(error)),
        }
    }

    pub(crate) fn unknown(context: &RequestContext, message: &str) -> Self {
        Self {
            kind: BatchErrorKind::Unknown,
            context: Some(context.clone()),
            message: text(format!("{message}: its outcome is unknown")),
            source: None,
        }
    }

    pub(crate) fn too_many(calls: usize, largest: usize) -> Self {
        Self {
            kind: BatchErrorKind::TooMany,
            context: None,
            message: format!(
                "{calls} calls of a batch wait for each other, and a request holds {largest} at most"
            ),
            source: None,
        }
    }

    pub(crate) fn foreign(context: &RequestContext) -> Self {
        Self {
            kind: BatchErrorKind::OtherBatch,
            context: Some(context.clone()),
            message: "it waits for a call of another batch".to_owned(),
            source: None,
        }
    }

    pub(crate) fn not_of_this_batch() -> Self {
        Self {
            kind: BatchErrorKind::OtherBatch,
            context: None,
            message: "the call was in another batch".to_owned(),
            source: None,
        }
    }

    /// The same, of another call.
    pub(crate) fn of(mut self, context: &RequestContext) -> Self {
        self.context = Some(context.clone());
        self
    }

    /// Why there is no answer.
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
