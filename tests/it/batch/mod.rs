//! Batches.

mod dependencies;
mod limits;
mod parts;
mod repeats;

use std::time::Duration;

use msgraph::models::Message;
use msgraph::{Error, RetryPolicy};
use serde_json::{Value, json};

use crate::support::recorder::{Answer, Recorded, Recorder};

/// Returns the parts of a batch that was sent.
fn parts(request: &Recorded) -> Vec<Value> {
    assert_eq!(request.target, "/v1.0/$batch");
    request.json()["requests"].as_array().unwrap().clone()
}

/// Responds to each part of a batch with a status and a body.
fn answered(request: &Recorded, of: impl Fn(&Value) -> Value) -> Answer {
    let responses: Vec<_> = parts(request).iter().rev().map(of).collect();
    Answer::json(json!({ "responses": responses }))
}

fn named(part: &Value) -> Value {
    let name = part["url"].as_str().unwrap();
    json!({ "id": part["id"], "status": 200, "body": { "id": name } })
}

fn batch_error(error: &Error) -> &msgraph::error::BatchError {
    match error {
        Error::Batch(error) => error,
        other => panic!("{other}"),
    }
}

/// Returns a retry policy that waits only as long as Graph asks for.
fn at_once() -> RetryPolicy {
    RetryPolicy::new().first_wait(Duration::ZERO)
}

/// Returns the number of calls and the size of each request.
fn sizes(recorder: &Recorder) -> Vec<(usize, usize)> {
    let requests = recorder.requests();
    requests
        .iter()
        .map(|request| (parts(request).len(), request.body.len()))
        .collect()
}

fn draft(bytes: usize) -> Message {
    Message {
        subject: Some("a".repeat(bytes)),
        ..Default::default()
    }
}
