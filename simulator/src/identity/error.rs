//! The errors of the identity platform: as JSON, in a redirect, or as a page.
//!
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use super::JSON;
use super::form::Form;
use super::redirect::page;
use crate::answer::Answer;
use crate::ids::Ids;
use crate::request::Request;

/// The ids by which a request can be traced. All errors carry them.
pub(crate) struct Trail {
    pub(super) trace: String,
    pub(super) correlation: String,
    pub(super) timestamp: String,
    pub(super) host: String,
}

impl Trail {
    /// Reads the client's own request id. A client sends it in a header, a browser in the query.
    pub(super) fn new(request: &Request, ids: &mut Ids, now: DateTime<Utc>, host: &str) -> Self {
        let trace = ids.guid();
        let own = request.header("client-request-id").or_else(|| {
            let query = Form::query(request);
            query.get("client-request-id").map(str::to_owned)
        });
        Self {
            trace,
            correlation: own.unwrap_or_else(|| ids.guid()),
            timestamp: now.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            host: host.to_owned(),
        }
    }
}

/// A refused request.
#[derive(Clone, Debug)]
pub(crate) struct SignInError {
    status: StatusCode,
    error: String,
    code: u32,
    description: String,
    suberror: Option<&'static str>,
    claims: Option<String>,
}

impl SignInError {
    pub(crate) fn new(error: impl Into<String>, code: u32, description: impl Into<String>) -> Self {
        let error = error.into();
        let status = if error == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        Self {
            status,
            error,
            code,
            description: description.into(),
            suberror: None,
            claims: None,
        }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        let description =
            format!("The request body must contain the following parameter: '{parameter}'.");
        Self::new("invalid_request", 900_144, description)
    }

    pub(super) fn method(allowed: &str, method: &http::Method) -> Self {
        Self::new(
            "invalid_request",
            900_561,
            format!("The endpoint only accepts {allowed} requests. Received a {method} request."),
        )
    }

    pub(super) fn malformed(description: impl Into<String>) -> Self {
        Self::new("invalid_request", 9_002_313, description)
    }

    /// Renames the error, because some errors have another name in a redirect.
    pub(super) fn called(mut self, error: &str) -> Self {
        error.clone_into(&mut self.error);
        self
    }

    pub(super) fn suberror(mut self, suberror: &'static str) -> Self {
        self.suberror = Some(suberror);
        self
    }

    /// Sets the claims that the next sign-in has to fulfil: JSON, as text.
    pub(super) fn claims(mut self, claims: &Value) -> Self {
        self.claims = Some(claims.to_string());
        self
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> u32 {
        self.code
    }

    /// Returns `AADSTS…: …`, with the ids by which Microsoft's support finds the request.
    fn sentence(&self, trail: &Trail) -> String {
        let Trail {
            trace,
            correlation,
            timestamp,
            ..
        } = trail;
        format!(
            "AADSTS{}: {}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: \
             {timestamp}",
            self.code, self.description
        )
    }

    fn uri(&self, trail: &Trail) -> String {
        format!("{}/error?code={}", trail.host, self.code)
    }

    /// Returns the error as JSON.
    pub(super) fn answer(&self, trail: &Trail) -> Answer {
        let mut body = json!({
            "error": self.error, "error_description": self.sentence(trail),
            "error_codes": [self.code],
            "timestamp": trail.timestamp, "trace_id": trail.trace,
            "correlation_id": trail.correlation,
            "error_uri": self.uri(trail),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = json!(suberror);
        }
        if let Some(claims) = &self.claims {
            body["claims"] = json!(claims);
        }
        Answer::bytes(self.status, JSON, body.to_string())
    }

    /// Returns the parameters with which a browser is sent back.
    pub(super) fn fields(&self, trail: &Trail) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("error", self.error.clone()),
            ("error_description", self.sentence(trail)),
            ("error_uri", self.uri(trail)),
        ];
        fields.extend(self.suberror.map(|word| ("suberror", word.to_owned())));
        fields.extend(self.claims.clone().map(|claims| ("claims", claims)));
        fields
    }

    /// Returns the page that a browser shows if it cannot be sent back.
    pub(super) fn page(&self, trail: &Trail) -> Answer {
        page(
            StatusCode::BAD_REQUEST,
            "Sorry, but we’re having trouble signing you in.",
            &self.sentence(trail),
        )
    }
}
