//! The results that calls make of responses.

use http::StatusCode;
use msgraph::Error;
use msgraph::error::DecodeError;
use msgraph::models::User;
use msgraph::models::actions::SendMail;

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn an_entity_is_read() {
    let recorder = Recorder::always(Answer::json(
        r#"{"@odata.context":"c","id":"1","displayName":"Adele"}"#,
    ))
    .await;
    let user = graph(&recorder).users().id("1").get().await.unwrap();
    assert_eq!(user.display_name.as_deref(), Some("Adele"));
    let request = recorder.only();
    assert_eq!(request.method, "GET");
    assert_eq!(request.target, "/v1.0/users/1");
    assert!(request.body.is_empty());
    assert_eq!(request.header("content-type"), None);
}

/// Checks that a `POST` states its length, because Graph responds 411 otherwise.
#[tokio::test]
async fn action_without_body_sends_content_length_zero() {
    let recorder = Recorder::always(Answer::json(r#"{"value":true}"#)).await;
    graph(&recorder)
        .me()
        .revoke_sign_in_sessions()
        .await
        .unwrap();
    let request = recorder.only();
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-length"), Some("0"));
    assert_eq!(request.header("content-type"), None);
}

#[tokio::test]
async fn empty_file_sends_content_length_zero() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let photo = graph(&recorder).me().photo().content();
    photo.replace("").await.unwrap();
    let request = recorder.only();
    assert_eq!(request.method, "PUT");
    assert_eq!(request.header("content-length"), Some("0"));
    assert_eq!(
        request.header("content-type"),
        Some("application/octet-stream")
    );
}

#[tokio::test]
async fn value_of_function_is_unwrapped() {
    for body in [
        r#"{"@odata.context":"c","value":true}"#,
        r##"{"value":true,"@odata.type":"#Edm.Boolean","more":{"value":1}}"##,
        "true",
    ] {
        let recorder = Recorder::always(Answer::json(body)).await;
        let value = graph(&recorder)
            .me()
            .revoke_sign_in_sessions()
            .await
            .unwrap();
        assert!(value, "{body}");
    }
    for body in [r#"{"@odata.context":"c"}"#, r#"{"value":null}"#] {
        let recorder = Recorder::always(Answer::json(body)).await;
        let value = graph(&recorder).me().revoke_sign_in_sessions().await;
        assert!(matches!(value, Err(Error::EmptyResponse(_))), "{value:?}");
    }
}

#[track_caller]
fn decode_error<T: std::fmt::Debug>(result: msgraph::Result<T>) -> Box<DecodeError> {
    match result {
        Err(Error::Decode(error)) => error,
        other => panic!("the answer should not have been readable: {other:?}"),
    }
}

#[tokio::test]
async fn response_of_another_type_is_located_decode_error() {
    let recorder = Recorder::always(Answer::json(r#"[{"secret":1}]"#)).await;
    let error = decode_error(graph(&recorder).users().id("1").get().await);
    assert_eq!(error.path(), "");
    assert_eq!(error.type_name(), "User");
    let printed = error.to_string();
    assert!(printed.starts_with("GET /users/{user-id} → "), "{printed}");
    assert!(!printed.contains("secret"), "{printed}");

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    struct Badge {
        business_phones: Vec<String>,
    }
    // A type of the caller's has no place for mismatched properties.
    let page = r#"{"@odata.context":"c","value":[{"businessPhones":[]},{"businessPhones":["1",
        {"secret":1}]}]}"#;
    let recorder = Recorder::always(Answer::json(page)).await;
    let users = || graph(&recorder).users().list().deserialize_as::<Badge>();
    let error = decode_error(users().await);
    assert_eq!(error.path(), "value[1].businessPhones[1]");
    assert_eq!(error.type_name(), "Badge");
    let error = decode_error(users().all().await);
    assert_eq!(error.path(), "value[1].businessPhones[1]");
    let error = decode_error(graph(&recorder).me().revoke_sign_in_sessions().await);
    assert_eq!(error.path(), "value");

    let recorder = Recorder::always(Answer::json(r#"{"id":"1"#)).await;
    let error = decode_error(graph(&recorder).users().id("1").get().await);
    assert_eq!(error.path(), "id");

    let recorder = Recorder::always(Answer::status(200).body("many")).await;
    let error = decode_error(graph(&recorder).users().count().await);
    assert!(
        error.to_string().starts_with("GET /users/$count → "),
        "{error}"
    );
}

#[tokio::test]
async fn raw_response_is_returned_unchanged() {
    let recorder = Recorder::always(
        Answer::json("{}")
            .with_status(202)
            .header("Location", "/operations/1"),
    )
    .await;
    let response = graph(&recorder).users().list().top(5).raw().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.headers()["location"], "/operations/1");
    assert_eq!(response.bytes(), "{}");
    assert!(!format!("{response:?}").contains("operations"));
    assert_eq!(recorder.only().target, "/v1.0/users?$top=5");
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#534, microsoftgraph/microsoft-graph-docs#4844.
#[tokio::test]
async fn any_status_of_success_is_success() {
    for (answer, wanted) in [
        (Answer::status(204), None),
        (Answer::status(200), None),
        (Answer::json("null"), None),
        (Answer::json(r#"{"id":"1"}"#), Some("1")),
        (
            Answer::json("\u{feff}{\"id\":\"1\"}").with_status(201),
            Some("1"),
        ),
    ] {
        let recorder = Recorder::always(answer).await;
        let updated = graph(&recorder)
            .users()
            .id("1")
            .update(User::default())
            .await
            .unwrap();
        assert_eq!(updated.and_then(|user| user.id).as_deref(), wanted);
        assert_eq!(recorder.only().method, "PATCH");
    }
    for answer in [
        Answer::status(202),
        Answer::status(204),
        Answer::json(r#"{"more":1}"#),
    ] {
        let recorder = Recorder::always(answer).await;
        graph(&recorder)
            .me()
            .send_mail(SendMail::default())
            .await
            .unwrap();
        assert_eq!(recorder.only().target, "/v1.0/me/sendMail");
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#534, microsoftgraph/microsoft-graph-docs#4844.
#[tokio::test]
async fn content_is_returned_unchanged_for_any_success_status() {
    let csv = "\u{feff}Name,Mail\r\n";
    let recorder = Recorder::always(
        Answer::status(200)
            .header("Content-Type", "text/csv")
            .body(csv),
    )
    .await;
    let content = graph(&recorder).me().photo().content().get().await.unwrap();
    assert_eq!(content.bytes, csv);
    assert_eq!(content.content_type.as_deref(), Some("text/csv"));
    assert_eq!(recorder.only().target, "/v1.0/me/photo/$value");
}

// Reported: microsoftgraph/msgraph-sdk-go#9, microsoftgraph/msgraph-sdk-go#74.
#[tokio::test]
async fn empty_response_in_place_of_entity_is_error() {
    for answer in [
        Answer::status(204),
        Answer::status(200),
        Answer::json("null"),
        Answer::json(" \r\n"),
        Answer::json("\u{feff}null "),
    ] {
        let recorder = Recorder::always(answer).await;
        let graph = graph(&recorder);
        let get = graph.users().id("1").get().await;
        assert!(matches!(get, Err(Error::EmptyResponse(_))), "{get:?}");
        let list = graph.users().list().await;
        assert!(matches!(list, Err(Error::EmptyResponse(_))), "{list:?}");
        let count = graph.users().count().await;
        assert!(matches!(count, Err(Error::EmptyResponse(_))), "{count:?}");
        let value = graph.me().revoke_sign_in_sessions().await;
        assert!(matches!(value, Err(Error::EmptyResponse(_))), "{value:?}");
    }
}
