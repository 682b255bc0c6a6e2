//! Tests of replies and forwards.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{addresses, draft, find, path, received, to};
use crate::client::{Client, start};

const SENT: &str = "/me/mailFolders/sentitems";

/// Puts a message with several recipients into Adele's inbox.
async fn discussion(client: &mut Client) -> Value {
    let message = json!({
        "subject": "Budget", "isDraft": false, "isRead": false,
        "body": { "contentType": "html", "content": "<html><body><p>How much?</p></body></html>" },
        "from": to("bruno@contoso.com"),
        "toRecipients": [to("adele@contoso.com"), to("chiara@contoso.com")],
        "ccRecipients": [to("hugo@contoso.com"), to("adele.brandt@contoso.com")],
        "attachments": [
            { "@odata.type": "#microsoft.graph.fileAttachment", "name": "sum.txt",
                "contentBytes": "SGVsbG8=" },
            { "@odata.type": "#microsoft.graph.fileAttachment", "name": "logo.png",
                "contentBytes": "aGk=", "isInline": true, "contentId": "logo" },
        ],
    });
    let inbox = "/me/mailFolders/inbox/messages";
    let made = client.post(inbox, message).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    made.json()
}

async fn respond(client: &mut Client, message: &Value, action: &str, body: Value) -> Value {
    let answer = client
        .post(&format!("{}/{action}", path(message)), body)
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
    answer.json()
}

#[tokio::test]
async fn reply_is_sent_to_the_sender() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = received(&mut client).await;
    let answer = client
        .post(
            &format!("{}/reply", path(&original)),
            json!({ "comment": "Here they are." }),
        )
        .await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (StatusCode::ACCEPTED, 0)
    );
    let sent = find(&mut client, SENT, "RE: Spring campaign")
        .await
        .unwrap();
    assert_eq!(addresses(&sent["toRecipients"]), ["bruno@contoso.com"]);
    assert_eq!(sent["conversationId"], original["conversationId"]);
    assert_ne!(sent["internetMessageId"], original["internetMessageId"]);
    let index = original["conversationIndex"].as_str().unwrap();
    let begin = index.trim_end_matches('=').get(..28).unwrap();
    assert!(
        sent["conversationIndex"]
            .as_str()
            .unwrap()
            .starts_with(begin)
    );
    let body = sent["body"]["content"].as_str().unwrap();
    assert_eq!(sent["body"]["contentType"], "html");
    for part in [
        "<body>Here they are.<hr",
        "<b>From:</b> bruno@contoso.com",
        "<b>Sent:</b> Monday, February 2, 2026 9:15:00 AM",
        "<b>Subject:</b> Spring campaign",
        "Can you send me the figures by Friday?",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
    let headers = format!("{}?$select=internetMessageHeaders", path(&sent));
    let headers = client.get(&headers).await.json()["internetMessageHeaders"].clone();
    let expected = json!({ "name": "In-Reply-To", "value": original["internetMessageId"] });
    assert_eq!(headers[0], expected);
    let inbox = "/users/bruno@contoso.com/mailFolders/inbox";
    let copy = find(&mut client, inbox, "RE: Spring campaign")
        .await
        .unwrap();
    assert_eq!(copy["isRead"], false);
}

#[tokio::test]
async fn reply_to_all_leaves_out_the_mailbox() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = discussion(&mut client).await;
    let reply = respond(&mut client, &original, "createReplyAll", json!({})).await;
    assert_eq!(
        addresses(&reply["toRecipients"]),
        ["bruno@contoso.com", "chiara@contoso.com"]
    );
    assert_eq!(addresses(&reply["ccRecipients"]), ["hugo@contoso.com"]);
    let answer = client
        .post(
            &format!("{}/replyAll", path(&original)),
            json!({ "comment": "Much." }),
        )
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    for (user, copies) in [("bruno", 1), ("chiara", 1), ("hugo", 1), ("adele", 0)] {
        let inbox = format!("/users/{user}@contoso.com/mailFolders/inbox/messages?$top=50");
        let subjects = client.get(&inbox).await.names("subject");
        let found = subjects.iter().filter(|subject| *subject == "RE: Budget");
        assert_eq!(found.count(), copies, "{user}");
    }
}

