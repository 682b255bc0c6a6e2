//! Tests of `sendMail` and of `send`.

use http::{Method, StatusCode};
use serde_json::json;

use super::{addresses, draft, find, path, to};
use crate::client::{Client, start};

const SENT: &str = "/me/mailFolders/sentitems";
const BRUNO: &str = "/users/bruno@contoso.com/mailFolders/inbox";

#[tokio::test]
async fn sent_mail_is_saved_and_delivered() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mail = json!({ "message": {
        "subject": "Meet for lunch?",
        "body": { "contentType": "HTML", "content": "<p>The cafeteria is <b>open</b>.</p>" },
        "toRecipients": [to("Bruno@contoso.com"), to("someone@fabrikam.com")],
        "bccRecipients": [to("chiara@contoso.com")],
        "attachments": [{ "@odata.type": "#microsoft.graph.fileAttachment",
            "name": "menu.txt", "contentType": "text/plain", "contentBytes": "SGVsbG8=" }],
    } });
    let answer = client.post("/me/sendMail", mail).await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (StatusCode::ACCEPTED, 0)
    );

    let sent = find(&mut client, SENT, "Meet for lunch?").await.unwrap();
    assert_eq!(
        (&sent["isDraft"], &sent["isRead"], &sent["hasAttachments"]),
        (&json!(false), &json!(true), &json!(true))
    );
    assert_eq!(sent["body"]["contentType"], "html");
    assert_eq!(sent["bodyPreview"], "The cafeteria is open.");
    let adele = json!({ "name": "Adele Brandt", "address": "adele@contoso.com" });
    assert_eq!(sent["from"]["emailAddress"], adele);
    assert_eq!(sent["sender"]["emailAddress"], adele);
    assert_eq!(
        sent["toRecipients"][0]["emailAddress"],
        json!({ "name": "Bruno Okafor", "address": "Bruno@contoso.com" })
    );
    assert_eq!(
        sent["toRecipients"][1]["emailAddress"]["name"],
        "someone@fabrikam.com"
    );
    assert_eq!(addresses(&sent["bccRecipients"]), ["chiara@contoso.com"]);

    for user in ["bruno", "chiara"] {
        let inbox = format!("/users/{user}@contoso.com/mailFolders/inbox");
        let copy = find(&mut client, &inbox, "Meet for lunch?").await.unwrap();
        assert_eq!(
            (&copy["isDraft"], &copy["isRead"], &copy["bccRecipients"]),
            (&json!(false), &json!(false), &json!([]))
        );
        assert_eq!(copy["internetMessageId"], sent["internetMessageId"]);
        assert_eq!(copy["conversationId"], sent["conversationId"]);
        assert_ne!(copy["id"], sent["id"]);
        let id = copy["id"].as_str().unwrap();
        let attachments = client
            .get(&format!(
                "/users/{user}@contoso.com/messages/{id}/attachments"
            ))
            .await
            .json();
        assert_eq!(attachments["value"][0]["contentBytes"], "SGVsbG8=");
        assert_eq!(attachments["value"][0]["size"], 5);
    }
    let counts = client.get(BRUNO).await.json();
    assert_eq!(
        (&counts["totalItemCount"], &counts["unreadItemCount"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn mail_that_is_not_saved_is_only_delivered() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for save in [json!(false), json!("false"), json!("False")] {
        let subject = format!("Not saved {save}");
        let message = json!({ "subject": subject, "toRecipients": [to("bruno@contoso.com")] });
        let mail = json!({ "message": message, "saveToSentItems": save });
        let answer = client.post("/me/sendMail", mail).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{save}");
        assert!(find(&mut client, SENT, &subject).await.is_none(), "{save}");
        assert!(find(&mut client, BRUNO, &subject).await.is_some(), "{save}");
    }
    let message = json!({ "subject": "Wrong", "toRecipients": [to("bruno@contoso.com")] });
    let mail = json!({ "message": message, "saveToSentItems": "no" });
    let refused = client.post("/me/sendMail", mail).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn mail_without_valid_recipients_is_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (recipients, part) in [
        (json!([]), "contains no recipients"),
        (json!([to("")]), "'' is not resolved"),
        (json!([to("bruno")]), "'bruno' is not resolved"),
        (json!([{}]), "is not resolved"),
        (
            json!([to("bruno@contoso.com"), to("a b@contoso.com")]),
            "'a b@contoso.com' is not resolved",
        ),
    ] {
        let mail = json!({ "message": { "subject": "x", "toRecipients": recipients } });
        let refused = client.post("/me/sendMail", mail).await;
        let (code, message) = refused.error();
        assert_eq!(
            (refused.status, code.as_str()),
            (StatusCode::BAD_REQUEST, "ErrorInvalidRecipients")
        );
        assert!(message.contains(part), "{message}");
    }
    let draft = draft(&mut client, json!({ "subject": "To no one" })).await;
    let refused = client
        .post(&format!("{}/send", path(&draft)), json!({}))
        .await;
    assert_eq!(refused.error().0, "ErrorInvalidRecipients");
    assert_eq!(client.get(&path(&draft)).await.json()["isDraft"], true);
    let refused = client.post("/me/sendMail", json!({})).await;
    assert_eq!(refused.error().0, "ErrorInvalidRequest");
    assert!(
        client
            .get(&format!("{SENT}/messages"))
            .await
            .names("id")
            .is_empty()
    );
}

#[tokio::test]
async fn sent_draft_moves_to_sent_items() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let message = json!({ "subject": "A plan", "toRecipients": [to("bruno@contoso.com")] });
    let draft = draft(&mut client, message).await;
    let answer = client
        .send(Method::POST, &format!("{}/send", path(&draft)), &[], "")
        .await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (StatusCode::ACCEPTED, 0)
    );
    let gone = client.get(&path(&draft)).await;
    assert_eq!(gone.error().0, "ErrorItemNotFound");
    let sent = find(&mut client, SENT, "A plan").await.unwrap();
    assert_eq!(sent["isDraft"], false);
    for name in ["internetMessageId", "conversationId", "conversationIndex"] {
        assert_eq!(sent[name], draft[name], "{name}");
    }
    let copy = find(&mut client, BRUNO, "A plan").await.unwrap();
    assert_eq!(copy["internetMessageId"], draft["internetMessageId"]);
    let drafts = client.get("/me/mailFolders/drafts").await.json();
    assert_eq!(drafts["totalItemCount"], 0);
    let again = client
        .post(&format!("{}/send", path(&sent)), json!({}))
        .await;
    assert_eq!(again.status, StatusCode::NOT_IMPLEMENTED);
}

