//! The authorization code flow of a web application.

mod authorize;
mod code;
mod redirect;
mod session;

use msgraph::Graph;
use msgraph::auth::{AuthorizationCodeFlow, UserSession};
use msgraph_simulator::Simulator;

use super::*;

const ADELE: &str = "adele@contoso.com";
const BRUNO: &str = "bruno@contoso.com";

fn web(simulator: &Simulator) -> AuthorizationCodeFlow {
    AuthorizationCodeFlow::new(confidential(simulator), REDIRECT)
}

/// Begins a sign-in, lets the browser visit the address and return, and finishes.
async fn sign_in(graph: &Graph, web: &AuthorizationCodeFlow) -> msgraph::Result<UserSession> {
    let pending = web.begin(graph)?;
    let back = visit(pending.url()).await;
    web.finish(graph, pending, back.query().unwrap()).await
}