#[tokio::test]
async fn reply_prefers_the_reply_to_address() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = discussion(&mut client).await;
    let change = json!({ "replyTo": [to("hugo@contoso.com")] });
    client.patch(&path(&original), change).await;
    let reply = respond(&mut client, &original, "createReply", json!({})).await;
    assert_eq!(addresses(&reply["toRecipients"]), ["hugo@contoso.com"]);
    assert_eq!(reply["ccRecipients"], json!([]));
}

#[tokio::test]
async fn reply_draft_needs_no_body() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = discussion(&mut client).await;
    for (action, subject, attached) in [
        ("createReply", "RE: Budget", &["logo.png"][..]),
        ("createReplyAll", "RE: Budget", &["logo.png"]),
        ("createForward", "FW: Budget", &["sum.txt", "logo.png"]),
    ] {
        let target = format!("{}/{action}", path(&original));
        let answer = client.send(Method::POST, &target, &[], "").await;
        assert_eq!(answer.status, StatusCode::CREATED, "{action}");
        let made = answer.json();
        assert_eq!(
            (&made["isDraft"], &made["subject"]),
            (&json!(true), &json!(subject))
        );
        let drafts = client.get("/me/mailFolders/drafts").await.json();
        assert_eq!(made["parentFolderId"], drafts["id"], "{action}");
        let kept = client.get(&path(&made)).await.json();
        assert_eq!(kept["body"], made["body"], "{action}");
        assert!(
            kept["body"]["content"]
                .as_str()
                .unwrap()
                .contains("<p>How much?</p>"),
            "{action}"
        );
        let attachments = client.get(&format!("{}/attachments", path(&made))).await;
        assert_eq!(attachments.names("name"), attached, "{action}");
        assert_eq!(made["hasAttachments"], action == "createForward");
    }
}

#[tokio::test]
async fn draft_reply_is_changed_and_sent() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = discussion(&mut client).await;
    let reply = respond(&mut client, &original, "createReply", json!({})).await;
    let change = json!({ "body": { "contentType": "text", "content": "Later." } });
    client.patch(&path(&reply), change).await;
    client
        .post(&format!("{}/send", path(&reply)), json!({}))
        .await;
    let inbox = "/users/bruno@contoso.com/mailFolders/inbox";
    let copy = find(&mut client, inbox, "RE: Budget").await.unwrap();
    assert_eq!(copy["body"]["content"], "Later.");
    assert_eq!(copy["conversationId"], original["conversationId"]);
}

