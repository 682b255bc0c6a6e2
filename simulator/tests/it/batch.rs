//! Tests of `$batch`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use msgraph_simulator::{Fault, Limit, RetryAfter, Service};
use serde_json::{Value, json};

use crate::client::{Client, plain, start};

/// Sends a batch. Returns the responses, sorted by id.
async fn batch(client: &mut Client, requests: Value) -> Vec<Value> {
    let answer = client
        .post("/$batch", json!({ "requests": requests }))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let mut answers = answer.json()["responses"].as_array().unwrap().clone();
    answers.sort_by_key(|answer| answer["id"].as_str().unwrap().to_owned());
    answers
}

fn statuses(answers: &[Value]) -> Vec<u64> {
    answers
        .iter()
        .map(|answer| answer["status"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn parts_get_independent_responses() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let answers = batch(
        &mut client,
        json!([
            { "id": "1", "method": "GET", "url": "/me?$select=displayName" },
            { "id": "2", "method": "POST", "url": "me/messages",
                "headers": { "content-type": "application/json" },
              "body": { "subject": "From a batch" } },
            { "id": "3", "method": "GET", "url": "/users/unknown@contoso.com" },
            { "id": "4", "method": "GET", "url": "/users?$count=true&$top=1",
                "headers": { "ConsistencyLevel": "eventual" } },
            { "id": "5", "method": "POST", "url": "/me/sendMail",
                "headers": { "Content-Type": "application/json" },
              "body": { "Message": { "subject": "x", "toRecipients": [
                { "emailAddress": { "address": "bruno@contoso.com" } }] } } },
            { "id": "6", "method": "GET", "url": "https://graph.microsoft.com/v1.0/me" },
            { "id": "7", "method": "DELETE", "url": "/groups/x/nothing" },
        ]),
    )
    .await;
    assert_eq!(statuses(&answers), [200, 201, 404, 200, 202, 400, 400]);
    assert_eq!(answers[0]["body"]["displayName"], "Adele Brandt");
    assert_eq!(answers[0]["headers"]["OData-Version"], "4.0");
    assert!(
        answers[0]["headers"]["Content-Type"]
            .as_str()
            .unwrap()
            .starts_with("application/json")
    );
    assert_eq!(answers[1]["body"]["subject"], "From a batch");
    assert_eq!(
        answers[2]["body"]["error"]["code"],
        "Request_ResourceNotFound"
    );
    assert_eq!(answers[3]["body"]["@odata.count"], 12);
    assert!(
        answers[3]["body"]["@odata.nextLink"]
            .as_str()
            .unwrap()
            .starts_with(simulator.url())
    );
    assert_eq!(answers[4]["body"], Value::Null);
    // A batch counts as one request.
    assert_eq!(simulator.requests().len(), 1);
}

#[tokio::test]
async fn batch_responses_may_be_reordered() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let requests = ["1", "2", "3"].map(|id| json!({ "id": id, "method": "GET", "url": "/me" }));
    let answer = client
        .post("/$batch", json!({ "requests": requests }))
        .await;
    let ids: Vec<_> = answer.json()["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["id"].clone())
        .collect();
    assert_eq!(ids, ["3", "2", "1"]);
}

#[tokio::test]
async fn non_json_part_bodies_are_base64() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let bytes = b"\xff\xd8\xff\xe0";
    let put = json!({ "id": "1", "method": "PUT", "url": "/me/photo/$value",
        "headers": { "Content-Type": "image/jpeg" },
        "body": STANDARD.encode(bytes) });
    let get = json!({ "id": "2", "method": "GET", "url": "/me/photo/$value", "dependsOn": ["1"] });
    let answers = batch(&mut client, json!([put, get])).await;
    assert_eq!(answers[1]["headers"]["Content-Type"], "image/jpeg");
    assert_eq!(answers[1]["body"], "/9j/4A==");
    let bad = json!({ "id": "1", "method": "PUT", "url": "/me/photo/$value",
        "headers": { "Content-Type": "image/jpeg" },
        "body": "not base64!" });
    assert_eq!(statuses(&batch(&mut client, json!([bad])).await), [400]);
}

#[tokio::test]
async fn part_redirects_are_returned_not_followed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let file =
        json!({ "id": "1", "method": "GET", "url": "/me/drive/root:/Reports/2026.csv:/content" });
    let answers = batch(&mut client, json!([file])).await;
    assert_eq!(statuses(&answers), [302]);
    let location = answers[0]["headers"]["Location"].as_str().unwrap();
    assert!(location.starts_with(&simulator.storage_url()), "{location}");
    let content = plain(Method::GET, location, &[], "").await;
    assert!(content.body.starts_with(b"month,sum"));
}

