//! Tests of the properties of messages and attachments.

use http::{Method, StatusCode};
use serde_json::json;

use super::{draft, path, to};
use crate::client::{Client, start};

#[tokio::test]
async fn new_draft_has_all_default_properties() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = draft(&mut client, json!({ "subject": "Only a subject" })).await;
    let drafts = client.get("/me/mailFolders/drafts").await.json();
    for (name, value) in [
        ("isDraft", json!(true)),
        ("isRead", json!(true)),
        ("hasAttachments", json!(false)),
        ("importance", json!("normal")),
        ("inferenceClassification", json!("focused")),
        ("flag", json!({ "flagStatus": "notFlagged" })),
        ("categories", json!([])),
        ("toRecipients", json!([])),
        ("ccRecipients", json!([])),
        ("bccRecipients", json!([])),
        ("replyTo", json!([])),
        ("bodyPreview", json!("")),
        ("parentFolderId", drafts["id"].clone()),
        ("isReadReceiptRequested", json!(false)),
        ("isDeliveryReceiptRequested", json!(false)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let from = &made["from"]["emailAddress"]["address"];
    assert_eq!(from, "adele@contoso.com");
    let link = made["webLink"].as_str().unwrap();
    assert!(link.starts_with("https://outlook.office365.com/owa/?ItemID=AAMkAD"));
    let id = made["internetMessageId"].as_str().unwrap();
    assert!(id.starts_with('<') && id.ends_with("@contoso.com>"), "{id}");
    assert!(made["conversationId"].as_str().unwrap().starts_with("AAQk"));
    assert!(!made["conversationIndex"].as_str().unwrap().is_empty());
    for name in [
        "createdDateTime",
        "lastModifiedDateTime",
        "receivedDateTime",
        "sentDateTime",
    ] {
        assert_eq!(made[name], made["createdDateTime"], "{name}");
        assert!(made[name].is_string(), "{name}");
    }
    let key = made["changeKey"].as_str().unwrap();
    assert_eq!(made["@odata.etag"], format!("W/\"{key}\""));
    assert_eq!(client.get(&path(&made)).await.json()["changeKey"], key);
    assert!(made.get("internetMessageHeaders").is_none());
}

#[tokio::test]
async fn words_are_normalized_and_previews_follow() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({ "contentType": "HTML", "content": "<p>One</p>" });
    let made = draft(&mut client, json!({ "body": body, "importance": "High" })).await;
    assert_eq!(made["importance"], "high");
    assert_eq!(made["body"]["contentType"], "html");
    assert_eq!(made["bodyPreview"], "One");
    let long = "a".repeat(300);
    let change = json!({
        "body": { "contentType": "Text", "content": long }, "isRead": "False",
        "toRecipients": [to("bruno@contoso.com")],
    });
    let changed = client.patch(&path(&made), change).await.json();
    assert_eq!(changed["bodyPreview"], "a".repeat(255));
    assert_eq!(changed["body"]["contentType"], "text");
    assert_eq!(changed["isRead"], false);
    assert_eq!(
        changed["toRecipients"][0]["emailAddress"]["name"],
        "Bruno Okafor"
    );
    assert_ne!(changed["changeKey"], made["changeKey"]);
}

#[tokio::test]
async fn own_headers_are_sent_on_request_only() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let headers = json!([{ "name": "x-custom", "value": "Nevada" }]);
    let made = draft(&mut client, json!({ "internetMessageHeaders": headers })).await;
    let whole = client.get(&path(&made)).await.json();
    assert!(whole.get("internetMessageHeaders").is_none());
    let selected = format!("{}?$select=internetMessageHeaders", path(&made));
    let selected = client.get(&selected).await.json();
    assert_eq!(selected["internetMessageHeaders"], headers);
    let reserved = json!([{ "name": "Subject", "value": "x" }]);
    let message = json!({ "internetMessageHeaders": reserved });
    let refused = client.post("/me/messages", message).await;
    assert_eq!(refused.error().0, "InvalidInternetMessageHeader");
}

