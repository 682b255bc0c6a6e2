//! Errors of a file transfer that are not errors of a single request.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;

use super::{ApiError, Attempts, ErrorOrigin, Source};
use crate::redact::OneLine;
use crate::redact::text;

/// An upload or a download that cannot continue.
///
/// The error of a single request is [`Error::Api`](super::Error::Api) or
/// [`Error::Transport`](super::Error::Transport), as for any call. This error covers faults that a
/// repeat would not fix.
#[derive(Clone, Debug)]
pub struct TransferError {
    kind: TransferErrorKind,
    message: String,
    source: Option<Source>,
    api: Option<Box<ApiError>>,
    origin: Option<Box<ErrorOrigin>>,
}

/// The reason why a transfer cannot continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferErrorKind {
    /// The upload session no longer exists: it expired, was cancelled, or is finished. Start a new
    /// one.
    SessionGone,
    /// The same as [`SessionGone`](Self::SessionGone), after the response to the last slice was
    /// lost. The file may be complete. Check that before sending it again.
    MaybeFinished,
    /// The source of an upload cannot be read, is not a regular file, or its length differs from
    /// before or from the declared one.
    Source,
    /// The service requests bytes again that the reader has already delivered. The upload can
    /// continue with a file, or with a reader that can seek.
    CannotGoBack,
    /// The service requests the same bytes repeatedly.
    Stuck,
    /// The content cannot be written to the file.
    Target,
    /// Another download is writing the unfinished file. See
    /// `ToFile::resume`.
    Busy,
    /// The content changed during the download.
    Changed,
    /// The content does not have the expected hash.
    HashMismatch,
    /// The file does not have the expected size: at the service after an upload, or on this machine
    /// after a download.
    SizeMismatch,
    /// An HTML page arrived in place of the content, as sign-in pages and captive portals send it.
    /// The module `download` says how it is recognized.
    UnexpectedHtml,
    /// The range lies outside the content, or the service sent another range.
    Range,
}

impl TransferError {
    #[doc(hidden)]
    pub fn new(kind: TransferErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: text(message),
            source: None,
            api: None,
            origin: None,
        }
    }

    #[doc(hidden)]
    pub fn io(kind: TransferErrorKind, message: &str, error: std::io::Error) -> Self {
        Self {
            source: Some(Arc::new(error)),
            ..Self::new(kind, message)
        }
    }

    /// Adds the successful response that the error is about.
    #[doc(hidden)]
    pub fn with_origin(mut self, origin: ErrorOrigin) -> Self {
        self.origin = Some(Box::new(origin));
        self
    }

    /// Adds the response that refused the request.
    #[doc(hidden)]
    pub fn with_response(mut self, response: Box<ApiError>) -> Self {
        self.api = Some(response);
        self
    }

    /// Returns the reason why the transfer cannot continue.
    pub fn kind(&self) -> TransferErrorKind {
        self.kind
    }

    /// Returns the response that ended the transfer, if there was one.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.api.as_deref()
    }

    /// Returns the id that Microsoft's support asks for, if the error is about a response.
    pub fn request_id(&self) -> Option<&str> {
        match (&self.api, &self.origin) {
            (Some(api), _) => api.request_id(),
            (None, origin) => origin.as_ref()?.request_id(),
        }
    }

    /// Returns the attempts that were made for the response, if the error is about one.
    pub fn attempts(&self) -> Option<&Attempts> {
        match (&self.api, &self.origin) {
            (Some(api), _) => Some(api.attempts()),
            (None, origin) => Some(origin.as_ref()?.attempts()),
        }
    }

    #[doc(hidden)]
    pub fn status(&self) -> Option<StatusCode> {
        match (&self.api, &self.origin) {
            (Some(api), _) => Some(api.status()),
            (None, origin) => Some(origin.as_ref()?.head.status),
        }
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
        if let Some(origin) = &self.origin {
            write!(f, "{origin}")?;
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
