//! Errors that Graph returns.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value};

use super::retry_after::{response_date, retry_after};
use super::throttle::Limit;
use super::{Attempts, RequestContext, Throttle};
use crate::challenge;
use crate::granted::Granted;
use crate::json;
use crate::permissions::{PermissionScheme, Permissions};
use crate::redact::OneLine;
use crate::redact::Text;

/// The number of bytes of a body that is kept when it is not an error in Graph's form.
const KEPT_OF_BODY: usize = 1024;

/// The maximum depth of inner errors. It exceeds the depth seen in any service (three levels).
const DEEPEST_INNER_ERROR: usize = 16;

/// A response of Graph that is not a success, or an error in the body of a success.
///
/// Some services respond with 200 and write an error into the body. The error is the whole body,
/// stands beside the items of a page, or replaces an item. This is an `ApiError` as well, with the
/// status that arrived.
///
/// Graph's form is <https://learn.microsoft.com/graph/errors>. However, gateways respond with HTML,
/// storage hosts with XML, and some services with an empty or incomplete body. Every part except
/// the status is therefore optional, and an error response is never a decode error.
///
/// It prints as one line, without the body. The line contains no values of the caller other than
/// those in Graph's own message: `GET /users/{user-id} → 404 Request_ResourceNotFound: Resource '…'
/// does not exist …, request-id …`.
#[derive(Clone)]
pub struct ApiError {
    context: RequestContext,
    status: StatusCode,
    headers: HeaderMap,
    said: ErrorBody,
    body: Bytes,
    granted: Option<Granted>,
}

/// The content of the body, if it is an error in Graph's form.
#[derive(Clone, Default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    target: Option<String>,
    details: Vec<ErrorDetail>,
    /// The inner codes, from the outermost to the innermost.
    inner_codes: Vec<String>,
    date: Option<String>,
    request_id: Option<String>,
    client_request_id: Option<String>,
}

/// One of the individual faults of an error, such as `PropertyConflict` at `mailNickname`.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The fault, for programs.
    pub code: Option<String>,
    /// The location of the fault, usually the name of a property.
    pub target: Option<String>,
    /// The description of the fault, for people.
    pub message: Option<String>,
}

