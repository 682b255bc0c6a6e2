//! The hosts that calls and tokens are sent to, and those that they are not sent to.

mod allowed;
mod redirects;

use msgraph::auth::AccessTokenCredential;
use msgraph::{Error, Graph, GraphBuilder, RetryPolicy};

use crate::support::recorder::{Answer, Recorder};

fn builder(recorder: &Recorder) -> GraphBuilder {
    Graph::builder(AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .retry(RetryPolicy::none())
}

fn client(recorder: &Recorder) -> Graph {
    builder(recorder).build().expect("a client can be built")
}

fn redirect(status: u16, location: &str) -> Answer {
    Answer::status(status).header("Location", location)
}

#[track_caller]
fn refused(result: msgraph::Result<impl std::fmt::Debug>) -> String {
    match result {
        Err(Error::Host(error)) => error.to_string(),
        other => panic!("a refusal was expected: {other:?}"),
    }
}
