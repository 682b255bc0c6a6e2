//! The response to a client.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// The content type of Graph's JSON.
const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;\
                    IEEE754Compatible=false;charset=utf-8";

/// The status, headers and body of a response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Returns a response without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// Returns a response with JSON of Graph.
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::json_text(status, body.to_string())
    }

    /// Returns a response with JSON of Graph that is already text.
    pub(crate) fn json_text(status: StatusCode, body: String) -> Self {
        Self::bytes(status, JSON, body)
    }

    /// Returns a response with any body.
    pub(crate) fn bytes(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Self {
        let answer = Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        answer.with(CONTENT_TYPE, media_type)
    }

    /// Sets a header. A text that a header cannot hold is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
