//! Preferences and conditions: `Prefer`, `If-Match`, `If-None-Match`.

use http::Method;
use msgraph::auth::AccessTokenCredential;
use msgraph::models::{BodyType, Message, PlannerTask, User};
use msgraph::{Error, Graph, Model};
use msgraph_simulator::Simulator;
use serde::Deserialize;
use serde_json::json;

use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, simulator};

#[tokio::test]
async fn preferences_are_merged_into_one_header() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let list = graph(&recorder).me().events().list();
    list.immutable_ids()
        .time_zone("Pacific Standard Time")
        .body_type(BodyType::Html)
        .header("prefer", "outlook.allow-unsafe-html, return=minimal")
        .max_page_size(50)
        .body_type(BodyType::Text)
        .unknown_enum_members()
        .return_representation()
        .respond_async()
        .create_if_missing()
        .await
        .unwrap();
    assert_eq!(
        recorder.only().header("Prefer"),
        Some(
            "IdType=\"ImmutableId\", outlook.timezone=\"Pacific Standard Time\", \
             outlook.allow-unsafe-html, \
             odata.maxpagesize=50, outlook.body-content-type=\"text\", \
             include-unknown-enum-members, \
             return=representation, respond-async, create-if-missing"
        )
    );
}

#[tokio::test]
async fn preferences_are_sent_for_all_pages() {
    let next = r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/me/messages?p=2"}"#;
    let last = r#"{"value":[{"id":"2"}]}"#;
    let recorder = Recorder::in_turn([Answer::json(next), Answer::json(last)]).await;
    let list = graph(&recorder).me().messages().list();
    let messages = list.immutable_ids().body_type(BodyType::Text).all();
    assert_eq!(messages.await.unwrap().len(), 2);
    for request in recorder.requests() {
        assert_eq!(
            request.header("Prefer"),
            Some(r#"IdType="ImmutableId", outlook.body-content-type="text""#)
        );
    }
}

#[tokio::test]
async fn preference_with_invalid_characters_is_refused() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = graph(&recorder);
    for call in [
        graph.request(Method::GET, "/me").time_zone("UTC\", a=\"b"),
        graph.request(Method::GET, "/me").time_zone("U\nTC"),
        graph
            .request(Method::GET, "/me")
            .prefer("a\r\nAuthorization: b"),
    ] {
        let error = call.await.unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{error:?}");
    }
    assert!(recorder.requests().is_empty());
}

fn simulated(simulator: &Simulator) -> Graph {
    Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .build()
        .unwrap()
}

#[tokio::test]
async fn simulator_applies_preferences() {
    let simulator = simulator().await;
    let graph = simulated(&simulator);
    let html =
        json!({ "subject": "a", "body": { "contentType": "html", "content": "<p>Hello</p>" } });
    let id = simulator.create("/me/messages", html).unwrap()["id"].clone();
    let message = graph.me().messages().id(id.as_str().unwrap());
    let content = |message: Message| {
        let body = message.body.expect("a body");
        (body.content_type, body.content)
    };
    let read = message.get().await.unwrap();
    assert_eq!(
        content(read),
        (Some(BodyType::Html), Some("<p>Hello</p>".into()))
    );
    let text = message.get().body_type(BodyType::Text).await.unwrap();
    assert_eq!(content(text), (Some(BodyType::Text), Some("Hello".into())));
    let raw = message.get().immutable_ids().raw().await.unwrap();
    assert_eq!(raw.headers()["preference-applied"], "IdType=ImmutableId");
}

