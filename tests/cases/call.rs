//! Faults that users of other SDKs reported: calls and their responses.

use super::*;

#[tokio::test]
async fn case_5_9_any_status_of_success_is_success() {
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

#[tokio::test]
async fn case_5_9_content_comes_as_it_is() {
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

#[tokio::test]
async fn case_9_5_an_empty_answer_in_place_of_an_entity_is_an_error() {
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
