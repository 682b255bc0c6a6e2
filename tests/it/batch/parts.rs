//! The calls of a batch, and the responses of each.

use http::Method;
use msgraph::error::{Attempts, BatchErrorKind, TransferErrorKind};
use msgraph::models::{Message, User};
use msgraph::{Error, RetryPolicy};
use msgraph_simulator::Fault;
use serde_json::{Value, json};

use super::{answered, at_once, batch_error, named, parts};
use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, graph_of, simulator};

#[tokio::test]
async fn each_part_gets_the_response_of_its_call() {
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
async fn handle_of_another_batch_is_refused() {
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
async fn batch_with_two_versions_is_refused() {
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
async fn call_with_its_own_token_is_refused() {
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

#[tokio::test]
async fn part_missing_in_response_is_its_error() {
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
async fn errors_of_parts_name_batch_response() {
    let answer = Answer::json(
        r#"{"responses":[{"id":"1","status":404,"body":{"error":{"code":"ItemNotFound"}}},
            {"id":"2","status":404,"headers":{"request-id":"own"},"body":{}},
            {"id":"3","status":200,"body":"not a user"}]}"#,
    );
    let answers = [Answer::status(503), answer.header("request-id", "327f7bf0")];
    let recorder = Recorder::in_turn(answers).await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().retry(at_once());
    let handles: Vec<_> = (0..4).map(|_| batch.add(graph.me().get())).collect();
    let mut responses = batch.send().await.unwrap();
    let ids = ["327f7bf0", "own", "327f7bf0", "327f7bf0"];
    for (handle, id) in handles.into_iter().zip(ids) {
        let error = responses.take(handle).unwrap_err();
        assert_eq!(error.request_id(), Some(id), "{error}");
        assert_eq!(error.attempts().map(Attempts::count), Some(2), "{error}");
    }
}

#[tokio::test]
async fn part_not_run_has_attempts_of_its_cause() {
    let recorder = Recorder::new(|request| {
        let of = |part: &Value| json!({ "id": part["id"], "status": 404, "body": {} });
        answered(request, of).header("request-id", "327f7bf0")
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch().sequential();
    let first = batch.add(graph.me().get());
    let second = batch.add(graph.me().get());
    let mut responses = batch.send().await.unwrap();
    for handle in [first, second] {
        let error = responses.take(handle).unwrap_err();
        assert_eq!(error.request_id(), Some("327f7bf0"), "{error}");
        assert_eq!(error.attempts().map(Attempts::count), Some(1), "{error}");
    }
}

#[tokio::test]
async fn failed_batch_fails_each_part() {
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

#[tokio::test]
async fn redirected_content_keeps_headers_of_its_part() {
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
async fn html_in_place_of_content_is_an_error() {
    let html = "text/html; charset=utf-8";
    let page = Answer::status(200)
        .header("Content-Type", html)
        .body("<html>");
    let storage = Recorder::always(page).await;
    let location = storage.url().to_owned();
    let recorder = Recorder::new(move |request| {
        answered(request, |part| {
            let id = &part["id"];
            match id == "1" {
                true => json!({ "id": id, "status": 302, "headers": { "Location": location } }),
                false => json!({
                    "id": id, "status": 200, "headers": { "Content-Type": html }, "body": "<html>",
                }),
            }
        })
    })
    .await;
    let graph = graph(&recorder);
    let file = |name: &str| graph.me().drive().root().path(name).content().get();
    let calls = ["a.pdf", "b.pdf", "c.html"].map(file);
    let [redirected, within, wanted] = &graph.batch().send_all(calls).await.unwrap()[..] else {
        panic!("three parts were expected");
    };
    for outcome in [redirected, within] {
        let Err(Error::Transfer(error)) = outcome else {
            panic!("an error was expected: {outcome:?}");
        };
        assert_eq!(error.kind(), TransferErrorKind::UnexpectedHtml);
    }
    assert_eq!(wanted.as_ref().unwrap().bytes, "<html>");
}

// Reported: microsoftgraph/msgraph-sdk-design#88, microsoftgraph/microsoft-graph-docs-contrib#9432.
#[tokio::test]
async fn batch_of_many_calls_is_split_in_order() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let calls = (0..45).map(|id| graph.users().id(id.to_string()).get());
    let users = graph.batch().send_all(calls).await.unwrap();
    let ids: Vec<_> = users
        .into_iter()
        .map(|user| user.unwrap().id.unwrap())
        .collect();
    let wanted: Vec<_> = (0..45).map(|id| format!("/users/{id}")).collect();
    assert_eq!(ids, wanted);
    let sizes: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| parts(request).len())
        .collect();
    assert_eq!(sizes, [20, 20, 5]);
    let all = recorder.requests();
    let mut ids: Vec<_> = all
        .iter()
        .flat_map(parts)
        .map(|part| part["id"].clone())
        .collect();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 45);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#980.
#[tokio::test]
async fn redirected_content_of_part_is_fetched_without_token() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let file = graph.me().drive().root().path("in a batch.txt").content();
    file.replace("text").await.unwrap();
    simulator.forget_requests();
    let mut batch = graph.batch();
    let content = batch.add(file.get());
    let me = batch.add(graph.me().get());
    let mut answers = batch.send().await.unwrap();
    assert_eq!(&answers.take(content).unwrap().bytes[..], b"text");
    answers.take(me).unwrap();
    let requests = simulator.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].header("authorization").is_none());
}

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#22, microsoftgraph/msgraph-sdk-dotnet#525.
#[tokio::test]
async fn photo_in_batch_is_bytes() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let photo = graph.me().photo().content();
    let bytes: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF";
    let mut batch = graph.batch();
    let put = batch.add(photo.replace(msgraph::call::Content::new(bytes).with_type("image/jpeg")));
    let got = batch.add_after(&put, photo.get());
    let mut answers = batch.send().await.unwrap();
    answers.take(put).unwrap();
    assert_eq!(&answers.take(got).unwrap().bytes[..], bytes);
}

// Reported: microsoftgraph/msgraph-sdk-design#88.
#[tokio::test]
async fn batch_part_is_written_like_a_single_call() {
    let recorder = Recorder::new(|request| match request.target.as_str() {
        "/v1.0/$batch" => answered(
            request,
            |part| json!({ "id": part["id"], "status": 200, "body": { "value": [] } }),
        ),
        _ => Answer::json(r#"{"value":[]}"#),
    })
    .await;
    let graph = graph(&recorder);
    let call = || {
        let list = graph
            .users()
            .list()
            .filter("mail eq 'a+b@c.d'")
            .select(["id", "mail"]);
        list.count(true).header("Prefer", "a").header("Prefer", "b")
    };
    call().await.unwrap();
    let alone = recorder.only();
    recorder.clear();
    let mut batch = graph.batch();
    let _list = batch.add(call());
    let draft = Message {
        subject: Some("x".into()),
        ..Default::default()
    };
    let _draft = batch.add(graph.me().messages().create(draft));
    let _text = batch.add(graph.me().send_mail(Default::default()).body_text("bytes"));
    let _gone = batch.add(graph.me().messages().id("1/2").delete());
    batch.send().await.unwrap();
    let [list, draft, text, gone] = parts(&recorder.only()).try_into().unwrap();
    assert_eq!(
        format!("/v1.0{}", list["url"].as_str().unwrap()),
        alone.target
    );
    assert_eq!(
        list["headers"],
        json!({ "consistencylevel": "eventual", "prefer": "a, b" })
    );
    assert_eq!(list.get("body"), None);
    assert_eq!(draft["method"], "POST");
    assert_eq!(
        draft["headers"],
        json!({ "content-type": "application/json" })
    );
    assert_eq!(draft["body"], json!({ "subject": "x" }));
    assert_eq!(text["headers"], json!({ "content-type": "text/plain" }));
    assert_eq!(text["body"], "Ynl0ZXM=");
    assert_eq!(
        (&gone["method"], gone.get("headers")),
        (&json!("DELETE"), None)
    );
}
