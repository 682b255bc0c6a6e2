//! Takes the body of a response in, so that what breaks off in the middle can be asked for again.

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::{read, read_error, read_state};
use crate::call::ExpectedBody;

/// Says of a call that the body of its answer is wanted piece by piece.
#[derive(Clone, Copy)]
pub(crate) struct Streamed;

/// Says of a call that its response describes the state of something, so that its size is limited.
#[derive(Clone, Copy)]
pub(crate) struct StateBody;

/// Takes in whole bodies, unless the call wants its body piece by piece.
///
/// It stands inside of the retries. So a connection that is lost while a page comes in is a failed attempt like any other, and
/// so is a body that ends too early although it was framed as if it were whole. A response that does not end the call does not
/// hold its connection while the call waits.
pub(super) struct Whole;

#[async_trait]
impl Middleware for Whole {
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
                // A service that fails in the middle of a body may well end it as if it were whole.
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
