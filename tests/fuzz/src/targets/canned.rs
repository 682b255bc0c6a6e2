//! Responses without a network: a middleware that responds instead of sending.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Extensions, HeaderName, HeaderValue};
use reqwest_middleware::{Middleware, Next};

/// One response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), b"application/json".to_vec())],
            body: body.into(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A middleware that returns the next response, or an error of the test if there is none.
#[derive(Clone, Default)]
pub(crate) struct Canned(Arc<Mutex<VecDeque<Reply>>>);

impl Canned {
    /// Sets the responses to come.
    pub(crate) fn set(&self, replies: impl IntoIterator<Item = Reply>) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.clear();
        queue.extend(replies);
    }
}

#[async_trait::async_trait]
impl Middleware for Canned {
    async fn handle(
        &self,
        _: reqwest::Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let next = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let reply = next.unwrap_or_else(|| {
            Reply::json(
                418,
                r#"{"error":{"code":"exhausted","message":"no more responses"}}"#,
            )
        });
        let mut response = http::Response::new(reply.body);
        *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
        for (name, value) in &reply.headers {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_bytes(value),
            ) {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response.into())
    }
}
