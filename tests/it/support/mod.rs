//! Code that the tests share.

pub mod busy;
pub mod simulated;

pub use msgraph_test_support::{recorder, silent};

use msgraph::auth::AccessTokenCredential;
use msgraph::{Graph, RetryPolicy};
use msgraph_simulator::Simulator;
use recorder::Recorder;

/// Creates a client of a recorder. It does not retry, because most tests are about a single
/// response.
pub fn graph(recorder: &Recorder) -> Graph {
    with_retry(recorder, RetryPolicy::none())
}

/// Creates a client of a recorder, with this retry policy.
pub fn with_retry(recorder: &Recorder, retry: RetryPolicy) -> Graph {
    Graph::builder(AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .retry(retry)
        .build()
        .expect("a client of this machine's own address")
}

/// Creates a client of a simulator, with this token.
pub fn graph_of(simulator: &Simulator, token: String) -> Graph {
    Graph::builder(AccessTokenCredential::new(token))
        .cloud(simulator.cloud())
        .build()
        .expect("a client of this machine's own address")
}

/// Starts a simulated Graph.
pub async fn simulator() -> Simulator {
    Simulator::start().await.expect("a free port")
}

/// Returns an error's text without the correlation id at its end, which differs for each request.
#[track_caller]
pub fn without_correlation_id(error: &impl ToString) -> String {
    let text = error.to_string();
    let (rest, id) = text
        .rsplit_once(", correlation-id ")
        .unwrap_or_else(|| panic!("an id was expected: {text}"));
    assert!(uuid::Uuid::try_parse(id).is_ok(), "{text}");
    rest.to_owned()
}
