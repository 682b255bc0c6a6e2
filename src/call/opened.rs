//! A response whose body has not been read yet.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::Response;
use crate::error::{RequestContext, TransportError};
use crate::{Result, transport};

/// A successful response whose status and headers have arrived and whose body is still to come.
pub(crate) struct Opened {
    response: reqwest::Response,
    pub(crate) context: RequestContext,
}

impl Opened {
    pub(crate) fn new(response: reqwest::Response, context: RequestContext) -> Self {
        Self { response, context }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the body as a stream of chunks.
    pub(crate) fn into_body(self) -> reqwest::Response {
        self.response
    }

    /// Reads the body, which may have any size.
    pub(crate) async fn read(self) -> Result<Response> {
        let (status, headers) = (self.response.status(), self.response.headers().clone());
        let read = transport::read(self.response).await;
        whole(status, headers, read, self.context)
    }

    /// Reads a body that describes the state of a resource, which is small for that reason.
    pub(crate) async fn read_state(self) -> Result<Response> {
        let (status, headers) = (self.response.status(), self.response.headers().clone());
        let read = transport::read_state(self.response).await;
        whole(status, headers, read, self.context)
    }
}

fn whole(
    status: StatusCode,
    headers: HeaderMap,
    (body, lost): (Bytes, Option<TransportError>),
    context: RequestContext,
) -> Result<Response> {
    match lost {
        Some(lost) => Err(lost.of(&context).into()),
        None => Ok(Response {
            status,
            headers,
            body,
            context,
        }),
    }
}
