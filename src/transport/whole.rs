//! Takes the body of an answer in, so that what breaks off in the middle can be asked for again.

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::read;

/// Says of a call that the body of its answer is wanted piece by piece.
#[derive(Clone, Copy)]
pub(crate) struct Streamed;

/// Gives answers that are there as a whole, unless the body is wanted piece by piece. It stands inside of the retries: a connection that is
/// lost while a page comes in is a try that failed like any other, and an answer that is not what the call was for does not hold its
/// connection while the call waits.
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
        match read(response).await {
            // Of an answer that is none, what came is what there is: its status alone says enough.
            (_, Some(lost)) if is_success => Err(Error::middleware(crate::Error::from(lost))),
            (body, _) => Ok(head.map(|()| body).into()),
        }
    }
}
