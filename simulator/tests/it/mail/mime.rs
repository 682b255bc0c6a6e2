//! Tests of messages as MIME.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::json;

use super::{addresses, draft, find, path, received, to};
use crate::client::{Client, start};

const TEXT: [(&str, &str); 1] = [("content-type", "text/plain")];

const MIME: &str = "From: Adele <adele@contoso.com>\r\n\
    To: =?utf-8?B?QnLDvG5v?= <bruno@contoso.com>, x@fabrikam.com\r\n\
    Cc: chiara@contoso.com\r\n\
    Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\
    Message-ID: <1234@contoso.com>\r\n\
    X-Priority: 1\r\n\
    X-Campaign: spring\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n\
    --outer\r\n\
    Content-Type: multipart/alternative; boundary=\"inner\"\r\n\r\n\
    --inner\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\r\n\
    Plain text\r\n\
    --inner\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\n\
    <p>H=C3=A4llo</p>\r\n\
    --inner--\r\n\
    --outer\r\n\
    Content-Type: application/pdf; name=\"a.pdf\"\r\n\
    Content-Disposition: attachment; filename=\"a.pdf\"\r\n\
    Content-Transfer-Encoding: base64\r\n\r\n\
    SGVsbG8=\r\n\
    --outer--\r\n";

#[tokio::test]
async fn mime_is_sent_saved_and_delivered() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = STANDARD.encode(MIME);
    let answer = client.send(Method::POST, "/me/sendMail", &TEXT, body).await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (StatusCode::ACCEPTED, 0)
    );
    let sent = "/me/mailFolders/sentitems";
    let sent = find(&mut client, sent, "Grüße").await.unwrap();
    assert_eq!(
        addresses(&sent["toRecipients"]),
        ["bruno@contoso.com", "x@fabrikam.com"]
    );
    assert_eq!(sent["toRecipients"][0]["emailAddress"]["name"], "Brüno");
    assert_eq!(addresses(&sent["ccRecipients"]), ["chiara@contoso.com"]);
    assert_eq!(sent["importance"], "high");
    assert_eq!(sent["internetMessageId"], "<1234@contoso.com>");
    assert_eq!(sent["body"]["contentType"], "html");
    assert!(
        sent["body"]["content"]
            .as_str()
            .unwrap()
            .contains("<p>Hällo</p>")
    );
    assert_eq!(
        (&sent["hasAttachments"], &sent["isDraft"]),
        (&json!(true), &json!(false))
    );
    let attachments = client
        .get(&format!("{}/attachments", path(&sent)))
        .await
        .json();
    let attachment = &attachments["value"][0];
    assert_eq!(
        (
            &attachment["name"],
            &attachment["contentType"],
            &attachment["contentBytes"]
        ),
        (
            &json!("a.pdf"),
            &json!("application/pdf"),
            &json!("SGVsbG8=")
        )
    );
    for user in ["bruno", "chiara"] {
        let inbox = format!("/users/{user}@contoso.com/mailFolders/inbox");
        assert!(find(&mut client, &inbox, "Grüße").await.is_some(), "{user}");
    }
}

#[tokio::test]
async fn mime_is_accepted_for_drafts_and_replies() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = STANDARD.encode(MIME);
    for target in ["/me/messages", "/me/mailFolders/archive/messages"] {
        let made = client.send(Method::POST, target, &TEXT, body.clone()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
        assert_eq!(
            (&made.json()["isDraft"], &made.json()["subject"]),
            (&json!(true), &json!("Grüße"))
        );
    }
    let original = received(&mut client).await;
    let short = STANDARD.encode("Subject: Mine\r\nContent-Type: text/plain\r\n\r\nYes.\r\n");
    let target = format!("{}/createReply", path(&original));
    let reply = client
        .send(Method::POST, &target, &TEXT, short.clone())
        .await;
    assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
    let reply = reply.json();
    assert_eq!(reply["subject"], "Mine");
    assert_eq!(reply["body"]["contentType"], "text");
    assert_eq!(reply["bodyPreview"], "Yes.");
    assert_eq!(addresses(&reply["toRecipients"]), ["bruno@contoso.com"]);
    assert_eq!(reply["conversationId"], original["conversationId"]);
    let target = format!("{}/reply", path(&original));
    let answer = client.send(Method::POST, &target, &TEXT, short).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn invalid_mime_is_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (body, code) in [
        (
            "no base64!".to_owned(),
            "ErrorMimeContentInvalidBase64String",
        ),
        (String::new(), "ErrorMimeContentInvalidBase64String"),
        (STANDARD.encode("\r\n"), "ErrorMimeContentInvalid"),
    ] {
        let refused = client
            .send(Method::POST, "/me/sendMail", &TEXT, body.clone())
            .await;
        assert_eq!(
            (refused.status, refused.error().0.as_str()),
            (StatusCode::BAD_REQUEST, code),
            "{body}"
        );
    }
    let unaddressed = STANDARD.encode("Subject: x\r\n\r\nx\r\n");
    let refused = client
        .send(Method::POST, "/me/sendMail", &TEXT, unaddressed)
        .await;
    assert_eq!(refused.error().0, "ErrorInvalidRecipients");
}

#[tokio::test]
async fn value_of_message_is_mime() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = draft(
        &mut client,
        json!({
            "subject": "Grüße", "importance": "high",
            "body": { "contentType": "html", "content": "<p>Hällo</p>" },
            "toRecipients": [to("bruno@contoso.com")],
            "internetMessageHeaders": [
                { "name": "x-campaign", "value": "spring\r\nBcc: evil@contoso.com" },
            ],
            "attachments": [
                { "@odata.type": "#microsoft.graph.fileAttachment", "name": "a b.txt",
                    "contentBytes": "SGVsbG8=" },
                { "@odata.type": "#microsoft.graph.itemAttachment", "name": "Inner",
                    "item": { "@odata.type": "#microsoft.graph.message", "subject": "Inner" } },
            ],
        }),
    )
    .await;
    let mime = client.get(&format!("{}/$value", path(&made))).await;
    assert_eq!(mime.status, StatusCode::OK);
    assert_eq!(mime.header("content-type"), "text/plain");
    let text = String::from_utf8(mime.body.to_vec()).unwrap();
    for part in [
        "From: \"Adele Brandt\" <adele@contoso.com>\r\n",
        "To: \"Bruno Okafor\" <bruno@contoso.com>\r\n",
        "Subject: =?utf-8?",
        "Importance: high\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: multipart/mixed;",
        "Content-Type: multipart/alternative;",
        "Content-Type: message/rfc822",
        "Subject: Inner",
        "\r\nHello\r\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains(made["internetMessageId"].as_str().unwrap()));
    assert!(!text.contains("\nBcc:"), "{text}");

    // What was written can be read again.
    let body = STANDARD.encode(&mime.body);
    let again = client
        .send(Method::POST, "/me/messages", &TEXT, body)
        .await
        .json();
    for name in [
        "subject",
        "bodyPreview",
        "importance",
        "toRecipients",
        "hasAttachments",
    ] {
        assert_eq!(again[name], made[name], "{name}");
    }
    let attachments = client.get(&format!("{}/attachments", path(&again))).await;
    assert_eq!(attachments.names("name"), ["a b.txt", "Inner"]);
}
