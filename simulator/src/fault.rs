//! The faults that a test can make a simulator produce.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::http_date;
use crate::identity::{self, Manner};
use crate::request::Request;

/// A fault: the kind of failure, the requests that it affects, and how often.
///
/// ```
/// use http::{Method, StatusCode};
/// use msgraph_simulator::{Fault, RetryAfter};
/// use std::time::Duration;
///
/// // The next two reads of a user's mail are throttled.
/// let throttled = Fault::throttled(RetryAfter::Seconds(1))
///     .method(Method::GET)
///     .at("/v1.0/users/*/messages")
///     .times(2);
/// // The token endpoint is down once.
/// let down = Fault::status(StatusCode::INTERNAL_SERVER_ERROR).at("/*/oauth2/v2.0/token");
/// // Pages of 999 items cost too much.
/// let costly = Fault::status(StatusCode::GATEWAY_TIMEOUT)
///     .query("$top=999")
///     .always();
/// // Everything is slow from now on.
/// let slow = Fault::slow(Duration::from_millis(50)).always();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is passed to `simulator.fault(…)`"]
pub struct Fault {
    kind: Kind,
    method: Option<Method>,
    path: Option<String>,
    query: Option<String>,
    remaining: Option<usize>,
}

/// The forms in which Graph's services send `Retry-After`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Whole seconds: `5`.
    Seconds(u64),
    /// Any other text: `2.128`, `0,120`.
    Text(String),
    /// A date that lies this far in the future.
    Date(Duration),
    /// A date that lies this far in the past.
    PastDate(Duration),
    /// No header.
    Missing,
}

#[derive(Clone, Debug)]
enum Kind {
    Throttled(RetryAfter),
    Status(StatusCode),
    Html(StatusCode),
    Challenge(Option<String>),
    Answer {
        status: StatusCode,
        headers: Vec<(String, String)>,
        body: Bytes,
    },
    Reset,
    Lost,
    Slow(Duration),
    SlowBody(Duration),
    Truncated,
    CutJson,
    ErrorInSuccess {
        code: String,
        message: String,
        beside_value: bool,
    },
    Late(StatusCode),
    Unheard(String),
    ClockJump(Duration),
    Quirk(Quirk),
}

/// The effect of a fault on a request.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// The request gets this response.
    Answer(Answer),
    /// The request gets no response: the connection is reset.
    Reset,
    /// The request is carried out, and its response does not arrive.
    Lost,
    /// The response is the usual one, but late.
    Slow(Duration),
    /// The response is the usual one, with a pause before each quarter of the body.
    SlowBody(Duration),
    /// The response is the usual one, and the connection ends in the middle of the body.
    Truncated,
    /// The response is the usual one. Its JSON body ends in the middle, and `Content-Length` is
    /// correct.
    CutJson,
    /// The request is carried out, and its successful JSON response holds an error.
    ErrorInSuccess {
        error: Value,
        /// `true` if the error stands beside the first items of `value` instead of alone.
        beside_value: bool,
    },
    /// The request is carried out, and its response is this error.
    Late(Answer),
    /// The response is the usual one, after the simulator's clock has jumped ahead.
    ClockJump(Duration),
    /// The simulator ignores this header of the request.
    Unheard(String),
    /// The request is carried out in an unusual way.
    Quirk(Quirk),
}

/// An unusual way to carry out a request. Only the code that carries it out knows the details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// A page without items, and a link to the next one.
    EmptyPage,
    /// A page that holds each item twice.
    RepeatedItems,
    /// The number of bytes that are kept from a slice of an upload.
    Kept(u64),
    /// A file that changes while it is downloaded.
    ChangedContent,
    /// A refresh token that can be used this one time only.
    SingleUse,
    /// A long-running operation that is accepted and fails later.
    FailedOperation { code: String, message: String },
}

impl Effect {
    /// Checks whether the effect shows in this response to a request that was carried out.
    pub(crate) fn shows_in(&self, answer: &Answer) -> bool {
        match self {
            Self::SlowBody(_) | Self::Truncated => answer.body.len() > 1,
            Self::CutJson => is_json(answer) && answer.body.len() > 1,
            Self::ErrorInSuccess { .. } => is_json(answer) && answer.status.is_success(),
            Self::Quirk(Quirk::ChangedContent) => {
                answer.status.is_success() && answer.body.len() > 1
            }
            Self::Quirk(_) => answer.status.is_success(),
            Self::Answer(_)
            | Self::Reset
            | Self::Lost
            | Self::Slow(_)
            | Self::Late(_)
            | Self::ClockJump(_)
            | Self::Unheard(_) => true,
        }
    }

