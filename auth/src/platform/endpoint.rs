//! Requests to the token endpoint, and their outcomes.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, RequestTokenError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;
use zeroize::Zeroize as _;

use super::super::TokenRequest;
use super::super::exchange::{
    RawResponse, exchange, form, is_worth_another_attempt, wait_before_another_attempt,
};
use super::grant::Grant;
use crate::error::{SignInError, TransportError};

/// A refusal ([RFC 6749, 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)). [`SignInError`]
/// reads its members from the response itself, because they may be missing or of another type.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Refusal(Map<String, Value>);

impl oauth2::ErrorResponse for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the identity platform refused")
    }
}

/// The text that replaces the address of a token endpoint in traces.
const TEMPLATE: &str = "/{tenant}/oauth2/v2.0/token";
const DEVICE_CODE_TEMPLATE: &str = "/{tenant}/oauth2/v2.0/devicecode";

/// The header with the id that a client gives a request, in the form of a GUID. Errors and the
/// sign-in logs show it as the correlation id
/// (<https://learn.microsoft.com/entra/identity/monitoring-health/reference-sign-in-log-schema>).
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// The byte order mark that some gateways put before JSON.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// The conditions under which a token request is sent a second time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// A repeat after any failure that may pass. A refresh token, an assertion and a secret stay
    /// valid after their use.
    Any,
    /// A repeat only after a failed connection. A code is good for one use, and its response may be
    /// lost.
    Unsent,
    /// No repeat, because the caller repeats the request itself.
    None,
}

/// Checks whether a response is a refusal that may pass.
fn is_passing(received: &RawResponse) -> bool {
    !received.status.is_success() && received.refusal().is_retryable()
}

/// Sends one token request. Keeps the response for the details that the oauth2 crate does not
/// return.
pub(super) struct Endpoint<'a> {
    request: &'a TokenRequest,
    template: &'static str,
    repeats: Repeats,
    /// The id of this request in the platform's sign-in logs, and in its response, if there is one.
    correlation_id: Uuid,
    received: Mutex<Option<RawResponse>>,
}

impl<'a> Endpoint<'a> {
    pub(super) fn new(request: &'a TokenRequest, repeats: Repeats) -> Self {
        Self {
            request,
            template: TEMPLATE,
            repeats,
            correlation_id: Uuid::new_v4(),
            received: Mutex::new(None),
        }
    }

    /// Creates the endpoint that issues device codes.
    pub(super) fn of_device_codes(request: &'a TokenRequest) -> Self {
        Self {
            template: DEVICE_CODE_TEMPLATE,
            ..Self::new(request, Repeats::Any)
        }
    }

    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let is_last = self.repeats != Repeats::Any;
        let mut received = self.post(request.clone(), 0, is_last).await;
        let may_repeat = match self.repeats {
            Repeats::Any => is_worth_another_attempt(&received, is_passing),
            Repeats::Unsent => received
                .as_ref()
                .is_err_and(|lost| lost.is_connect() && lost.is_retryable()),
            Repeats::None => false,
        };
        if may_repeat {
            wait_before_another_attempt(&received).await;
            received = self.post(std::mem::take(&mut request), 1, true).await;
        }
        request.body_mut().zeroize();
        let received = received?;
        // The oauth2 crate takes a body of its own.
        let mut response = http::Response::new(received.body.to_vec());
        *response.status_mut() = received.status;
        // The oauth2 crate reads no other content type, and some gateways send another one.
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *self.received.lock().unwrap_or_else(PoisonError::into_inner) = Some(received);
        Ok(response)
    }

    async fn post(
        &self,
        request: HttpRequest,
        resend_count: u32,
        is_last: bool,
    ) -> Result<RawResponse, TransportError> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|error| {
            TransportError::new(format!("the token endpoint is not a URL: {error}"))
        })?;
        let mut post = reqwest::Request::new(head.method, url);
        *post.headers_mut() = head.headers;
        if let Ok(id) = HeaderValue::try_from(self.correlation_id.to_string()) {
            post.headers_mut().insert(CLIENT_REQUEST_ID, id);
        }
        // This body cannot be cloned. Therefore a client of the caller cannot send the secret on to
        // the target of a 307, even if its redirect policy follows redirects.
        *post.body_mut() = Some(reqwest::Body::wrap(form(body)));
        let limit = self.request.limit().attempt(is_last);
        let http = self.request.http_client();
        let mut received = exchange(http, post, limit, self.template, resend_count).await?;
        if received.body.starts_with(BOM) {
            received.body.drain(..BOM.len());
        }
        Ok(received)
    }

    /// Sends a form that the oauth2 crate does not support, and reads the response as `T`.
    pub(super) async fn exchange<T: DeserializeOwned>(
        self,
        url: Url,
        fields: &[(&str, &str)],
    ) -> Result<T, Box<SignInError>> {
        // The capacity is enough for all of it, with each byte encoded as three. A text that grows
        // leaves copies behind.
        let length = fields
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2);
        let text = String::with_capacity(length.sum::<usize>().saturating_mul(3));
        let body = url::form_urlencoded::Serializer::new(text)
            .extend_pairs(fields)
            .finish();
        let request = http::Request::post(url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .map_err(|error| {
                let error = SignInError::new("cannot build the token request").with_source(error);
                Box::new(error)
            })?;
        let response = self.send(request).await;
        let mut response = response.map_err(|lost| self.lost(lost))?;
        let read = match response.status().is_success() {
            true => serde_json::from_slice(response.body()).ok(),
            false => None,
        };
        response.body_mut().zeroize();
        if let Some(read) = read {
            return Ok(read);
        }
        Err(Box::new(self.refusal()))
    }

    /// Converts the outcome of the request into this crate's types.
    pub(super) fn judge(
        self,
        granted: Result<Grant, RequestTokenError<TransportError, Refusal>>,
    ) -> Result<Grant, Box<SignInError>> {
        match granted {
            Ok(grant) => accepted(grant)
                .map_err(|error| Box::new(error.or_correlation_id(self.correlation_id))),
            Err(RequestTokenError::Request(lost)) => Err(self.lost(lost)),
            Err(
                RequestTokenError::Other(_)
                | RequestTokenError::Parse(..)
                | RequestTokenError::ServerResponse(_),
            ) => Err(Box::new(self.refusal())),
        }
    }

    fn lost(&self, lost: TransportError) -> Box<SignInError> {
        let error = SignInError::from_transport(lost);
        Box::new(error.or_correlation_id(self.correlation_id))
    }

    /// Returns the error for a response without a token.
    fn refusal(self) -> SignInError {
        let correlation_id = self.correlation_id;
        let received = self
            .received
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let error = match received {
            Some(received) if received.status.is_success() => {
                received.without_token("the token endpoint")
            }
            Some(received) => received.refusal(),
            None => return SignInError::new("cannot build the token request"),
        };
        error.or_correlation_id(correlation_id)
    }
}

/// Checks that Graph accepts this kind of token.
///
/// # Errors
///
/// Returns an error if the token is not a bearer token, or its lifetime cannot be read.
pub(super) fn accepted(grant: Grant) -> Result<Grant, Box<SignInError>> {
    grant.has_readable_life()?;
    if grant.is_bearer() {
        return Ok(grant);
    }
    Err(Box::new(SignInError::new(
        "the identity platform returned a token that is not a bearer token",
    )))
}

impl<'c> AsyncHttpClient<'c> for Endpoint<'_> {
    type Error = TransportError;
    type Future = BoxFuture<'c, Result<HttpResponse, TransportError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
