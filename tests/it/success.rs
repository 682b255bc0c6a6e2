//! Successes and failures: errors in the body of a success, truncated bodies, operations that
//! continue.

use std::time::Duration;

use http::{Method, StatusCode};
use msgraph::error::{ApiError, BatchErrorKind, DecodeError, EmptyResponseError, RetryStopReason};
use msgraph::models::actions::{DriveItemCopy, DriveItemCreateUploadSession, TeamArchive};
use msgraph::models::{Group, Message, User};
use msgraph::{Error, Graph, RetryPolicy};
use serde_json::Value;

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

const BOOM: &str = r#"{"code":"InternalServerError","message":"boom"}"#;

/// Returns a success with `BOOM` replaced by an error of Graph's.
fn success(body: &str) -> Answer {
    Answer::json(body.replace("BOOM", BOOM))
        .header("request-id", "r")
        .header("client-request-id", "c")
}

#[track_caller]
fn boom<T: std::fmt::Debug>(result: msgraph::Result<T>) -> ApiError {
    match result {
        Err(Error::Api(error)) => {
            assert_eq!(error.code(), Some("InternalServerError"), "{error}");
            assert_eq!(error.message(), Some("boom"), "{error}");
            *error
        }
        other => panic!("an error of Graph's was expected: {other:?}"),
    }
}

#[track_caller]
fn decode<T: std::fmt::Debug>(result: msgraph::Result<T>) -> DecodeError {
    match result {
        Err(Error::Decode(error)) => *error,
        other => panic!("a decode error was expected: {other:?}"),
    }
}

#[track_caller]
fn empty<T: std::fmt::Debug>(result: msgraph::Result<T>) -> EmptyResponseError {
    match result {
        Err(Error::EmptyResponse(error)) => *error,
        other => panic!("an empty response was expected: {other:?}"),
    }
}

