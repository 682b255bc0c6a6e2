//! Calls every distinct operation of the description once, and compares the received request with
//! the description's text.
//!
//! `build.rs` writes the calls by the naming rule. This test reads the expected requests from
//! `openapi/`, as plain JSON: the path's text with the samples in it.

#![allow(deprecated)]

use msgraph_test_support::recorder::{Answer, Recorder};
use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;

use msgraph::auth::AccessTokenCredential;
use msgraph::call::{Call, Options, Response};
use msgraph::{Graph, models};
use percent_encoding::percent_decode_str;
use serde_json::Value;

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

/// Returns the path with a sample in place of each parameter, in order: `{user-id}`, `'{name}'`,
/// `@alias`. Also returns the remaining samples, which are in the query.
fn expected<'v>(path: &str, values: &[&'v str]) -> (String, Vec<&'v str>) {
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
    (expected + rest, values.copied().collect())
}

/// Returns the path as it is sent. Graph accepts `getByPath` of the description only with colons.
fn with_colons(path: &str) -> String {
    path.replace("/getByPath(path='{path}')/", ":/{path}:/")
        .replace("/getByPath(path='{path}')", ":/{path}")
}

/// Returns the names of the query parameters that an operation requires, except for the reference.
fn required_query(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array();
    let mut names: Vec<_> = parameters
        .into_iter()
        .flatten()
        .filter_map(|parameter| {
            // Shared parameters are defined elsewhere, and their name shows that they are required.
            if let Some(shared) = parameter["$ref"].as_str() {
                let name = shared.rsplit('/').next()?.strip_suffix(".required")?;
                return Some(name.to_owned());
            }
            let required = parameter["in"] == "query" && parameter["required"] == true;
            required.then(|| parameter["name"].as_str().map(String::from))?
        })
        .filter(|name| !matches!(name.as_str(), "@id" | "If-Match"))
        .collect();
    names.sort();
    names
}

/// Returns every operation of `openapi/`, by method and path.
fn described() -> BTreeMap<(String, String), Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/paths");
    let mut described = BTreeMap::new();
    for file in std::fs::read_dir(folder).expect("openapi/paths") {
        let text = std::fs::read(file.expect("a file").path()).expect("its text");
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        for (path, item) in document["paths"].as_object().expect("paths") {
            for method in ["get", "post", "patch", "put", "delete"] {
                if let Some(operation) = item.get(method) {
                    described.insert((method.to_uppercase(), path.clone()), operation.clone());
                }
            }
        }
    }
    described
}

#[tokio::test]
async fn every_distinct_operation_is_sent_as_described() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = Graph::builder(AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .build()
        .expect("a client");
    let calls = all(&graph).expect("samples of the right form");
    let described = described();
    let mut wrong = Vec::new();
    let count = calls.len();
    for call in calls {
        let (method, path) = (call.method, call.path);
        if !described.contains_key(&(method.into(), path.into())) {
            wrong.push(format!("{method} {path} is not in the description"));
            continue;
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
        let (path_expected, left) = expected(&with_colons(path), &call.values);
        let right = format!("{method} /v1.0{path_expected}");
        if sent != right {
            wrong.push(format!("{method} {path}: sent {sent} and not {right}"));
        }
        // The reference that is removed is in the query as well, and is not a parameter of the
        // path.
        let query: Vec<_> = request
            .query()
            .into_iter()
            .filter(|(name, _)| *name != "@id" && *name != "%40id")
            .collect();
        let sent: Vec<_> = query.iter().map(|(_, value)| *value).collect();
        let required = required_query(&described[&(method.to_owned(), path.to_owned())]);
        let mut names: Vec<_> = query.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.sort();
        if sent != left || names != required {
            wrong.push(format!(
                "{method} {path}: the query is {query:?} and not {required:?} with {left:?}"
            ));
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
