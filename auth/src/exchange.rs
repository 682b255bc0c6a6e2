//! Requests to token endpoints, and their complete responses, for every kind of endpoint.

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use http::{HeaderMap, StatusCode};
use msgraph_core::verdict::is_throttling;
use msgraph_io::trace::RequestTrace;
use msgraph_io::{connections, network_error, read_at_most};
use reqwest::Request;
use tokio::time::sleep;
use tracing::Instrument;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{SignInError, TransportError, retry_after};

/// The response of an endpoint that issues tokens.
pub(super) struct RawResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The body, which may hold tokens.
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// The pause before a token request is sent once more. Microsoft's libraries pause for the same
/// time.
const BEFORE_ANOTHER_ATTEMPT: Duration = Duration::from_secs(1);

/// The largest accepted response, in bytes. Tokens have some kilobytes.
const LONGEST: usize = 1024 * 1024;

impl RawResponse {
    /// Returns how long the endpoint asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.status, &self.headers, Utc::now())
    }

    /// Returns the error that this refusal stands for.
    pub(super) fn refusal(&self) -> SignInError {
        SignInError::from_response(self.status, &self.headers, &self.body)
    }

    /// Returns the error for a successful response in which no token can be read. It contains
    /// neither the body nor the parser's message, because either may hold a token.
    pub(super) fn without_token(&self, endpoint: &str) -> SignInError {
        SignInError::from_response(self.status, &self.headers, &[])
            .with_message(format!("the response of {endpoint} contains no token"))
    }
}

/// Checks whether a second attempt at a token request may succeed. `is_passing` says it of a
/// response.
///
/// After a response that means too many requests, or names a time to come back, the request is not
/// repeated. The calls that need the token wait instead.
pub(super) fn is_worth_another_attempt(
    ended: &Result<RawResponse, TransportError>,
    is_passing: impl FnOnce(&RawResponse) -> bool,
) -> bool {
    match ended {
        Ok(response) => {
            let is_asked_to_wait =
                is_throttling(response.status) || response.retry_after().is_some();
            !is_asked_to_wait && is_passing(response)
        }
        Err(lost) => lost.is_retryable(),
    }
}

/// Waits before a token request is sent once more. An attempt that timed out has waited long
/// enough.
pub(super) async fn wait_before_another_attempt(ended: &Result<RawResponse, TransportError>) {
    if !ended.as_ref().is_err_and(TransportError::is_timeout) {
        sleep(BEFORE_ANOTHER_ATTEMPT).await;
    }
}

/// Takes a body over. Overwrites the original buffer if nothing else holds it.
fn taken(body: Bytes) -> Zeroizing<Vec<u8>> {
    let copy = Zeroizing::new(body.to_vec());
    if let Ok(mut buffer) = body.try_into_mut() {
        buffer.as_mut().zeroize();
    }
    copy
}

/// Returns the body of a token request. The body is overwritten once it was sent.
pub(super) fn form(body: Vec<u8>) -> reqwest::Body {
    let owner = Zeroizing::new(body);
    reqwest::Body::from(Bytes::from_owner(owner))
}

/// Sends a request and reads the response, within this time limit. Traces contain `template`
/// instead of the address.
pub(super) async fn exchange(
    http: &reqwest::Client,
    mut request: Request,
    limit: Duration,
    template: &'static str,
    resend_count: u32,
) -> Result<RawResponse, TransportError> {
    // The limit is always set, because a `reqwest::Client` of the caller may have none of its own.
    *request.timeout_mut() = Some(limit);
    let asked = request.url().clone();
    let trace = RequestTrace::begin(&request, Some(template), resend_count, None);
    let sending = http.execute(request);
    let response = sending.instrument(trace.span().clone()).await;
    let outcome = response.as_ref();
    trace.end(outcome.map_err(|error| network_error::kind_of_loss(error)));
    let mut response = response.map_err(network_error::from_reqwest)?;
    if !connections::is_response_of(&response, &asked) {
        return Err(connections::followed_a_redirect());
    }
    let (status, headers) = (response.status(), response.headers().clone());
    let (body, lost) = read_at_most(&mut response, LONGEST).await;
    match lost {
        Some(lost) if status.is_success() => Err(lost),
        // The part of a refusal that arrived is enough for the error.
        _ => Ok(RawResponse {
            status,
            headers,
            body: taken(body),
        }),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn response(status: u16, headers: &[(&'static str, &str)]) -> RawResponse {
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        });
        RawResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: Zeroizing::default(),
        }
    }

    #[test]
    fn request_is_not_repeated_when_asked_to_wait() {
        let is_worth = |ended, is_passing| is_worth_another_attempt(&ended, |_| is_passing);
        assert!(is_worth(Ok(response(503, &[])), true));
        assert!(!is_worth(Ok(response(503, &[])), false));
        assert!(!is_worth(Ok(response(503, &[("retry-after", "7")])), true));
        assert!(!is_worth(Ok(response(429, &[])), true));
        assert!(is_worth(Err(TransportError::broken("gone")), false));
        assert!(!is_worth(Err(TransportError::new("no URL")), true));
    }

    #[test]
    fn form_and_response_keep_their_bytes() {
        let form = form(b"grant_type=refresh_token".to_vec());
        assert_eq!(form.as_bytes(), Some(&b"grant_type=refresh_token"[..]));
        let shared = Bytes::from(b"{\"access_token\"".to_vec());
        // Another holder still reads the buffer, so it is not overwritten.
        assert_eq!(*taken(shared.clone()), *shared);
        assert_eq!(*taken(shared), b"{\"access_token\"");
        assert!(taken(Bytes::from_static(b"")).is_empty());
    }
}
