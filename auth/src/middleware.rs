//! The middleware that adds access tokens to requests to Graph.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use msgraph_core::challenge;
use msgraph_core::granted::Granted;
use msgraph_io::{Delivery, RequestCopy};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};
use tokio::time::Instant;

use super::cache::{Bearer, Tokens};

/// The part of a call's state that the token middleware reads and writes.
#[derive(Clone, Default)]
pub struct AuthContext {
    /// The time by which the call has to end.
    pub deadline: Option<Instant>,
    /// Set to `true` for a request that is sent without a token: its address is a secret itself, or
    /// a redirect has led it away from Graph's hosts.
    pub without_token: bool,
    /// The copy of the request that is being sent.
    pub copy: Option<RequestCopy>,
    /// The record of what was sent.
    pub delivery: Delivery,
    /// The `Authorization` header that the request was sent with. Code that must know which user or
    /// application made the call reads it.
    pub sent_token: Option<HeaderValue>,
}

/// Attaches a token, and sends the request once more with a new token when Graph refuses the first.
///
/// It runs after the check of the host. For a host that may not receive a token, none is requested,
/// let alone sent. A call that brings its own `Authorization` header keeps it.
pub struct Authorize {
    tokens: Arc<Tokens>,
    context: fn(&mut Extensions) -> &mut AuthContext,
}

impl Authorize {
    /// Returns the middleware for these tokens. `context` returns the part of a request's
    /// extensions that belongs to this middleware.
    pub fn new(tokens: Arc<Tokens>, context: fn(&mut Extensions) -> &mut AuthContext) -> Self {
        Self { tokens, context }
    }

    async fn send(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let state = (self.context)(extensions);
        if state.without_token {
            return next.run(request, extensions).await;
        }
        if let Some(own) = request.headers().get(AUTHORIZATION).cloned() {
            let response = next.run(request, extensions).await?;
            return Ok(with_granted(response, &own));
        }
        let token = match self.tokens.at_hand().transpose() {
            Some(token) => token,
            // The future is large and rarely needed.
            None => Box::pin(self.tokens.token_of_call(state.deadline)).await,
        };
        let token = token
            .inspect_err(|_| state.delivery.stopped())
            .map_err(Error::middleware)?;
        let request = with_token(request, &token, state);
        let response = next.clone().run(request, extensions).await?;
        match refused(response.status(), response.headers()) {
            None => Ok(with_granted(response, token.header())),
            Some(claims) => {
                // The future is large and rarely needed.
                Box::pin(self.send_again(response, claims, token, extensions, next)).await
            }
        }
    }

    /// Sends a request again whose token was refused, if there is another token. Otherwise, returns
    /// the response that refused it.
    async fn send_again(
        &self,
        response: Response,
        claims: Option<String>,
        token: Bearer,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let state = (self.context)(extensions);
        state.delivery.did_nothing();
        let Some(again) = state.copy.as_ref().and_then(RequestCopy::again) else {
            self.tokens.forget(&token, claims);
            return Ok(with_granted(response, token.header()));
        };
        let new = self
            .tokens
            .renew(&token, claims)
            .await
            .inspect_err(|_| state.delivery.stopped())
            .map_err(Error::middleware)?;
        if new.is_same(&token) {
            return Ok(with_granted(response, token.header()));
        }
        drop(response);
        let again = with_token(again, &new, state);
        let response = next.run(again, extensions).await?;
        Ok(with_granted(response, new.header()))
    }
}

impl Middleware for Authorize {
    // Written out for the same reason as in `provider.rs`.
    fn handle<'a: 'f, 'e: 'f, 'n: 'f, 'f>(
        &'a self,
        request: Request,
        extensions: &'e mut Extensions,
        next: Next<'n>,
    ) -> BoxFuture<'f, Result<Response>> {
        Box::pin(self.send(request, extensions, next))
    }
}

fn with_token(mut request: Request, token: &Bearer, state: &mut AuthContext) -> Request {
    let header = token.header();
    request.headers_mut().insert(AUTHORIZATION, header.clone());
    state.sent_token = Some(header.clone());
    request
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
