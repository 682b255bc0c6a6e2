//! Tests of mail: what Exchange does with messages and folders.

mod drafts;
mod folders;
mod mime;
mod moves;
mod responses;
mod sending;
mod settings;

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;

/// Returns a recipient without a name.
fn to(address: &str) -> Value {
    json!({ "emailAddress": { "address": address } })
}

/// Returns the addresses of recipients.
fn addresses(recipients: &Value) -> Vec<&str> {
    let all = recipients.as_array().unwrap().iter();
    all.map(|one| one["emailAddress"]["address"].as_str().unwrap())
        .collect()
}

/// Returns the path of an item below a mailbox.
fn path(item: &Value) -> String {
    let id = item["id"].as_str().unwrap().replace('=', "%3D");
    format!("/me/messages/{id}")
}

/// Returns the first message of a folder that has a subject.
async fn find(client: &mut Client, folder: &str, subject: &str) -> Option<Value> {
    let page = client
        .get(&format!("{folder}/messages?$top=100"))
        .await
        .json();
    let mut all = page["value"].as_array().unwrap().iter();
    all.find(|message| message["subject"] == subject).cloned()
}

/// Returns a message that Adele received from Bruno.
async fn received(client: &mut Client) -> Value {
    let inbox = "/me/mailFolders/inbox";
    find(client, inbox, "Spring campaign").await.unwrap()
}

/// Creates a draft.
async fn draft(client: &mut Client, message: Value) -> Value {
    let made = client.post("/me/messages", message).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    made.json()
}
