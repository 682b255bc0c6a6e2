//! The errors of the sources of managed identities, each in its own form.

use http::header::WWW_AUTHENTICATE;
use http::{Method, StatusCode};
use serde_json::json;

use super::Source;
use crate::answer::Answer;
use crate::identity::JSON;
use crate::identity::error::Trail;

/// A refused request.
pub(super) struct Refused {
    status: StatusCode,
    error: &'static str,
    message: String,
    challenge: Option<String>,
}

impl Refused {
    fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            error,
            message,
            challenge: None,
        }
    }

    pub(super) fn request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    pub(super) fn method(method: &Method) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            format!("The method {method} is not supported."),
        )
    }

    pub(super) fn metadata() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_request_102",
            "Required metadata header not specified",
        )
    }

    pub(super) fn header(name: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized_client",
            format!("The header '{name}' is missing or does not match this machine's value."),
        )
    }

    pub(super) fn resource(resource: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_resource",
            format!(
                "AADSTS500011: The resource principal named {resource} was not found in the tenant \
                 named Contoso."
            ),
        )
    }

    pub(super) fn identity() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Identity not found",
        )
    }

    pub(super) fn challenge(realm: &str, message: &str) -> Self {
        let refused = Self::new(StatusCode::UNAUTHORIZED, "unauthorized_client", message);
        Self {
            challenge: Some(format!("Basic realm={realm}")),
            ..refused
        }
    }

    pub(super) fn answer(&self, source: Source, trail: &Trail) -> Answer {
        let message = &self.message;
        let answer = said(source, self.status, self.error, message, &trail.correlation);
        match &self.challenge {
            Some(challenge) => answer.with(WWW_AUTHENTICATE, challenge),
            None => answer,
        }
    }
}

fn said(source: Source, status: StatusCode, error: &str, message: &str, id: &str) -> Answer {
    let body = match source {
        Source::Imds | Source::Arc => json!({ "error": error, "error_description": message }),
        Source::CloudShell => json!({ "error": { "code": error, "message": message } }),
        Source::AppService => {
            json!({ "statusCode": status.as_u16(), "message": message, "correlationId": id })
        }
    };
    Answer::bytes(status, JSON, body.to_string())
}

/// Returns the response that a source sends with an error status of its own.
pub(crate) fn problem(source: Source, status: StatusCode, id: &str) -> Answer {
    let (error, message) = match status {
        StatusCode::TOO_MANY_REQUESTS => (
            "too_many_requests",
            "Temporarily throttled, too many requests",
        ),
        StatusCode::UNAUTHORIZED => ("unknown_source", "Unknown Source <IP>"),
        StatusCode::NOT_FOUND => (
            "not_found",
            "The identity is being updated. Try again later.",
        ),
        StatusCode::GONE => ("gone", "The service is being updated. Try again later."),
        _ => (
            "unknown",
            "Failed to retrieve token from the Active directory.",
        ),
    };
    said(source, status, error, message, id)
}
