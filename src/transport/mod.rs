//! The way to Graph and back: one middleware a file, and what they share.
//!
//! From the outside in: the user's own middleware, [redirects](redirects), the [host guard](guard), the
//! [token](crate::auth), reqwest. The guard stands before the token, so that none is asked for in vain; redirects stand
//! around both, so that each hop is judged like a request of its own.

mod connections;
mod guard;
mod headers;
mod hosts;
mod read;
mod redirects;
#[cfg(test)]
pub(crate) mod tests;
mod tls;

use std::sync::Arc;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};

pub(crate) use connections::{Connections, followed_a_redirect, is_answer_of};
use guard::HostGuard;
pub(crate) use headers::{set_defaults, user_agent};
pub(crate) use hosts::{Hosts, elsewhere, root};
pub(crate) use read::read;
use redirects::Redirects;

use crate::auth::{Authorize, Tokens};

/// The stack of a client.
pub(crate) fn stack(
    http: reqwest::Client,
    users: Vec<Arc<dyn Middleware>>,
    hosts: Hosts,
    tokens: Arc<Tokens>,
) -> ClientWithMiddleware {
    let mut stack = ClientBuilder::new(http);
    for middleware in users {
        stack = stack.with_arc(middleware);
    }
    // Retries belong here: each try starts at Graph again, with the redirects and the token of its own.
    stack
        .with(Redirects)
        .with(HostGuard::new(hosts))
        .with(Authorize::new(tokens))
        .build()
}