// Reported: microsoftgraph/msgraph-sdk-powershell#1950, microsoftgraph/msgraph-sdk-javascript#1647.
#[tokio::test]
async fn outdated_etag_is_conflict_with_refetched_entity() {
    let simulator = simulator().await;
    let graph = simulated(&simulator);
    let id = simulator
        .create("/me/messages", json!({ "subject": "first" }))
        .unwrap()["id"]
        .clone();
    let id = id.as_str().unwrap();
    let message = graph.me().messages().id(id);
    let read = message.get().await.unwrap();
    simulator
        .update(
            &format!("/me/messages/{id}"),
            json!({ "subject": "second" }),
        )
        .unwrap();

    let third = Message {
        subject: Some("third".into()),
        ..Default::default()
    };
    let change = message
        .update(third.clone())
        .header("If-Match", read.etag().unwrap());
    let error = change.clone().immutable_ids().await.unwrap_err();
    assert!(
        error.is_conflict() && error.is_precondition_failed(),
        "{error}"
    );
    let now = change
        .header("If-Unmodified-Since", "Mon, 05 Jan 2026 10:00:00 GMT")
        .header("Content-Language", "nb-NO")
        .refetch_on_conflict()
        .await
        .unwrap();
    assert_eq!(now.subject.as_deref(), Some("second"));
    let asked = simulator.requests().pop().unwrap();
    assert_eq!((asked.method.as_str(), asked.query()), ("GET", ""));
    assert_eq!(asked.template.as_deref(), Some("/me/messages/{message-id}"));
    assert!(asked.body.is_empty());
    assert_eq!(
        (asked.header("if-match"), asked.header("content-type")),
        (None, None)
    );
    for name in ["if-unmodified-since", "content-language"] {
        assert_eq!(asked.header(name), None, "{name}");
    }

    let delete = message.delete().if_match(&read);
    assert!(delete.clone().await.unwrap_err().is_conflict());
    let now = delete.refetch_on_conflict::<Message>().await.unwrap();
    assert_eq!(now.subject.as_deref(), Some("second"));
    message.delete().if_match(&now).await.unwrap();
    assert!(message.get().await.unwrap_err().is_not_found());
}

// Reported: microsoftgraph/msgraph-sdk-powershell#1950, microsoftgraph/msgraph-sdk-javascript#1647.
#[tokio::test]
async fn outdated_etag_is_conflict_for_both_statuses() {
    for status in [409, 412] {
        let recorder = Recorder::always(Answer::status(status)).await;
        let task = graph(&recorder).planner().tasks().id("1");
        let error = task
            .update("W/\"old\"", PlannerTask::default())
            .await
            .unwrap_err();
        assert!(error.is_conflict(), "{error}");
        assert_eq!(error.is_precondition_failed(), status == 412);
    }
}

// Reported: microsoftgraph/msgraph-sdk-powershell#1950, microsoftgraph/msgraph-sdk-javascript#1647.
#[tokio::test]
async fn unchanged_entity_is_not_sent_again() {
    let simulator = simulator().await;
    let graph = simulated(&simulator);
    let id = simulator
        .create("/me/messages", json!({ "subject": "a" }))
        .unwrap()["id"]
        .clone();
    let message = graph.me().messages().id(id.as_str().unwrap());
    let read = message.get().await.unwrap();
    let error = message.get().if_none_match(&read).await.unwrap_err();
    assert!(error.is_not_modified() && !error.is_retryable(), "{error}");
    let other = message.get().if_none_match("W/\"other\"").await.unwrap();
    assert_eq!(other.subject.as_deref(), Some("a"));

    let error = message
        .get()
        .if_none_match(&Message::default())
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Request(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("`if-none-match` was set from an item"),
        "{error}"
    );
}

#[derive(Debug, Deserialize, PartialEq)]
struct Badge {
    id: String,
    badge: Option<u32>,
}

#[tokio::test]
async fn response_is_read_into_callers_type() {
    let badge = |id: &str| Badge {
        id: id.to_owned(),
        badge: Some(7),
    };
    let next = r#"{"value":[{"id":"1","badge":7}],"@odata.nextLink":"{url}/v1.0/users?p=2"}"#;
    let recorder = Recorder::in_turn([
        Answer::json(next),
        Answer::json(r#"{"value":[{"id":"2","badge":7}]}"#),
        Answer::json(r#"{"id":"3","badge":7}"#),
        Answer::status(204),
    ])
    .await;
    let graph = graph(&recorder);
    let list = graph.users().list().select((User::ID, "badge"));
    let all = list.deserialize_as::<Badge>().top(1).all().await.unwrap();
    assert_eq!(all, [badge("1"), badge("2")]);
    let user = graph.users().id("3");
    assert_eq!(
        user.get().deserialize_as::<Badge>().await.unwrap(),
        badge("3")
    );
    let update = user.update(User::default()).deserialize_as::<Badge>();
    assert_eq!(update.await.unwrap(), None);
    let first = recorder.targets().remove(0);
    assert_eq!(first, "/v1.0/users?$select=id,badge&$top=1");
}
