//! The head of a response, reduced to what errors print.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::api::header;
use super::{Attempts, RequestContext};
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

/// The call that an error is about, and the head of the response to it.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct ErrorOrigin {
    pub(super) context: RequestContext,
    pub(super) head: ResponseHead,
}

impl ErrorOrigin {
    pub fn new(context: &RequestContext, status: StatusCode, headers: &HeaderMap) -> Self {
        Self {
            context: context.clone(),
            head: ResponseHead::new(status, headers),
        }
    }

    /// Returns this context of the call that the response is for, with the id and the attempts of
    /// the request that the response came to.
    pub fn of_call(&self, call: RequestContext) -> RequestContext {
        RequestContext {
            client_request_id: self.context.client_request_id.clone(),
            attempts: self.context.attempts,
            ..call
        }
    }

    /// Returns the id that Microsoft's support asks for: that of the response, else the one that
    /// was sent.
    pub(super) fn request_id(&self) -> Option<&str> {
        let sent = self.context.client_request_id.as_deref();
        self.head.request_id().or(sent)
    }

    /// Returns the attempts that were made for the response.
    pub(super) fn attempts(&self) -> &Attempts {
        &self.context.attempts
    }
}

/// Prints `, after 4 attempts and 21.4 s of waiting, request-id 327f7bf0-…`.
impl fmt::Display for ErrorOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.attempts(), WithId(self.head.request_id()))
    }
}
