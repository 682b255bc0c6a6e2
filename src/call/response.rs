//! A response that is not decoded.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use msgraph_core::decode::{decode, type_name};
use serde::de::DeserializeOwned;

use super::success::Place;
use crate::error::{DecodeError, ErrorOrigin, RequestContext};
use crate::{Error, Result, json};

/// An undecoded response of Graph, as [`RawCall`](super::RawCall) returns it.
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
    /// The context of the call that the response belongs to.
    pub(crate) context: RequestContext,
}

impl Response {
    /// Returns the status, which is always a success. A response that Graph refuses is an error.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Returns the body and drops the rest.
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    /// Decodes the body as JSON.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] when the body is not JSON or not of this type, and [`Error::Api`]
    /// when the body is an error of Graph's.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.refuse_error::<T>(json::trimmed(&self.body), Place::Root)?;
        self.decode::<T, T>(&self.body)
    }

    /// Decodes the body. An error names `T` as the expected type.
    pub(super) fn decode<Body: DeserializeOwned, T>(&self, body: &[u8]) -> Result<Body> {
        decode(body, type_name::<T>()).map_err(|error| Error::from(self.not_decoded(*error, body)))
    }

    /// Adds the status, the headers and the body of the response to a decode error.
    pub(super) fn not_decoded(&self, error: DecodeError, body: &[u8]) -> DecodeError {
        error
            .within(self.status, &self.headers, body)
            .of(&self.context)
    }

    /// Returns the call and the head of the response, for an error that is about them.
    pub(crate) fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::new(&self.context, self.status, &self.headers)
    }

    pub(super) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }
}

/// Prints the status and the length only, because bodies and headers may hold private data.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}
