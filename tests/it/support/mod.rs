//! What the tests share.

pub mod recorder;
pub mod simulated;

use msgraph::Graph;
use msgraph::auth::AccessToken;
use recorder::Recorder;
use simulator::Simulator;

/// A client of a recorder.
pub fn graph(recorder: &Recorder) -> Graph {
    Graph::builder(AccessToken::new("token"))
        .base_url(recorder.url())
        .build()
        .expect("a client of this machine's own address")
}

/// A client of a simulator, with this token.
pub fn graph_of(simulator: &Simulator, token: String) -> Graph {
    Graph::builder(AccessToken::new(token))
        .base_url(simulator.url())
        .build()
        .expect("a client of this machine's own address")
}
