//! A middleware that buffers the body of a response, so that a response that breaks off can be
//! requested again.

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::{read, read_error, read_state};
use crate::call::ExpectedBody;

/// A marker for a call that reads the body of its response piece by piece.
#[derive(Clone, Copy)]
pub(crate) struct Streamed;

/// A marker for a call whose response describes a state, so that its size is limited.
#[derive(Clone, Copy)]
pub(crate) struct StateBody;

/// A middleware that buffers whole bodies, unless the call reads its body piece by piece.
///
/// It is inside of the retries. A connection that is lost while a page arrives is therefore a
/// failed attempt like any other. So is a body that ends too early although it was framed as if it
/// were complete. A response that does not end the call does not hold its connection while the call
/// waits.
pub(super) struct BufferBody;

#[async_trait]
impl Middleware for BufferBody {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let response = next.run(request, extensions).await?;
        let is_success = response.status().is_success();
        if is_success && extensions.get::<Streamed>().is_some() {
            return Ok(response);
        }
        let mut head = http::Response::builder()
            .status(response.status())
            .version(response.version())
            .url(response.url().clone())
            .body(())
            .map_err(Error::middleware)?;
        let mut response = response;
        *head.headers_mut() = std::mem::take(response.headers_mut());
        head.extensions_mut()
            .extend(std::mem::take(response.extensions_mut()));
        if !is_success {
            let body = read_error(response).await;
            return Ok(head.map(|()| body).into());
        }
        let read = match extensions.get::<StateBody>() {
            Some(StateBody) => read_state(response).await,
            None => read(response).await,
        };
        match read {
            (_, Some(lost)) => Err(Error::middleware(crate::Error::from(lost))),
            (body, None) => {
                let expected = extensions.get::<ExpectedBody>();
                // A service that fails in the middle of a body may end the body as if it were
                // complete.
                match expected
                    .and_then(|expected| expected.lost(head.status(), head.headers(), &body))
                {
                    Some(lost) => Err(Error::middleware(lost)),
                    None => Ok(head.map(|()| body).into()),
                }
            }
        }
    }
}
