//! Batches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use msgraph::error::BatchErrorKind;
use msgraph::models::{Message, User};
use msgraph::{Error, RetryPolicy};
use serde_json::{Value, json};
use simulator::Fault;

use crate::support::recorder::{Answer, Recorded, Recorder};
use crate::support::{graph, graph_of, simulator};

#[path = "../cases/batch.rs"]
mod cases;

/// Returns the parts of a batch that was sent.
fn parts(request: &Recorded) -> Vec<Value> {
    assert_eq!(request.target, "/v1.0/$batch");
    request.json()["requests"].as_array().unwrap().clone()
}

/// Responds to each part of a batch with a status and a body.
fn answered(request: &Recorded, of: impl Fn(&Value) -> Value) -> Answer {
    let responses: Vec<_> = parts(request).iter().rev().map(of).collect();
    Answer::json(json!({ "responses": responses }))
}

fn named(part: &Value) -> Value {
    let name = part["url"].as_str().unwrap();
    json!({ "id": part["id"], "status": 200, "body": { "id": name } })
}

fn batch_error(error: &Error) -> &msgraph::error::BatchError {
    match error {
        Error::Batch(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_call_gets_the_answer_that_it_would_have_had() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let mut batch = graph.batch();
    assert!(batch.is_empty());
    let me = batch.add(graph.me().get().select([User::ID, User::DISPLAY_NAME]));
    let list = batch.add(graph.users().list().top(3));
    let count = batch.add(graph.users().count());
    let draft = Message {
        subject: Some("In a batch".into()),
        ..Default::default()
    };
    let draft = batch.add(graph.me().messages().create(draft));
    let unknown = batch.add(graph.users().id("unknown@contoso.com").get());
    let wrong = batch.add(graph.users().id("..").get());
    assert_eq!(batch.len(), 6);
    let mut answers = batch.send().await.unwrap();
    assert_eq!(
        answers.take(me).unwrap().id.as_ref(),
        Some(&simulator.credentials().user_id)
    );
    let page = answers.take(list).unwrap();
    assert_eq!((page.len(), page.next_link.is_some()), (3, true));
    assert_eq!(answers.take(count).unwrap(), 12);
    let draft = answers.take(draft).unwrap();
    assert_eq!(draft.subject.as_deref(), Some("In a batch"));
    let error = answers.take(unknown).unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("GET /users/{user-id} → 404 Request_ResourceNotFound"),
        "{error}"
    );
    let error = answers.take(wrong).unwrap_err();
    assert!(matches!(error, Error::Request(_)), "{error}");
    assert_eq!(simulator.requests().len(), 1);
}

#[tokio::test]
async fn a_part_of_another_batch_is_told() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let (mut one, mut other) = (graph.batch(), graph.batch());
    let first = one.add(graph.me().get());
    let second = other.add_after(&first, graph.me().get());
    let third = other.add(graph.me().get());
    let mut answers = other.send().await.unwrap();
    for error in [
        answers.take(second).unwrap_err(),
        answers.take(first).unwrap_err(),
    ] {
        assert_eq!(batch_error(&error).kind(), BatchErrorKind::OtherBatch);
    }
    answers.take(third).unwrap();
}

#[tokio::test]
async fn dependency_on_a_larger_batch_is_told() {
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
async fn a_batch_is_of_one_version() {
    let recorder = Recorder::new(|request| {
        let responses: Vec<_> = request.json()["requests"]
            .as_array()
            .unwrap()
            .iter()
            .map(named)
            .collect();
        Answer::json(json!({ "responses": responses }))
    })
    .await;
    let graph = graph(&recorder);
    for (first, second) in [("/beta", ""), ("", "/beta")] {
        let call = |version: &str| graph.request(Method::GET, format!("{version}/me"));
        let mut batch = graph.batch();
        let (same, other) = (batch.add(call(first)), batch.add(call(second)));
        let mut answers = batch.send().await.unwrap();
        answers.take(same).unwrap();
        let error = answers.take(other).unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{error}");
    }
    assert_eq!(recorder.targets(), ["/beta/$batch", "/v1.0/$batch"]);
}

#[tokio::test]
async fn a_call_with_a_token_of_its_own_is_no_part_of_a_batch() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let call = graph.request(Method::GET, "/me").access_token("hush-hush");
    let part = batch.add(call);
    let mut answers = batch.send().await.unwrap();
    let error = answers.take(part).unwrap_err();
    assert!(matches!(error, Error::Request(_)), "{error}");
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("sent with one token for all calls") && !text.contains("hush"),
        "{text}"
    );
    assert!(recorder.requests().is_empty());
}

