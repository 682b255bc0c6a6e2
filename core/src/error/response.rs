//! Errors about responses that are a success but cannot be used.

use std::fmt;

use http::{HeaderMap, Method, StatusCode};

use super::head::{ErrorOrigin, ResponseHead, WithId};
use super::{Attempts, RequestContext};
use crate::redact::{Escaped, OneLine};
use crate::{json, redact};

/// A response of Graph that does not have the expected type. The error names the place in the JSON
/// and the type.
///
/// It prints as one line. The line contains no value of the response, except an error of Graph in
/// it: `GET /users → cannot decode the response as User at value[3].id: …, after 4 attempts …,
/// request-id …`.
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
    /// Creates the error. `path` is the place in the JSON (`value[3].createdDateTime`, empty for
    /// the whole). `type_name` is the type that was expected there.
    #[doc(hidden)]
    pub fn new(path: String, type_name: &'static str, message: String) -> Self {
        Self {
            context: None,
            // The keys in the path come from the service.
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

    /// Marks the path as relative to a part of the response.
    #[doc(hidden)]
    pub fn below(mut self, place: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => place.to_owned(),
            path if path.starts_with('[') => format!("{place}{path}"),
            path => format!("{place}.{path}"),
        };
        self
    }

    #[doc(hidden)]
    pub fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// Adds the readable parts of the response: its head, and an error of Graph in its body.
    #[doc(hidden)]
    pub fn within(mut self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
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

    /// Adds the call and the head of the response, without its body.
    #[doc(hidden)]
    pub fn from_origin(mut self, origin: &ErrorOrigin) -> Self {
        self.head = Some(origin.head.clone());
        self.of(&origin.context)
    }

    /// Returns the place in the JSON: `value[3].createdDateTime`. It is empty for the whole
    /// response.
    ///
    /// Invisible characters are escaped: `["a\u{202e}b"]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the expected type: `User`.
    pub fn type_name(&self) -> &str {
        self.type_name
    }

    /// Returns the description of the fault.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the status of the response, usually a success.
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.head.as_ref()?.status)
    }

    /// Returns the id that Microsoft's support asks for: the header `request-id`, else the header
    /// `client-request-id`.
    pub fn request_id(&self) -> Option<&str> {
        self.head.as_ref()?.request_id()
    }

    /// Returns the id that this client gave the request, which is the same for all attempts. It is
    /// the id that Graph echoes, else the one that was sent.
    pub fn client_request_id(&self) -> Option<&str> {
        let echoed = self
            .head
            .as_ref()
            .and_then(|head| head.client_request_id.as_deref());
        echoed.or_else(|| self.context.as_ref()?.client_request_id.as_deref())
    }

    /// Returns the media type that the response declares: `text/html; charset=utf-8`.
    pub fn content_type(&self) -> Option<&str> {
        self.head.as_ref()?.content_type.as_deref()
    }

    /// Checks whether the response is an HTML page, as gateways send it.
    pub fn is_html(&self) -> bool {
        self.is_html
    }

    /// Checks whether the JSON ends before its brackets are closed, although the response arrived
    /// completely.
    ///
    /// The call was repeated in that case, as after a lost connection: see
    /// `RetryPolicy`.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Returns the code of a Graph error that can be read in the response:
    /// `ErrorInvalidIdMalformed`.
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// Returns the message of a Graph error that can be read in the response. It may be truncated.
    pub fn error_message(&self) -> Option<&str> {
        self.error_message.as_deref()
    }

    /// Returns the attempts that were made before this error.
    pub fn attempts(&self) -> Option<&Attempts> {
        Some(&self.context.as_ref()?.attempts)
    }

    /// Checks whether the same call may succeed later and is safe to repeat.
    pub(super) fn is_retryable(&self) -> bool {
        let is_idempotent = self
            .context
            .as_ref()
            .is_some_and(|context| context.is_idempotent);
        self.is_truncated && is_idempotent
    }
}

/// Checks whether a body is an HTML page, by its header or by its first characters.
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
        write!(f, "cannot decode the response as {}", self.type_name)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if self.is_html {
            f.write_str(", the response is HTML")?;
        }
        let said = [&self.error_code, &self.error_message];
        let mut before = ", and contains an error: ";
        for text in said.into_iter().flatten().filter(|text| !text.is_empty()) {
            write!(
                f,
                "{before}{}",
                OneLine(text.trim_end().trim_end_matches('.'))
            )?;
            before = ": ";
        }
        if let Some(attempts) = self.attempts() {
            write!(f, "{attempts}")?;
        }
        write!(f, "{}", WithId(self.request_id()))
    }
}

