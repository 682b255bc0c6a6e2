//! The targets of the inputs.

mod answers;
mod batches;
mod credentials;
mod files;
mod hosts;
mod models;
mod pages;
mod requests;
mod webhooks;

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use stats_alloc::{Region, StatsAlloc};

use crate::description::Types;

mod canned;
mod server;

pub(crate) use canned::{Canned, Reply};
pub(crate) use server::Server;

use msgraph::auth::{AccessToken, AccessTokenCredential, TokenRequest};
use msgraph::{CustomCloud, Graph, RetryPolicy};

/// The token of all calls. It must not reach another host, and must never be printed.
pub(crate) const TOKEN: &str = "planted-access-token";

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// The promise that an input broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Panic,
    Allocation,
    Lost,
    Leak,
}

/// The result of an input.
pub(crate) type Outcome = Result<(), (Fault, String)>;

type Run = for<'r> fn(&'r World, &'r [u8]) -> Pin<Box<dyn Future<Output = Outcome> + 'r>>;

/// A part of the library that reads external input.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Its share of the inputs.
    pub(crate) weight: u64,
    pub(crate) run: Run,
}

macro_rules! targets {
    ($($name:literal $weight:literal $run:path;)*) => {
        &[$(Target {
            name: $name,
            weight: $weight,
            run: |world, bytes| Box::pin($run(world, bytes)),
        }),*]
    };
}

pub(crate) static TARGETS: &[Target] = targets! {
    "models" 600 models::run;
    "pages" 70 pages::page;
    "delta" 40 pages::delta;
    "errors" 60 answers::error;
    "answers" 40 answers::any;
    "batches" 40 batches::run;
    "requests" 60 requests::run;
    "downloads" 20 files::download;
    "uploads" 10 files::upload;
    "monitors" 10 answers::monitor;
    "notifications" 20 webhooks::notification;
    "handshakes" 10 webhooks::handshake;
    "hosts" 8 hosts::run;
    "tokens" 4 credentials::token;
    "sessions" 4 credentials::session;
    "certificates" 4 credentials::certificate;
};

/// The state that all targets share.
pub(crate) struct World {
    pub(crate) types: Types,
    /// The connections of the clients that a target makes for itself, since TLS is slow to set up.
    pub(crate) http: reqwest::Client,
    /// The next responses of `graph` and `retrying`.
    pub(crate) canned: Canned,
    /// A client whose requests get a response before they are sent.
    pub(crate) graph: Graph,
    /// The same client, with retries that do not wait.
    pub(crate) retrying: Graph,
    /// Graph and the identity platform in one server, on this machine.
    pub(crate) server: Server,
    /// A server that must never receive a request for Graph.
    pub(crate) elsewhere: Server,
}

impl World {
    pub(crate) async fn new() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let canned = Canned::default();
        let graph = Graph::builder(AccessTokenCredential::new(TOKEN))
            .per_try_middleware(canned.clone())
            .retry(RetryPolicy::none())
            .build()?;
        let retrying = Graph::builder(AccessTokenCredential::new(TOKEN))
            .per_try_middleware(canned.clone())
            .retry(
                RetryPolicy::new()
                    .first_wait(std::time::Duration::ZERO)
                    .max_wait(std::time::Duration::ZERO),
            )
            .build()?;
        let elsewhere = Server::start().await?;
        Ok(Self {
            types: Types::read()?,
            canned,
            graph,
            retrying,
            server: Server::start().await?,
            http: http(elsewhere.address()).await?,
            elsewhere,
        })
    }

    /// Returns a cloud whose Graph and identity platform are the server.
    pub(crate) fn cloud(&self) -> CustomCloud {
        CustomCloud::new(self.server.url(), self.server.url())
    }
}

/// Makes connections that resolve each name to this machine, so that the test reads every request.
///
/// A client of the library makes them, because it knows which TLS library is compiled in.
async fn http(
    elsewhere: std::net::SocketAddr,
) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let made = Arc::new(OnceLock::<reqwest::Client>::new());
    let seen = Arc::clone(&made);
    let graph = Graph::builder(move |request: TokenRequest| {
        let connections = seen.get_or_init(|| request.http_client().clone()).clone();
        async move {
            drop(connections);
            Ok(AccessToken::new(TOKEN))
        }
    })
    .configure_http(move |http| http.dns_resolver(Everywhere(elsewhere)).no_proxy())
    .build()?;
    graph.sign_in().await?;
    Ok(made.get().cloned().ok_or("the credential was not used")?)
}

/// Resolves each name to one address.
struct Everywhere(std::net::SocketAddr);

impl reqwest::dns::Resolve for Everywhere {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let addresses: reqwest::dns::Addrs = Box::new(std::iter::once(self.0));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// Checks that the total allocation is not more than a multiple of the input.
pub(crate) async fn measured<T>(
    input: usize,
    work: impl Future<Output = T>,
) -> (T, Result<(), (Fault, String)>) {
    /// The allocation of a call for any input: headers, spans, tasks.
    const FIXED: usize = 1 << 20;
    /// The largest model has 12 KB for each `{}` of its text.
    const FACTOR: usize = 8192;
    let region = Region::new(ALLOCATOR);
    let done = work.await;
    let allocated = region.change().bytes_allocated;
    let limit = FIXED.saturating_add(input.saturating_mul(FACTOR));
    let checked = if allocated > limit {
        Err((
            Fault::Allocation,
            format!("{allocated} bytes allocated for {input} bytes of input"),
        ))
    } else {
        Ok(())
    };
    (done, checked)
}

/// Checks the printed form of an error: no secret, no control character, no endless text.
pub(crate) fn printable(error: &msgraph::Error) -> Outcome {
    for text in [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        if text.contains(TOKEN) {
            return Err((Fault::Leak, format!("an error prints the token: {text}")));
        }
    }
    let text = error.to_string();
    let is_wrong =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(is_wrong) {
        return Err((
            Fault::Leak,
            format!("an error prints control characters: {text:?}"),
        ));
    }
    if text.len() > 8192 {
        return Err((
            Fault::Allocation,
            format!("an error of {} bytes", text.len()),
        ));
    }
    Ok(())
}

/// Returns the printed form of an input.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.char_indices().nth(4096) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], bytes.len()),
        None => text,
    }
}
