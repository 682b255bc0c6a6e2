//! An answer as it came.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::decode::{decode, type_name};
use super::success::Place;
use crate::error::{DecodeError, RequestContext};
use crate::{Error, Result, json};

/// An answer of Graph's as it came: what [`RawCall`](super::RawCall) gives.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use msgraph::Method;
///
/// let response = graph.request(Method::GET, "/beta/me").await?;
/// println!("{} {:?}", response.status(), response.headers().get("request-id"));
/// let me: serde_json::Value = response.json()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The call that it is for.
    pub(crate) context: RequestContext,
}

impl Response {
    /// The status, always one of success: what Graph refuses is an error.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body, without the rest.
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    /// The body read as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when the body is not JSON, or not of this type, and [`Error::Api`] when it is an error of Graph's.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.refuse_error::<T>(json::trimmed(&self.body), Place::Root)?;
        self.decode::<T, T>(&self.body)
    }

    /// Reads the body; an error says that it should have been a `T`.
    pub(super) fn decode<Body: DeserializeOwned, T>(&self, body: &[u8]) -> Result<Body> {
        decode(body, type_name::<T>()).map_err(|error| Error::from(self.not_decoded(*error, body)))
    }

    /// Adds to an error what the response says beside the part that could not be read.
    pub(super) fn not_decoded(&self, error: DecodeError, body: &[u8]) -> DecodeError {
        error
            .within(self.status, &self.headers, body)
            .of(&self.context)
    }

    pub(super) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }
}

/// Status and length: bodies and headers may hold what is private.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}
