use http::StatusCode;
use serde_json::json;

use super::{group, made, user};
use crate::client::{Client, start};

#[tokio::test]
async fn unified_group_has_address_drive_and_site() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({
        "displayName": "Legal", "mailNickname": "legal", "mailEnabled": true,
        "securityEnabled": false, "groupTypes": ["Unified"],
    });
    let made = made(&mut client, "/groups", body.clone()).await;
    assert_eq!(made["mail"], "legal@contoso.com");
    assert_eq!(made["proxyAddresses"], json!(["SMTP:legal@contoso.com"]));
    let path = format!("/groups/{}", made["id"].as_str().unwrap());
    let owners = client.get(&format!("{path}/owners")).await;
    assert_eq!(
        owners.names("displayName"),
        ["Adele Brandt"],
        "the caller owns the group"
    );
    let drive = client.get(&format!("{path}/drive")).await.json();
    assert_eq!(drive["driveType"], "documentLibrary");
    let site = client.get(&format!("{path}/sites/root")).await.json();
    assert_eq!(site["webUrl"], "https://contoso.sharepoint.com/sites/legal");
    let drive_of_site = format!("/sites/{}/drive", site["id"].as_str().unwrap());
    assert_eq!(client.get(&drive_of_site).await.json()["id"], drive["id"]);
    let root = client.get("/sites/root").await.json();
    assert_eq!(root["webUrl"], "https://contoso.sharepoint.com");

    let taken = client.post("/groups", body).await;
    assert_eq!(taken.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        taken.json()["error"]["details"][0]["target"],
        "proxyAddresses"
    );
    let mut mail = group("mail");
    mail["mailEnabled"] = json!(true);
    assert_eq!(
        client.post("/groups", mail).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn security_groups_may_share_a_nickname() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let first = made(&mut client, "/groups", group("twice")).await;
    let second = made(&mut client, "/groups", group("twice")).await;
    assert_ne!(first["id"], second["id"]);
    let check = json!({ "entityType": "Group", "mailNickname": "twice" });
    let refused = client
        .post("/directoryObjects/validateProperties", check)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let free = json!({ "entityType": "Group", "mailNickname": "free" });
    let passed = client
        .post("/directoryObjects/validateProperties", free)
        .await;
    assert_eq!(passed.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn members_of_all_kinds_are_added_and_removed() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let adele = user(&mut client, "adele").await;
    let inner = made(&mut client, "/groups", group("inner")).await;
    let device = json!({
        "accountEnabled": true, "displayName": "Laptop",
        "deviceId": "4c299165-6e8f-4b45-a5ba-c5d250a707ff",
        "operatingSystem": "linux", "operatingSystemVersion": "1",
        "alternativeSecurityIds": [{ "type": 2, "key": "Y3YxN2E1MWFlYw==" }],
    });
    let device = made(&mut client, "/devices", device).await;
    let principal = client.get("/servicePrincipals").await.names("id").remove(0);
    let outer = made(&mut client, "/groups", group("outer")).await;
    let members = format!("/groups/{}/members", outer["id"].as_str().unwrap());
    let ids = [
        adele.as_str(),
        inner["id"].as_str().unwrap(),
        device["id"].as_str().unwrap(),
        &principal,
    ];
    for id in ids {
        let body = json!({ "@odata.id": format!("directoryObjects/{id}") });
        let added = client.post(&format!("{members}/$ref"), body.clone()).await;
        assert_eq!(added.status, StatusCode::NO_CONTENT, "{id}");
        let again = client.post(&format!("{members}/$ref"), body).await;
        assert!(
            again.error().1.contains("already exist"),
            "{:?}",
            again.error()
        );
    }
    assert_eq!(client.get(&members).await.names("id").len(), 4);
    let users = client.get(&format!("{members}/microsoft.graph.user")).await;
    assert_eq!(users.names("id"), [adele.as_str()]);
    for id in ids {
        let removed = client.delete(&format!("{members}/{id}/$ref")).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{id}");
        let again = client.delete(&format!("{members}/{id}/$ref")).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND, "{id}");
    }
}
