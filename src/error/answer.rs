//! Responses that were a success and still cannot be used.

use std::fmt;

use http::{HeaderMap, Method, StatusCode};

use super::head::{ResponseHead, WithId};
use super::text::{Escaped, OneLine};
use super::{RequestContext, Tries};
use crate::{json, redact};

/// A response of Graph's that is not of the type it should be: says where in the JSON, and of which type.
///
/// It prints as one line, without any value of the response other than Graph's own error in it:
/// `GET /users → the response cannot be read as User at value[3].id: …, request-id …, tried 4 times …`.
#[derive(Clone, Debug)]
pub struct DecodeError {
    context: Option<RequestContext>,
    path: String,
    type_name: &'static str,
    message: String,
    head: Option<ResponseHead>,
    is_html: bool,
    is_truncated: bool,
    error_code: Option<String>,
    error_message: Option<String>,
}

impl DecodeError {
    /// `path` is the place in the JSON (`value[3].createdDateTime`, empty for the whole), `type_name` the type that was to be
    /// read there.
    pub(crate) fn new(path: String, type_name: &'static str, message: String) -> Self {
        Self {
            context: None,
            // Its keys are the service's.
            path: Escaped(&path).to_string(),
            type_name,
            message: OneLine(&message).to_string(),
            head: None,
            is_html: false,
            is_truncated: false,
            error_code: None,
            error_message: None,
        }
    }

    /// Marks the place as one within a part of the response.
    pub(crate) fn below(mut self, place: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => place.to_owned(),
            path if path.starts_with('[') => format!("{place}{path}"),
            path => format!("{place}.{path}"),
        };
        self
    }

    pub(crate) fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// Adds what the response says beside what could not be read: its head, and an error of Graph's in its body.
    pub(crate) fn within(mut self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let head = ResponseHead::new(status, headers);
        self.is_html = is_html(head.content_type.as_deref(), body);
        self.is_truncated = json::is_cut(body);
        if let Some(error) = json::error_in(body) {
            let text = |name: &str| error.get(name)?.as_str().map(str::to_owned);
            (self.error_code, self.error_message) = (text("code"), text("message"));
        }
        self.head = Some(head);
        self
    }

    /// The place in the JSON: `value[3].createdDateTime`. Empty when it is the whole response.
    ///
    /// Characters that cannot be seen are escaped: `["a\u{202e}b"]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The type that was to be read: `User`.
    pub fn type_name(&self) -> &str {
        self.type_name
    }

    /// What is wrong there.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The status of the response, mostly one of success.
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.head.as_ref()?.status)
    }

    /// The id that Microsoft's support asks for: the header `request-id`, else the header `client-request-id`.
    pub fn request_id(&self) -> Option<&str> {
        self.head.as_ref()?.request_id()
    }

    /// The id that this client gave the request, the same over all attempts: as Graph echoes it, else as it was sent.
    pub fn client_request_id(&self) -> Option<&str> {
        let echoed = self
            .head
            .as_ref()
            .and_then(|head| head.client_request_id.as_deref());
        echoed.or_else(|| self.context.as_ref()?.client_request_id.as_deref())
    }

    /// The media type that the response declares: `text/html; charset=utf-8`.
    pub fn content_type(&self) -> Option<&str> {
        self.head.as_ref()?.content_type.as_deref()
    }

    /// Checks whether the response is a page of HTML, as gateways send them.
    pub fn is_html(&self) -> bool {
        self.is_html
    }

    /// Checks whether the JSON ends before its brackets are closed, although the response arrived whole.
    ///
    /// The call was made again then, as after a lost connection: see [`Retry`](crate::Retry).
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// The code of an error of Graph's that can be read in the response: `ErrorInvalidIdMalformed`.
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// The message of an error of Graph's that can be read in the response. The end of the response may have cut it.
    pub fn error_message(&self) -> Option<&str> {
        self.error_message.as_deref()
    }

    /// The attempts that were made until this error.
    pub fn tries(&self) -> Option<&Tries> {
        Some(&self.context.as_ref()?.tries)
    }

    /// Whether the same call may succeed later, and does no harm when it is made twice.
    pub(super) fn is_retryable(&self) -> bool {
        let is_idempotent = self
            .context
            .as_ref()
            .is_some_and(|context| context.is_idempotent);
        self.is_truncated && is_idempotent
    }
}

/// Checks whether a body is a page of HTML, by what the header says or by how it begins.
fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let body = json::trimmed(body);
    let begins = |tag: &[u8]| {
        body.get(..tag.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(tag))
    };
    let says = content_type.is_some_and(|media_type| {
        let media_type = media_type.trim_start().to_ascii_lowercase();
        ["text/html", "application/xhtml"]
            .iter()
            .any(|html| media_type.starts_with(html))
    });
    says || begins(b"<!doctype html") || begins(b"<html")
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context} → ")?;
        }
        write!(f, "the response cannot be read as {}", self.type_name)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if self.is_html {
            f.write_str(", the response is HTML")?;
        }
        let said = [&self.error_code, &self.error_message];
        let mut before = ", and holds an error: ";
        for text in said.into_iter().flatten().filter(|text| !text.is_empty()) {
            write!(
                f,
                "{before}{}",
                OneLine(text.trim_end().trim_end_matches('.'))
            )?;
            before = ": ";
        }
        if let Some(tries) = self.tries() {
            write!(f, "{tries}")?;
        }
        write!(f, "{}", WithId(self.request_id()))
    }
}

