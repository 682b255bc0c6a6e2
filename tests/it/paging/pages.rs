//! Pages, and streams over all of them.

use std::time::Duration;

use futures_util::TryStreamExt;
use msgraph::error::Attempts;
use msgraph::models::User;
use msgraph::models::actions::GetMemberGroups;
use msgraph::{Error, RetryPolicy};
use serde_json::json;

use super::ids;
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn list_call_returns_its_first_page() {
    let recorder = Recorder::in_turn([Answer::json(
        r#"{"@odata.context":"c","@odata.count":3,"@odata.nextLink":"{url}/v1.0/users?$skiptoken=1",
            "value":[{"id":"1"}],"more":{}}"#,
    )])
    .await;
    let page = graph(&recorder).users().list().await.unwrap();
    assert_eq!(page.count, Some(3));
    assert_eq!(
        page.next_link,
        Some(format!("{}/v1.0/users?$skiptoken=1", recorder.url()))
    );
    assert_eq!(page.extra.get("more"), Some(&json!({})));
    assert_eq!(ids(page.value), ["1"]);
    assert_eq!(recorder.targets(), ["/v1.0/users"]);
}

#[tokio::test]
async fn failed_stream_keeps_its_next_link() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users?p=2"}"#),
        Answer::status(503),
        Answer::json(r#"{"value":[{"id":"2"}]}"#),
    ])
    .await;
    let graph = graph(&recorder);
    let mut users = graph.users().list().stream();
    assert!(users.try_next().await.unwrap().is_some());
    assert!(users.try_next().await.is_err());
    assert!(users.try_next().await.unwrap().is_none());
    let link = users.next_link().unwrap().to_owned();

    let rest = graph.list_from::<User>(link).all().await.unwrap();
    assert_eq!(ids(rest), ["2"]);
    assert_eq!(
        recorder.targets(),
        ["/v1.0/users", "/v1.0/users?p=2", "/v1.0/users?p=2"]
    );
}

#[tokio::test]
async fn pages_are_requested_lazily() {
    let recorder = Recorder::in_turn([
        Answer::json(
            r#"{"value":[{"id":"1"},{"id":"2"}],"@odata.nextLink":"{url}/v1.0/users?p=2"}"#,
        ),
        Answer::json(r#"{"value":[{"id":"3"}]}"#),
    ])
    .await;
    let graph = graph(&recorder);
    let mut users = graph.users().list().stream();
    assert!(recorder.requests().is_empty());
    users.try_next().await.unwrap();
    users.try_next().await.unwrap();
    assert_eq!(recorder.requests().len(), 1);
    users.try_next().await.unwrap();
    assert_eq!(recorder.requests().len(), 2);
    assert!(users.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn page_stream_implements_futures_stream() {
    let page = r#"{"value":[{"id":"1"},{"id":"2"}],"@odata.nextLink":"{url}/v1.0/users?p=2"}"#;
    let last = r#"{"value":[{"id":"3"}]}"#;
    let answers = || [Answer::json(page), Answer::json(last)];

    let recorder = Recorder::in_turn(answers()).await;
    let users: Vec<User> = graph(&recorder)
        .users()
        .list()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids(users), ["1", "2", "3"]);

    let recorder = Recorder::in_turn(answers()).await;
    let pages = graph(&recorder).users().list().pages();
    let lengths: Vec<usize> = pages.map_ok(|page| page.len()).try_collect().await.unwrap();
    assert_eq!(lengths, [2, 1]);
}

#[tokio::test]
async fn unsendable_call_ends_stream_with_one_error() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    let mut messages = graph.users().id("..").messages().list().stream();
    assert!(matches!(messages.try_next().await, Err(Error::Request(_))));
    assert!(messages.try_next().await.unwrap().is_none());
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn stream_resumes_from_bookmark_of_an_item() {
    let simulator = msgraph_simulator::Simulator::builder()
        .page_size(5)
        .start()
        .await
        .unwrap();
    let graph = crate::support::graph_of(&simulator, simulator.app_token());
    let users = || graph.users().list().select([User::ID]);
    let all = ids(users().all().await.unwrap());
    assert!(all.len() > 10);
    for stop in 0..all.len() {
        let mut first = users().stream();
        assert_eq!(first.bookmark(), None);
        let mut found = Vec::new();
        for _ in 0..stop {
            found.extend(first.try_next().await.unwrap().unwrap().id);
        }
        let place = match first.bookmark() {
            // The bookmark is serialized as a program would store it.
            Some(place) => {
                let kept = serde_json::to_string(&place).unwrap();
                serde_json::from_str::<msgraph::page::Bookmark>(&kept).unwrap()
            }
            None => {
                assert_eq!(stop, 0);
                continue;
            }
        };
        let rest = graph.list_from::<User>(place.clone());
        let mut streamed = found.clone();
        streamed.extend(ids(rest.clone().stream().try_collect().await.unwrap()));
        assert_eq!(streamed, all, "{stop}");
        found.extend(ids(rest.all().await.unwrap()));
        assert_eq!(found, all, "{stop}");
    }
}

#[tokio::test]
async fn finished_stream_has_no_bookmark() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[{"id":"1"}]}"#)).await;
    let mut users = graph(&recorder).users().list().stream();
    assert!(users.try_next().await.unwrap().is_some());
    assert_eq!(users.bookmark(), None);
    assert!(users.try_next().await.unwrap().is_none());
    assert_eq!(users.bookmark(), None);
}

