//! Truncated responses.

use http::StatusCode;
use msgraph::Error;
use msgraph::error::{BatchErrorKind, RetryStopReason};
use msgraph::models::{Message, User};

use super::{decode, empty, retrying, success};
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn truncated_json_is_requested_again() {
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
async fn truncated_json_of_later_page_is_requested_again() {
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
async fn persistently_truncated_json_is_retryable_decode_error() {
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
async fn write_with_truncated_json_is_not_repeated() {
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
async fn persistently_empty_success_is_retryable() {
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
async fn error_in_truncated_json_is_read() {
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
async fn readable_parts_of_damaged_batch_are_returned() {
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
async fn truncated_batch_returns_its_complete_parts() {
    let body = r#"{"responses":[{"id":"1","status":201,"body":{"id":"created"}},{"id":"2","sta"#;
    let recorder = Recorder::always(Answer::json(body)).await;
    let graph = graph(&recorder);
    let calls = || graph.me().messages().create(Message::default());
    let outcomes = graph.batch().send_all([calls(), calls()]).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().id.as_deref(), Some("created"));
    assert!(matches!(&outcomes[1], Err(Error::Batch(_))), "{outcomes:?}");
    assert_eq!(recorder.requests().len(), 1);
}
