//! Responses with a status of success and an error in the body.

use http::{Method, StatusCode};
use msgraph::models::actions::{DriveItemCreateUploadSession, TeamArchive};
use msgraph::models::{Message, User};
use serde_json::Value;

use super::{BOOM, boom, decode, retrying, success};
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn error_in_success_body_fails_every_call() {
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
async fn raw_response_with_error_is_returned_unchanged() {
    let recorder = Recorder::always(success(r#"{"error":BOOM}"#)).await;
    let response = graph(&recorder).users().list().raw().await.unwrap();
    assert_eq!(
        response.bytes(),
        format!(r#"{{"error":{BOOM}}}"#).as_bytes()
    );
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
async fn errors_print_no_invisible_characters_or_path_values() {
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
