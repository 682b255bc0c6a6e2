//! Tests of damaged responses, random misbehavior, and the record of changes.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use msgraph_simulator::{ChangeKind, Chaos, Fault, Misbehavior, RecordedChange, Simulator};
use serde_json::{Value, json};

use crate::client::{Client, drive, plain, start, try_plain};
use crate::platform::{Platform, text};

const MESSAGES: &str = "/users/adele@contoso.com/messages";

/// Returns how often an entity of this name was created.
fn created(simulator: &Simulator, name: &str) -> usize {
    let is = |change: &RecordedChange| {
        change.kind == ChangeKind::Created && change.name.as_deref() == Some(name)
    };
    simulator
        .changes()
        .iter()
        .filter(|change| is(change))
        .count()
}

#[tokio::test]
async fn truncated_json_has_the_full_content_length() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    simulator.fault(Fault::cut_json());
    let cut = client.get("/users?$top=3").await;
    assert_eq!(cut.status, StatusCode::OK);
    assert_eq!(cut.header("content-length"), cut.body.len().to_string());
    let error = serde_json::from_slice::<Value>(&cut.body).unwrap_err();
    assert!(error.is_eof(), "{error}");
    // The connection stays usable, and a response that is not JSON stays complete.
    simulator.fault(Fault::cut_json());
    assert_eq!(client.eventual("/users/$count").await.body, "12");
}

#[tokio::test]
async fn error_in_success_is_sent_after_the_write() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    simulator.fault(Fault::error_in_success("boom", "It broke."));
    let answer = client.post(MESSAGES, json!({ "subject": "Once" })).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.error(), ("boom".into(), "It broke.".into()));
    assert!(answer.json().get("id").is_none());
    assert_eq!(created(&simulator, "Once"), 1);
    simulator.fault(Fault::error_beside_value("boom", "It broke."));
    let page = client.get("/users?$top=6").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.error().0, "boom");
    assert_eq!(page.names("displayName").len(), 3);
}

#[tokio::test]
async fn late_error_status_is_sent_after_the_write() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    simulator.fault(Fault::late_status(StatusCode::GATEWAY_TIMEOUT));
    let late = client.post(MESSAGES, json!({ "subject": "Late" })).await;
    assert_eq!(late.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(created(&simulator, "Late"), 1);
}

#[tokio::test]
async fn slow_body_arrives_complete() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let usual = client.get("/users").await.body;
    let pause = Duration::from_millis(30);
    simulator.fault(Fault::slow_body(pause));
    let begin = Instant::now();
    assert_eq!(client.get("/users").await.body, usual);
    assert!(begin.elapsed() >= 4 * pause);
}

#[tokio::test]
async fn clock_jump_expires_tokens() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    simulator.fault(Fault::clock_jump(Duration::from_secs(3_660)));
    let refused = client.get("/users").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let mut client = Client::app(&simulator).await;
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn changed_content_interrupts_the_download() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let item = format!("{}/items/root:/Reports/2026.csv", drive(&mut client).await);
    let before = client.get(&item).await.json();
    let location = client.get(&format!("{item}:/content")).await;
    let url = location.header("location");
    let whole = plain(Method::GET, url, &[], "").await.body;
    simulator.fault(Fault::changed_content().at("/download/*"));
    let error = try_plain(Method::GET, url, &[], "").await.unwrap_err();
    assert!(!error.is_timeout(), "{error}");
    let changed = plain(Method::GET, url, &[], "").await;
    let complement: Vec<u8> = whole.iter().map(|byte| !byte).collect();
    assert_eq!(changed.body, complement);
    let after = client.get(&item).await.json();
    let hash = |item: &Value| item["file"]["hashes"]["quickXorHash"].clone();
    assert_ne!(hash(&after), hash(&before));
    assert_ne!(after["eTag"], before["eTag"]);
}

#[tokio::test]
async fn single_use_fault_revokes_one_refresh_token() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let refresh = |token: &str| {
        platform.with_secret(&[("grant_type", "refresh_token"), ("refresh_token", token)])
    };
    let first = platform.who.refresh_token.clone();
    simulator.fault(Fault::single_use().at("/*/oauth2/v2.0/token"));
    let second = text(&refresh(&first), "refresh_token");
    assert_eq!(text(&refresh(&first), "error"), "invalid_grant");
    // The refresh tokens after that stay valid.
    for _ in 0..2 {
        assert!(!text(&refresh(&second), "access_token").is_empty());
    }
}

#[tokio::test]
async fn journal_lists_the_changes_of_each_request() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let made = client.post(MESSAGES, json!({ "subject": "Draft" })).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let message = format!("{MESSAGES}/{id}");
    client.patch(&message, json!({ "subject": "Better" })).await;
    client.get(&message).await;
    client.delete(&message).await;
    // The record does not include the calls of the test itself.
    simulator
        .create("/me/messages", json!({ "subject": "Own" }))
        .unwrap();
    let changes = simulator.changes();
    let changes: Vec<_> = changes.iter().filter(|change| change.id == id).collect();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.kind, change.method.as_str(), change.name.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (ChangeKind::Created, "POST", Some("Draft")),
            (ChangeKind::Updated, "PATCH", Some("Better")),
            (ChangeKind::Deleted, "DELETE", Some("Better")),
        ]
    );
    assert!(changes.iter().all(|change| change.entity_type == "message"));
    assert_eq!(created(&simulator, "Own"), 0);
}

#[tokio::test]
async fn chaos_counts_injected_faults() {
    let simulator = start().await;
    assert!(simulator.misbehaviors().is_empty());
    let connection = [
        Misbehavior::Reset,
        Misbehavior::LostResponse,
        Misbehavior::CutBody,
        Misbehavior::ClockJump,
    ];
    simulator.chaos(Chaos::new(3).rate(1.0).without(connection));
    let mut client = Client::connect(&simulator, Some(simulator.app_token())).await;
    for _ in 0..100 {
        client.get("/users?$top=1").await;
    }
    simulator.heal();
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
    let counts = simulator.misbehaviors();
    assert_eq!(counts.len(), Misbehavior::ALL.len() - connection.len());
    assert_eq!(counts.values().sum::<u64>(), 100);
    assert!(counts[&Misbehavior::CutJson] > 0);
    // No request was suitable for this kind of misbehavior.
    assert_eq!(counts[&Misbehavior::LostSlice], 0);
    assert_eq!(simulator.request_counts().graph, 101);
}
