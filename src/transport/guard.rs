//! Stops what would leave the hosts that a client may speak to.

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::hosts::Hosts;
use crate::auth::WithoutToken;

/// Refuses a request to any other host, be it a call's address, a link of an answer's, or what a middleware made of
/// either: a token would go there, or a request without one would ask for an explanation that only this can give.
pub(super) struct HostGuard {
    hosts: Hosts,
}

impl HostGuard {
    pub(super) fn new(hosts: Hosts) -> Self {
        Self { hosts }
    }
}

#[async_trait]
impl Middleware for HostGuard {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        // Where Graph itself led on without the token, the redirect has judged the address.
        if extensions.get::<WithoutToken>().is_none() {
            self.hosts.check(request.url()).map_err(Error::middleware)?;
        }
        next.run(request, extensions).await
    }
}
