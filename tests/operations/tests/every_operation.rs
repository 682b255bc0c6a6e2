//! Calls every distinct operation of the description once, and compares what arrives with the description's text.
//!
//! The calls are written by `build.rs` from the naming rule; what is expected of them is read here from `openapi/`, as
//! plain JSON: the path's text with the samples put into it.

#![allow(deprecated)]

use std::collections::BTreeSet;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;

use msgraph::call::{Options, Response};
use msgraph::model::edm;
use msgraph::{AccessToken, Call, Graph, models};
use percent_encoding::percent_decode_str;
use serde_json::Value;

#[path = "../../it/support/recorder.rs"]
#[allow(dead_code)]
mod recorder;

use recorder::{Answer, Recorder};

type Planning = Result<(), Box<dyn std::error::Error>>;
type Sending = Pin<Box<dyn Future<Output = msgraph::Result<Response>> + Send>>;

/// A call that has not been sent yet.
struct Planned {
    method: &'static str,
    path: &'static str,
    values: Vec<&'static str>,
    sending: Sending,
}

fn planned<A, O: Options + 'static>(
    method: &'static str,
    path: &'static str,
    values: &[&'static str],
    call: Call<A, O>,
) -> Planned {
    Planned {
        method,
        path,
        values: values.to_vec(),
        sending: Box::pin(call.raw().into_future()),
    }
}

include!(concat!(env!("OUT_DIR"), "/calls.rs"));

/// The path with a sample in place of each parameter, in order: `{user-id}`, `'{name}'`, `@alias`.
fn expected(path: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let mut expected = String::new();
    let mut rest = path;
    while let Some(start) = rest.find(['{', '@']) {
        let end = match &rest[start..=start] {
            "{" => rest[start..].find('}').map(|end| start + end + 1),
            _ => rest[start + 1..]
                .find(|c: char| !c.is_alphanumeric())
                .map(|end| start + 1 + end),
        };
        let end = end.unwrap_or(rest.len());
        expected.push_str(&rest[..start]);
        expected.push_str(values.next().expect("a sample for each parameter"));
        rest = &rest[end..];
    }
    assert_eq!(values.next(), None, "no sample too many for {path}");
    expected + rest
}

/// Every method and path of `openapi/`.
fn described() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/paths");
    let mut described = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("openapi/paths") {
        let text = std::fs::read(file.expect("a file").path()).expect("its text");
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        for (path, item) in document["paths"].as_object().expect("paths") {
            for method in ["get", "post", "patch", "put", "delete"] {
                if item.get(method).is_some() {
                    described.insert((method.to_uppercase(), path.clone()));
                }
            }
        }
    }
    described
}

#[tokio::test]
async fn every_distinct_operation_goes_where_the_description_says() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = Graph::builder(AccessToken::new("token"))
        .base_url(recorder.url())
        .build()
        .expect("a client");
    let calls = all(&graph).expect("samples of the right form");
    let described = described();
    let mut wrong = Vec::new();
    let count = calls.len();
    for call in calls {
        let (method, path) = (call.method, call.path);
        if !described.contains(&(method.into(), path.into())) {
            wrong.push(format!("{method} {path} is not in the description"));
        }
        if let Err(error) = call.sending.await {
            wrong.push(format!("{method} {path}: {error}"));
            continue;
        }
        let request = recorder.only();
        recorder.clear();
        let target = request.target.split('?').next().unwrap_or_default();
        let target = percent_decode_str(target).decode_utf8_lossy().into_owned();
        let sent = format!("{} {target}", request.method);
        let right = format!("{method} /v1.0{}", expected(path, &call.values));
        if sent != right {
            wrong.push(format!("{method} {path}: sent {sent} and not {right}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{count} operations called");
    assert!(count > 4000, "only {count} operations were called");
}
