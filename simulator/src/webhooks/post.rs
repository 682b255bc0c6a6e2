//! The POST to a webhook, with the same time limits as Graph.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Request, StatusCode};

/// The response of a webhook.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) media_type: String,
    pub(crate) body: Bytes,
}

/// Sends a body, and waits for the response up to `patience`.
pub(crate) async fn post(
    url: &str,
    media_type: &str,
    body: Bytes,
    patience: Duration,
) -> Option<Answered> {
    tokio::time::timeout(patience, send(url, media_type, body))
        .await
        .ok()?
}

async fn send(url: &str, media_type: &str, body: Bytes) -> Option<Answered> {
    let request = Request::builder()
        .method(Method::POST)
        .header(CONTENT_TYPE, media_type)
        .header(CONTENT_LENGTH, body.len())
        .body(body)
        .ok()?;
    let (head, body) = crate::local::send(url, request).await?.into_parts();
    let media_type = head
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().split(';').next();
    Some(Answered {
        status: head.status,
        media_type: media_type.unwrap_or_default().trim().to_ascii_lowercase(),
        body,
    })
}
