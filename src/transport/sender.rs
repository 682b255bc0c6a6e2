//! The innermost middleware, which sees each request that is sent.

use futures_util::future::BoxFuture;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};
use tracing::Instrument;

use super::call_state::CallState;
use super::network_error::kind_of_loss;
use super::trace::RequestTrace;

/// A middleware that [traces](super::trace) each request that is sent, and
/// [records](super::Delivery) whether it can have had an effect.
///
/// It is the innermost middleware, so an error that it sees is reqwest's own error about this
/// request. It hands the request to reqwest itself, because the end of the stack would box one more
/// future for that.
pub(super) struct Sender {
    http: reqwest::Client,
}

impl Sender {
    pub(super) fn new(http: reqwest::Client) -> Self {
        Self { http }
    }
}

impl Middleware for Sender {
    // Written out for the same reason as in `auth/src/provider.rs`.
    fn handle<'a: 'f, 'e: 'f, 'n: 'f, 'f>(
        &'a self,
        request: Request,
        extensions: &'e mut Extensions,
        _: Next<'n>,
    ) -> BoxFuture<'f, Result<Response>> {
        Box::pin(self.send(request, extensions))
    }
}

impl Sender {
    async fn send(&self, request: Request, extensions: &mut Extensions) -> Result<Response> {
        let state = CallState::of(extensions);
        let trace = begin(&request, state);
        let sending = self.http.execute(request);
        let outcome = sending.instrument(trace.span().clone()).await;
        if let Err(error) = &outcome
            && (error.is_connect() || error.is_builder())
        {
            state.auth.delivery.did_nothing();
        }
        let outcome = outcome.map_err(Error::from);
        trace.end(outcome.as_ref().map_err(|error| kind_of_loss(error)));
        outcome
    }
}

/// Counts a request that is about to be sent, and begins its trace.
fn begin(request: &Request, state: &mut CallState) -> RequestTrace {
    let before = state.requests;
    state.requests += 1;
    state.auth.delivery.begin();
    let template = match state.auth.without_token {
        // The address differs from the call's, so it is not known which parts may be printed.
        true => None,
        false => state.template.as_deref(),
    };
    RequestTrace::begin(request, template, before, Some(state.wait))
}
