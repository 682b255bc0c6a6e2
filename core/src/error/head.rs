//! The head of a response, reduced to what errors print.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::api::header;
use crate::redact::OneLine;

/// The status, ids and media type of a response that an error is about.
#[derive(Clone, Debug)]
pub(super) struct ResponseHead {
    pub(super) status: StatusCode,
    pub(super) request_id: Option<String>,
    pub(super) client_request_id: Option<String>,
    pub(super) content_type: Option<String>,
}

impl ResponseHead {
    pub(super) fn new(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name| header(headers, name).map(str::to_owned);
        Self {
            status,
            request_id: text("request-id"),
            client_request_id: text("client-request-id"),
            content_type: text(CONTENT_TYPE.as_str()),
        }
    }

    /// Returns the id that Microsoft's support asks for.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id
            .as_deref()
            .or(self.client_request_id.as_deref())
    }
}

/// Prints `, request-id 327f7bf0-…`.
pub(super) struct WithId<'a>(pub(super) Option<&'a str>);

impl fmt::Display for WithId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, ", request-id {}", OneLine(id)),
            None => Ok(()),
        }
    }
}
