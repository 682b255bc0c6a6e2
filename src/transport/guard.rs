//! A middleware that stops requests to hosts outside those that a client may call.

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::hosts::Hosts;
use crate::auth::WithoutToken;

/// A middleware that refuses a request to any other host. It checks a call's address, a link from a
/// response, and an address that another middleware has changed. Otherwise a token would be sent
/// there, or a request without a token would fail with an error that only this check can explain.
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
        // If Graph itself redirected without the token, the redirect middleware has already checked
        // the address.
        if extensions.get::<WithoutToken>().is_none() {
            self.hosts.check(request.url()).map_err(Error::middleware)?;
        }
        next.run(request, extensions).await
    }
}
