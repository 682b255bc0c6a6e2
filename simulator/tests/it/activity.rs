//! Tests of the questions about recorded requests and changes.

use http::{Method, StatusCode};
use msgraph_simulator::{ChangeKind, Fault, Seed};
use serde_json::json;

use crate::client::{Client, builder, start};

#[tokio::test]
async fn activity_is_filtered_by_each_property() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    client.get("/users/adele@contoso.com").await;
    client.get("/users/unknown@contoso.com").await;
    client
        .post("/me/todo/lists", json!({ "displayName": "Groceries" }))
        .await;
    let activity = simulator.activity();
    assert_eq!(activity.len(), 3);
    assert_eq!(activity.method(Method::GET).len(), 2);
    assert_eq!(activity.template("/users/{user-id}").len(), 2);
    assert_eq!(activity.path("/v1.0/users/*").len(), 2);
    assert_eq!(activity.path("/v1.0/Me/*").len(), 1);
    let missing = activity.status(StatusCode::NOT_FOUND);
    assert_eq!(
        missing.to_string(),
        "GET /v1.0/users/unknown@contoso.com → 404"
    );
    let changed = activity.changed();
    let lists: Vec<_> = changed
        .changes()
        .map(|change| change.name.as_deref())
        .collect();
    assert_eq!(lists, [Some("Groceries")]);
    let id = &changed.entries()[0].changes[0].id;
    assert_eq!(
        format!("{changed:?}"),
        format!("POST /v1.0/me/todo/lists → 201\n    created todoTaskList \"Groceries\" ({id})")
    );
    assert_eq!(activity.method(Method::PUT).to_string(), "no requests");
}

#[tokio::test]
async fn batch_parts_stand_in_place_of_the_batch() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let post = |id: &str, name: &str| {
        json!({
            "id": id, "method": "POST", "url": "/me/todo/lists",
            "headers": { "content-type": "application/json", "authorization": "Bearer secret" },
            "body": { "displayName": name },
        })
    };
    let batch = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/me" },
        post("2", "Same"),
        post("3", "Same"),
        { "id": "4", "method": "GET", "url": "https://graph.microsoft.com/v1.0/me" },
    ] });
    simulator.fault(Fault::lost().method(Method::GET).at("/v1.0/me"));
    assert_eq!(client.post("/$batch", batch).await.status, StatusCode::OK);
    let activity = simulator.activity();
    let targets: Vec<_> = activity
        .entries()
        .iter()
        .map(|entry| entry.to_string())
        .collect();
    assert_eq!(targets.len(), 3, "{activity}");
    assert_eq!(targets[0], "GET /v1.0/me → no response (in a batch)");
    assert!(
        targets[1].starts_with("POST /v1.0/me/todo/lists → 201 (in a batch)\n    created"),
        "{activity}"
    );
    assert_eq!(activity.template("/me/todo/lists").len(), 2);
    assert_eq!(activity.repeated().len(), 2);
    let requests = simulator.requests();
    assert_eq!(requests[0].parts.len(), 3);
    assert!(!format!("{requests:?}").contains("Bearer"), "{requests:?}");
}

#[tokio::test]
async fn repeated_requests_are_those_carried_out_twice() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let list = json!({ "displayName": "Groceries", "isOwner": true });
    // The response is lost, and the client repeats the request, with its JSON in another order.
    simulator.fault(Fault::lost().at("/v1.0/me/todo/lists"));
    let content = [("content-type", "application/json")];
    let lost = client
        .try_send(Method::POST, "/me/todo/lists", &content, list.to_string())
        .await;
    assert!(lost.is_err());
    let mut client = Client::user(&simulator).await;
    let reordered = r#"{ "isOwner": true,  "displayName": "Groceries" }"#;
    let again = client
        .send(Method::POST, "/me/todo/lists", &content, reordered)
        .await;
    assert_eq!(again.status, StatusCode::CREATED);
    // Something else, a refused request, and writes that may be repeated.
    client
        .post("/me/todo/lists", json!({ "displayName": "Other" }))
        .await;
    for _ in 0..2 {
        client.patch("/me", json!({ "jobTitle": "Reader" })).await;
        client.post("/users", json!({ "displayName": "Ada" })).await;
        client.get("/me").await;
    }
    let repeated = simulator.activity().repeated();
    let shown: Vec<_> = repeated
        .entries()
        .iter()
        .map(|entry| entry.request.status)
        .collect();
    assert_eq!(shown, [None, Some(StatusCode::CREATED)], "{repeated}");
    let created = repeated
        .changes()
        .filter(|change| change.kind == ChangeKind::Created);
    assert_eq!(created.count(), 2, "{repeated}");
}

#[tokio::test]
async fn reset_request_is_not_carried_out() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let list = json!({ "displayName": "Groceries" });
    simulator.fault(Fault::reset().at("/v1.0/me/todo/lists"));
    let content = [("content-type", "application/json")];
    let reset = client
        .try_send(Method::POST, "/me/todo/lists", &content, list.to_string())
        .await;
    assert!(reset.is_err());
    let mut client = Client::user(&simulator).await;
    client.post("/me/todo/lists", list).await;
    let activity = simulator.activity();
    assert_eq!(activity.path("/v1.0/me/todo/lists").len(), 2);
    let repeated = activity.repeated();
    assert!(repeated.is_empty(), "{repeated}");
}

#[tokio::test]
async fn requests_beyond_those_kept_are_forgotten() {
    let simulator = builder()
        .seed(Seed::Empty)
        .kept_requests(1)
        .start()
        .await
        .unwrap();
    let mut client = Client::user(&simulator).await;
    for name in ["One", "Two"] {
        client
            .post("/me/todo/lists", json!({ "displayName": name }))
            .await;
    }
    let activity = simulator.activity();
    let names: Vec<_> = activity
        .changes()
        .map(|change| change.name.clone())
        .collect();
    assert_eq!(names, [Some("Two".to_owned())]);
    assert_eq!(simulator.changes().len(), 2, "all changes are kept");
}

#[tokio::test]
async fn message_sent_twice_is_repeated() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mail = |subject: &str, kept: bool| {
        json!({
            "message": {
                "subject": subject,
                "toRecipients": [{ "emailAddress": { "address": "mona@fabrikam.com" } }],
            },
            "saveToSentItems": kept,
        })
    };
    for (subject, kept) in [
        ("Once", true),
        ("Twice", true),
        ("Unseen", false),
        ("Twice", true),
        ("Unseen", false),
    ] {
        let sent = client.post("/me/sendMail", mail(subject, kept)).await;
        assert_eq!(sent.status, StatusCode::ACCEPTED);
    }
    let repeated = simulator.activity().repeated();
    let subjects: Vec<_> = repeated
        .entries()
        .iter()
        .map(|entry| entry.request.json().unwrap()["message"]["subject"].clone())
        .collect();
    assert_eq!(
        subjects,
        ["Twice", "Unseen", "Twice", "Unseen"],
        "{repeated}"
    );
}
