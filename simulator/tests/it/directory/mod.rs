//! Tests of the directory's actions, and of the rules for its objects.

mod applications;
mod extensions;
mod groups;
mod licenses;
mod membership;
mod people;

use serde_json::{Value, json};

use crate::client::Client;

/// Returns the id of a seeded user.
async fn user(client: &mut Client, name: &str) -> String {
    let user = client
        .get(&format!("/users/{name}@contoso.com"))
        .await
        .json();
    user["id"].as_str().unwrap().to_owned()
}

/// Creates an entity. Returns it.
async fn made(client: &mut Client, path: &str, body: Value) -> Value {
    let made = client.post(path, body).await;
    assert_eq!(
        made.status,
        http::StatusCode::CREATED,
        "{path}: {:?}",
        made.body
    );
    made.json()
}

/// Returns the properties of a security group.
fn group(name: &str) -> Value {
    json!({
        "displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true,
    })
}

/// Returns the properties of a user.
fn person(name: &str) -> Value {
    json!({
        "accountEnabled": true, "displayName": name, "mailNickname": name,
        "userPrincipalName": format!("{name}@contoso.com"),
        "passwordProfile": { "password": "secret" },
    })
}