/// Returns a retry policy that waits only as long as Graph asks for.
fn at_once() -> RetryPolicy {
    RetryPolicy::new().first_wait(Duration::ZERO)
}

#[tokio::test]
async fn what_graph_puts_off_comes_again_and_nothing_else_does() {
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
async fn a_part_that_is_put_off_time_and_again_says_so_in_the_end() {
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
async fn each_part_has_tries_of_its_own() {
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
async fn a_504_is_repeated_for_what_may_be_done_twice() {
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
async fn one_after_another_until_one_fails() {
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
    let calls = (0..41).map(|id| graph.users().id(&id.to_string()).get());
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
async fn of_an_answer_that_cannot_be_read_only_reads_are_made_again() {
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
async fn a_part_that_the_answer_leaves_out_is_an_error_of_that_part() {
    let recorder = Recorder::always(Answer::json(
        r#"{"responses":[{"id":"2","status":200,"body":{"id":"2"}},{"id":"9","status":200}]}"#,
    ))
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let (one, two) = (batch.add(graph.me().get()), batch.add(graph.me().get()));
    let mut answers = batch.send().await.unwrap();
    let error = answers.take(one).unwrap_err();
    assert_eq!(batch_error(&error).kind(), BatchErrorKind::Unknown);
    assert_eq!(
        error.to_string(),
        "GET /me in a batch: the batch response lacks this call: its outcome is unknown"
    );
    assert_eq!(answers.take(two).unwrap().id.as_deref(), Some("2"));
}

#[tokio::test]
async fn what_happens_to_the_batch_happens_to_each_of_its_parts() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    simulator.fault(Fault::status(http::StatusCode::INTERNAL_SERVER_ERROR).at("/v1.0/$batch"));
    let calls = [graph.me().get(), graph.me().get()];
    let users = graph
        .batch()
        .retry(RetryPolicy::none())
        .send_all(calls)
        .await
        .unwrap();
    for user in users {
        let error = user.unwrap_err();
        assert_eq!(
            error.status(),
            Some(http::StatusCode::INTERNAL_SERVER_ERROR)
        );
        assert!(
            error.to_string().starts_with("POST /$batch → 500"),
            "{error}"
        );
    }
}

/// Returns the number of calls and the size of each request.
fn sizes(recorder: &Recorder) -> Vec<(usize, usize)> {
    let requests = recorder.requests();
    requests
        .iter()
        .map(|request| (parts(request).len(), request.body.len()))
        .collect()
}

fn draft(bytes: usize) -> Message {
    Message {
        subject: Some("a".repeat(bytes)),
        ..Default::default()
    }
}

#[tokio::test]
async fn large_drafts_are_sent_in_requests_of_four_megabytes() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let drafts = (0..10).map(|_| graph.me().messages().create(draft(1_000_000)));
    let created = graph.batch().send_all(drafts).await.unwrap();
    assert!(created.iter().all(Result::is_ok));
    let sizes = sizes(&recorder);
    assert!(
        sizes.iter().all(|(_, bytes)| *bytes <= 4_000_000),
        "{sizes:?}"
    );
    let calls: Vec<_> = sizes.iter().map(|(calls, _)| *calls).collect();
    assert_eq!(calls, [3, 3, 3, 1]);
}

#[tokio::test]
async fn limits_of_a_batch_can_be_set() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let users = |count: usize| {
        let ids = (0..count).map(|id| id.to_string());
        ids.map(|id| graph.users().id(&id).get())
            .collect::<Vec<_>>()
    };
    let calls = || -> Vec<usize> {
        let calls = sizes(&recorder).iter().map(|(calls, _)| *calls).collect();
        recorder.clear();
        calls
    };
    let batch = graph.batch().max_parts(4);
    assert_eq!(batch.send_all(users(10)).await.unwrap().len(), 10);
    assert_eq!(calls(), [4, 4, 2]);
    for (parts, wanted) in [(0, vec![1, 1, 1]), (100, vec![3])] {
        let batch = graph.batch().max_parts(parts);
        batch.send_all(users(3)).await.unwrap();
        assert_eq!(calls(), wanted);
    }
    let batch = graph.batch().max_parts(100);
    batch.send_all(users(21)).await.unwrap();
    assert_eq!(calls(), [20, 1]);

    let batch = graph.batch().max_bytes(200);
    batch.send_all(users(10)).await.unwrap();
    let sent = sizes(&recorder);
    assert!(
        sent.len() > 1 && sent.iter().all(|(_, bytes)| *bytes <= 200),
        "{sent:?}"
    );
    recorder.clear();
    let batch = graph.batch().max_bytes(0);
    batch.send_all(users(3)).await.unwrap();
    assert_eq!(calls(), [1, 1, 1]);
}

#[tokio::test]
async fn one_mailbox_has_four_calls_in_a_request() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let of_user = |user: &str| {
        let messages = graph.users().id(user).messages();
        (0..20)
            .map(|id| messages.id(&id.to_string()).get())
            .collect::<Vec<_>>()
    };
    let calls = || -> Vec<usize> {
        let calls = sizes(&recorder).iter().map(|(calls, _)| *calls).collect();
        recorder.clear();
        calls
    };
    let messages = graph.batch().send_all(of_user("a")).await.unwrap();
    assert_eq!(
        messages[7].as_ref().unwrap().id.as_deref(),
        Some("/users/a/messages/7")
    );
    assert_eq!(calls(), [4; 5]);
    let both = of_user("a").into_iter().chain(of_user("b"));
    graph.batch().send_all(both).await.unwrap();
    assert_eq!(calls(), [8; 5]);
    let batch = graph.batch().max_parts_per_mailbox(20);
    batch.send_all(of_user("a")).await.unwrap();
    assert_eq!(calls(), [20]);
    // Calls one after another never run at the same time.
    let batch = graph.batch().sequential();
    batch.send_all(of_user("a")).await.unwrap();
    assert_eq!(calls(), [20]);
}

#[tokio::test]
async fn dependent_calls_too_large_for_one_request_go_in_order() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let mut last = batch.add(graph.me().messages().create(draft(2_000_000)));
    for _ in 0..2 {
        let create = graph.me().messages().create(draft(2_000_000));
        last = batch.add_after(&last, create);
    }
    let mut answers = batch.send().await.unwrap();
    answers.take(last).unwrap();
    let requests = recorder.requests();
    let ids: Vec<_> = requests
        .iter()
        .map(|request| parts(request)[0]["id"].clone())
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    for request in &requests {
        assert_eq!(parts(request)[0].get("dependsOn"), None);
    }
}

#[tokio::test]
async fn dependent_call_in_a_later_request_waits_for_a_repeat() {
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
async fn dependent_call_in_a_later_request_is_not_run_after_failure() {
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

#[tokio::test]
async fn content_elsewhere_is_asked_for_as_its_part_was() {
    let storage = Recorder::always(Answer::status(206).body("text")).await;
    let location = storage.url().to_owned();
    let recorder = Recorder::new(move |request| {
        answered(
            request,
            |part| json!({ "id": part["id"], "status": 302, "headers": { "Location": location } }),
        )
    })
    .await;
    let graph = graph(&recorder);
    let item = graph.drives().id("d").items().id("i");
    let mut batch = graph.batch();
    let content = item.content().get().header("Range", "bytes=0-3");
    let content = batch.add(content.header("x-mine", "1").header("If-None-Match", "*"));
    let mut answers = batch.send().await.unwrap();
    assert_eq!(answers.take(content).unwrap().bytes, "text");
    let request = storage.only();
    assert_eq!(request.header("range"), Some("bytes=0-3"));
    assert_eq!(request.header("accept"), Some("*/*"));
    for name in ["x-mine", "if-none-match", "authorization"] {
        assert_eq!(request.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn rename_in_a_part_is_not_repeated() {
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
async fn bandwidth_limit_of_a_part_is_waited_for() {
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
async fn refusal_of_a_repeated_part_says_so() {
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