#[tokio::test]
async fn next_page_is_prefetched_on_request() {
    let page = |next: u32| {
        Answer::json(format!(
            r#"{{"value":[{{"id":"1"}}],"@odata.nextLink":"{{url}}/v1.0/users?$skiptoken={next}"}}"#
        ))
    };
    let answers = || [page(1), page(2), Answer::json(r#"{"value":[]}"#)];
    let recorder = Recorder::in_turn(answers()).await;
    let mut users = graph(&recorder).users().list().stream();
    users.try_next().await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(recorder.requests().len(), 1);

    let recorder = Recorder::in_turn(answers()).await;
    let mut users = graph(&recorder).users().list().stream().prefetch();
    assert_eq!(recorder.requests().len(), 0);
    users.try_next().await.unwrap();
    let second = async {
        while recorder.requests().len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), second)
        .await
        .expect("the second page is asked for");
    // The stream requests only one page ahead, and all items come in order.
    assert_eq!(ids(users.try_collect().await.unwrap()), ["1"]);
    assert_eq!(recorder.requests().len(), 3);
}

#[tokio::test]
async fn count_is_requested_without_reading_items() {
    let simulator = msgraph_simulator::Simulator::builder()
        .start()
        .await
        .unwrap();
    let graph = crate::support::graph_of(&simulator, simulator.app_token());
    let total = graph.users().list().count_total().await.unwrap();
    assert_eq!(total, 12);
    let last = simulator.requests().pop().unwrap();
    assert_eq!(last.target, "/v1.0/users?$count=true&$top=1");
    let found = graph
        .users()
        .list()
        .filter(User::DISPLAY_NAME.startswith("Adele"));
    assert_eq!(found.count_total().await.unwrap(), 1);

    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let error = crate::support::graph(&recorder)
        .users()
        .list()
        .count_total()
        .await;
    assert!(matches!(error, Err(Error::Paging(_))), "{error:?}");
}

#[tokio::test]
async fn error_without_count_names_its_response() {
    let answer = Answer::json(r#"{"value":[]}"#).header("request-id", "327f7bf0");
    let recorder = Recorder::in_turn([Answer::status(503), answer]).await;
    let retry = RetryPolicy::new().first_wait(Duration::ZERO);
    let users = graph(&recorder).users().list().retry(retry);
    let error = users.count_total().await.unwrap_err();
    assert!(matches!(error, Error::Paging(_)), "{error}");
    assert_eq!(error.request_id(), Some("327f7bf0"));
    assert_eq!(error.attempts().map(Attempts::count), Some(2));
    assert!(error.to_string().starts_with("GET /users → "), "{error}");
    assert!(
        error.to_string().ends_with(", request-id 327f7bf0"),
        "{error}"
    );
}

#[tokio::test]
async fn nulls_are_dropped_from_every_collection() {
    let users = r#"{"value":[{"id":"1"},null,{"id":"3"},null]}"#;
    let recorder = Recorder::always(Answer::json(users)).await;
    let graph = graph(&recorder);
    assert_eq!(ids(graph.users().list().await.unwrap().value), ["1", "3"]);
    let all = graph.users().list().all().await.unwrap();
    assert_eq!(ids(all), ["1", "3"]);
    let any = graph.users().list().deserialize_as::<serde_json::Value>();
    assert_eq!(any.await.unwrap().len(), 2);
    let changes = graph.users().delta().await.unwrap();
    assert_eq!(changes.len(), 2);

    let texts = r#"{"value":[null,"a",{"b":1},2,"half \ud83d"]}"#;
    let recorder = Recorder::always(Answer::json(texts)).await;
    let groups = crate::support::graph(&recorder)
        .me()
        .get_member_groups(GetMemberGroups::default());
    let groups = groups.all().await.unwrap();
    assert_eq!(groups, ["a", r#"{"b":1}"#, "2", "half \u{fffd}"]);
}

#[tokio::test]
async fn nulls_are_dropped_from_parts_of_a_batch() {
    let answer = r#"{"responses":[{"id":"1","status":200,
        "headers":{"Content-Type":"application/json"},"body":{"value":[null,{"id":"1"},{"id":"2",
        "mailboxSettings":1e999}]}}]}"#;
    let recorder = Recorder::always(Answer::json(answer)).await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let users = batch.add(graph.users().list());
    let mut answers = batch.send().await.unwrap();
    let users = answers.take(users).unwrap();
    assert_eq!(users.value[1].extra["mailboxSettings"], "1e999");
    assert_eq!(ids(users.value), ["1", "2"]);
}