#[tokio::test]
async fn message_parameter_changes_the_response() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = discussion(&mut client).await;
    let message = json!({
        "subject": "Own subject", "importance": "high", "toRecipients": [to("hugo@contoso.com")],
        "body": { "contentType": "text", "content": "Instead" },
        "attachments": [{ "@odata.type": "#microsoft.graph.fileAttachment", "name": "more.txt",
            "contentBytes": "aGk=" }],
    });
    let body = json!({ "message": message });
    let reply = respond(&mut client, &original, "createReply", body.clone()).await;
    assert_eq!(
        (
            &reply["subject"],
            &reply["importance"],
            &reply["body"]["content"]
        ),
        (&json!("Own subject"), &json!("high"), &json!("Instead"))
    );
    assert_eq!(
        addresses(&reply["toRecipients"]),
        ["bruno@contoso.com", "hugo@contoso.com"]
    );
    assert_eq!(reply["hasAttachments"], true);
    let both = json!({ "message": message, "comment": "And a comment" });
    let refused = client
        .post(&format!("{}/createReply", path(&original)), both)
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn forward_carries_attachments_and_needs_recipients() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = discussion(&mut client).await;
    let forward = format!("{}/forward", path(&original));
    let body = json!({ "comment": "FYI", "toRecipients": [to("dmitri@contoso.com")] });
    let answer = client.post(&forward, body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let user = "/users/dmitri@contoso.com";
    let copy = find(
        &mut client,
        &format!("{user}/mailFolders/inbox"),
        "FW: Budget",
    )
    .await;
    let copy = copy.unwrap();
    assert_eq!(copy["hasAttachments"], true);
    let from = &copy["from"]["emailAddress"]["address"];
    assert_eq!(from, "adele@contoso.com");
    let id = copy["id"].as_str().unwrap();
    let attachments = client
        .get(&format!("{user}/messages/{id}/attachments"))
        .await;
    assert_eq!(attachments.names("name"), ["sum.txt", "logo.png"]);
    for body in [
        json!({ "comment": "FYI" }),
        json!({ "toRecipients": [] }),
        json!({ "toRecipients": [to("hugo@contoso.com")],
            "message": { "toRecipients": [to("hugo@contoso.com")] } }),
    ] {
        let refused = client.post(&forward, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn unique_body_is_the_text_above() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let original = discussion(&mut client).await;
    let body = json!({ "comment": "Ten <b>crowns</b>." });
    let reply = respond(&mut client, &original, "createReply", body).await;
    assert!(reply.get("uniqueBody").is_none());
    let selected = format!("{}?$select=uniqueBody", path(&reply));
    let selected = client.get(&selected).await.json();
    let unique = selected["uniqueBody"]["content"].as_str().unwrap();
    assert!(
        unique.ends_with("<body>Ten <b>crowns</b>.</body></html>"),
        "{unique}"
    );
    let text = [("prefer", "outlook.body-content-type=\"text\"")];
    let selected = format!("{}?$select=uniqueBody", path(&reply));
    let selected = client.send(Method::GET, &selected, &text, "").await.json();
    assert_eq!(
        selected["uniqueBody"],
        json!({ "contentType": "text", "content": "Ten crowns." })
    );
}

#[tokio::test]
async fn replies_are_added_to_group_threads() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let groups = client
        .get("/groups?$filter=displayName%20eq%20'Marketing'")
        .await
        .json();
    let group = format!("/groups/{}", groups["value"][0]["id"].as_str().unwrap());
    let post = |text: &str| json!({ "body": { "contentType": "text", "content": text } });
    let thread = json!({ "topic": "Fair", "posts": [post("Who goes?")] });
    let thread = client
        .post(&format!("{group}/threads"), thread)
        .await
        .json();
    let thread = format!("{group}/threads/{}", thread["id"].as_str().unwrap());
    let answer = client
        .post(&format!("{thread}/reply"), json!({ "post": post("I do.") }))
        .await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (StatusCode::ACCEPTED, 0)
    );
    let posts = client.get(&format!("{thread}/posts")).await.json()["value"].clone();
    assert_eq!(posts[1]["body"]["content"], "I do.");
    let from = &posts[1]["from"]["emailAddress"]["address"];
    assert_eq!(from, "adele@contoso.com");
    let first = format!("{thread}/posts/{}/reply", posts[0]["id"].as_str().unwrap());
    let answer = client
        .post(&first, json!({ "post": post("Me too.") }))
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let posts = client.get(&format!("{thread}/posts")).await.names("id");
    assert_eq!(posts.len(), 3);
    let thread = client.get(&thread).await.json();
    assert_eq!(
        (&thread["preview"], &thread["uniqueSenders"]),
        (&json!("Me too."), &json!(["Adele Brandt"]))
    );
}

#[tokio::test]
async fn mail_to_a_group_begins_a_conversation() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let groups = client
        .get("/groups?$filter=displayName%20eq%20'Marketing'")
        .await
        .json();
    let group = format!("/groups/{}", groups["value"][0]["id"].as_str().unwrap());
    let message = json!({
        "subject": "Fair", "body": { "contentType": "text", "content": "Who goes?" },
        "toRecipients": [to("marketing@contoso.com")],
    });
    let mail = json!({ "message": message });
    let answer = client.post("/me/sendMail", mail).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let all = client.get(&format!("{group}/conversations")).await.json();
    let conversation = &all["value"][0];
    assert_eq!(
        (&conversation["topic"], &conversation["uniqueSenders"]),
        (&json!("Fair"), &json!(["Adele Brandt"]))
    );
    let id = conversation["id"].as_str().unwrap();
    let threads = client
        .get(&format!("{group}/conversations/{id}/threads"))
        .await;
    let thread = threads.names("id")[0].clone();
    let posts = client
        .get(&format!("{group}/threads/{thread}/posts"))
        .await
        .json();
    assert_eq!(posts["value"][0]["body"]["content"], "Who goes?");
}

#[tokio::test]
async fn subject_prefix_is_not_repeated() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (subject, reply, forward) in [
        ("Re: Plan", "RE: Plan", "FW: Plan"),
        ("FW: Plan", "RE: Plan", "FW: Plan"),
        ("Plan: B", "RE: Plan: B", "FW: Plan: B"),
    ] {
        let message = draft(&mut client, json!({ "subject": subject })).await;
        for (action, expected) in [("createReply", reply), ("createForward", forward)] {
            let made = respond(&mut client, &message, action, json!({})).await;
            assert_eq!(made["subject"], expected);
        }
    }
}
