//! What the tests share.

pub mod recorder;

use msgraph::Graph;
use recorder::Recorder;

/// A client of a recorder.
pub fn graph(recorder: &Recorder) -> Graph {
    Graph::test(recorder.url())
}
