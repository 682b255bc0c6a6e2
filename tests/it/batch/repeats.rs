//! The calls of a batch that are sent again.

use http::Method;
use msgraph::error::BatchErrorKind;
use msgraph::models::Message;
use msgraph::{Error, RetryPolicy};
use msgraph_simulator::Fault;
use serde_json::json;

use super::{answered, at_once, batch_error, named, parts};
use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, graph_of, simulator};

#[tokio::test]
async fn only_throttled_parts_are_sent_again() {
    let recorder = Recorder::new(|request| {
        let first = parts(request).len() == 4;
        answered(request, |part| match part["id"].as_str() {
            Some("2") if first => {
                json!({ "id": "2", "status": 429, "headers": { "Retry-After": "0" } })
            }
            // The call that it depends on is sent again, and so is this one.
            Some("3") if first => json!({ "id": "3", "status": 424 }),
            _ => named(part),
        })
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().retry(at_once());
    let first = batch.add(graph.users().id("1").get());
    let second = batch.add(graph.users().id("2").get());
    let third = batch.add_after(&second, graph.users().id("3").get());
    let fourth = batch.add(graph.users().id("4").get());
    let mut answers = batch.send().await.unwrap();
    for (part, id) in [(first, "1"), (second, "2"), (third, "3"), (fourth, "4")] {
        assert_eq!(answers.take(part).unwrap().id, Some(format!("/users/{id}")));
    }
    let again = parts(&recorder.requests()[1]);
    let ids: Vec<_> = again
        .iter()
        .map(|part| part["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["2", "3"]);
    assert_eq!(again[1]["dependsOn"], json!(["2"]));
}

#[tokio::test]
async fn part_throttled_repeatedly_reports_its_attempts() {
    let recorder = Recorder::new(|request| {
        answered(
            request,
            |part| json!({ "id": part["id"], "status": 429, "headers": { "Retry-After": "0" } }),
        )
    })
    .await;
    let graph = graph(&recorder);
    let calls = || [graph.me().get(), graph.me().get()];
    let retry = at_once().max_retries(2);
    let users = graph.batch().retry(retry).send_all(calls()).await.unwrap();
    assert!(
        users
            .iter()
            .all(|user| user.as_ref().unwrap_err().is_throttled())
    );
    assert_eq!(recorder.requests().len(), 3);
    recorder.clear();
    graph
        .batch()
        .retry(RetryPolicy::none())
        .send_all(calls())
        .await
        .unwrap();
    assert_eq!(recorder.requests().len(), 1);
}

#[tokio::test]
async fn each_part_counts_its_own_attempts() {
    let sent = std::sync::atomic::AtomicUsize::new(0);
    let recorder = Recorder::new(move |request| {
        let number = sent.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        answered(request, |part| match part["id"].as_str() {
            // This wait is longer than a call waits.
            Some("1") => {
                json!({ "id": "1", "status": 429, "headers": { "Retry-After": "100000" } })
            }
            Some("2") if number < 2 => {
                json!({ "id": "2", "status": 429, "headers": { "Retry-After": "0" } })
            }
            _ => named(part),
        })
    })
    .await;
    let graph = graph(&recorder);
    let calls = ["1", "2", "3"].map(|id| graph.users().id(id).get());
    let users = graph
        .batch()
        .retry(at_once())
        .send_all(calls)
        .await
        .unwrap();
    assert!(users[0].as_ref().unwrap_err().is_throttled());
    assert!(users[1].is_ok() && users[2].is_ok());
    let sizes: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| parts(request).len())
        .collect();
    assert_eq!(sizes, [3, 1, 1]);
}

#[tokio::test]
async fn gateway_timeout_is_repeated_for_idempotent_parts() {
    let recorder = Recorder::new(|request| {
        let first = parts(request).len() == 2;
        answered(request, |part| match first {
            true => json!({ "id": part["id"], "status": 504 }),
            false => named(part),
        })
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().retry(at_once());
    let read = batch.add(graph.me().get());
    let write = batch.add(graph.me().messages().create(Message::default()));
    let mut answers = batch.send().await.unwrap();
    answers.take(read).unwrap();
    let error = answers.take(write).unwrap_err();
    assert_eq!(error.status(), Some(http::StatusCode::GATEWAY_TIMEOUT));
    assert_eq!(parts(&recorder.requests()[1]).len(), 1);
}

#[tokio::test]
async fn unreadable_batch_response_repeats_only_reads() {
    let recorder = Recorder::new(|request| match request.target.as_str() {
        "/v1.0/$batch" => Answer::json(r#"{"responses":[{"id":"1","status":200,"body":<html>}]}"#),
        _ => Answer::json(r#"{"id":"alone"}"#),
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let read = batch.add(graph.me().get());
    let write = batch.add(graph.me().messages().create(Message::default()));
    let mut answers = batch.send().await.unwrap();
    assert_eq!(answers.take(read).unwrap().id.as_deref(), Some("alone"));
    let error = answers.take(write).unwrap_err();
    assert_eq!(batch_error(&error).kind(), BatchErrorKind::Unknown);
    assert_eq!(recorder.targets(), ["/v1.0/$batch", "/v1.0/me"]);
}

#[tokio::test]
async fn rename_in_part_is_not_repeated() {
    let recorder = Recorder::new(|request| {
        answered(request, |part| json!({ "id": part["id"], "status": 504 }))
    })
    .await;
    let graph = graph(&recorder);
    let rename = |body: bool| {
        let path = "/me/drive/root:/a.txt";
        match body {
            false => graph
                .request(Method::PUT, format!("{path}:/content"))
                .query("@microsoft.graph.conflictBehavior", "rename"),
            true => graph
                .request(Method::PUT, path)
                .body_json(&json!({ "@microsoft.graph.conflictBehavior": "rename" })),
        }
    };
    let mut batch = graph.batch().retry(at_once());
    let (query, body) = (batch.add(rename(false)), batch.add(rename(true)));
    let mut answers = batch.send().await.unwrap();
    assert!(answers.take(query).is_err() && answers.take(body).is_err());
    assert_eq!(recorder.requests().len(), 1);

    recorder.clear();
    let mut batch = graph.batch().retry(at_once());
    let _ = batch.add(rename(false).idempotent());
    batch.send().await.unwrap();
    assert!(recorder.requests().len() > 1);
}

#[tokio::test]
async fn rename_in_a_lost_batch_is_not_repeated() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    simulator.fault(Fault::reset().at("/v1.0/$batch").times(2));
    let mut batch = graph.batch().retry(at_once());
    let renamed = batch.add(
        graph
            .request(Method::PUT, "/me/drive/root:/a.txt:/content")
            .query("@microsoft.graph.conflictBehavior", "rename"),
    );
    let mut answers = batch.send().await.unwrap();
    assert!(matches!(answers.take(renamed), Err(Error::Transport(_))));
    assert_eq!(simulator.requests().len(), 1);
}

#[tokio::test]
async fn part_waits_for_bandwidth_limit() {
    let recorder = Recorder::new(|request| {
        let first = parts(request).len() == 2;
        answered(request, |part| match part["method"].as_str() {
            Some("POST") if first => json!({ "id": part["id"], "status": 509 }),
            _ => named(part),
        })
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().retry(at_once());
    let _ = batch.add(graph.me().get());
    let write = batch.add(graph.me().messages().create(Message::default()));
    let mut answers = batch.send().await.unwrap();
    answers.take(write).unwrap();
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn refusal_after_repeated_part_is_unclear() {
    let recorder = Recorder::new(|request| {
        let first = parts(request).len() == 2;
        answered(request, |part| match part["method"].as_str() {
            Some("DELETE") if first => json!({ "id": part["id"], "status": 504 }),
            Some("DELETE") => json!({ "id": part["id"], "status": 404 }),
            _ => named(part),
        })
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().retry(at_once());
    let gone = batch.add(graph.me().messages().id("1").delete());
    let read = batch.add(graph.me().get());
    let mut answers = batch.send().await.unwrap();
    answers.take(read).unwrap();
    let error = answers.take(gone).unwrap_err();
    assert!(error.is_not_found() && error.attempts().unwrap().may_have_succeeded());
}
