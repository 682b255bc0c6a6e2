//! The header of advanced queries.

use msgraph::call::ConsistencyLevel;
use msgraph::models::{Message, User};

use super::{recorder, take};
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

// Reported: microsoftgraph/msgraph-sdk-dotnet#1726, microsoftgraph/msgraph-sdk-dotnet#2054.
#[tokio::test]
async fn advanced_query_sends_consistency_level() {
    let (recorder, graph) = recorder().await;

    graph.users().list().search("displayName:a").await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.query(), [("$search", "%22displayName%3Aa%22")]);

    graph.users().list().count(true).await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.query(), [("$count", "true")]);

    for (filter, order) in [
        ("userType ne 'Guest'", ""),
        ("not(startswith(mail,'a'))", ""),
        ("endsWith(mail,'@a.b')", ""),
        ("assignedLicenses/$count eq 0", ""),
        ("accountEnabled eq true", "displayName"),
        ("", "createdDateTime desc"),
    ] {
        let mut list = graph.users().list();
        if !filter.is_empty() {
            list = list.filter(filter);
        }
        list.orderby(order).await.unwrap();
        let request = take(&recorder);
        assert_eq!(
            request.header("ConsistencyLevel"),
            Some("eventual"),
            "{filter} {order}"
        );
        assert!(
            request.query().contains(&("$count", "true")),
            "{filter} {order}"
        );
    }

    graph
        .groups()
        .id("1")
        .members()
        .as_user()
        .list()
        .select(User::ID)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert!(request.query().contains(&("$count", "true")));
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1726, microsoftgraph/msgraph-sdk-dotnet#2054.
#[tokio::test]
async fn simple_query_sends_no_consistency_level() {
    let (recorder, graph) = recorder().await;

    graph
        .users()
        .list()
        .filter("startswith(displayName,'not ne endswith(a)')")
        .select(User::ID)
        .expand(User::MANAGER)
        .top(5)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), None);
    assert!(!request.target.contains("$count"));

    graph
        .users()
        .list()
        .orderby(User::DISPLAY_NAME.desc())
        .await
        .unwrap();
    assert_eq!(take(&recorder).header("ConsistencyLevel"), None);

    graph
        .groups()
        .id("1")
        .members()
        .as_user()
        .list()
        .await
        .unwrap();
    assert_eq!(take(&recorder).header("ConsistencyLevel"), None);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1726, microsoftgraph/msgraph-sdk-dotnet#2054.
#[tokio::test]
async fn operation_without_consistency_level_never_sends_it() {
    let (recorder, graph) = recorder().await;
    let messages = graph.me().messages();
    messages.list().search("a").await.unwrap();
    messages.list().count(true).await.unwrap();
    messages
        .list()
        .filter("subject ne 'a'")
        .orderby(Message::SUBJECT)
        .await
        .unwrap();
    for request in recorder.requests() {
        assert_eq!(request.header("ConsistencyLevel"), None, "{request:?}");
    }
    assert_eq!(
        recorder.targets().last().unwrap(),
        "/v1.0/me/messages?$filter=subject%20ne%20%27a%27&$orderby=subject"
    );
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1726, microsoftgraph/msgraph-sdk-dotnet#2054.
#[tokio::test]
async fn consistency_level_of_the_caller_wins() {
    let (recorder, graph) = recorder().await;
    let list = || graph.users().list().filter("userType ne 'Guest'");

    list()
        .consistency_level(ConsistencyLevel::Unset)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), None);
    assert!(!request.target.contains("$count"));

    list().header("ConsistencyLevel", "session").await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("session"));
    assert!(!request.target.contains("$count"));

    list().count(false).await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert!(request.query().contains(&("$count", "false")));

    graph
        .users()
        .list()
        .consistency_level(ConsistencyLevel::Eventual)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.query(), []);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#875, microsoftgraph/msgraph-sdk-php#918.
#[tokio::test]
async fn count_sends_consistency_level() {
    let recorder = Recorder::always(Answer::status(200).body("7")).await;
    let graph = graph(&recorder);

    assert_eq!(graph.users().count().await.unwrap(), 7);
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.target, "/v1.0/users/$count");

    assert_eq!(graph.me().messages().count().await.unwrap(), 7);
    assert_eq!(take(&recorder).header("ConsistencyLevel"), None);
}
