//! A response whose body may still have to be read.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use msgraph_core::granted::Granted;

use super::Response;
use crate::error::{Error, ErrorOrigin, RequestContext, TransportError};
use crate::{Result, transport};

/// A response whose status and headers have arrived. Its body may still be to come.
pub(crate) struct Opened {
    response: reqwest::Response,
    /// The body, if the stack has read it.
    body: Option<Bytes>,
    pub(crate) context: RequestContext,
}

impl Opened {
    pub(crate) fn new(
        response: reqwest::Response,
        body: Option<Bytes>,
        context: RequestContext,
    ) -> Self {
        Self {
            response,
            body,
            context,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the call and the head of the response, for an error that is about them.
    pub(crate) fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::new(&self.context, self.status(), self.headers())
    }

    /// Returns the body as a stream of chunks.
    pub(crate) fn into_body(self) -> reqwest::Response {
        self.response
    }

    /// Reads the body, which may have any size.
    pub(crate) async fn read(mut self) -> Result<Response> {
        let read = match self.body.take() {
            Some(body) => (body, None),
            None => transport::read(&mut self.response).await,
        };
        self.whole(read)
    }

    /// Reads a body that describes the state of a resource, which is small for that reason.
    pub(crate) async fn read_state(mut self) -> Result<Response> {
        let read = transport::read_state(&mut self.response).await;
        self.whole(read)
    }

    /// Reads the body of an error response.
    pub(crate) async fn into_error(mut self) -> Error {
        let body = match self.body.take() {
            Some(body) => body,
            None => transport::read_error(&mut self.response).await,
        };
        let granted = self.response.extensions().get::<Granted>().cloned();
        Error::from_response(
            &self.context,
            self.response.status(),
            self.response.headers(),
            &body,
            granted,
        )
    }

    fn whole(mut self, (body, lost): (Bytes, Option<TransportError>)) -> Result<Response> {
        match lost {
            Some(lost) => Err(lost.of(&self.context).into()),
            None => Ok(Response {
                status: self.response.status(),
                headers: std::mem::take(self.response.headers_mut()),
                body,
                context: self.context,
            }),
        }
    }
}
