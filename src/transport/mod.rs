//! The way to Graph and back: one middleware a file, and what they share.
//!
//! From the outside in: the user's own middleware, [retries](retry), [whole answers](whole), the user's own middleware that
//! sees each try, [redirects](redirects), the [host guard](guard), the [token](crate::auth), [traces](trace), reqwest. Why in
//! this order is said in ARCHITECTURE.md.

mod connections;
mod delivery;
mod gate;
mod guard;
mod headers;
mod hosts;
mod read;
mod redirects;
mod retry;
#[cfg(test)]
pub(crate) mod tests;
mod tls;
pub(crate) mod trace;
mod whole;
mod workload;

use std::sync::Arc;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};

pub(crate) use connections::{Change, Connections, followed_a_redirect, is_answer_of};
pub(crate) use delivery::Delivery;
use delivery::RecordDelivery;
pub(crate) use gate::{Gates, Quota};
use guard::HostGuard;
pub(crate) use headers::Defaults;
pub(crate) use hosts::{Hosts, elsewhere, is_loopback, root};
pub(crate) use read::{read, read_at_most, read_error, read_state};
use redirects::Redirects;
pub(crate) use redirects::harmless;
use retry::Retries;
pub use retry::Retry;
pub(crate) use retry::{BANDWIDTH_LIMIT_EXCEEDED, Effect, Intent, Trying, Verdict};
use trace::Trace;
use whole::Whole;
pub(crate) use whole::{StateBody, Streamed};
pub(crate) use workload::Workload;

use crate::auth::{Authorize, Tokens};
use crate::error::{Error, TransportError, causes};

/// The user's own middleware.
#[derive(Clone, Default)]
pub(crate) struct Users {
    /// Around everything.
    pub(crate) around: Vec<Arc<dyn Middleware>>,
    /// Around each try.
    pub(crate) each_try: Vec<Arc<dyn Middleware>>,
}

/// The stack of a client.
pub(crate) fn stack(
    http: reqwest::Client,
    users: Users,
    hosts: Hosts,
    tokens: Arc<Tokens>,
    gates: Arc<Gates>,
    quota: Quota,
) -> ClientWithMiddleware {
    let with_all = |stack: ClientBuilder, users: Vec<Arc<dyn Middleware>>| {
        users.into_iter().fold(stack, ClientBuilder::with_arc)
    };
    let stack = with_all(ClientBuilder::new(http), users.around)
        .with(Retries::new(gates, quota, Arc::clone(&tokens)))
        .with(Whole);
    with_all(stack, users.each_try)
        .with(Redirects)
        .with(HostGuard::new(hosts))
        .with(Authorize::new(tokens))
        .with(Trace)
        .with(RecordDelivery)
        .build()
}

/// What the stack gave up on, in this crate's words.
///
/// `did_nothing` tells whether the innermost layer proves that nothing was done at Graph. Without
/// that proof, no error says so: it may be about a connection of a middleware's own.
pub(crate) fn of_the_stack(error: reqwest_middleware::Error, did_nothing: bool) -> Error {
    let error = match error {
        reqwest_middleware::Error::Reqwest(error) => TransportError::from_reqwest(error).into(),
        reqwest_middleware::Error::Middleware(error) => match own_error(error.as_ref()) {
            Some(own) => own,
            None => TransportError::from_middleware(error.into()).into(),
        },
    };
    match error {
        Error::Transport(lost) if !did_nothing => lost.that_may_have_been_sent().into(),
        error => error,
    }
}

/// This crate's own error, where a middleware of the user's has wrapped it.
fn own_error(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    causes(error)
        .find_map(|cause| cause.downcast_ref::<Error>())
        .cloned()
}