impl ApiError {
    #[doc(hidden)]
    pub fn from_response(
        context: &RequestContext,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Self {
        Self {
            context: context.clone(),
            status,
            headers: headers.clone(),
            said: ErrorBody::read(body),
            // Copies the body, so that the error does not keep a large HTML page in memory.
            body: Bytes::copy_from_slice(body.get(..KEPT_OF_BODY).unwrap_or(body)),
            granted: None,
        }
    }

    /// Creates an error that was found in the body of a success.
    #[doc(hidden)]
    pub fn within_success(
        context: &RequestContext,
        status: StatusCode,
        headers: &HeaderMap,
        error: &Map<String, Value>,
    ) -> Self {
        let body = serde_json::to_vec(error).unwrap_or_default();
        Self {
            said: ErrorBody::from_error(error),
            ..Self::from_response(context, status, headers, &body.into())
        }
    }

    /// Adds the permissions that the token granted, if they could be read.
    #[doc(hidden)]
    pub fn with_granted(mut self, granted: Option<Granted>) -> Self {
        self.granted = granted;
        self
    }

    /// Returns the permissions that the call needs, as Graph lists them. Returns `None` if they are
    /// not known.
    ///
    /// If the status is 403, the printed error contains them. It shows those for the kind of token
    /// that was sent, or for each kind if that is not known.
    pub fn permissions(&self) -> Option<Permissions> {
        self.context.facts?.permissions(&self.context.template)
    }

    /// Returns the permissions of the token that was refused with 403, as the token names them.
    /// Returns `None` if the token could not be read.
    ///
    /// This does not check that the token is genuine, because only Graph can decide that.
    pub fn granted_permissions(&self) -> Option<&[String]> {
        Some(&self.granted.as_ref()?.permissions)
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the error code for programs: `Request_ResourceNotFound`. Compare it with
    /// [`has_code`](Self::has_code), because services differ in case.
    pub fn code(&self) -> Option<&str> {
        self.said.code.as_deref()
    }

    /// Returns the error message for people.
    pub fn message(&self) -> Option<&str> {
        self.said.message.as_deref()
    }

    /// Returns the target of the error, usually the name of a parameter or property.
    pub fn target(&self) -> Option<&str> {
        self.said.target.as_deref()
    }

    /// Returns the individual faults of the error.
    pub fn details(&self) -> &[ErrorDetail] {
        &self.said.details
    }

    /// Returns the innermost code. It is the most specific one, such as `accessRestricted` in
    /// `accessDenied`.
    pub fn inner_code(&self) -> Option<&str> {
        self.said.inner_codes.last().map(String::as_str)
    }

    /// Checks whether the code or one of the inner codes equals `code`, ignoring case.
    pub fn has_code(&self, code: &str) -> bool {
        let inner = self.said.inner_codes.iter().map(String::as_str);
        self.code()
            .into_iter()
            .chain(inner)
            .any(|there| there.eq_ignore_ascii_case(code))
    }

    /// Returns the id that Microsoft's support asks for: the header `request-id`, else the header
    /// `client-request-id`, else the id in the body.
    pub fn request_id(&self) -> Option<&str> {
        header(&self.headers, "request-id")
            .or_else(|| header(&self.headers, "client-request-id"))
            .or(self.said.request_id.as_deref())
            .or(self.said.client_request_id.as_deref())
    }

    /// Returns the id that this client gave the request, which is the same for all attempts. It is
    /// the id that Graph echoes, else the one that was sent.
    pub fn client_request_id(&self) -> Option<&str> {
        header(&self.headers, "client-request-id")
            .or(self.said.client_request_id.as_deref())
            .or(self.context.client_request_id.as_deref())
    }

    /// Returns the time of the error by Graph's clock: the date in the body (which has no offset
    /// and means UTC), else the header.
    pub fn date(&self) -> Option<DateTime<Utc>> {
        let body = self.said.date.as_deref().and_then(read_date);
        body.or_else(|| response_date(&self.headers))
    }

    /// Returns the method of the request.
    pub fn method(&self) -> &Method {
        &self.context.method
    }

    /// Returns the path of the request with names instead of values: `/users/{user-id}`.
    pub fn path_template(&self) -> &str {
        &self.context.template
    }

    /// Returns the headers of the response.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns how long Graph asked to wait before the next attempt: `Retry-After`, rounded up to
    /// whole seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.status, &self.headers, Utc::now())
    }

    /// Returns the attempts that were made before this response.
    pub fn attempts(&self) -> &Attempts {
        &self.context.attempts
    }

    /// Returns the limits that Graph reports in this response.
    pub fn throttle(&self) -> Throttle {
        Throttle::from_headers(&self.headers)
    }

    /// Returns the claims that Graph requires of the token, as JSON, if it refused the call for
    /// lack of them. Pass them to the next sign-in of the user
    /// (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>).
    ///
    /// A provider that can meet the claims without the user has already done so, and this is the
    /// second refusal.
    pub fn claims(&self) -> Option<String> {
        challenge::claims(&self.headers)
    }

    /// Checks whether the refusal can be the consequence of an earlier attempt that succeeded.
    fn may_be_own_doing(&self) -> bool {
        matches!(self.status.as_u16(), 404 | 409 | 410 | 412)
            && self.attempts().may_have_succeeded()
    }

    /// Returns the first KiB of the unchanged body, for responses that are not an error in Graph's
    /// form.
    ///
    /// This crate never prints it, because it may hold private values. Programs should take the
    /// same care.
    pub fn raw_body(&self) -> &[u8] {
        &self.body
    }
}

impl ErrorBody {
    /// Reads the parts that are present. A part of an unexpected type counts as absent.
    fn read(body: &[u8]) -> Self {
        match serde_json::from_slice(json::without_bom(body)) {
            Ok(Value::Object(body)) => Self::from_body(&body),
            Ok(_) => Self::default(),
            Err(_) => Self::from_damaged(body),
        }
    }

    /// Reads the part before the damage, when the body is truncated or contains HTML.
    fn from_damaged(body: &[u8]) -> Self {
        let said = json::prefix(body).map(|body| Self::from_body(&body));
        match said.filter(|said| said.code.is_some() || said.message.is_some()) {
            Some(said) => said,
            None => {
                json::error_in(body).map_or_else(Self::default, |error| Self::from_error(&error))
            }
        }
    }

    fn from_body(body: &Map<String, Value>) -> Self {
        match body.get("error").or_else(|| body.get("odata.error")) {
            Some(Value::Object(error)) => Self::from_error(error),
            // The form of RFC 6749, which the identity platform and some gateways use.
            Some(Value::String(error)) => Self {
                code: filled(error),
                message: string(body, &["error_description", "message"]),
                request_id: string(body, &["request-id", "requestId", "trace_id"]),
                ..Self::default()
            },
            _ => Self::from_error(body),
        }
    }

