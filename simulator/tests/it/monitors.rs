//! Tests of long-running operations.

use http::{Method, StatusCode};
use msgraph_simulator::Fault;
use serde_json::{Value, json};

use crate::client::{Client, drive, plain, start};

/// Copies an item, and polls the copy until it is done. Returns the response of each poll.
async fn copy(client: &mut Client, item: &str, body: Value) -> Vec<Value> {
    let accepted = client.post(&format!("{item}:/copy"), body).await;
    assert_eq!(
        (accepted.status, accepted.body.len()),
        (StatusCode::ACCEPTED, 0),
        "{:?}",
        accepted.body
    );
    let url = accepted.header("location").to_owned();
    let mut told = Vec::new();
    loop {
        let answer = plain(Method::GET, &url, &[], "").await;
        told.push(answer.json());
        if answer.status != StatusCode::ACCEPTED {
            assert_eq!(answer.status, StatusCode::OK);
            return told;
        }
    }
}

fn statuses(told: &[Value]) -> Vec<&str> {
    told.iter()
        .map(|told| told["status"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn folder_copy_is_monitored_to_its_end() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let item = format!("{drive}/items/root:/Reports");
    simulator.set_polls(3);
    let told = copy(&mut client, &item, json!({ "name": "Reports 2" })).await;
    assert_eq!(
        statuses(&told),
        ["notStarted", "inProgress", "inProgress", "completed"]
    );
    assert_eq!(told[1]["percentageComplete"], 33.3);
    let id = told[3]["resourceId"].as_str().unwrap();
    assert_eq!(
        client.get(&format!("{drive}/items/{id}")).await.json()["name"],
        "Reports 2"
    );
    let file = client
        .file(&format!("{drive}/items/{id}:/2026.csv:/content"))
        .await;
    assert!(file.body.starts_with(b"month,sum"));
}

#[tokio::test]
async fn failed_copy_is_reported_by_its_monitor() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let item = format!("{drive}/items/root:/Reports/2026.csv");
    // The name already exists in the same folder.
    let told = copy(&mut client, &item, json!({})).await;
    assert_eq!(statuses(&told), ["notStarted", "inProgress", "failed"]);
    assert_eq!(told[2]["error"]["code"], "nameAlreadyExists");
    let root = client.get(&format!("{drive}/items/root")).await.json()["id"].clone();
    let elsewhere = json!({ "parentReference": { "id": root }, "name": "2026 copy.csv" });
    simulator.fault(
        Fault::failed_operation("quotaLimitReached", "The drive is full.").method(Method::POST),
    );
    let told = copy(&mut client, &item, elsewhere.clone()).await;
    assert_eq!(told[2]["error"]["code"], "quotaLimitReached");
    assert_eq!(
        statuses(&copy(&mut client, &item, elsewhere).await)[2],
        "completed"
    );
    let missing = json!({ "parentReference": { "id": "01NONE" } });
    assert_eq!(
        client.post(&format!("{item}:/copy"), missing).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn monitor_refuses_a_token() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let accepted = client
        .post(
            &format!("{drive}/items/root:/Reports:/copy"),
            json!({ "name": "x" }),
        )
        .await;
    let url = accepted.header("location");
    let token = [("authorization", "Bearer x.y.z")];
    assert_eq!(
        plain(Method::GET, url, &token, "").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        plain(Method::GET, &format!("{url}x"), &[], "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn teams_operation_is_followed_to_its_end() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let team = client.get("/teams").await.names("id").remove(0);
    for (action, kind) in [("archive", "archiveTeam"), ("unarchive", "unarchiveTeam")] {
        let accepted = client
            .post(&format!("/teams/{team}/{action}"), json!({}))
            .await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{:?}", accepted.body);
        let location = accepted.header("location");
        assert!(
            location.starts_with(&format!("/teams('{team}')/operations('")),
            "{location}"
        );
        for status in ["inProgress", "inProgress", "succeeded", "succeeded"] {
            let operation = client.get(location).await.json();
            assert_eq!(
                (&operation["status"], &operation["operationType"]),
                (&json!(status), &json!(kind))
            );
        }
    }
    let parts =
        json!({ "displayName": "Copy", "mailNickname": "copy", "partsToClone": "apps,tabs" });
    let accepted = client.post(&format!("/teams/{team}/clone"), parts).await;
    let copy = accepted.header("content-location").to_owned();
    assert_eq!(client.get(&copy).await.json()["displayName"], "Copy");
    simulator.fault(Fault::failed_operation("Conflict", "The team is busy."));
    simulator.set_polls(0);
    let accepted = client
        .post(&format!("/teams/{team}/archive"), json!({}))
        .await;
    let operation = client.get(accepted.header("location")).await.json();
    assert_eq!(
        (&operation["status"], &operation["error"]["code"]),
        (&json!("failed"), &json!("Conflict"))
    );
}

#[tokio::test]
async fn notebook_and_workbook_operations_complete() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let notebook = client
        .post("/me/onenote/notebooks", json!({ "displayName": "Notes" }))
        .await
        .json();
    let url = format!(
        "/me/onenote/notebooks/{}/copyNotebook",
        notebook["id"].as_str().unwrap()
    );
    let accepted = client.post(&url, json!({ "renameAs": "More notes" })).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{:?}", accepted.body);
    let location = accepted.header("operation-location").to_owned();
    for status in ["Running", "Running", "Completed"] {
        assert_eq!(client.get(&location).await.json()["status"], status);
    }
    let drive = drive(&mut client).await;
    let text = [("content-type", "application/octet-stream")];
    client
        .send(
            Method::PUT,
            &format!("{drive}/items/root:/book.xlsx:/content"),
            &text,
            "x",
        )
        .await;
    let url = format!("{drive}/items/root:/book.xlsx:/workbook/createSession");
    let asynchronous = [
        ("content-type", "application/json"),
        ("prefer", "respond-async"),
    ];
    let body = json!({ "persistChanges": true }).to_string();
    let accepted = client
        .send(Method::POST, &url, &asynchronous, body.clone())
        .await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{:?}", accepted.body);
    let location = accepted.header("location").to_owned();
    for status in ["running", "running"] {
        assert_eq!(client.get(&location).await.json()["status"], status);
    }
    let done = client.get(&location).await.json();
    assert_eq!(done["status"], "succeeded");
    let session = client.get(done["resourceLocation"].as_str().unwrap()).await;
    assert_eq!(session.status, StatusCode::OK, "{:?}", session.body);
    let at_once = client
        .send(Method::POST, &url, &asynchronous[..1], body)
        .await;
    assert!(at_once.json()["id"].is_string());
}
