//! What the tests share.

pub mod recorder;
pub mod simulated;

use msgraph::Graph;
use msgraph::auth::AccessToken;
use recorder::Recorder;

/// A client of a recorder.
pub fn graph(recorder: &Recorder) -> Graph {
    Graph::builder(AccessToken::new("token"))
        .base_url(recorder.url())
        .build()
        .expect("a client of this machine's own address")
}
