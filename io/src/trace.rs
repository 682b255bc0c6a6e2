//! The spans and events of the `tracing` crate that a call emits.
//!
//! A call is a span `call`. Each request that is sent for it is a span `request` within it:
//! repeats, redirects, and token requests. The fields have the names that OpenTelemetry defines
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>). tracing-opentelemetry takes
//! `otel.name` and `otel.kind` as a span's name and kind.
//!
//! Spans have neither `url.full` nor `url.path`. A path of Graph's holds ids, addresses and file
//! names, and a query holds search terms. An address of another host may be a secret itself. Spans
//! have the template (`url.template`), and of any other address only the host.
//!
//! Each request is also one event at the level DEBUG when it has ended, for people who read a log.

use std::time::{Duration, Instant};

use http::Method;
use reqwest::{Request, Response};
use tracing::field::Empty;
use tracing::{Level, Span};
use url::Url;

use msgraph_core::error::{Attempts, RequestContext};

/// Creates the span of a call.
pub fn call(context: &RequestContext, url: &Url) -> Span {
    tracing::info_span!(
        target: "msgraph",
        "call",
        otel.name = %context,
        otel.kind = "internal",
        otel.status_code = Empty,
        http.request.method = %context.method,
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        url.template = context.template,
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        "error.type" = Empty,
        msgraph.client_request_id = context.client_request_id,
        msgraph.request_id = Empty,
        msgraph.waited = Empty,
    )
}

/// Records the attempts of a call.
pub fn record_attempts(span: &Span, attempts: &Attempts) {
    if attempts.count() > 1 {
        span.record("http.request.resend_count", attempts.count() - 1);
    }
    if !attempts.waited().is_zero() {
        span.record("msgraph.waited", attempts.waited().as_secs_f64());
    }
}

/// A request that is being sent: its span, and the facts for the event at its end.
pub struct RequestTrace {
    span: Span,
    event: Option<Box<Begun>>,
}

/// The facts of a request that are known when it begins.
struct Begun {
    method: Method,
    template: Option<String>,
    attempt: u32,
    wait: Option<Duration>,
    began: Instant,
}

impl RequestTrace {
    /// Begins the trace of one request. `before` is the number of requests that were sent before it
    /// for the same call, and `wait` the time that the call waited before this attempt, if it is
    /// known.
    pub fn begin(
        request: &Request,
        template: Option<&str>,
        before: u32,
        wait: Option<Duration>,
    ) -> Self {
        let event = tracing::enabled!(target: "msgraph", Level::DEBUG).then(|| {
            Box::new(Begun {
                method: request.method().clone(),
                template: template.map(str::to_owned),
                attempt: before + 1,
                wait,
                began: Instant::now(),
            })
        });
        Self {
            span: request_span(request, template, before),
            event,
        }
    }

    /// Returns the span, in which the request is sent.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Ends the trace with a response, or with a kind of failure.
    pub fn end(self, outcome: Result<&Response, &'static str>) {
        let Self { span, event } = self;
        record(&span, outcome);
        let Some(begun) = event else {
            return;
        };
        let (response, error) = match outcome {
            Ok(response) => (Some(response), None),
            Err(kind) => (None, Some(kind)),
        };
        tracing::debug!(
            target: "msgraph",
            parent: &span,
            method = %begun.method,
            template = begun.template,
            status = response.map(|response| response.status().as_u16()),
            error,
            attempt = begun.attempt,
            wait = begun.wait.map(|wait| wait.as_secs_f64()),
            duration = begun.began.elapsed().as_secs_f64(),
            request_id = response.and_then(request_id),
            "request ended"
        );
    }
}

/// Creates the span of one request.
fn request_span(request: &Request, template: Option<&str>, resend_count: u32) -> Span {
    let url = request.url();
    let name = || match template {
        Some(template) => format!("{} {template}", request.method()),
        None => request.method().to_string(),
    };
    tracing::info_span!(
        target: "msgraph",
        "request",
        otel.name = name(),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = %request.method(),
        http.request.resend_count = (resend_count > 0).then_some(resend_count),
        http.response.status_code = Empty,
        url.template = template,
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        network.protocol.version = Empty,
        "error.type" = Empty,
        msgraph.request_id = Empty,
    )
}

/// Records the outcome of a request or a call: a response, or a kind of failure.
pub fn record(span: &Span, outcome: Result<&Response, &'static str>) {
    if span.is_disabled() {
        return;
    }
    let failed = |kind: &str| {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", kind);
    };
    match outcome {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", status.as_u16());
            span.record("network.protocol.version", version(response));
            if let Some(id) = request_id(response) {
                span.record("msgraph.request_id", id);
            }
            if status.is_client_error() || status.is_server_error() {
                failed(status.as_str());
            }
        }
        Err(kind) => failed(kind),
    }
}

/// Returns the id that Graph gave the request.
fn request_id(response: &Response) -> Option<&str> {
    response.headers().get("request-id")?.to_str().ok()
}

/// Returns the HTTP version in OpenTelemetry's form.
fn version(response: &Response) -> &'static str {
    match response.version() {
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}