#[tokio::test]
async fn attachments_set_and_clear_has_attachments() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = draft(&mut client, json!({ "subject": "x" })).await;
    let attachments = format!("{}/attachments", path(&made));
    let inline = json!({
        "@odata.type": "#microsoft.graph.fileAttachment", "name": "logo.png",
        "contentBytes": "aGk=", "isInline": true, "contentId": "logo",
    });
    let inline = client.post(&attachments, inline).await;
    assert_eq!(inline.status, StatusCode::CREATED);
    let inline = inline.json();
    assert_eq!(
        (&inline["size"], &inline["contentType"]),
        (&json!(2), &json!("image/png"))
    );
    let message = client.get(&path(&made)).await.json();
    assert_eq!(message["hasAttachments"], false, "the body shows it");
    let file = json!({
        "@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt",
        "contentBytes": "SGVsbG8=",
    });
    let file = client.post(&attachments, file).await.json();
    assert_eq!(
        (&file["size"], &file["isInline"], &file["contentType"]),
        (&json!(5), &json!(false), &json!("text/plain"))
    );
    assert_eq!(
        client.get(&path(&made)).await.json()["hasAttachments"],
        true
    );
    let id = file["id"].as_str().unwrap().replace('=', "%3D");
    let file = format!("{attachments}/{id}");
    let bytes = client.get(&format!("{file}/$value")).await;
    assert_eq!(
        (bytes.body.as_ref(), bytes.header("content-type")),
        (&b"Hello"[..], "text/plain")
    );
    client.delete(&file).await;
    assert_eq!(
        client.get(&path(&made)).await.json()["hasAttachments"],
        false
    );
}

#[tokio::test]
async fn attached_item_and_reference_are_kept() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = draft(
        &mut client,
        json!({ "subject": "x", "attachments": [{
            "@odata.type": "#microsoft.graph.itemAttachment", "name": "Inner",
            "item": { "@odata.type": "#microsoft.graph.message", "subject": "Inner",
                "body": { "contentType": "Text", "content": "Inside" } } }] }),
    )
    .await;
    assert_eq!(made["hasAttachments"], true);
    let attachments = format!("{}/attachments", path(&made));
    let item = client.get(&attachments).await.json()["value"][0].clone();
    assert_eq!(item["@odata.type"], "#microsoft.graph.itemAttachment");
    let id = item["id"].as_str().unwrap().replace('=', "%3D");
    let expanded = format!("{attachments}/{id}?$expand=microsoft.graph.itemAttachment/item");
    let expanded = client.get(&expanded).await;
    assert_eq!(expanded.status, StatusCode::OK, "{:?}", expanded.body);
    assert_eq!(expanded.json()["item"]["subject"], "Inner");
    let mime = client.get(&format!("{attachments}/{id}/$value")).await;
    assert_eq!(mime.header("content-type"), "text/plain");
    let text = String::from_utf8(mime.body.to_vec()).unwrap();
    assert!(
        text.contains("Subject: Inner") && text.contains("Inside"),
        "{text}"
    );
    let reference = json!({
        "@odata.type": "#microsoft.graph.referenceAttachment", "name": "Pictures",
    });
    let reference = client.post(&attachments, reference).await.json();
    let id = reference["id"].as_str().unwrap().replace('=', "%3D");
    let bytes = client.get(&format!("{attachments}/{id}/$value")).await;
    assert_eq!(bytes.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_told_apart() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let message = path(&draft(&mut client, json!({ "subject": "x" })).await);
    let paths = [
        "/me/messages".to_owned(),
        "/me/mailFolders".to_owned(),
        "/me/mailFolders/inbox/messages".to_owned(),
        "/me/mailFolders/inbox/childFolders".to_owned(),
        "/me/events".to_owned(),
        "/me/contacts".to_owned(),
        "/me/calendars".to_owned(),
        "/me/contactFolders".to_owned(),
        format!("{message}/attachments"),
    ];
    for path in &paths {
        for (id, status, code) in [
            ("nope", 400, "ErrorInvalidIdMalformed"),
            ("does-not-exist", 400, "ErrorInvalidIdMalformed"),
            ("1", 400, "ErrorInvalidIdMalformed"),
            ("AAMkAGI2THVSAAA%3D", 404, "ErrorItemNotFound"),
        ] {
            let answer = client.get(&format!("{path}/{id}")).await;
            let found = (answer.status.as_u16(), answer.error().0);
            assert_eq!(found, (status, code.to_owned()), "{path}/{id}");
        }
    }
    let reply = client.post("/me/messages/nope/reply", json!({})).await;
    assert_eq!(reply.error().0, "ErrorInvalidIdMalformed");
    let folder = client
        .get("/me/mailFolders/recoverableitemsdeletions")
        .await;
    assert_eq!(folder.status, StatusCode::NOT_IMPLEMENTED);
    let missing = client
        .send(Method::DELETE, "/me/messages/AAMkAGI2THVSAAA%3D", &[], "")
        .await;
    assert_eq!(missing.error().0, "ErrorItemNotFound");
}
