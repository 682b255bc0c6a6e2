//! The middleware that adds access tokens to requests to Graph.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::cache::{Bearer, Tokens};
use crate::transport::{Delivery, Trying};
use msgraph_core::challenge;
use msgraph_core::granted::Granted;

/// Marks a request that is sent without a token, because a redirect has led it away from Graph's
/// hosts.
#[derive(Clone, Copy)]
pub(crate) struct WithoutToken;

/// The `Authorization` header that a request was sent with. Code that must know which user or
/// application made the call reads it.
#[derive(Clone)]
pub(crate) struct SentToken(pub(crate) HeaderValue);

/// Attaches a token, and sends the request once more with a new token when Graph refuses the first.
///
/// It runs after the [host guard](crate::transport::HostGuard). For a host that may not receive a
/// token, none is requested, let alone sent. A call that brings its own `Authorization` header
/// keeps it.
pub(crate) struct Authorize {
    tokens: Arc<Tokens>,
}

impl Authorize {
    pub(crate) fn new(tokens: Arc<Tokens>) -> Self {
        Self { tokens }
    }
}

#[async_trait]
impl Middleware for Authorize {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        if extensions.get::<WithoutToken>().is_some() {
            return next.run(request, extensions).await;
        }
        let (response, sent) = match request.headers().get(AUTHORIZATION).cloned() {
            Some(own) => (next.run(request, extensions).await?, own),
            None => self.send(request, extensions, next).await?,
        };
        Ok(with_granted(response, &sent))
    }
}

impl Authorize {
    /// Sends a request with a token. Returns the response, and the header that was sent for it.
    async fn send(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<(Response, HeaderValue)> {
        let delivery = extensions.get::<Delivery>().cloned().unwrap_or_default();
        let deadline = extensions
            .get::<Trying>()
            .and_then(|trying| trying.deadline);
        let token = self
            .tokens
            .token_of_call(deadline)
            .await
            .inspect_err(|_| delivery.stopped())
            .map_err(Error::middleware)?;
        // This is `None` if the body cannot be sent twice.
        let again = request.try_clone();
        attach(&mut request, &token);
        extensions.insert(SentToken(token.header().clone()));
        let response = next.clone().run(request, extensions).await?;
        let Some(claims) = refused(response.status(), response.headers()) else {
            return Ok((response, token.header().clone()));
        };
        delivery.did_nothing();
        let Some(mut again) = again else {
            self.tokens.forget(&token, claims);
            return Ok((response, token.header().clone()));
        };
        let new = self
            .tokens
            .renew(&token, claims)
            .await
            .inspect_err(|_| delivery.stopped())
            .map_err(Error::middleware)?;
        if new.is_same(&token) {
            return Ok((response, token.header().clone()));
        }
        drop(response);
        attach(&mut again, &new);
        extensions.insert(SentToken(new.header().clone()));
        let response = next.run(again, extensions).await?;
        Ok((response, new.header().clone()))
    }
}

fn attach(request: &mut Request, token: &Bearer) {
    request
        .headers_mut()
        .insert(AUTHORIZATION, token.header().clone());
}

/// Records, for a 403, the permissions of the token, so that the error can name the missing ones.
fn with_granted(mut response: Response, sent: &HeaderValue) -> Response {
    if response.status() == StatusCode::FORBIDDEN
        && let Some(granted) = Granted::read(sent)
    {
        response.extensions_mut().insert(granted);
    }
    response
}

/// Checks whether the token was refused, and returns the claims that it lacked. Conditional Access
/// refuses with 403 as well, but then the response names the claims. Every other 403 is about
/// permissions, which a new token would not have either.
fn refused(status: StatusCode, headers: &HeaderMap) -> Option<Option<String>> {
    match status {
        StatusCode::UNAUTHORIZED => Some(challenge::claims(headers)),
        StatusCode::FORBIDDEN => challenge::claims(headers).map(Some),
        _ => None,
    }
}