    fn from_error(error: &Map<String, Value>) -> Self {
        let mut said = Self {
            code: string(error, &["code"]),
            message: message(error),
            target: string(error, &["target"]),
            details: details(error),
            request_id: string(error, &["request-id", "requestId"]),
            client_request_id: string(error, &["client-request-id", "clientRequestId"]),
            date: string(error, &["date"]),
            inner_codes: Vec::new(),
        };
        let mut level = error;
        for _ in 0..DEEPEST_INNER_ERROR {
            let inner = ["innerError", "innererror", "InnerError"]
                .iter()
                .find_map(|key| level.get(*key));
            let Some(Value::Object(inner)) = inner else {
                break;
            };
            said.inner_codes.extend(string(inner, &["code"]));
            said.message = said.message.or_else(|| message(inner));
            said.request_id = said
                .request_id
                .or_else(|| string(inner, &["request-id", "requestId"]));
            said.client_request_id = said
                .client_request_id
                .or_else(|| string(inner, &["client-request-id", "clientRequestId"]));
            said.date = said.date.or_else(|| string(inner, &["date"]));
            level = inner;
        }
        said
    }
}

/// Reads a message. OData 3
/// (<https://www.odata.org/documentation/odata-version-3-0/json-verbose-format/>), which
/// SharePoint's own hosts still use, wraps it: `{"lang":"en-US","value":"…"}`.
fn message(error: &Map<String, Value>) -> Option<String> {
    match error.get("message") {
        Some(Value::Object(wrapped)) => string(wrapped, &["value"]),
        _ => string(error, &["message"]),
    }
}

fn details(error: &Map<String, Value>) -> Vec<ErrorDetail> {
    let details = error.get("details").and_then(Value::as_array);
    details
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|detail| ErrorDetail {
            code: string(detail, &["code"]),
            target: string(detail, &["target"]),
            message: string(detail, &["message"]),
        })
        .collect()
}

/// Returns the first of these members that holds text. Services send `""` for unknown values.
fn string(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| filled(object.get(*name)?.as_str()?))
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)?
        .to_str()
        .ok()
        .filter(|value| !value.is_empty())
}

fn read_date(text: &str) -> Option<DateTime<Utc>> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|date| date.to_utc());
    with_offset
        .or_else(|_| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|date| date.and_utc())
        })
        .ok()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.context, self.status.as_u16())?;
        match (self.code(), self.status.canonical_reason()) {
            (Some(code), _) => write!(f, " {}", OneLine(code))?,
            (None, Some(reason)) => write!(f, " {reason}")?,
            (None, None) => {}
        }
        match self.inner_code() {
            Some(inner)
                if !self
                    .code()
                    .is_some_and(|code| code.eq_ignore_ascii_case(inner)) =>
            {
                write!(f, " ({})", OneLine(inner))?;
            }
            _ => {}
        }
        if let Some(message) = self.message() {
            write!(f, ": {}", OneLine(message.trim_end().trim_end_matches('.')))?;
        }
        for detail in self.details() {
            write!(f, "{}", Detail(detail))?;
        }
        if self.status == StatusCode::FORBIDDEN {
            write!(f, "{}", Lacking(self))?;
        }
        write!(f, "{}{}", Limit(&self.throttle()), self.attempts())?;
        if self.may_be_own_doing() {
            f.write_str(", an earlier attempt may have succeeded")?;
        }
        match (self.request_id(), self.client_request_id()) {
            (Some(id), _) => write!(f, ", request-id {}", OneLine(id)),
            (None, Some(id)) => write!(f, ", client-request-id {}", OneLine(id)),
            (None, None) => Ok(()),
        }
    }
}

/// Prints the missing permissions: `, needs User.ReadBasic.All (application), the token has
/// Mail.Read`.
struct Lacking<'a>(&'a ApiError);

