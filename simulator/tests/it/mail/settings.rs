//! Tests of the settings and categories of a mailbox.

use http::StatusCode;
use serde_json::json;

use crate::client::{Client, start};

#[tokio::test]
async fn mailbox_settings_have_defaults_and_merge() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let settings = client.get("/me/mailboxSettings").await.json();
    assert_eq!(settings["timeZone"], "UTC");
    assert_eq!(settings["language"]["locale"], "en-GB");
    assert_eq!(settings["dateFormat"], "dd/MM/yyyy");
    assert_eq!(settings["userPurpose"], "user");
    assert_eq!(settings["automaticRepliesSetting"]["status"], "disabled");
    assert_eq!(settings["workingHours"]["daysOfWeek"][0], "monday");
    let change = json!({ "automaticRepliesSetting": {
        "status": "AlwaysEnabled", "internalReplyMessage": "Away" } });
    let changed = client.patch("/me/mailboxSettings", change).await;
    assert_eq!(changed.status, StatusCode::OK);
    let settings = client.get("/me/mailboxSettings").await.json();
    let replies = &settings["automaticRepliesSetting"];
    assert_eq!(
        (&replies["status"], &replies["internalReplyMessage"]),
        (&json!("alwaysEnabled"), &json!("Away"))
    );
    assert_eq!(replies["externalAudience"], "all");
    assert_eq!(settings["timeZone"], "UTC");
}

#[tokio::test]
async fn mailbox_settings_are_sent_on_request_only() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let user = json!({
        "accountEnabled": true, "displayName": "New", "mailNickname": "new",
        "userPrincipalName": "new@contoso.com",
        "passwordProfile": { "password": "x" },
    });
    let made = client.post("/users", user).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(made.json().get("mailboxSettings").is_none());
    let settings = client.get("/users/new@contoso.com/mailboxSettings").await;
    assert_eq!(settings.json()["timeZone"], "UTC");
    let selected = client
        .get("/users/new@contoso.com?$select=mailboxSettings")
        .await;
    assert_eq!(selected.json()["mailboxSettings"]["timeZone"], "UTC");
}

#[tokio::test]
async fn categories_and_rules_are_kept() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let categories = "/me/outlook/masterCategories";
    let names = client.get(categories).await.names("displayName");
    assert_eq!(names.len(), 6);
    assert_eq!(names[0], "Red category");
    let category = json!({ "displayName": "Project expenses", "color": "preset9" });
    let made = client.post(categories, category).await.json();
    assert_eq!(made["color"], "preset9");
    let id = made["id"].as_str().unwrap();
    let path = format!("{categories}/{id}");
    let changed = client.patch(&path, json!({ "color": "preset1" })).await;
    assert_eq!(changed.json()["color"], "preset1");
    client.delete(&path).await;
    let gone = client.get(&path).await;
    assert_eq!(gone.error().0, "ErrorItemNotFound");

    let rules = "/me/mailFolders/inbox/messageRules";
    let rule = json!({ "displayName": "From partner", "sequence": 2, "isEnabled": true,
        "conditions": { "senderContains": ["adele"] },
        "actions": { "stopProcessingRules": true } });
    let made = client.post(rules, rule).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(
        client.get(rules).await.names("displayName"),
        ["From partner"]
    );
}