#[tokio::test]
async fn dependent_of_failed_part_is_not_run() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let create = |id: &str, after: Value| {
        json!({ "id": id, "method": "POST", "url": "/me/contacts",
            "headers": { "Content-Type": "application/json" },
            "body": { "displayName": format!("Contact {id}") }, "dependsOn": after })
    };
    let missing = json!({ "id": "1", "method": "DELETE", "url": "/me/contacts/AAMkAD=" });
    let answers = batch(
        &mut client,
        json!([
            create("3", json!(["2"])),
            create("2", json!(["1"])),
            missing,
            create("4", json!([]))
        ]),
    )
    .await;
    assert_eq!(statuses(&answers), [404, 424, 424, 201]);
    assert!(answers[1]["body"]["error"]["code"].is_string());
    let names = client.get("/me/contacts").await.names("displayName");
    assert!(names.contains(&"Contact 4".to_owned()) && !names.contains(&"Contact 2".to_owned()));
}

#[tokio::test]
async fn parts_are_throttled_separately() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    simulator.fault(Fault::throttled(RetryAfter::Seconds(7)).at("/v1.0/me/events"));
    let answers = batch(
        &mut client,
        json!([{ "id": "1", "method": "GET", "url": "/me/events" }, { "id": "2", "method": "GET",
            "url": "/me/contacts" }]),
    )
    .await;
    assert_eq!(statuses(&answers), [429, 200]);
    assert_eq!(answers[0]["headers"]["Retry-After"], "7");
    // Four requests at a time are allowed for each mailbox, unless they depend on each other.
    simulator.limit(Limit::concurrent(Service::Outlook, 4));
    let all =
        (1..=6).map(|id| json!({ "id": id.to_string(), "method": "GET", "url": "/me/messages" }));
    let answers = batch(&mut client, all.collect()).await;
    assert_eq!(statuses(&answers), [200, 200, 200, 200, 429, 429]);
    assert!(
        answers[5]["body"]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("MailboxConcurrency")
    );
    let chain = (1..=6).map(|id| {
        let after = if id > 1 {
            json!([(id - 1).to_string()])
        } else {
            Value::Null
        };
        json!({ "id": id.to_string(), "method": "GET", "url": "/me/messages", "dependsOn": after })
    });
    let answers = batch(&mut client, chain.collect()).await;
    assert_eq!(statuses(&answers), [200; 6]);
}

#[tokio::test]
async fn invalid_batches_are_refused_whole() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let part = |id: u32| json!({ "id": id.to_string(), "method": "GET", "url": "/me" });
    let many: Vec<_> = (1..=21).map(part).collect();
    for (body, message) in [
        (
            json!({ "requests": many }),
            "Number of requests inside batch exceed the limit.",
        ),
        (json!({ "requests": [] }), "Invalid batch payload format."),
        (
            json!({ "requests": [part(1), part(1)] }),
            "Request Id 1 has to be unique in a batch.",
        ),
    ] {
        let refused = client.post("/$batch", body).await;
        assert_eq!(
            (refused.status, refused.error().1.as_str()),
            (StatusCode::BAD_REQUEST, message)
        );
    }
    let broken = client
        .send(
            Method::POST,
            "/$batch",
            &[("content-type", "application/json")],
            "{",
        )
        .await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        client.get("/$batch").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    client.token = None;
    assert_eq!(
        client
            .post("/$batch", json!({ "requests": [part(1)] }))
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn batch_faults_remove_or_break_responses() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let contact = json!({ "id": "1", "method": "POST", "url": "/me/contacts",
        "headers": { "Content-Type": "application/json" }, "body": { "displayName": "Lost" } });
    let me = json!({ "id": "2", "method": "GET", "url": "/me" });
    simulator.fault(Fault::lost().at("/v1.0/me/contacts"));
    let answers = batch(&mut client, json!([contact, me])).await;
    assert_eq!(answers.len(), 1);
    // The lost part was still carried out.
    assert!(
        client
            .get("/me/contacts")
            .await
            .names("displayName")
            .contains(&"Lost".to_owned())
    );
    simulator.fault(Fault::html(StatusCode::BAD_GATEWAY).at("/v1.0/me"));
    let answer = client.post("/$batch", json!({ "requests": [me] })).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
    assert!(answer.body.starts_with(b"{\"responses\":[{"));
}