#[tokio::test]
async fn sent_draft_keeps_immutable_id() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let message = json!({ "subject": "A plan", "toRecipients": [to("bruno@contoso.com")] });
    let draft = draft(&mut client, message).await;
    let immutable = [("prefer", "IdType=\"ImmutableId\"")];
    let send = format!("{}/send", path(&draft));
    let answer = client.send(Method::POST, &send, &immutable, "").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let sent = client.get(&path(&draft)).await.json();
    let folder = client.get(SENT).await.json();
    assert_eq!(
        (&sent["isDraft"], &sent["parentFolderId"]),
        (&json!(false), &folder["id"])
    );
    assert_eq!(folder["totalItemCount"], 1);
    assert!(find(&mut client, BRUNO, "A plan").await.is_some());
}

#[tokio::test]
async fn declared_types_that_clients_name_are_not_returned() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mail = json!({ "message": {
        "@odata.type": "#microsoft.graph.message", "subject": "Typed",
        "body": { "@odata.type": "#microsoft.graph.itemBody", "contentType": "text",
            "content": "x" },
        "toRecipients": [{ "@odata.type": "#microsoft.graph.recipient", "emailAddress": {
            "@odata.type": "#microsoft.graph.emailAddress", "address": "bruno@contoso.com" } }],
    } });
    let answer = client.post("/me/sendMail", mail).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
    let sent = find(&mut client, SENT, "Typed").await.unwrap();
    assert!(sent.get("@odata.type").is_none());
    assert_eq!(
        sent["body"],
        json!({ "contentType": "text", "content": "x" })
    );
    let bruno = json!({ "name": "Bruno Okafor", "address": "bruno@contoso.com" });
    assert_eq!(sent["toRecipients"], json!([{ "emailAddress": bruno }]));
}

#[tokio::test]
async fn delivered_mail_is_in_recipients_delta() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let first = client.get(&format!("{BRUNO}/messages/delta")).await.json();
    let link = first["@odata.deltaLink"].as_str().unwrap();
    let link = link.strip_prefix(simulator.url()).unwrap();
    let message = json!({ "subject": "News", "toRecipients": [to("bruno@contoso.com")] });
    client
        .post("/me/sendMail", json!({ "message": message }))
        .await;
    let changed = client.get(link).await;
    assert_eq!(changed.names("subject"), ["News"]);
    assert_eq!(changed.json()["value"][0]["isRead"], false);
}

#[tokio::test]
async fn mail_to_own_address_and_list_arrives() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mut app = Client::app(&simulator).await;
    let users = app
        .get("/users?$top=3&$orderby=userPrincipalName")
        .await
        .json();
    let list = json!({ "displayName": "List", "mailEnabled": true, "mailNickname": "list",
        "securityEnabled": false, "groupTypes": [], "mail": "list@contoso.com" });
    let seed = json!({ "/groups": list }).to_string();
    simulator.seed_json(&seed).unwrap();
    let list = app.get("/groups?$filter=mailNickname%20eq%20'list'").await;
    let group = list.names("id").remove(0);
    for user in users["value"].as_array().unwrap() {
        let id = user["id"].as_str().unwrap();
        let member = json!({
            "@odata.id": format!("{}/directoryObjects/{id}", simulator.url()),
        });
        let added = app
            .post(&format!("/groups/{group}/members/$ref"), member)
            .await;
        assert_eq!(added.status, StatusCode::NO_CONTENT);
    }
    let recipients = [to("list@contoso.com"), to("adele.brandt@contoso.com")];
    let mail = json!({ "message": { "subject": "To all", "toRecipients": recipients } });
    let answer = client.post("/me/sendMail", mail).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    for user in ["adele", "bruno", "chiara"] {
        let inbox = format!("/users/{user}@contoso.com/mailFolders/inbox");
        let page = client.get(&format!("{inbox}/messages?$top=50")).await;
        let subjects = page.names("subject");
        let copies = subjects.iter().filter(|subject| *subject == "To all");
        assert_eq!(copies.count(), 1, "{user}");
    }
    let other = "/users/dmitri@contoso.com/mailFolders/inbox";
    assert!(find(&mut client, other, "To all").await.is_none());
}
