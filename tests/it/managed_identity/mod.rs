//! The identity of the machine: the requests to each platform's endpoint, and its possible
//! responses.

mod cache;
mod errors;
mod requests;
mod retries;
mod service_fabric;

use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource, TokenProvider};
use msgraph::error::SignInError;
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};
use serde_json::json;

use crate::support::recorder::{Answer, Recorder};

/// The root of Graph, encoded as in a form.
const RESOURCE: &str = "resource=https%3A%2F%2Fgraph.microsoft.com";
const HUSH: &str = "hush-hush";

/// Creates a client whose Graph is a recorder, and whose scope is that of the global cloud.
fn client(provider: impl TokenProvider, graph: &str) -> Graph {
    let cloud =
        CustomCloud::new(graph, "http://127.0.0.1:1").scope("https://graph.microsoft.com/.default");
    Graph::builder(provider)
        .cloud(cloud)
        .retry(RetryPolicy::none())
        .build()
        .expect("a client can be built")
}

/// Signs in from a source.
async fn sign_in(
    identity: ManagedIdentityCredential,
    source: ManagedIdentitySource,
) -> msgraph::Result<()> {
    client(identity.source(source), "http://127.0.0.1:1")
        .sign_in()
        .await
}

#[track_caller]
fn sign_in_error(result: msgraph::Result<()>) -> SignInError {
    match result {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

fn token() -> Answer {
    Answer::json(json!({
        "access_token": "token",
        "client_id": "client",
        "expires_in": "3599",
        "expires_on": "4102444800",
        "ext_expires_in": "3599",
        "not_before": "1506480273",
        "refresh_token": "",
        "resource": "https://graph.microsoft.com/",
        "token_type": "Bearer",
    }))
}

fn imds(recorder: &Recorder) -> ManagedIdentitySource {
    ManagedIdentitySource::imds_at(format!("{}/metadata/identity/oauth2/token", recorder.url()))
}

fn app_service(recorder: &Recorder) -> ManagedIdentitySource {
    ManagedIdentitySource::app_service(format!("{}/msi/token", recorder.url()), HUSH)
}
