//! Successes and failures: errors in the body of a success, truncated bodies, operations that
//! continue.

mod errors;
mod operation;
mod truncated;

use std::time::Duration;

use msgraph::error::{ApiError, DecodeError, EmptyResponseError};
use msgraph::{Error, Graph, RetryPolicy};

use crate::support::recorder::{Answer, Recorder};

const BOOM: &str = r#"{"code":"InternalServerError","message":"boom"}"#;

/// Returns a success with `BOOM` replaced by an error of Graph's.
fn success(body: &str) -> Answer {
    Answer::json(body.replace("BOOM", BOOM))
        .header("request-id", "r")
        .header("client-request-id", "c")
}

#[track_caller]
fn boom<T: std::fmt::Debug>(result: msgraph::Result<T>) -> ApiError {
    match result {
        Err(Error::Api(error)) => {
            assert_eq!(error.code(), Some("InternalServerError"), "{error}");
            assert_eq!(error.message(), Some("boom"), "{error}");
            *error
        }
        other => panic!("an error of Graph's was expected: {other:?}"),
    }
}

#[track_caller]
fn decode<T: std::fmt::Debug>(result: msgraph::Result<T>) -> DecodeError {
    match result {
        Err(Error::Decode(error)) => *error,
        other => panic!("a decode error was expected: {other:?}"),
    }
}

#[track_caller]
fn empty<T: std::fmt::Debug>(result: msgraph::Result<T>) -> EmptyResponseError {
    match result {
        Err(Error::EmptyResponse(error)) => *error,
        other => panic!("an empty response was expected: {other:?}"),
    }
}

/// Creates a client that retries calls without waiting.
fn retrying(recorder: &Recorder) -> Graph {
    Graph::builder(msgraph::auth::AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .retry(RetryPolicy::new().first_wait(Duration::ZERO))
        .build()
        .expect("a client of this machine's own address")
}