    /// Returns the response to a request that was carried out, with the effect applied to it.
    pub(crate) fn applied_to(&self, answer: Answer) -> Answer {
        if !self.shows_in(&answer) {
            return answer;
        }
        match self {
            Self::CutJson => {
                let half = answer.body.len() / 2;
                Answer {
                    body: answer.body.slice(..half),
                    ..answer
                }
            }
            Self::ErrorInSuccess {
                error,
                beside_value,
            } => {
                let mut body = json!({ "error": error });
                let sent: Option<Value> = serde_json::from_slice(&answer.body).ok();
                let items = sent.as_ref().and_then(|sent| sent["value"].as_array());
                if let Some(items) = items.filter(|_| *beside_value) {
                    let half = items.get(..items.len() / 2).unwrap_or_default();
                    body["value"] = json!(half);
                }
                Answer {
                    body: body.to_string().into(),
                    ..answer
                }
            }
            Self::Late(late) => late.clone(),
            _ => answer,
        }
    }
}

/// Checks whether a response has a JSON body.
fn is_json(answer: &Answer) -> bool {
    let media_type = answer.headers.get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| media_type.starts_with("application/json"))
        && !answer.body.is_empty()
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            method: None,
            path: None,
            query: None,
            remaining: Some(1),
        }
    }

    /// Responds with 429 and Graph's JSON. At the token endpoint, a sign-in page or a source of
    /// managed identities, the body has the form of that service.
    pub fn throttled(retry_after: RetryAfter) -> Self {
        Self::new(Kind::Throttled(retry_after))
    }

    /// Responds with a status and the JSON that the service sends with it.
    pub fn status(status: StatusCode) -> Self {
        Self::new(Kind::Status(status))
    }

    /// Responds with a status and a page of HTML, as a gateway in front of the service does.
    pub fn html(status: StatusCode) -> Self {
        Self::new(Kind::Html(status))
    }

    /// Responds with 401. With claims (a JSON text), it is a challenge of continuous access
    /// evaluation.
    pub fn unauthorized(claims: Option<&str>) -> Self {
        Self::new(Kind::Challenge(claims.map(str::to_owned)))
    }

    /// Responds with any status and body.
    pub fn answer(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
        })
    }

    /// Resets the connection instead of sending a response. The request is recorded, and not
    /// carried out.
    pub fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// Delays the usual response by this time.
    pub fn slow(delay: Duration) -> Self {
        Self::new(Kind::Slow(delay))
    }

    /// Sends the usual response, but ends its body in the middle.
    pub fn truncated() -> Self {
        Self::new(Kind::Truncated)
    }

    /// Sends the response with a pause of this length before each quarter of its body.
    pub fn slow_body(pause: Duration) -> Self {
        Self::new(Kind::SlowBody(pause))
    }

    /// Cuts off the JSON of the response in its middle. `Content-Length` is the length of the bytes
    /// that are sent: the framing is right, and the JSON cannot be read. Other responses stay as
    /// they are.
    pub fn cut_json() -> Self {
        Self::new(Kind::CutJson)
    }

    /// Carries out the request, and replaces the body of its successful JSON response with an OData
    /// error. Other responses stay as they are.
    pub fn error_in_success(code: &str, message: &str) -> Self {
        Self::new(Kind::ErrorInSuccess {
            code: code.to_owned(),
            message: message.to_owned(),
            beside_value: false,
        })
    }

    /// Does the same as [`error_in_success`](Self::error_in_success), but if the response is a
    /// page, the error stands beside the first half of its items.
    pub fn error_beside_value(code: &str, message: &str) -> Self {
        Self::new(Kind::ErrorInSuccess {
            code: code.to_owned(),
            message: message.to_owned(),
            beside_value: true,
        })
    }

    /// Carries out the request, and responds with this status and the service's JSON for it. A
    /// gateway that has stopped waiting does this.
    pub fn late_status(status: StatusCode) -> Self {
        Self::new(Kind::Late(status))
    }

    /// Moves the simulator's clock ahead before the response is sent, as
    /// [`Simulator::advance`](crate::Simulator::advance) does.
    pub fn clock_jump(ahead: Duration) -> Self {
        Self::new(Kind::ClockJump(ahead))
    }

    /// Changes the file while it is downloaded. The download stops in its middle, and from then on
    /// each byte of the content is its complement. It applies to requests to
    /// [`Simulator::storage_url`](crate::Simulator::storage_url).
    pub fn changed_content() -> Self {
        Self::new(Kind::Quirk(Quirk::ChangedContent))
    }

    /// Ends the refresh token of the request and returns the next one in the response:
    /// [`RefreshTokens::SingleUse`](crate::RefreshTokens::SingleUse) for one token request.
    pub fn single_use() -> Self {
        Self::new(Kind::Quirk(Quirk::SingleUse))
    }

    /// Carries out the request, but loses its response: the connection is reset instead. In a
    /// `$batch`, the part's response is missing among the others.
    pub fn lost() -> Self {
        Self::new(Kind::Lost)
    }

    /// Ignores this header of the request. Without `range`, for example, a download returns the
    /// whole file.
    pub fn unheard(header: &str) -> Self {
        Self::new(Kind::Unheard(header.to_owned()))
    }

    /// Sends a page without items, and with a link to the next page, which has the items.
    pub fn empty_page() -> Self {
        Self::new(Kind::Quirk(Quirk::EmptyPage))
    }

    /// Sends each item of a page twice, as delta queries may do.
    pub fn repeated_items() -> Self {
        Self::new(Kind::Quirk(Quirk::RepeatedItems))
    }

    /// Keeps only the first bytes of a slice of an upload session.
    pub fn kept(bytes: u64) -> Self {
        Self::new(Kind::Quirk(Quirk::Kept(bytes)))
    }

    /// Lets a long-running operation that the service accepts with 202 (a copy, a new team) fail
    /// later.
    pub fn failed_operation(code: &str, message: &str) -> Self {
        Self::new(Kind::Quirk(Quirk::FailedOperation {
            code: code.to_owned(),
            message: message.to_owned(),
        }))
    }

    /// Adds a header to an [`answer`](Self::answer). It has no effect on other faults.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Kind::Answer { headers, .. } = &mut self.kind {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Limits the fault to requests with this method.
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Limits the fault to requests to this path (`/v1.0/users/*/messages`). The path is compared
    /// without its query and ignoring case, percent-encoding and surplus slashes. `*` stands for
    /// one segment, and at the end for all remaining segments.
    pub fn at(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Limits the fault to requests that have this text in their query, as it was sent.
    pub fn query(mut self, text: &str) -> Self {
        self.query = Some(text.to_owned());
        self
    }

    /// Sets the number of requests that the fault affects. The default is one.
    pub fn times(mut self, times: usize) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Applies the fault to all requests, until [`Simulator::heal`](crate::Simulator::heal).
    pub fn always(mut self) -> Self {
        self.remaining = None;
        self
    }

    /// Checks whether the fault applies to this request, and counts the request if it does.
    pub(crate) fn takes(&mut self, request: &Request) -> bool {
        let meant = self.method.as_ref().is_none_or(|own| own == request.method)
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| fits(pattern, request.path()))
            && self
                .query
                .as_ref()
                .is_none_or(|text| request.query().contains(text.as_str()));
        match &mut self.remaining {
            _ if !meant => false,
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    /// Checks whether the fault cannot apply to any further request.
    pub(crate) fn is_over(&self) -> bool {
        self.remaining == Some(0)
    }

    /// Returns the effect on a request. `challenge` writes the value of `WWW-Authenticate`.
    pub(crate) fn effect(
        &self,
        manner: Manner,
        now: DateTime<Utc>,
        request_id: &str,
        challenge: &dyn Fn(Option<&str>) -> String,
    ) -> Effect {
        match &self.kind {
            Kind::Throttled(retry_after) => {
                let answer = problem(StatusCode::TOO_MANY_REQUESTS, manner, now, request_id);
                Effect::Answer(match retry_after.text(now) {
                    Some(text) => answer.with(RETRY_AFTER, &text),
                    None => answer,
                })
            }
            Kind::Status(status) => Effect::Answer(problem(*status, manner, now, request_id)),
            Kind::Html(status) => {
                let body = format!(
                    "<!DOCTYPE html><html><head><title>{status}</title></head><body><h2>Our \
                     services aren't available right now</h2><p>We're working to restore all \
                     services as soon as possible.</p></body></html>"
                );
                Effect::Answer(Answer::bytes(*status, "text/html; charset=utf-8", body))
            }
            // The local token service of a managed identity has no challenge.
            Kind::Challenge(_) if matches!(manner, Manner::Managed(_)) => {
                Effect::Answer(problem(StatusCode::UNAUTHORIZED, manner, now, request_id))
            }
            Kind::Challenge(claims) => {
                let message = match claims {
                    Some(_) => {
                        "Continuous access evaluation resulted in challenge with result: \
                         InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"
                    }
                    None => "Lifetime validation failed, the token is expired.",
                };
                let refusal = crate::refusal::Refusal::token(message, challenge(claims.as_deref()));
                Effect::Answer(refusal.answer(now, request_id, request_id))
            }
            Kind::Answer {
                status,
                headers,
                body,
            } => {
                let mut answer = Answer {
                    body: body.clone(),
                    ..Answer::empty(*status)
                };
                for (name, value) in headers {
                    if let Ok(name) = HeaderName::try_from(name.as_str())
                        && let Ok(value) = value.parse()
                    {
                        answer.headers.append(name, value);
                    }
                }
                Effect::Answer(answer)
            }
            Kind::Reset => Effect::Reset,
            Kind::Lost => Effect::Lost,
            Kind::Unheard(header) => Effect::Unheard(header.clone()),
            Kind::Quirk(quirk) => Effect::Quirk(quirk.clone()),
            Kind::Slow(delay) => Effect::Slow(*delay),
            Kind::SlowBody(pause) => Effect::SlowBody(*pause),
            Kind::Truncated => Effect::Truncated,
            Kind::CutJson => Effect::CutJson,
            Kind::ErrorInSuccess {
                code,
                message,
                beside_value,
            } => Effect::ErrorInSuccess {
                error: json!({ "code": code, "message": message }),
                beside_value: *beside_value,
            },
            Kind::Late(status) => Effect::Late(problem(*status, manner, now, request_id)),
            Kind::ClockJump(ahead) => Effect::ClockJump(*ahead),
        }
    }
}

impl RetryAfter {
    pub(crate) fn text(&self, now: DateTime<Utc>) -> Option<String> {
        let delta = |duration: &Duration| TimeDelta::from_std(*duration).unwrap_or_default();
        match self {
            Self::Seconds(seconds) => Some(seconds.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Date(ahead) => now.checked_add_signed(delta(ahead)).map(http_date),
            Self::PastDate(ago) => now.checked_sub_signed(delta(ago)).map(http_date),
            Self::Missing => None,
        }
    }
}

/// Returns the response that a service sends with an error status of its own.
fn problem(status: StatusCode, manner: Manner, now: DateTime<Utc>, request_id: &str) -> Answer {
    match manner {
        Manner::Graph => {}
        Manner::Platform => return identity::problem(status, now, request_id),
        Manner::Page => return identity::problem_page(status),
        Manner::Managed(source) => return identity::managed_problem(source, status, request_id),
    }
    let (code, message) = match status {
        StatusCode::TOO_MANY_REQUESTS => ("TooManyRequests", "Please retry again later."),
        StatusCode::SERVICE_UNAVAILABLE => (
            "serviceNotAvailable",
            "The service is not available. Try again later.",
        ),
        StatusCode::GATEWAY_TIMEOUT => ("UnknownError", ""),
        StatusCode::FORBIDDEN => (
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ),
        StatusCode::NOT_FOUND => ("itemNotFound", "Item not found"),
        StatusCode::INSUFFICIENT_STORAGE => (
            "quotaLimitReached",
            "The request would exceed the quota of the drive.",
        ),
        StatusCode::CONFLICT => ("Conflict", "The object is in conflict with another one."),
        status if status.is_server_error() => {
            ("InternalServerError", "An internal server error occurred.")
        }
        _ => ("UnknownError", ""),
    };
    let inner = json!({
        "code": status.as_str(), "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(),
        "message": "Please retry after",
        "request-id": request_id, "status": status.as_str(),
    });
    let body = json!({ "error": { "code": code, "message": message, "innerError": inner } });
    Answer::bytes(status, "application/json", body.to_string())
}

/// Checks whether a path matches the pattern. Clients differ in what they encode and in surplus
/// slashes, so neither counts.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let segments = |text: &str| -> Vec<String> {
        let segments = text.split('/').filter(|segment| !segment.is_empty());
        let decoded = segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy());
        decoded
            .map(|segment| segment.to_ascii_lowercase())
            .collect()
    };
    let (pattern, path) = (segments(pattern), segments(path));
    let rest = pattern.last().is_some_and(|last| last == "*");
    let long_enough = match rest {
        true => path.len() >= pattern.len(),
        false => path.len() == pattern.len(),
    };
    let mut pairs = pattern.iter().zip(&path);
    long_enough && pairs.all(|(expected, found)| expected == "*" || expected == found)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn fault_patterns_match_their_paths() {
        assert!(fits("/v1.0/users", "/v1.0/Users"));
        assert!(fits("/v1.0/users/*/messages", "/v1.0/users/adele/messages"));
        assert!(!fits("/v1.0/users/*/messages", "/v1.0/users/adele"));
        assert!(!fits(
            "/v1.0/users/*/messages",
            "/v1.0/users/adele/messages/1"
        ));
        assert!(fits("/v1.0/*", "/v1.0/users/adele/messages"));
        assert!(fits(
            "/*/oauth2/v2.0/token",
            "/contoso.com/oauth2/v2.0/token"
        ));
        assert!(!fits("/v1.0/*", "/v1.0"));
        assert!(fits(
            "/v1.0/users/adele@contoso.com",
            "/v1.0//users/adele%40contoso.com/"
        ));
        assert!(fits("/v1.0/users/a%2Fb", "/v1.0/users/a%2fb"));
        assert!(!fits("/v1.0/users/a/b", "/v1.0/users/a%2Fb"));
    }
}
