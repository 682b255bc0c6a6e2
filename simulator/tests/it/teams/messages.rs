use http::StatusCode;
use serde_json::{Value, json};

use super::{below, made};
use crate::client::{Client, start};

async fn channel(client: &mut Client) -> (String, String) {
    let team = client.get("/teams").await.names("id").remove(0);
    let channel = client
        .get(&format!("/teams/{team}/primaryChannel"))
        .await
        .json();
    let messages = format!(
        "{}/messages",
        below(&format!("/teams/{team}/channels"), &channel)
    );
    (team, messages)
}

#[tokio::test]
async fn message_has_sender_and_defaults() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (team, messages) = channel(&mut client).await;
    let body = json!({ "body": { "content": "Hello World" } });
    let message = made(&mut client, &messages, body.clone()).await;
    assert_eq!(
        message["body"],
        json!({ "contentType": "text", "content": "Hello World" })
    );
    assert_eq!(message["from"]["user"]["displayName"], "Adele Brandt");
    assert_eq!(message["from"]["user"]["userIdentityType"], "aadUser");
    for (name, value) in [
        ("messageType", json!("message")),
        ("importance", json!("normal")),
        ("locale", json!("en-us")),
        ("eventDetail", Value::Null),
        ("replyToId", Value::Null),
        ("attachments", json!([])),
        ("mentions", json!([])),
        ("reactions", json!([])),
        ("etag", message["id"].clone()),
    ] {
        assert_eq!(message[name], value, "{name}");
    }
    assert!(
        message["webUrl"]
            .as_str()
            .unwrap()
            .contains(&format!("groupId={team}"))
    );
    assert_eq!(message["channelIdentity"]["teamId"], team.as_str());
    let replies = format!("{}/replies", below(&messages, &message));
    let reply = made(&mut client, &replies, body.clone()).await;
    assert_eq!(reply["replyToId"], message["id"]);
    assert_ne!(reply["id"], message["id"]);
    assert_eq!(client.get(&replies).await.names("id").len(), 1);
    let all = client
        .get(&format!("/teams/{team}/channels/getAllMessages"))
        .await;
    assert_eq!(all.names("id").len(), 2, "{:?}", all.body);

    client.token = Some(simulator.app_token());
    let refused = client.post(&messages, body).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn mentions_and_attachments_must_stand_in_the_body() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (_, messages) = channel(&mut client).await;
    let bruno = client.get("/users/bruno@contoso.com").await.json();
    let mention = json!({
        "id": 0, "mentionText": "Bruno",
        "mentioned": { "user": { "id": bruno["id"], "displayName": "Bruno" } },
    });
    let content = "<div>Hi <at id=\"0\">Bruno</at></div>";
    let body = json!({ "contentType": "html", "content": content });
    let message = json!({ "body": body, "mentions": [mention] });
    let made = made(&mut client, &messages, message).await;
    assert_eq!(made["mentions"][0]["mentionText"], "Bruno");
    let attachment = json!({
        "id": "1", "contentType": "reference", "contentUrl": "https://contoso.com/a.docx",
        "name": "a.docx",
    });
    for (message, text) in [
        (json!({ "body": body }), "mentions"),
        (
            json!({ "body": { "content": "Hi" }, "mentions": [mention] }),
            "marker for mention with Id '0'",
        ),
        (
            json!({ "body": { "content": "Hi" }, "attachments": [attachment] }),
            "marker for attachment with Id '1'",
        ),
        (json!({ "subject": "No body" }), "body"),
    ] {
        let refused = client.post(&messages, message).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{text}");
        assert!(refused.error().1.contains(text), "{:?}", refused.error());
    }
}

#[tokio::test]
async fn message_is_reacted_to_deleted_and_restored() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (_, messages) = channel(&mut client).await;
    let body = json!({ "body": { "content": "Hello" } });
    let message = made(&mut client, &messages, body).await;
    let path = below(&messages, &message);
    let reaction = json!({ "reactionType": "💘" });
    let set = client
        .post(&format!("{path}/setReaction"), reaction.clone())
        .await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
    client
        .post(&format!("{path}/setReaction"), reaction.clone())
        .await;
    let found = client.get(&path).await.json();
    assert_eq!(found["reactions"].as_array().unwrap().len(), 1);
    assert_eq!(found["reactions"][0]["reactionType"], "💘");
    client
        .post(&format!("{path}/unsetReaction"), reaction)
        .await;
    assert_eq!(client.get(&path).await.json()["reactions"], json!([]));

    let deleted = client.post(&format!("{path}/softDelete"), json!({})).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let found = client.get(&path).await.json();
    assert_eq!(found["body"]["content"], "");
    assert!(found["deletedDateTime"].is_string());
    client
        .post(&format!("{path}/undoSoftDelete"), json!({}))
        .await;
    let found = client.get(&path).await.json();
    assert_eq!(
        (&found["body"]["content"], &found["deletedDateTime"]),
        (&json!("Hello"), &Value::Null)
    );
}

#[tokio::test]
async fn hosted_content_is_read_at_its_address() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (_, messages) = channel(&mut client).await;
    let content = "<img src=\"../hostedContents/1/$value\">";
    let message = json!({
        "body": { "contentType": "html", "content": content },
        "hostedContents": [{
            "@microsoft.graph.temporaryId": "1", "contentBytes": "aGk=", "contentType": "image/png",
        }],
    });
    let message = made(&mut client, &messages, message).await;
    let text = message["body"]["content"].as_str().unwrap();
    let url = text.split('"').nth(1).unwrap().to_owned();
    let image = client.get(&url).await;
    assert_eq!(
        (image.status, &*image.body),
        (StatusCode::OK, &b"hi"[..]),
        "{url}"
    );
    assert_eq!(image.header("content-type"), "image/png");
    let path = format!("{}/hostedContents", below(&messages, &message));
    assert_eq!(client.get(&path).await.names("id").len(), 1);
}
