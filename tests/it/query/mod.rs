//! Queries and addresses, as they go over the wire.

mod advanced;
mod filters;
mod options;
mod paths;

use msgraph::{Error, Graph};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorded, Recorder};

/// Starts a recorder that responds to every request with an empty page.
async fn recorder() -> (Recorder, Graph) {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    (recorder, graph)
}

/// Returns the only request, and removes it from the recorder.
#[track_caller]
fn take(recorder: &Recorder) -> Recorded {
    let request = recorder.only();
    recorder.clear();
    request
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: msgraph::Result<T>) -> String {
    match result {
        Err(error @ Error::Request(_)) => error.to_string(),
        other => panic!("the request should have been refused: {other:?}"),
    }
}