impl fmt::Display for Lacking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let granted = self.0.granted.as_ref();
        let scheme = granted.and_then(|granted| granted.scheme);
        if let Some(permissions) = self.0.permissions() {
            match scheme {
                Some(scheme) => match permissions.scheme(scheme) {
                    needed if needed.is_supported() => write!(f, ", needs {needed} ({scheme})")?,
                    _ => write!(f, ", does not support {scheme} permissions")?,
                },
                None => write!(f, ", needs {}", AnyScheme(permissions))?,
            }
        }
        let Some(granted) = granted else {
            return Ok(());
        };
        match granted.permissions.as_slice() {
            [] => f.write_str(", the token has no permissions"),
            names => {
                for (at, name) in names.iter().enumerate() {
                    f.write_str(if at == 0 { ", the token has " } else { " " })?;
                    write!(f, "{}", OneLine(name))?;
                }
                Ok(())
            }
        }
    }
}

/// Prints the permissions for each kind of token that the operation accepts:
/// `A (delegated) or B (application)`.
struct AnyScheme(Permissions);

impl fmt::Display for AnyScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = PermissionScheme::ALL
            .iter()
            .copied()
            .filter(|scheme| self.0.scheme(*scheme).is_supported());
        for (at, scheme) in schemes.enumerate() {
            let or = if at > 0 { " or " } else { "" };
            write!(f, "{or}{} ({scheme})", self.0.scheme(scheme))?;
        }
        Ok(())
    }
}

/// Prints a fault: ` [PropertyConflict mailNickname]`.
struct Detail<'a>(&'a ErrorDetail);

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.code, &self.0.target) {
            (Some(code), Some(target)) => write!(f, " [{} {}]", OneLine(code), OneLine(target)),
            (Some(one), None) | (None, Some(one)) => write!(f, " [{}]", OneLine(one)),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorDetail")
            .field("code", &self.code.as_deref().map(Text))
            .field("target", &self.target.as_deref().map(Text))
            .field("message", &self.message.as_deref().map(Text))
            .finish()
    }
}

