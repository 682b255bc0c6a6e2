//! Asks the service on which a job runs for a token that says which job it is.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use reqwest::Request;
use serde_json::{Map, Value};
use tokio::time::sleep;
use tracing::Instrument;

use crate::Result;
use crate::auth::{Secret, TokenRequest};
use crate::error::{SignInError, TransportError, kind_of_loss};
use crate::transport::{self, trace};

/// How long such a request waits before it is made once more.
const BEFORE_ANOTHER_TRY: Duration = Duration::from_secs(1);

/// What stands in traces for the address.
const TEMPLATE: &str = "{endpoint}";

/// A service that says of its jobs which they are.
pub(super) struct Service {
    /// What it is called in errors.
    pub(super) name: &'static str,
    /// The member of its answer that holds the token.
    pub(super) member: &'static str,
    /// What to look at when it refuses.
    pub(super) advice: &'static str,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// What is said of it. The body does not go on: it may hold a token.
    fn error(&self) -> SignInError {
        SignInError::from_response(self.status, &self.headers, &[])
    }

    fn is_worth_another_try(&self) -> bool {
        self.status.is_server_error() && self.error().retry_after().is_none()
    }
}

impl Service {
    /// Sends the request, over the client's own connections.
    ///
    /// # Errors
    ///
    /// When the service refuses, answers something else, or does not answer twice.
    pub(super) async fn ask(
        &self,
        asked: Request,
        request: &TokenRequest,
    ) -> Result<Secret<String>> {
        let again = asked.try_clone();
        let mut answer = send(asked, request, 0).await;
        let may_repeat = match &answer {
            Ok(answer) => answer.is_worth_another_try(),
            Err(lost) => lost.is_retryable(),
        };
        if let Some(again) = again.filter(|_| may_repeat) {
            sleep(BEFORE_ANOTHER_TRY).await;
            answer = send(again, request, 1).await;
        }
        let Self { name, advice, .. } = self;
        let answer = answer.map_err(|lost| {
            SignInError::from_transport(lost).with_message(format!("asked of {name}"))
        })?;
        if !answer.status.is_success() {
            let error = answer.error();
            return Err(error
                .with_message(format!("asked of {name}: {advice}"))
                .into());
        }
        self.read(&answer.body).ok_or_else(|| {
            let message = format!("the answer of {name} holds no ID token: {advice}");
            answer.error().with_message(message).into()
        })
    }

    fn read(&self, body: &[u8]) -> Option<Secret<String>> {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let mut members: Map<String, Value> = serde_json::from_slice(body).ok()?;
        match members.remove(self.member)? {
            Value::String(token) if !token.is_empty() => Some(token.into()),
            _ => None,
        }
    }
}

async fn send(
    mut asked: Request,
    request: &TokenRequest,
    resend_count: u32,
) -> Result<Answer, TransportError> {
    *asked.timeout_mut() = request.timeout();
    let url = asked.url().clone();
    let span = trace::request(&asked, Some(TEMPLATE), resend_count);
    let http = request.http_client();
    let response = http.execute(asked).instrument(span.clone()).await;
    let outcome = response.as_ref();
    trace::record(&span, outcome.map_err(|error| kind_of_loss(error)));
    let response = response.map_err(TransportError::from_reqwest)?;
    if !transport::is_answer_of(&response, &url) {
        return Err(transport::followed_a_redirect());
    }
    let (status, headers) = (response.status(), response.headers().clone());
    let (body, lost) = transport::read(response).await;
    match lost {
        Some(lost) if status.is_success() => Err(lost),
        // Of a refusal, what came is what there is.
        _ => Ok(Answer {
            status,
            headers,
            body: body.to_vec(),
        }),
    }
}
