//! Tests of moves, copies and removals of messages.

use http::{Method, StatusCode};
use serde_json::json;

use super::{find, path, received};
use crate::client::{Client, start};

#[tokio::test]
async fn moved_message_gets_another_id() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let before = received(&mut client).await;
    let attachment = json!({ "@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt",
        "contentBytes": "aGk=" });
    client
        .post(&format!("{}/attachments", path(&before)), attachment)
        .await;
    let named = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color";
    let property = json!({ "singleValueExtendedProperties": [{ "id": named, "value": "red" }] });
    client.patch(&path(&before), property).await;
    let to = json!({ "destinationId": "archive" });
    let moved = client.post(&format!("{}/move", path(&before)), to).await;
    assert_eq!(moved.status, StatusCode::CREATED);
    let moved = moved.json();
    let expanded = format!("{}?$expand=singleValueExtendedProperties", path(&moved));
    let expanded = client.get(&expanded).await.json();
    assert_eq!(expanded["singleValueExtendedProperties"][0]["id"], named);
    assert_ne!(moved["id"], before["id"]);
    let archive = client.get("/me/mailFolders/archive").await.json();
    assert_eq!(moved["parentFolderId"], archive["id"]);
    assert_eq!(moved["receivedDateTime"], before["receivedDateTime"]);
    assert_eq!(moved["internetMessageId"], before["internetMessageId"]);
    let old = client.get(&path(&before)).await;
    assert_eq!(old.error().0, "ErrorItemNotFound");
    let kept = client.get(&format!("{}/attachments", path(&moved))).await;
    assert_eq!(kept.names("name"), ["a.txt"]);
    let inbox = client.get("/me/mailFolders/inbox").await.json();
    assert_eq!(
        (&inbox["totalItemCount"], &archive["totalItemCount"]),
        (&json!(5), &json!(1))
    );
}

#[tokio::test]
async fn moved_message_keeps_immutable_id() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let before = received(&mut client).await;
    let headers = [
        ("prefer", "IdType=\"ImmutableId\""),
        ("content-type", "application/json"),
    ];
    let to = json!({ "destinationId": "deleteditems" }).to_string();
    let target = format!("{}/move", path(&before));
    let moved = client
        .send(Method::POST, &target, &headers, to)
        .await
        .json();
    assert_eq!(moved["id"], before["id"]);
    let folder = client.get("/me/mailFolders/deleteditems").await.json();
    assert_eq!(moved["parentFolderId"], folder["id"]);
    assert_eq!(client.get(&path(&before)).await.status, StatusCode::OK);
    let inbox = "/me/mailFolders/inbox";
    assert!(find(&mut client, inbox, "Spring campaign").await.is_none());
}

#[tokio::test]
async fn copied_message_is_in_both_folders() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let before = received(&mut client).await;
    let folder = client.get("/me/mailFolders/archive").await.json();
    let to = json!({ "destinationId": folder["id"] });
    let copy = client.post(&format!("{}/copy", path(&before)), to).await;
    assert_eq!(copy.status, StatusCode::CREATED);
    let copy = copy.json();
    assert_ne!(copy["id"], before["id"]);
    assert_ne!(copy["webLink"], before["webLink"]);
    assert_eq!(copy["parentFolderId"], folder["id"]);
    let original = client.get(&path(&before)).await.json();
    assert_eq!(original["parentFolderId"], before["parentFolderId"]);
    let page = client.get("/me/messages?$top=50").await;
    assert_eq!(page.names("id").len(), 7);
}

#[tokio::test]
async fn moves_to_unknown_folders_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let message = path(&received(&mut client).await);
    for (body, code) in [
        (
            json!({ "destinationId": "nowhere" }),
            "ErrorInvalidIdMalformed",
        ),
        (
            json!({ "destinationId": "AAMkAD123=" }),
            "ErrorItemNotFound",
        ),
        (json!({}), "ErrorInvalidParameter"),
    ] {
        for action in ["move", "copy"] {
            let refused = client
                .post(&format!("{message}/{action}"), body.clone())
                .await;
            assert_eq!(refused.error().0, code, "{body}");
        }
    }
    assert_eq!(client.get(&message).await.status, StatusCode::OK);
}

#[tokio::test]
async fn permanently_deleted_message_is_gone() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let message = path(&received(&mut client).await);
    let purge = format!("{message}/permanentDelete");
    let answer = client.send(Method::POST, &purge, &[], "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let gone = client.get(&message).await;
    assert_eq!(gone.error().0, "ErrorItemNotFound");
    let inbox = client.get("/me/mailFolders/inbox").await.json();
    assert_eq!(inbox["totalItemCount"], 5);
}
