//! Tests of teams, channels, chats, messages and presence.

mod chats;
mod messages;
mod presence;
mod team;

use serde_json::{Value, json};

use crate::client::Client;

/// Returns the body of a member.
fn member(name: &str, roles: &[&str]) -> Value {
    let user = format!("https://graph.microsoft.com/v1.0/users('{name}@contoso.com')");
    json!({
        "@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": roles,
        "user@odata.bind": user,
    })
}

/// Creates a team. Returns its path.
async fn team(client: &mut Client, name: &str) -> String {
    let body = json!({
        "template@odata.bind": "https://graph.microsoft.com/v1.0/teamsTemplates('standard')",
        "displayName": name, "description": format!("All of {name}"),
        "members": [member("adele", &["owner"])],
    });
    let accepted = client.post("/teams", body).await;
    assert_eq!(
        accepted.status,
        http::StatusCode::ACCEPTED,
        "{:?}",
        accepted.body
    );
    let path = accepted.header("content-location").to_owned();
    path.replace("('", "/").replace("')", "")
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

/// Returns the path of an entity in a collection.
fn below(set: &str, entity: &Value) -> String {
    let id = entity["id"].as_str().unwrap();
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    format!("{set}/{id}")
}
