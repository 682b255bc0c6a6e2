//! Requests for a token that identifies a job, sent to the service on which the job runs.

use msgraph_core::verdict::Verdict;
use reqwest::Request;
use serde_json::{Map, Value};

use crate::Result;
use crate::error::{SignInError, TransportError};
use crate::exchange::{
    RawResponse, exchange, is_worth_another_attempt, wait_before_another_attempt,
};
use crate::{Secret, TokenRequest};

/// The text that replaces the address in traces.
const TEMPLATE: &str = "{endpoint}";

/// A service that issues tokens which identify its jobs.
pub(super) struct Service {
    /// The name of the service in errors.
    pub(super) name: &'static str,
    /// The member of its response that holds the token.
    pub(super) member: &'static str,
    /// The advice for the case that it refuses.
    pub(super) advice: &'static str,
}

/// Returns the error for a response. It does not contain the body, because the body may hold a
/// token.
fn said(response: &RawResponse) -> SignInError {
    SignInError::from_response(response.status, &response.headers, &[])
}

fn is_passing(response: &RawResponse) -> bool {
    Verdict::of_token_service(response.status).is_passing()
}

impl Service {
    /// Sends the request, over the client's own connections.
    ///
    /// # Errors
    ///
    /// Returns an error if the service refuses, sends an unexpected response, or fails to respond
    /// twice.
    pub(super) async fn ask(
        &self,
        asked: Request,
        request: &TokenRequest,
    ) -> Result<Secret<String>> {
        let again = asked.try_clone();
        let mut response = send(asked, request, 0).await;
        let may_repeat = is_worth_another_attempt(&response, is_passing);
        if let Some(again) = again.filter(|_| may_repeat) {
            wait_before_another_attempt(&response).await;
            response = send(again, request, 1).await;
        }
        let Self { name, advice, .. } = self;
        let response = response.map_err(|lost| {
            SignInError::from_transport(lost)
                .with_message(format!("in the token request to {name}"))
        })?;
        if !response.status.is_success() {
            let error = said(&response);
            return Err(error
                .with_message(format!("in the token request to {name}: {advice}"))
                .into());
        }
        self.read(&response.body).ok_or_else(|| {
            let message = format!("the response of {name} contains no ID token: {advice}");
            said(&response).with_message(message).into()
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
    asked: Request,
    request: &TokenRequest,
    resend_count: u32,
) -> Result<RawResponse, TransportError> {
    let limit = request.limit().attempt(resend_count > 0);
    let http = request.http_client();
    exchange(http, asked, limit, TEMPLATE, resend_count).await
}
