//! A paused clock that stands still while a request is under way.

use std::pin::pin;

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};

/// A middleware that keeps the runtime busy until the response arrives.
///
/// Tokio's paused clock advances while all tasks are idle, as it should while a client waits. A
/// runtime that waits for a server is idle as well, and no time must pass then.
pub struct Busy;

#[msgraph::async_trait]
impl Middleware for Busy {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let mut answer = pin!(next.run(request, extensions));
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = tokio::task::yield_now() => {}
            }
        }
    }
}
