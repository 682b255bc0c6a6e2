//! The refusal of operations that are not simulated, and the responses that a test defines.

use http::{Method, StatusCode};
use msgraph_simulator::{SimulatedOperation, StubResponse};
use serde_json::json;

use crate::client::{Client, start};

#[tokio::test]
async fn unsimulated_operations_are_refused_with_501() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let group = client.get("/groups").await.names("id").remove(0);
    for (path, body) in [
        (
            "/me/translateExchangeIds",
            json!({ "targetIdType": "restId" }),
        ),
        (&*format!("/groups/{group}/renew"), json!({})),
    ] {
        let refused = client.post(path, body).await;
        assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED, "{path}");
        let error = &refused.json()["error"];
        assert_eq!(error["code"], "NotSimulated");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("Simulator::on(method, path, response)"),
            "{message}"
        );
    }
    for path in [
        "/me/settings",
        "/me/planner/plans/x/details",
        "/reports/getOffice365ActivationCounts",
        "/me/drive/root/workbook/application",
        "/me/insights/trending/x/resource",
    ] {
        let status = client.get(path).await.status;
        assert!(
            [StatusCode::NOT_IMPLEMENTED, StatusCode::NOT_FOUND].contains(&status),
            "{path}: {status}"
        );
    }
}

#[tokio::test]
async fn read_only_collections_are_empty_until_seeded() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let signins = "/auditLogs/signIns";
    assert_eq!(client.get(signins).await.names("id"), [""; 0]);
    let entry = json!({ "appDisplayName": "Graph Explorer" });
    simulator.create(signins, entry).unwrap();
    assert_eq!(
        client.get(signins).await.names("appDisplayName"),
        ["Graph Explorer"]
    );
}

#[tokio::test]
async fn changed_singleton_returns_what_was_set() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let settings = "/me/settings";
    assert_eq!(
        client.get(settings).await.status,
        StatusCode::NOT_IMPLEMENTED
    );
    let changed = json!({ "contributionToContentDiscoveryDisabled": true });
    assert_eq!(client.patch(settings, changed).await.status, StatusCode::OK);
    let read = client.get(settings).await.json();
    assert_eq!(read["contributionToContentDiscoveryDisabled"], true);
}

#[tokio::test]
async fn missing_photo_is_not_found() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let photo = client.get("/me/photo/$value").await;
    assert_eq!(photo.status, StatusCode::NOT_FOUND);
    assert_eq!(photo.json()["error"]["code"], "ImageNotFound");
}

#[tokio::test]
async fn defined_response_serves_matching_requests() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let tips = json!({ "value": [{ "mailboxFull": false }] });
    simulator.on(Method::POST, "/users/*/getMailTips", tips.clone());
    let full = json!({ "value": [{ "mailboxFull": true }] });
    let path = "/users/adele@contoso.com/getMailTips";
    let body =
        json!({ "EmailAddresses": ["alex@contoso.com"], "MailTipsOptions": "mailboxFullStatus" });
    let response = client.post(path, body.clone()).await;
    assert_eq!((response.status, response.json()), (StatusCode::OK, tips));
    // The latest response of the same method and path replaces the earlier one.
    let later = StubResponse::json(StatusCode::CREATED, &full).header("x-stub", "2");
    simulator.on(Method::POST, "/users/*/getMailTips", later);
    let response = client.post(path, body.clone()).await;
    assert_eq!(
        (response.status, response.header("x-stub")),
        (StatusCode::CREATED, "2")
    );
    assert_eq!(response.json(), full);
    simulator.clear_responses();
    assert_eq!(
        client.post(path, body).await.status,
        StatusCode::NOT_IMPLEMENTED
    );
}

#[tokio::test]
async fn defined_response_still_requires_a_token() {
    let simulator = start().await;
    simulator.on(Method::GET, "/me", json!({ "displayName": "Stub" }));
    let request = http::Request::get("/v1.0/me")
        .body(bytes::Bytes::new())
        .unwrap();
    assert_eq!(simulator.answer(request).status(), StatusCode::UNAUTHORIZED);
    let mut client = Client::user(&simulator).await;
    assert_eq!(client.get("/me").await.json()["displayName"], "Stub");
}

#[test]
fn simulated_operations_are_listed_once() {
    let all: Vec<_> = SimulatedOperation::all().collect();
    assert!(
        all.iter()
            .any(|one| one.bound_to == "microsoft.graph.message" && one.name == "move")
    );
    for (at, one) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(one), "{one:?} is listed twice");
    }
}
