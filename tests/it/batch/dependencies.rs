//! Calls that wait for others of the same batch.

use std::sync::atomic::{AtomicBool, Ordering};

use msgraph::error::BatchErrorKind;
use serde_json::json;

use super::{answered, at_once, batch_error, named, parts};
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn dependency_on_another_batch_is_refused() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = graph(&recorder);
    let (mut one, mut other) = (graph.batch(), graph.batch());
    let _ = one.add(graph.me().get());
    let last = one.add(graph.me().get());
    let part = other.add_after(&last, graph.me().get());
    let error = other.send().await.unwrap().take(part).unwrap_err();
    assert_eq!(batch_error(&error).kind(), BatchErrorKind::OtherBatch);
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn sequential_batch_stops_after_a_failure() {
    let recorder = Recorder::new(|request| {
        answered(request, |part| {
            let id = part["id"].as_str().unwrap();
            match id.parse::<u32>().unwrap() {
                21 => json!({ "id": id, "status": 400, "body": { "error": { "code": "c" } } }),
                22.. => json!({ "id": id, "status": 424 }),
                _ => named(part),
            }
        })
    })
    .await;
    let graph = graph(&recorder);
    let calls = (0..41).map(|id| graph.users().id(id.to_string()).get());
    let users = graph.batch().sequential().send_all(calls).await.unwrap();
    let sizes: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| parts(request).len())
        .collect();
    // The third request is not sent.
    assert_eq!(sizes, [20, 20]);
    let second = parts(&recorder.requests()[1]);
    assert_eq!(second[0].get("dependsOn"), None);
    assert_eq!(second[1]["dependsOn"], json!(["21"]));
    assert!(users[..20].iter().all(Result::is_ok));
    assert!(users[20].as_ref().unwrap_err().is_bad_request());
    for not_run in [&users[21], &users[22], &users[40]] {
        let error = not_run.as_ref().unwrap_err();
        assert_eq!(batch_error(error).kind(), BatchErrorKind::NotRun);
        assert!(
            error
                .to_string()
                .contains("because it depends on GET /users/{user-id}, which failed"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn later_dependent_call_waits_for_a_repeat() {
    let first = AtomicBool::new(true);
    let recorder = Recorder::new(move |request| {
        answered(request, |part| match part["id"] == "1" {
            true if first.swap(false, Ordering::Relaxed) => {
                json!({ "id": "1", "status": 429, "headers": { "Retry-After": "0" } })
            }
            _ => named(part),
        })
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().retry(at_once()).max_bytes(1);
    let one = batch.add(graph.users().id("a").get());
    let two = batch.add_after(&one, graph.users().id("b").get());
    let mut answers = batch.send().await.unwrap();
    answers.take(one).unwrap();
    answers.take(two).unwrap();
    let ids: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| parts(request)[0]["id"].clone())
        .collect();
    assert_eq!(ids, ["1", "1", "2"]);
}

#[tokio::test]
async fn later_dependent_call_is_skipped_after_failure() {
    let recorder = Recorder::new(|request| {
        answered(
            request,
            |part| json!({ "id": part["id"], "status": 404, "body": { "error": { "code": "x" } } }),
        )
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().max_bytes(1);
    let one = batch.add(graph.users().id("a").get());
    let two = batch.add_after(&one, graph.users().id("b").get());
    let three = batch.add_after(&two, graph.users().id("c").get());
    let mut answers = batch.send().await.unwrap();
    assert!(answers.take(one).unwrap_err().is_not_found());
    for part in [two, three] {
        let error = answers.take(part).unwrap_err();
        assert_eq!(batch_error(&error).kind(), BatchErrorKind::NotRun);
    }
    assert_eq!(recorder.requests().len(), 1);
}

// Reported: microsoftgraph/msgraph-sdk-design#88, microsoftgraph/microsoft-graph-docs-contrib#9432.
#[tokio::test]
async fn dependency_chain_over_twenty_is_refused_unsent() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    for (calls, fits) in [(20, true), (21, false)] {
        let mut batch = graph.batch();
        let mut before = batch.add(graph.me().get());
        for _ in 1..calls {
            before = batch.add_after(&before, graph.me().get());
        }
        match batch.send().await {
            Ok(mut answers) => {
                assert!(fits);
                answers.take(before).unwrap();
            }
            Err(error) => {
                assert!(!fits);
                assert_eq!(batch_error(&error).kind(), BatchErrorKind::TooMany);
                assert_eq!(
                    error.to_string(),
                    "21 calls of a batch depend on each other, but one request holds at most 20 \
                     calls"
                );
            }
        }
    }
    assert_eq!(recorder.requests().len(), 1);
    let chain = parts(&recorder.only());
    assert_eq!(chain[0].get("dependsOn"), None);
    assert_eq!(chain[7]["dependsOn"], json!(["7"]));
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1187.
#[tokio::test]
async fn failed_dependency_names_the_part_that_failed() {
    let recorder = Recorder::new(|request| {
        answered(request, |part| match part["id"].as_str() {
            Some("1") => json!({
                "id": "1",
                "status": 409,
                "body": { "error": { "code": "nameAlreadyExists", "message": "m" } },
            }),
            _ => json!({ "id": part["id"], "status": 424,
                "body": { "error": { "code": "", "message": "" } } }),
        })
        .header("request-id", "327f7bf0")
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let first = batch.add(
        graph
            .me()
            .mail_folders()
            .create(msgraph::models::MailFolder::default()),
    );
    let second = batch.add_after(&first, graph.me().mail_folders().list());
    let third = batch.add_after(&second, graph.me().get());
    let mut answers = batch.send().await.unwrap();
    assert!(answers.take(first).unwrap_err().is_conflict());
    for (part, call) in [
        (answers.take(second).map(drop), "GET /me/mailFolders"),
        (answers.take(third).map(drop), "GET /me"),
    ] {
        let error = part.unwrap_err();
        assert_eq!(batch_error(&error).kind(), BatchErrorKind::NotRun);
        assert_eq!(
            error.to_string(),
            format!(
                "{call} in a batch: not run, because it depends on POST /me/mailFolders, which \
                 failed: POST /me/mailFolders → 409 nameAlreadyExists: m, request-id 327f7bf0"
            )
        );
    }
}
