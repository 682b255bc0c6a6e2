//! Tests of sharing links, invitations and permissions.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::json;

use super::{put, text};
use crate::client::{Client, start};

const FILE: &str = "/me/drive/root:/Reports/2026.csv";

#[tokio::test]
async fn same_link_is_returned_again() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = format!("{FILE}:/createLink");
    let body = json!({ "type": "view", "scope": "anonymous" });
    let made = client.post(&url, body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let link = made.json();
    assert_eq!(link["roles"], json!(["read"]));
    assert_eq!(
        (
            &link["link"]["type"],
            &link["link"]["scope"],
            &link["hasPassword"]
        ),
        (&json!("view"), &json!("anonymous"), &json!(false))
    );
    let again = client.post(&url, body).await;
    assert_eq!(
        (again.status, &again.json()["id"]),
        (StatusCode::OK, &link["id"])
    );
    let edit = client.post(&url, json!({ "type": "edit" })).await;
    assert_eq!(edit.status, StatusCode::CREATED);
    assert_eq!(edit.json()["link"]["scope"], "organization");
    assert_eq!(edit.json()["roles"], json!(["write"]));
    for body in [
        json!({ "type": "embed" }),
        json!({ "type": "read" }),
        json!({ "type": "view", "scope": "all" }),
        json!({}),
    ] {
        let refused = client.post(&url, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let listed = client.get(&format!("{FILE}:/permissions")).await;
    assert_eq!(listed.names("id").len(), 2);
    let item = client.get(FILE).await.json();
    assert_eq!(item["shared"]["scope"], "anonymous");
}

#[tokio::test]
async fn sharing_token_leads_to_its_item() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({ "type": "view", "scope": "organization" });
    let link = client
        .post(&format!("{FILE}:/createLink"), body)
        .await
        .json();
    let item = client.get(FILE).await.json();
    let encoded = |url: &str| format!("u!{}", URL_SAFE_NO_PAD.encode(url));
    for token in [
        text(&link["shareId"]).to_owned(),
        encoded(text(&link["link"]["webUrl"])),
        encoded(text(&item["webUrl"])),
        encoded(&format!("{}?web=1", text(&item["webUrl"]))),
    ] {
        let share = client.get(&format!("/shares/{token}")).await.json();
        assert_eq!(share["name"], "2026.csv", "{token}");
        for place in ["driveItem", "root"] {
            let found = client.get(&format!("/shares/{token}/{place}")).await.json();
            assert_eq!(found["id"], item["id"], "{place}");
        }
        let content = client
            .file(&format!("/shares/{token}/driveItem/content"))
            .await;
        assert!(content.body.starts_with(b"month"));
    }
    let permission = client
        .get(&format!("/shares/{}/permission", text(&link["shareId"])))
        .await;
    assert_eq!(permission.json()["id"], link["id"]);
    let none = encoded("https://contoso.sharepoint.com/none");
    for token in [none.as_str(), "u!%21", "s!abc"] {
        let missing = client.get(&format!("/shares/{token}/driveItem")).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{token}");
    }
}

#[tokio::test]
async fn invitation_grants_one_permission_each() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let bruno = client.get("/users/bruno@contoso.com").await.json();
    let body = json!({
        "recipients": [
            { "email": "BRUNO@contoso.com" }, { "objectId": bruno["id"] },
            { "email": "mona@fabrikam.com" },
        ],
        "roles": ["write"], "requireSignIn": true, "sendInvitation": false, "message": "Look",
    });
    let made = client.post(&format!("{FILE}:/invite"), body).await;
    assert_eq!(made.status, StatusCode::OK);
    let granted = made.json()["value"].as_array().unwrap().clone();
    assert_eq!(granted.len(), 3);
    for own in &granted[..2] {
        assert_eq!(own["grantedToV2"]["user"]["id"], bruno["id"]);
        assert_eq!(own["grantedTo"]["user"]["displayName"], "Bruno Okafor");
    }
    assert_eq!(
        granted[2]["invitation"],
        json!({ "email": "mona@fabrikam.com", "signInRequired": true })
    );
    let url = format!("{FILE}:/permissions/{}", text(&granted[0]["id"]));
    let changed = client.patch(&url, json!({ "roles": ["read"] })).await;
    assert_eq!(
        (changed.status, &changed.json()["roles"]),
        (StatusCode::OK, &json!(["read"]))
    );
    assert_eq!(client.get(&url).await.json()["roles"], json!(["read"]));
    assert_eq!(client.delete(&url).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&url).await.status, StatusCode::NOT_FOUND);
    for body in [
        json!({ "recipients": [], "roles": ["read"] }),
        json!({ "recipients": [{ "email": "a@b.c" }], "roles": [] }),
        json!({ "recipients": [{}], "roles": ["read"] }),
    ] {
        let refused = client.post(&format!("{FILE}:/invite"), body).await;
        assert_eq!(refused.error().0, "invalidRequest");
    }
}

#[tokio::test]
async fn permissions_of_a_folder_are_inherited() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({ "type": "view", "scope": "organization" });
    let link = client
        .post("/me/drive/root:/Reports:/createLink", body)
        .await
        .json();
    put(&mut client, "/me/drive/root:/Reports/new.txt:/content", "x").await;
    let listed = client
        .get("/me/drive/root:/Reports/new.txt:/permissions")
        .await;
    assert_eq!(listed.names("id"), [text(&link["id"])]);
    let one = format!(
        "/me/drive/root:/Reports/new.txt:/permissions/{}",
        text(&link["id"])
    );
    assert_eq!(client.get(&one).await.json()["id"], link["id"]);
}