impl std::error::Error for DecodeError {}

/// Pages that do not lead on: a link that repeats, or an answer that is no page.
#[derive(Clone, Debug)]
pub struct PagingError {
    template: String,
    message: String,
}

impl PagingError {
    pub(crate) fn new(template: String, message: String) -> Self {
        Self {
            template,
            message: redact::text(message),
        }
    }

    /// What is wrong with them.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for PagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GET {} → {}", self.template, OneLine(&self.message))
    }
}

impl std::error::Error for PagingError {}

/// A success without the entity that was expected.
///
/// Where the status is 202, Graph has accepted the call and goes on working:
/// [`Call::monitor`](crate::Call::monitor) waits for what comes of it.
#[derive(Clone, Debug)]
pub struct EmptyResponseError {
    context: Option<RequestContext>,
    head: ResponseHead,
    missing: Missing,
}

/// What a success came without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// Any body.
    Body,
    /// The entity, in a body that holds something.
    Entity,
    /// What a long-running operation will come to.
    Result,
    /// The address at which a long-running operation can be looked at.
    MonitorAddress,
}

impl EmptyResponseError {
    pub(crate) fn new(
        method: Method,
        template: String,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Self {
        Self::within(status, headers).of(&RequestContext::new(method, template))
    }

    /// An error about a response whose body does not hold what was expected.
    pub(crate) fn within(status: StatusCode, headers: &HeaderMap) -> Self {
        Self {
            context: None,
            head: ResponseHead::new(status, headers),
            missing: match status {
                StatusCode::ACCEPTED => Missing::Result,
                _ => Missing::Entity,
            },
        }
    }

    /// Marks the response as one without a body, where its status does not say so itself.
    pub(crate) fn without_body(mut self) -> Self {
        let says_so = matches!(self.head.status.as_u16(), 202 | 204 | 205);
        if !says_so {
            self.missing = Missing::Body;
        }
        self
    }

    /// Marks the response as one of a long-running operation that cannot be looked at.
    pub(crate) fn without_monitor_address(mut self) -> Self {
        self.missing = Missing::MonitorAddress;
        self
    }

    pub(crate) fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// The status of the response, one of success.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The id that Microsoft's support asks for: the header `request-id`, else the header `client-request-id`.
    pub fn request_id(&self) -> Option<&str> {
        self.head.request_id()
    }

    /// The id that this client gave the request, the same over all attempts: as Graph echoes it, else as it was sent.
    pub fn client_request_id(&self) -> Option<&str> {
        let echoed = self.head.client_request_id.as_deref();
        echoed.or_else(|| self.context.as_ref()?.client_request_id.as_deref())
    }

    /// Checks whether Graph has accepted the call and goes on working: [`Call::monitor`](crate::Call::monitor) waits for it.
    pub fn is_accepted(&self) -> bool {
        self.missing == Missing::Result
    }

    /// The attempts that were made until this error.
    pub fn tries(&self) -> Option<&Tries> {
        Some(&self.context.as_ref()?.tries)
    }

    /// Whether the body may have got lost, so that the next attempt may have it.
    pub(super) fn may_be_lost(&self) -> bool {
        self.missing == Missing::Body
    }

    /// Whether the same call may succeed later, and does no harm when it is made twice.
    pub(super) fn is_retryable(&self) -> bool {
        let is_idempotent = self
            .context
            .as_ref()
            .is_some_and(|context| context.is_idempotent);
        self.may_be_lost() && is_idempotent
    }
}

impl fmt::Display for EmptyResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context} → ")?;
        }
        write!(f, "{} ", self.head.status.as_u16())?;
        f.write_str(match self.missing {
            Missing::Body | Missing::Entity => "without the entity that was expected",
            Missing::Result => {
                "without the entity that was expected: Graph has accepted the call and goes on working; `.monitor()` on the \
                 call waits for the result"
            }
            Missing::MonitorAddress => {
                "for a long-running operation, without an address at which its progress can be monitored"
            }
        })?;
        if let Some(tries) = self.tries() {
            write!(f, "{tries}")?;
        }
        write!(f, "{}", WithId(self.request_id()))
    }
}

impl std::error::Error for EmptyResponseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_known_by_header_or_beginning() {
        let none: Option<&str> = None;
        for (content_type, body) in [
            (Some("text/html; charset=utf-8"), ""),
            (Some("Text/HTML"), "{}"),
            (none, " <!DOCTYPE HTML><p>"),
            (none, "\u{feff}<html lang=en>"),
        ] {
            assert!(
                is_html(content_type, body.as_bytes()),
                "{content_type:?} {body}"
            );
        }
        for (content_type, body) in [
            (Some("application/json"), "{}"),
            (none, "<?xml version=\"1.0\"?>"),
            (none, "<htm"),
        ] {
            assert!(
                !is_html(content_type, body.as_bytes()),
                "{content_type:?} {body}"
            );
        }
    }
}
