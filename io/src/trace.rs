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

use reqwest::{Request, Response};
use tracing::Span;
use tracing::field::Empty;
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

/// Creates the span of one request. `resend_count` is the number of requests that were sent before
/// it for the same call.
pub fn request(request: &Request, template: Option<&str>, resend_count: u32) -> Span {
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
            let id = response.headers().get("request-id");
            if let Some(id) = id.and_then(|id| id.to_str().ok()) {
                span.record("msgraph.request_id", id);
            }
            if status.is_client_error() || status.is_server_error() {
                failed(status.as_str());
            }
        }
        Err(kind) => failed(kind),
    }
}

/// Returns the HTTP version in OpenTelemetry's form.
fn version(response: &Response) -> &'static str {
    match response.version() {
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}
