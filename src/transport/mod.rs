//! The transport layer: one middleware per file, and the code that they share.
//!
//! From the outside in: the user's per-call middleware, [retries](retry) with [buffered
//! responses](buffer_body), the user's per-try middleware, [redirects](redirects) within the
//! [allowed hosts](hosts), the [token](crate::auth), the [sender](sender) with traces,
//! reqwest. ARCHITECTURE.md gives the reasons for this order. The layers share the
//! [state](call_state) of the call.

mod addresses;
mod buffer_body;
mod call_state;
mod expected_body;
mod gate;
mod header_scope;
mod headers;
mod hosts;
mod redirects;
mod retry;
mod sender;
mod workload;

use std::sync::Arc;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};

pub(crate) use addresses::Addresses;
pub(crate) use buffer_body::BodyMode;
pub(crate) use call_state::CallState;
pub use expected_body::ExpectedBody;
pub(crate) use gate::{Gates, Quota};
pub(crate) use header_scope::remove_headers_of_one_request;
pub(crate) use headers::Defaults;
pub(crate) use hosts::{Hosts, elsewhere, root};
pub(crate) use msgraph_io::connections::{followed_a_redirect, is_response_of};
pub(crate) use msgraph_io::{
    Connections, RequestCopy, is_loopback, network_error, read, read_error, read_state, trace,
};
use redirects::Redirects;
pub(crate) use redirects::harmless;
use retry::Retries;
pub use retry::RetryPolicy;
pub(crate) use retry::{Backoff, Effect, Intent, Trying, Verdict};
use sender::Sender;
pub(crate) use workload::Workload;

use crate::auth::{Authorize, Tokens};
use crate::error::Error;

/// The user's own middleware.
#[derive(Clone, Default)]
pub(crate) struct CallerMiddleware {
    /// The middleware around the whole call.
    pub(crate) around: Vec<Arc<dyn Middleware>>,
    /// The middleware around each attempt.
    pub(crate) each_try: Vec<Arc<dyn Middleware>>,
}

/// Builds the middleware stack of a client.
pub(crate) fn stack(
    http: reqwest::Client,
    users: CallerMiddleware,
    hosts: Hosts,
    tokens: Arc<Tokens>,
    gates: Arc<Gates>,
    quota: Quota,
) -> ClientWithMiddleware {
    let with_all = |stack: ClientBuilder, users: Vec<Arc<dyn Middleware>>| {
        users.into_iter().fold(stack, ClientBuilder::with_arc)
    };
    let retries = Retries::new(gates, quota, Arc::clone(&tokens), users.around.is_empty());
    let sender = Sender::new(http.clone());
    let redirects = Redirects::new(hosts, !users.each_try.is_empty());
    let stack = with_all(ClientBuilder::new(http), users.around).with(retries);
    with_all(stack, users.each_try)
        .with(redirects)
        .with(Authorize::new(tokens, |extensions| {
            &mut CallState::of(extensions).auth
        }))
        .with(sender)
        .build()
}

/// Converts an error of the middleware stack into this crate's error.
///
/// `did_nothing` says whether the innermost layer proves that the call had no effect at Graph.
/// Without that proof, the error never says so, because it may be about a connection that a
/// middleware made itself.
pub(crate) fn of_the_stack(error: reqwest_middleware::Error, did_nothing: bool) -> Error {
    let error = match error {
        reqwest_middleware::Error::Reqwest(error) => network_error::from_reqwest(error).into(),
        reqwest_middleware::Error::Middleware(error) => match own_error(error.as_ref()) {
            Some(own) => own,
            None => network_error::from_middleware(error.into()).into(),
        },
    };
    match error {
        Error::Transport(lost) if !did_nothing => lost.that_may_have_been_sent().into(),
        error => error,
    }
}

/// Returns this crate's own error if a middleware of the user's has wrapped it.
fn own_error(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    network_error::causes(error)
        .find_map(|cause| cause.downcast_ref::<Error>())
        .cloned()
}