/// Creates a client that retries calls without waiting.
fn retrying(recorder: &Recorder) -> Graph {
    Graph::builder(msgraph::auth::AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .retry(RetryPolicy::new().first_wait(Duration::ZERO))
        .build()
        .expect("a client of this machine's own address")
}

#[tokio::test]
async fn error_as_whole_body_is_error_of_every_call() {
    let recorder = Recorder::always(success(r#"{"error":BOOM}"#)).await;
    let graph = graph(&recorder);
    let error = boom(graph.users().list().await);
    assert_eq!(error.status(), StatusCode::OK);
    assert_eq!(error.request_id(), Some("r"));
    assert_eq!(error.client_request_id(), Some("c"));
    assert_eq!(error.attempts().count(), 1);
    assert!(
        error
            .to_string()
            .starts_with("GET /users → 200 InternalServerError: boom"),
        "{error}"
    );
    boom(graph.users().list().all().await);
    boom(graph.users().list().pages().try_next().await);
    boom(graph.users().list().count_total().await);
    boom(graph.users().count().await);
    boom(graph.users().create(User::default()).await);
    boom(graph.users().id("1").get().await);
    boom(graph.users().id("1").update(User::default()).await);
    boom(graph.users().id("1").delete().await);
    boom(graph.users().delta().await);
    boom(graph.users().delta().changes().try_next().await);
    boom(graph.me().revoke_sign_in_sessions().await);
    boom(graph.teams().id("t").archive(TeamArchive::default()).await);
    boom(graph.request(Method::GET, "/me").json::<Value>().await);
    boom(
        graph
            .request(Method::GET, "/me")
            .await
            .unwrap()
            .json::<User>(),
    );
    boom(
        graph
            .list_from::<User>(format!("{}/v1.0/users?page=2", recorder.url()))
            .all()
            .await,
    );
}

#[tokio::test]
async fn error_beside_properties_or_items_is_error() {
    for body in [
        r#"{"@odata.context":"c","value":[{"id":"1"}],"error":BOOM}"#,
        r#"{"value":[{"id":"1"},{"error":BOOM}]}"#,
        r#"{"value":[{"id":"1","displayName":"a","error":BOOM}]}"#,
    ] {
        let recorder = Recorder::always(success(body)).await;
        let graph = graph(&recorder);
        boom(graph.users().list().await);
        boom(graph.users().delta().changes().try_next().await);
        boom(graph.users().list().deserialize_as::<Badge>().all().await);
    }
    let recorder = Recorder::always(success(r#"{"id":"1","error":BOOM}"#)).await;
    boom(graph(&recorder).users().create(User::default()).await);
}

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code)]
struct Badge {
    id: Option<String>,
}

#[tokio::test]
async fn error_on_a_later_page_ends_the_stream() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users?page=2"}"#),
        success(r#"{"value":[{"error":BOOM}]}"#),
    ])
    .await;
    let mut users = graph(&recorder).users().list().stream();
    assert_eq!(
        users.try_next().await.unwrap().unwrap().id.as_deref(),
        Some("1")
    );
    boom(users.try_next().await);
    assert!(users.try_next().await.unwrap().is_none());
    assert!(
        users
            .next_link()
            .is_some_and(|link| link.ends_with("page=2"))
    );
}

#[tokio::test]
async fn error_in_a_batch_part_is_its_error() {
    let body = r#"{"responses":[{"id":"1","status":200,"body":{"error":BOOM}},
        {"id":"2","status":200,"body":{"value":[{"error":BOOM}]}},
        {"id":"3","status":200,"body":{"id":"3"}}]}"#;
    let recorder = Recorder::always(success(body)).await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let one = batch.add(graph.me().messages().create(Message::default()));
    let two = batch.add(graph.users().list());
    let three = batch.add(graph.me().get());
    let mut answers = batch.send().await.unwrap();
    boom(answers.take(one));
    boom(answers.take(two));
    assert_eq!(answers.take(three).unwrap().id.as_deref(), Some("3"));

    let recorder = Recorder::always(success(r#"{"error":BOOM}"#)).await;
    let graph = crate::support::graph(&recorder);
    let calls = [graph.me().messages().create(Message::default())];
    boom(graph.batch().send_all(calls).await.unwrap().remove(0));
    assert_eq!(recorder.requests().len(), 1);
}

#[tokio::test]
async fn error_of_an_upload_session_is_an_error() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"uploadUrl":"{url}/session","nextExpectedRanges":["0-"]}"#),
        success(r#"{"error":BOOM}"#).with_status(201),
    ])
    .await;
    let graph = graph(&recorder);
    let file = graph.me().drive().root().path("a.bin");
    let session = file.create_upload_session(DriveItemCreateUploadSession::default());
    boom(session.upload(vec![0; 10]).await);
    let opening = Recorder::always(success(r#"{"error":BOOM}"#)).await;
    let file = crate::support::graph(&opening)
        .me()
        .drive()
        .root()
        .path("a.bin");
    boom(
        file.create_upload_session(DriveItemCreateUploadSession::default())
            .await,
    );
}

#[tokio::test]
async fn error_that_a_type_declares_is_data() {
    let operation = r#"{"id":"o","status":"failed","error":BOOM}"#;
    let recorder = Recorder::always(success(operation)).await;
    let graph = graph(&recorder);
    let operation = graph
        .teams()
        .id("t")
        .operations()
        .id("o")
        .get()
        .await
        .unwrap();
    assert_eq!(operation.error.unwrap().message.as_deref(), Some("boom"));
    let untyped: Value = graph
        .request(Method::GET, "/teams/t/operations/o")
        .json()
        .await
        .unwrap();
    assert_eq!(untyped["error"]["message"], "boom");
}

#[tokio::test]
async fn raw_response_with_an_error_is_given_as_it_came() {
    let recorder = Recorder::always(success(r#"{"error":BOOM}"#)).await;
    let response = graph(&recorder).users().list().raw().await.unwrap();
    assert_eq!(
        response.bytes(),
        format!(r#"{{"error":{BOOM}}}"#).as_bytes()
    );
}

#[tokio::test]
async fn cut_json_is_asked_for_again() {
    for cut in [r#"{"value":[{"id":"1"}"#, "", " ", r#"{"val"#] {
        let recorder = Recorder::in_turn([
            Answer::json(cut),
            Answer::json(cut),
            Answer::json(r#"{"value":[{"id":"1"},{"id":"2"}]}"#),
        ])
        .await;
        let users = retrying(&recorder).users().list().all().await.unwrap();
        assert_eq!(users.len(), 2, "{cut}");
        let requests = recorder.requests();
        let attempts: Vec<_> = requests
            .iter()
            .map(|request| request.header("retry-attempt"))
            .collect();
        assert_eq!(attempts, [None, Some("1"), Some("2")], "{cut}");
    }
}

#[tokio::test]
async fn cut_json_of_a_later_page_is_asked_for_again() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users?page=2"}"#),
        Answer::json(r#"{"value":[{"id":"2"},"#),
        Answer::json(r#"{"value":[{"id":"2"}]}"#),
    ])
    .await;
    let users = retrying(&recorder).users().list().all().await.unwrap();
    assert_eq!(users.len(), 2);
    assert_eq!(
        recorder.targets()[1..],
        ["/v1.0/users?page=2", "/v1.0/users?page=2"]
    );
}

#[tokio::test]
async fn cut_json_that_stays_cut_is_a_retryable_decode_error() {
    let cut = success(r#"{"value":[{"id":"1"},{"na"#);
    let recorder = Recorder::always(cut).await;
    let error = retrying(&recorder).users().list().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(error.status(), Some(StatusCode::OK));
    assert_eq!(error.request_id(), Some("r"));
    assert_eq!(
        error.attempts().map(msgraph::error::Attempts::count),
        Some(4)
    );
    let error = decode::<()>(Err(error));
    assert!(error.is_truncated() && !error.is_html());
    assert_eq!((error.path(), error.type_name()), ("value[1]", "User"));
    assert_eq!(error.client_request_id(), Some("c"));
    assert_eq!(error.content_type(), Some("application/json"));
    assert_eq!(
        error.attempts().unwrap().stop_reason(),
        Some(RetryStopReason::MaxRetries)
    );
    let printed = error.to_string();
    assert!(
        printed.contains("after 4 attempts") && printed.ends_with("request-id r"),
        "{printed}"
    );
    assert_eq!(recorder.requests().len(), 4);
}

#[tokio::test]
async fn cut_json_of_a_write_is_not_sent_again() {
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"#).with_status(201)).await;
    let graph = retrying(&recorder);
    let error = graph
        .me()
        .messages()
        .create(Message::default())
        .await
        .unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    let error = decode::<()>(Err(error));
    assert_eq!(
        error.attempts().unwrap().stop_reason(),
        Some(RetryStopReason::NotIdempotent)
    );
    assert_eq!(recorder.requests().len(), 1);

    recorder.clear();
    let again = graph
        .me()
        .messages()
        .create(Message::default())
        .idempotent()
        .await;
    let error = again.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(recorder.requests().len(), 4);
}

#[tokio::test]
async fn empty_success_that_stays_empty_is_retryable() {
    let recorder = Recorder::always(Answer::status(200)).await;
    let graph = retrying(&recorder);
    for error in [
        graph.me().get().await.unwrap_err(),
        graph.users().count().await.unwrap_err(),
        graph.users().list().await.unwrap_err(),
    ] {
        assert!(error.is_retryable(), "{error}");
        assert_eq!(empty::<()>(Err(error)).attempts().unwrap().count(), 4);
    }
    recorder.clear();
    let update = graph.me().update(User::default()).await.unwrap();
    assert!(update.is_none());
    assert_eq!(recorder.requests().len(), 1);

    let recorder = Recorder::always(Answer::status(204)).await;
    let error = retrying(&recorder).me().get().await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert_eq!(recorder.requests().len(), 1);
}

#[tokio::test]
async fn error_in_cut_json_can_still_be_read() {
    let body =
        r#"{"value":[{"error":{"code":"ErrorInvalidIdMalformed","message":"Id is malformed."}}"#;
    let recorder = Recorder::always(success(body)).await;
    let error = graph(&recorder).users().list().await.unwrap_err();
    assert!(error.has_code("errorInvalidIdMalformed"), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("ErrorInvalidIdMalformed: Id is malformed"),
        "{text}"
    );
    let error = decode::<()>(Err(error));
    assert_eq!(error.error_code(), Some("ErrorInvalidIdMalformed"));
    assert_eq!(error.error_message(), Some("Id is malformed."));
}

#[tokio::test]
async fn html_success_is_named_html() {
    let html = Answer::status(200)
        .header("Content-Type", "text/html; charset=utf-8")
        .header("request-id", "r")
        .body("<html>private");
    let recorder = Recorder::always(html).await;
    let graph = retrying(&recorder);
    let errors = [
        decode(graph.me().get().await),
        decode(graph.users().list().await),
        decode(graph.me().revoke_sign_in_sessions().await),
    ];
    for error in errors {
        assert!(error.is_html(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("HTML") && text.ends_with("request-id r"),
            "{text}"
        );
        assert!(!text.contains("private"), "{text}");
        assert_eq!(error.content_type(), Some("text/html; charset=utf-8"));
    }
    assert_eq!(recorder.requests().len(), 3);
}

#[tokio::test]
async fn accepted_operation_is_not_read_as_the_entity() {
    for answer in [
        Answer::json(r#"{"id":"OPERATION","status":"running"}"#),
        Answer::json(r#"{"id":"OPERATION"}"#).header("Location", "/teams('1')/operations('2')"),
        Answer::json("{}"),
        Answer::status(200).header("Operation-Location", "{url}/v1.0/operations/1"),
    ] {
        let recorder = Recorder::in_turn([answer.with_status(202)]).await;
        let error = empty(graph(&recorder).groups().create(Group::default()).await);
        assert!(error.is_accepted());
        assert_eq!(error.status(), StatusCode::ACCEPTED);
        assert!(error.to_string().contains("`.monitor()`"), "{error}");
    }
    let group = Answer::json(r#"{"id":"1","displayName":"Contoso"}"#).with_status(202);
    let recorder = Recorder::always(group).await;
    let group = graph(&recorder)
        .groups()
        .create(Group::default())
        .await
        .unwrap();
    assert_eq!(group.id.as_deref(), Some("1"));
}

#[tokio::test]
async fn operation_without_an_address_cannot_be_monitored() {
    for body in [
        r#"{"id":"o","status":"running"}"#,
        r#"{"status":"notStarted"}"#,
        r#"{"status":"pondering"}"#,
        "{}",
        "",
    ] {
        let recorder = Recorder::always(Answer::json(body).with_status(202)).await;
        let file = graph(&recorder).me().drive().root().path("a");
        let error = empty(file.copy(DriveItemCopy::default()).monitor().await);
        assert!(
            error.to_string().contains("without a monitor address"),
            "{body}: {error}"
        );
        assert_eq!(recorder.requests().len(), 1);
    }
}

#[tokio::test]
async fn monitor_reads_errors_and_cut_bodies() {
    let accepted = || Answer::status(202).header("Location", "{url}/monitor/1");
    let recorder = Recorder::in_turn([accepted(), success(r#"{"error":BOOM}"#)]).await;
    let copy = |graph: &Graph| {
        graph
            .me()
            .drive()
            .root()
            .path("a")
            .copy(DriveItemCopy::default())
    };
    let monitor = copy(&graph(&recorder)).monitor().await.unwrap();
    boom(monitor.wait().await);

    let recorder = Recorder::in_turn([
        accepted(),
        Answer::json(r#"{"status":"comple"#),
        Answer::json(r#"{"status":"completed","resourceId":"r"}"#),
    ])
    .await;
    let monitor = copy(&retrying(&recorder)).monitor().await.unwrap();
    assert_eq!(monitor.wait().await.unwrap().resource_id(), Some("r"));
}

#[tokio::test]
async fn negative_count_is_an_unknown_count() {
    let recorder = Recorder::always(Answer::json(r#"{"@odata.count":-1,"value":[]}"#)).await;
    let users = graph(&recorder);
    let page = users.users().list().await.unwrap();
    assert_eq!(page.count, None);
    assert_eq!(page.extra["@odata.count"], -1);
    let error = users.users().list().count_total().await.unwrap_err();
    assert!(
        error.to_string().contains("could not count the items"),
        "{error}"
    );

    let recorder = Recorder::always(Answer::status(200).body("-1")).await;
    let error = decode(graph(&recorder).users().count().await);
    assert!(
        error.to_string().contains("could not count the items"),
        "{error}"
    );
}

#[tokio::test]
async fn legible_parts_of_a_damaged_batch_are_given() {
    let body = r#"{"responses":[{"id":"1","status":201,"body":{"id":"created"}},
        {"id":"2","status":503,"headers":{"Retry-After":"1"},"body":<html><p>{a:b}</p></html>},
        {"id":"4","status":503,"body":<html>},
        {"id":"3","status":200,"headers":{},"body":{"id":"read"}}]}"#;
    let recorder = Recorder::new(move |request| match request.target.as_str() {
        "/v1.0/$batch" => Answer::json(body),
        _ => Answer::json(r#"{"id":"alone"}"#),
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let created = batch.add(graph.me().messages().create(Message::default()));
    let lost_read = batch.add(graph.me().get());
    let read = batch.add(graph.me().get());
    let lost_write = batch.add(graph.me().messages().create(Message::default()));
    let mut answers = batch.send().await.unwrap();
    assert_eq!(
        answers.take(created).unwrap().id.as_deref(),
        Some("created")
    );
    assert_eq!(
        answers.take(lost_read).unwrap().id.as_deref(),
        Some("alone")
    );
    assert_eq!(answers.take(read).unwrap().id.as_deref(), Some("read"));
    let error = answers.take(lost_write).unwrap_err();
    let Error::Batch(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind(), BatchErrorKind::Unknown);
    assert!(error.to_string().contains("outcome is unknown"), "{error}");
    assert_eq!(recorder.targets(), ["/v1.0/$batch", "/v1.0/me"]);
}

#[tokio::test]
async fn cut_batch_gives_the_parts_before_the_cut() {
    let body = r#"{"responses":[{"id":"1","status":201,"body":{"id":"created"}},{"id":"2","sta"#;
    let recorder = Recorder::always(Answer::json(body)).await;
    let graph = graph(&recorder);
    let calls = || graph.me().messages().create(Message::default());
    let outcomes = graph.batch().send_all([calls(), calls()]).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().id.as_deref(), Some("created"));
    assert!(matches!(&outcomes[1], Err(Error::Batch(_))), "{outcomes:?}");
    assert_eq!(recorder.requests().len(), 1);
}

#[tokio::test]
async fn errors_print_no_invisible_characters_and_no_path_values() {
    let body = "{\"id\":\"1\",\"a\u{202e}b\u{7f}\":{\"x\":1e999,\"y\u{2066}\":}}";
    let recorder = Recorder::always(Answer::json(body)).await;
    let graph = graph(&recorder);
    let call = graph.request(Method::GET, "/users/adele/mailFolders/private/messages");
    let error = call.json::<Value>().await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("GET /users/{id}/mailFolders/{id}/messages → "),
        "{text}"
    );
    let error = decode::<()>(Err(error));
    for text in [text, error.path().to_owned(), error.message().to_owned()] {
        let is_invisible = |sign: char| sign.is_control() || "\u{202e}\u{2066}".contains(sign);
        assert!(!text.contains(is_invisible), "{text:?}");
    }
    assert!(error.path().contains(r"\u{202e}"), "{}", error.path());
}
