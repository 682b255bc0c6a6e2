//! Faults that users of other SDKs reported: pages, and streams over all of them.

use super::*;

#[tokio::test]
async fn case_4_1_links_are_followed_byte_for_byte() {
    let target =
        "/v1.0/chats/1/messages?$skiptoken=%5b%7B%22t%22%3a%22%2bRID%3a~x%23RT%3a1%3d%3d%22%7D%5d";
    let first = json!({ "value": [{ "id": "1" }], "@odata.nextLink": format!("{{url}}{target}") });
    let recorder = Recorder::in_turn([
        Answer::json(first),
        Answer::json(r#"{"value":[{"id":"2"}]}"#),
    ])
    .await;
    let users = graph(&recorder).users().list().all().await.unwrap();
    assert_eq!(ids(users), ["1", "2"]);
    assert_eq!(recorder.targets(), ["/v1.0/users", target]);
}

/// Shows which characters of a link the URL parser changes, and which it keeps.
#[tokio::test]
async fn case_4_1_signs_that_stand_bare_in_a_link() {
    let kept = "/v1.0/users?$skip=1&a+b=(c),[d]{e}|f^g`h\\i:/@!*;=?~%";
    let first = json!({ "value": [], "@odata.nextLink": format!("{{url}}{kept}") });
    let second = json!({ "value": [], "@odata.nextLink": "{url}/v1.0/users?a='b' \"c\"<d>ü" });
    let recorder = Recorder::in_turn([
        Answer::json(first),
        Answer::json(second),
        Answer::json(r#"{"value":[]}"#),
    ])
    .await;
    graph(&recorder).users().list().all().await.unwrap();
    assert_eq!(
        recorder.targets(),
        [
            "/v1.0/users",
            kept,
            "/v1.0/users?a=%27b%27%20%22c%22%3Cd%3E%C3%BC"
        ]
    );
}

#[tokio::test]
async fn case_4_3_an_empty_page_is_not_the_end() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users?p=2"}"#),
        Answer::json(r#"{"value":[],"@odata.nextLink":"{url}/v1.0/users?p=3"}"#),
        Answer::json(r#"{"value":[{"id":"2"}]}"#),
    ])
    .await;
    let mut users = graph(&recorder).users().list().stream();
    let mut ids = Vec::new();
    while let Some(user) = users.try_next().await.unwrap() {
        ids.extend(user.id);
    }
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(users.next_link(), None);
    assert_eq!(recorder.requests().len(), 3);
}

#[tokio::test]
async fn case_4_4_a_link_that_repeats_is_an_error() {
    let recorder = Recorder::new(|request| {
        let host = request.header("host").unwrap();
        let own = format!("http://{host}{}", request.target);
        Answer::json(json!({ "value": [{ "id": "1" }], "@odata.nextLink": own }))
    })
    .await;
    let result = graph(&recorder).users().list().all().await;
    assert!(matches!(result, Err(Error::Paging(_))), "{result:?}");
    assert_eq!(recorder.targets(), ["/v1.0/users"; 2]);
}

#[tokio::test]
async fn case_4_4_links_that_go_in_a_circle_are_an_error() {
    let recorder = Recorder::new(|request| {
        let host = request.header("host").unwrap();
        let next = if request.target.ends_with("=1") { 2 } else { 1 };
        Answer::json(
            json!({ "value": [], "@odata.nextLink": format!("http://{host}/v1.0/users?p={next}") }),
        )
    })
    .await;
    let result = graph(&recorder).users().list().all().await;
    assert!(matches!(result, Err(Error::Paging(_))), "{result:?}");
    assert!(recorder.requests().len() < 10);
}

#[tokio::test]
async fn case_4_4_a_page_without_value_has_no_items() {
    let recorder = Recorder::always(Answer::json(r#"{"@odata.context":"x"}"#)).await;
    let graph = graph(&recorder);
    assert!(graph.users().list().await.unwrap().is_empty());
    assert!(graph.users().list().all().await.unwrap().is_empty());
}

#[tokio::test]
async fn case_4_4_a_finished_stream_stays_finished() {
    let recorder = Recorder::in_turn([Answer::json(r#"{"value":[{"id":"1"}]}"#)]).await;
    let mut users = pin!(graph(&recorder).users().list().stream());
    assert!(users.next().await.unwrap().is_ok());
    for _ in 0..3 {
        assert!(users.next().await.is_none());
        assert!(users.is_terminated());
    }
    assert_eq!(recorder.requests().len(), 1);
}
