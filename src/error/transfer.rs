//! What can go wrong while a file is on its way, beyond single requests.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;

use super::text::OneLine;
use super::{ApiError, Source};
use crate::redact::text;

/// An upload or a download that cannot go on.
///
/// What a single request came to is [`Error::Api`](super::Error::Api) or [`Error::Transport`](super::Error::Transport), as
/// with any call; this is what no repeat would mend.
#[derive(Clone, Debug)]
pub struct TransferError {
    kind: TransferErrorKind,
    message: String,
    source: Option<Source>,
    api: Option<Box<ApiError>>,
}

/// Why a transfer cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferErrorKind {
    /// The upload session is not there any more: it ran out, was cancelled, or is finished. Start a new one.
    SessionGone,
    /// As [`SessionGone`](Self::SessionGone), after the answer to the last slice was lost: the file may well be there.
    /// Look before it is sent again.
    MaybeFinished,
    /// The source of an upload cannot be read, has another length than it had or was said to have,
    /// or is not a regular file.
    Source,
    /// The service wants bytes again that a reader has given away already. With a file, or with a reader that can seek, the
    /// upload can go on.
    CannotGoBack,
    /// The service asks for the same bytes time and again.
    Stuck,
    /// The content cannot be written to the file.
    Target,
    /// Another download is writing the unfinished file. See
    /// [`ToFile::resume`](crate::download::ToFile::resume).
    Busy,
    /// The content was changed while it was being downloaded.
    Changed,
    /// The content does not have the hash that it should have.
    HashMismatch,
    /// The file does not have the size that it should have: at the service after an upload, or on this
    /// machine after a download.
    SizeMismatch,
    /// An HTML page arrived in place of the content, as sign-in pages and captive portals send it. See
    /// [`download`](crate::download#html-in-place-of-the-content) for how it is recognized.
    UnexpectedHtml,
    /// The range lies outside the content, or another one was sent.
    Range,
}

impl TransferError {
    pub(crate) fn new(kind: TransferErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: text(message),
            source: None,
            api: None,
        }
    }

    pub(crate) fn io(kind: TransferErrorKind, message: &str, error: std::io::Error) -> Self {
        Self {
            source: Some(Arc::new(error)),
            ..Self::new(kind, message)
        }
    }

    /// What the service said.
    pub(crate) fn with_answer(mut self, answer: Box<ApiError>) -> Self {
        self.api = Some(answer);
        self
    }

    /// Why it cannot go on.
    pub fn kind(&self) -> TransferErrorKind {
        self.kind
    }

    /// The answer that it ended with, where there was one.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.api.as_deref()
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        Some(self.api.as_ref()?.status())
    }
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", OneLine(&self.message))?;
        if let Some(source) = &self.source {
            write!(f, ": {}", OneLine(&source.to_string()))?;
        }
        if let Some(api) = &self.api {
            write!(f, ": {api}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TransferError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match (&self.source, &self.api) {
            (Some(source), _) => Some(source.as_ref() as &(dyn std::error::Error + 'static)),
            (None, Some(api)) => Some(api.as_ref()),
            (None, None) => None,
        }
    }
}