/// Omits the headers and the body, because they have not been checked for secrets.
impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("request", &format_args!("{}", self.context))
            .field("status", &self.status)
            .field("code", &self.code())
            .field("inner_code", &self.inner_code())
            .field("message", &self.message().map(Text))
            .field("target", &self.target().map(Text))
            .field("details", &self.details())
            .field("permissions", &self.permissions())
            .field("granted_permissions", &self.granted_permissions())
            .field("request_id", &self.request_id())
            .field("client_request_id", &self.client_request_id())
            .field("date", &self.date())
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn error(body: &str) -> ApiError {
        error_with(&[], body)
    }

    fn error_with(headers: &[(&'static str, &'static str)], body: &str) -> ApiError {
        let context = RequestContext::new(Method::GET, "/users/{user-id}".to_owned());
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        ApiError::from_response(
            &context,
            StatusCode::NOT_FOUND,
            &headers,
            &Bytes::from(body.to_owned()),
        )
    }

    // Reported: microsoftgraph/msgraph-sdk-java#1785, microsoftgraph/msgraph-sdk-java#1815.
    #[test]
    fn invalid_date_does_not_hide_the_error() {
        for (date, read) in [
            ("2026-01-02T03:04:05", Some("2026-01-02T03:04:05Z")),
            (
                "2026-01-02T03:04:05.1234567Z",
                Some("2026-01-02T03:04:05.123456700Z"),
            ),
            ("2026-01-02T03:04:05+02:00", Some("2026-01-02T01:04:05Z")),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
            ("yesterday", None),
        ] {
            let error = error(&format!(
                r#"{{"error":{{"code":"itemNotFound","message":"Item not found",
                   "innerError":{{"date":"{date}"}}}}}}"#
            ));
            assert_eq!(error.code(), Some("itemNotFound"), "{date}");
            assert_eq!(error.message(), Some("Item not found"), "{date}");
            let read = read.map(|read| DateTime::parse_from_rfc3339(read).unwrap().to_utc());
            assert_eq!(error.date(), read, "{date}");
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-go#434, microsoftgraph/msgraph-sdk-java#1785.
    #[test]
    fn incomplete_errors_are_read() {
        let empty = error(r#"{"error":{}}"#);
        assert_eq!(
            (empty.code(), empty.message(), empty.request_id()),
            (None, None, None)
        );

        let flat = error(r#"{"error":"invalid_request","error_description":"x"}"#);
        assert_eq!(
            (flat.code(), flat.message()),
            (Some("invalid_request"), Some("x"))
        );

        let bom = error(
            "\u{feff}{\"error\":{\"code\":\"\",\"message\":\"m\",\
             \"innererror\":{\"request-id\":\"r\"}}}",
        );
        assert_eq!(
            (bom.code(), bom.message(), bom.request_id()),
            (None, Some("m"), Some("r"))
        );
    }

    #[test]
    fn members_of_wrong_type_are_ignored() {
        for body in [
            r#"{"error":{"code":404,"message":["m"],"target":{},"details":"d","innerError":"i"}}"#,
            r#"{"error":null}"#,
            r#"{"error":[1]}"#,
            "[]",
            "null",
            "\"text\"",
        ] {
            let error = error(body);
            assert_eq!(
                (error.code(), error.message(), error.details().len()),
                (None, None, 0),
                "{body}"
            );
        }
    }

    #[test]
    fn innermost_code_is_returned_and_all_match() {
        let error = error(
            r#"{"error":{"code":"activityLimitReached","message":"m",
               "innerError":{"code":"throttledRequest",
               "innererror":{"code":"quota","date":"2026-02-20T11:27:12"}}}}"#,
        );
        assert_eq!(error.inner_code(), Some("quota"));
        for code in ["ActivityLimitReached", "throttledrequest", "QUOTA"] {
            assert!(error.has_code(code), "{code}");
        }
        assert!(!error.has_code("itemNotFound"));
        assert!(error.date().is_some());
    }

    #[test]
    fn other_error_forms_are_read() {
        let old = error(
            r#"{"odata.error":{"code":"-1, Microsoft.SharePoint","message":{"lang":"en-US",
               "value":"gone"}}}"#,
        );
        assert_eq!(
            (old.code(), old.message()),
            (Some("-1, Microsoft.SharePoint"), Some("gone"))
        );
        let bare = error(r#"{"code":"c","message":"m","requestId":"r"}"#);
        assert_eq!(
            (bare.code(), bare.message(), bare.request_id()),
            (Some("c"), Some("m"), Some("r"))
        );
    }

    #[test]
    fn truncated_body_keeps_code_and_message() {
        let text = concat!(
            r#"{"error":{"code":"ErrorInvalidIdMalformed","message":"Id is malformed.","#,
            r#""innerError":{"request-id":"r","code":"x"}}}"#,
        );
        for length in 1..text.len() {
            let error = error(&text[..length]);
            if length > text.find(r#","message"#).unwrap() {
                assert_eq!(error.code(), Some("ErrorInvalidIdMalformed"), "{length}");
            }
            if length > text.find(r#","innerError"#).unwrap() {
                assert_eq!(error.message(), Some("Id is malformed."), "{length}");
            }
        }
        let damaged = error(r#"{"value":[<p>,{"error":{"code":"c","message":"m"}}"#);
        assert_eq!((damaged.code(), damaged.message()), (Some("c"), Some("m")));
    }

    #[test]
    fn details_are_kept() {
        let error = error(
            r#"{"error":{"code":"Request_UnprocessableEntity","message":"m",
               "details":[{"code":"PropertyConflict","target":"mailNickname",
               "message":"taken"},{}]}}"#,
        );
        let detail = &error.details()[0];
        assert_eq!(detail.code.as_deref(), Some("PropertyConflict"));
        assert_eq!(detail.target.as_deref(), Some("mailNickname"));
        assert_eq!(detail.message.as_deref(), Some("taken"));
        assert!(
            error
                .to_string()
                .contains("[PropertyConflict mailNickname]"),
            "{error}"
        );
    }

    // Reported: microsoftgraph/msgraph-sdk-javascript#171, microsoftgraph/msgraph-sdk-dotnet#2407.
    #[test]
    fn request_id_is_read_from_each_source() {
        let inner = r#"{"error":{"innerError":{"request-id":"from-body"}}}"#;
        let client = r#"{"error":{"innerError":{"client-request-id":"client-from-body"}}}"#;
        let both = [
            ("request-id", "from-header"),
            ("client-request-id", "client"),
        ];
        assert_eq!(error_with(&both, inner).request_id(), Some("from-header"));
        assert_eq!(error_with(&both[..1], "").request_id(), Some("from-header"));
        assert_eq!(error_with(&both[1..], "").request_id(), Some("client"));
        assert_eq!(error(inner).request_id(), Some("from-body"));
        assert_eq!(error(client).request_id(), Some("client-from-body"));
        assert_eq!(error("").request_id(), None);
    }

    #[test]
    fn error_body_is_limited_and_never_printed() {
        let error = error(&format!("<html>secret-thing{}", "x".repeat(5000)));
        assert_eq!(error.raw_body().len(), KEPT_OF_BODY);
        assert!(!format!("{error} {error:?}").contains("secret-thing"));
    }
}
