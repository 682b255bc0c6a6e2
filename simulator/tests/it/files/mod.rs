//! Tests of drives and of SharePoint.

mod changes;
mod folders;
mod lists;
mod paths;
mod properties;
mod search;
mod sessions;
mod sharing;
mod sites;
mod versions;

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// Writes a file in one request.
async fn put(client: &mut Client, url: &str, bytes: &str) -> Answer {
    let headers = [("content-type", "application/octet-stream")];
    client
        .send(Method::PUT, url, &headers, bytes.to_owned())
        .await
}

/// Calls an action without parameters.
async fn act(client: &mut Client, url: &str) -> Answer {
    client.send(Method::POST, url, &[], "").await
}

/// Creates a folder, and returns it.
async fn folder(client: &mut Client, parent: &str, name: &str) -> Value {
    let body = json!({ "name": name, "folder": {} });
    let made = client.post(&format!("{parent}/children"), body).await;
    assert_eq!(made.status, http::StatusCode::CREATED, "{:?}", made.body);
    made.json()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