impl std::error::Error for DecodeError {}

/// A page that does not lead on, because its link repeats or the response is not a page.
#[derive(Clone, Debug)]
pub struct PagingError {
    message: String,
    origin: ErrorOrigin,
}

impl PagingError {
    #[doc(hidden)]
    pub fn new(message: String, origin: ErrorOrigin) -> Self {
        Self {
            message: redact::text(message),
            origin,
        }
    }

    /// Returns the description of the fault.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the id that Microsoft's support asks for: that of the page, else the one that was
    /// sent.
    pub fn request_id(&self) -> Option<&str> {
        self.origin.request_id()
    }

    /// Returns the attempts that were made for the page.
    pub fn attempts(&self) -> &Attempts {
        self.origin.attempts()
    }
}

impl fmt::Display for PagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, origin) = (OneLine(&self.message), &self.origin);
        write!(f, "{} → {message}{origin}", origin.context)
    }
}

impl std::error::Error for PagingError {}

/// A success without the expected entity.
///
/// If the status is 202, Graph accepted the call and continues to work on it:
/// `Call::monitor` waits for the result.
#[derive(Clone, Debug)]
pub struct EmptyResponseError {
    context: Option<RequestContext>,
    head: ResponseHead,
    missing: Missing,
}

/// The expected part that is missing in a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// The body.
    Body,
    /// The entity, in a body that is not empty.
    Entity,
    /// The result of a long-running operation.
    Result,
    /// The monitor address of a long-running operation.
    MonitorAddress,
}

impl EmptyResponseError {
    #[doc(hidden)]
    pub fn new(method: Method, template: String, status: StatusCode, headers: &HeaderMap) -> Self {
        Self::within(status, headers).of(&RequestContext::new(method, template))
    }

    /// Creates an error about a response whose body lacks the expected content.
    #[doc(hidden)]
    pub fn within(status: StatusCode, headers: &HeaderMap) -> Self {
        Self {
            context: None,
            head: ResponseHead::new(status, headers),
            missing: match status {
                StatusCode::ACCEPTED => Missing::Result,
                _ => Missing::Entity,
            },
        }
    }

    /// Marks the response as one without a body, unless its status already says so.
    #[doc(hidden)]
    pub fn without_body(mut self) -> Self {
        let says_so = matches!(self.head.status.as_u16(), 202 | 204 | 205);
        if !says_so {
            self.missing = Missing::Body;
        }
        self
    }

    /// Marks the response as one of a long-running operation without a monitor address.
    #[doc(hidden)]
    pub fn without_monitor_address(mut self) -> Self {
        self.missing = Missing::MonitorAddress;
        self
    }

    #[doc(hidden)]
    pub fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// Returns the status of the response, which is a success.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Returns the id that Microsoft's support asks for: the header `request-id`, else the header
    /// `client-request-id`.
    pub fn request_id(&self) -> Option<&str> {
        self.head.request_id()
    }

    /// Returns the id that this client gave the request, which is the same for all attempts. It is
    /// the id that Graph echoes, else the one that was sent.
    pub fn client_request_id(&self) -> Option<&str> {
        let echoed = self.head.client_request_id.as_deref();
        echoed.or_else(|| self.context.as_ref()?.client_request_id.as_deref())
    }

    /// Checks whether Graph accepted the call and continues to work on it:
    /// `Call::monitor` waits for the result.
    pub fn is_accepted(&self) -> bool {
        self.missing == Missing::Result
    }

    /// Returns the attempts that were made before this error.
    pub fn attempts(&self) -> Option<&Attempts> {
        Some(&self.context.as_ref()?.attempts)
    }

    /// Checks whether the body may have been lost, so that the next attempt may receive it.
    pub(super) fn may_be_lost(&self) -> bool {
        self.missing == Missing::Body
    }

    /// Checks whether the same call may succeed later and is safe to repeat.
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
            Missing::Body | Missing::Entity => "without the expected entity",
            Missing::Result => {
                "without the expected entity: Graph accepted the call and continues to work on it; \
                 use `.monitor()` on the call to wait for the result"
            }
            Missing::MonitorAddress => {
                "for a long-running operation, without a monitor address (`Location`)"
            }
        })?;
        if let Some(attempts) = self.attempts() {
            write!(f, "{attempts}")?;
        }
        write!(f, "{}", WithId(self.request_id()))
    }
}

impl std::error::Error for EmptyResponseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_recognized_by_header_or_beginning() {
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
