//! An answer that has begun.

use http::{HeaderMap, StatusCode};

use super::Response;
use crate::error::RequestContext;
use crate::{Result, transport};

/// An answer of success: its status and headers are there, its body is still to come.
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

    /// The body, piece by piece.
    pub(crate) fn into_body(self) -> reqwest::Response {
        self.response
    }

    /// Takes the body in.
    pub(crate) async fn read(self) -> Result<Response> {
        let (status, headers) = (self.response.status(), self.response.headers().clone());
        let (body, lost) = transport::read(self.response).await;
        match lost {
            Some(lost) => Err(lost.of(&self.context).into()),
            None => Ok(Response {
                status,
                headers,
                body,
                context: self.context,
            }),
        }
    }
}
