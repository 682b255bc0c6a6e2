//! The requests that calls send.

use std::collections::HashMap;

use http::Method;
use msgraph::Error;
use msgraph::call::Content;
use msgraph::models::actions::SendMail;
use msgraph::models::{Group, Message, PlannerTask, User};
use serde_json::json;

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn bodies_are_json() {
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"}"#).with_status(201)).await;
    let body = Message {
        subject: Some("a".into()),
        ..Default::default()
    };
    let created = graph(&recorder).me().messages().create(body).await.unwrap();
    assert_eq!(created.id.as_deref(), Some("1"));
    let request = recorder.only();
    assert_eq!(request.method, "POST");
    assert_eq!(request.json(), json!({ "subject": "a" }));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-length"), Some("15"));
}

#[tokio::test]
async fn content_is_sent_with_its_type() {
    let recorder = Recorder::always(Answer::status(200)).await;
    let graph = graph(&recorder);
    let photo = graph.me().photo().content();
    photo.replace(vec![0xff, 0xd8]).await.unwrap();
    photo
        .replace(Content::new("a").with_type("image/png"))
        .await
        .unwrap();
    photo
        .replace("a")
        .header("Content-Type", "image/jpeg")
        .await
        .unwrap();
    let item = graph.drives().id("1").items().id("2").content();
    assert_eq!(item.replace(b"a").await.unwrap(), None);
    let requests = recorder.requests();
    let types: Vec<_> = requests
        .iter()
        .map(|request| request.header("content-type"))
        .collect();
    assert_eq!(
        types,
        [
            Some("application/octet-stream"),
            Some("image/png"),
            Some("image/jpeg"),
            Some("application/octet-stream")
        ]
    );
    assert_eq!(requests[0].body, [0xff, 0xd8]);
    assert!(requests.iter().all(|request| request.method == "PUT"));
}

// Reported: microsoftgraph/msgraph-sdk-powershell#1950, microsoftgraph/msgraph-sdk-javascript#1647.
#[tokio::test]
async fn etag_is_sent_unchanged() {
    let etag = r#"W/"JzEt==""#;
    let recorder = Recorder::always(Answer::json(json!({ "@odata.etag": etag, "id": "1" }))).await;
    let graph = graph(&recorder);
    let message = graph.me().messages().id("1");
    let read = message.get().await.unwrap();
    message.delete().if_match(&read).await.unwrap();
    message.delete().if_match(etag).await.unwrap();
    message.delete().if_match("*").await.unwrap();
    graph
        .planner()
        .tasks()
        .id("1")
        .update(etag, PlannerTask::default())
        .await
        .unwrap();
    let sent: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| request.header("If-Match").map(str::to_owned))
        .collect();
    assert_eq!(
        sent.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [None, Some(etag), Some(etag), Some("*"), Some(etag)]
    );

    recorder.clear();
    let result = message.delete().if_match(&Message::default()).await;
    assert!(matches!(result, Err(Error::Request(_))), "{result:?}");
    assert!(recorder.requests().is_empty());
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1802.
#[tokio::test]
async fn body_of_any_call_can_be_replaced() {
    let recorder = Recorder::always(Answer::status(202)).await;
    let graph = graph(&recorder);
    graph
        .me()
        .send_mail(SendMail::default())
        .body_text("TUlNRQ==")
        .await
        .unwrap();
    graph
        .me()
        .send_mail(SendMail::default())
        .body(vec![1, 2], "text/html")
        .await
        .unwrap();
    graph
        .me()
        .send_mail(SendMail::default())
        .body_text("a")
        .body_json("b")
        .await
        .unwrap();
    let requests = recorder.requests();
    assert_eq!(requests[0].body, b"TUlNRQ==");
    assert_eq!(requests[0].header("content-type"), Some("text/plain"));
    assert_eq!(requests[1].body, [1, 2]);
    assert_eq!(requests[1].header("content-type"), Some("text/html"));
    assert_eq!(requests[2].body, br#""b""#);
    assert_eq!(requests[2].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn later_header_replaces_and_preferences_are_merged() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    graph
        .me()
        .events()
        .list()
        .header("Prefer", r#"outlook.timezone="Europe/Oslo""#)
        .header("prefer", r#"IdType="ImmutableId""#)
        .header("Accept-Language", "nb")
        .header("accept-language", "nn")
        .await
        .unwrap();
    let request = recorder.only();
    assert_eq!(
        request.header("Prefer"),
        Some(r#"outlook.timezone="Europe/Oslo", IdType="ImmutableId""#)
    );
    assert_eq!(request.header("Accept-Language"), Some("nn"));

    for (name, value) in [("a b", "c"), ("", "c"), ("x", "a\nb"), ("x\r\ny", "z")] {
        let result = graph.users().list().header(name, value).await;
        assert!(
            matches!(result, Err(Error::Request(_))),
            "{name:?} {value:?}: {result:?}"
        );
    }
}

#[tokio::test]
async fn body_that_cannot_be_json_is_refused() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let body = HashMap::from([(vec![1], 2)]);
    let result = graph(&recorder)
        .me()
        .send_mail(SendMail::default())
        .body_json(&body)
        .await;
    assert!(matches!(result, Err(Error::Request(_))), "{result:?}");
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn call_is_send_sync_and_static() {
    fn is_plain<T: Send + Sync + Clone + 'static>(value: &T) -> T {
        value.clone()
    }
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"}"#)).await;
    let graph = graph(&recorder);
    let call = graph.users().id("1").get().select(User::ID);
    let again = is_plain(&call);
    let (first, second) = tokio::join!(tokio::spawn(call.into_future()), again);
    assert_eq!(first.unwrap().unwrap(), second.unwrap());
    let targets = recorder.targets();
    assert_eq!(targets, ["/v1.0/users/1?$select=id"; 2]);
}

#[tokio::test]
async fn call_is_not_sent_before_it_is_awaited() {
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"}"#)).await;
    let graph = graph(&recorder);
    drop(graph.users().id("1").get());
    drop(graph.users().id("1").get().into_future());
    drop(graph.users().list().stream());
    graph.users().id("2").get().await.unwrap();
    assert_eq!(recorder.targets(), ["/v1.0/users/2"]);
}

#[tokio::test]
async fn call_becomes_a_plain_request() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let graph = graph(&recorder);
    let request = graph
        .groups()
        .id("a/b")
        .update(Group::default())
        .header("x-mine", "1")
        .into_http()
        .unwrap();
    assert_eq!(request.method(), Method::PATCH);
    assert_eq!(
        request.uri().to_string(),
        format!("{}/v1.0/groups/a%2Fb", recorder.url())
    );
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.headers()["x-mine"], "1");
    assert!(!request.headers().contains_key("authorization"));
    assert_eq!(request.body(), "{}");

    let request = graph.users().list().search("a:b").into_http().unwrap();
    assert_eq!(request.headers()["consistencylevel"], "eventual");
    assert!(graph.users().id("..").get().into_http().is_err());
    assert!(recorder.requests().is_empty());
}
