//! Links from page to page, and the headers that go along.

use std::pin::pin;

use futures_core::FusedStream;
use futures_util::StreamExt;
use msgraph::Error;
use msgraph::error::Attempts;
use msgraph::models::User;
use msgraph::models::actions::GetMemberGroups;
use serde_json::json;

use super::ids;
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn headers_are_repeated_on_pages_but_not_options() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"value":[],"@odata.nextLink":"{url}/v1.0/users?$skiptoken=2"}"#),
        Answer::json(r#"{"value":[],"@odata.nextLink":"{url}/v1.0/users?$skiptoken=3"}"#),
        Answer::json(r#"{"value":[]}"#),
    ])
    .await;
    graph(&recorder)
        .users()
        .list()
        .search("displayName:a")
        .header("Prefer", "odata.maxpagesize=2")
        .header("x-mine", "1")
        .all()
        .await
        .unwrap();
    let requests = recorder.requests();
    assert_eq!(
        recorder.targets()[1..],
        ["/v1.0/users?$skiptoken=2", "/v1.0/users?$skiptoken=3"]
    );
    for request in requests {
        assert_eq!(
            request.header("ConsistencyLevel"),
            Some("eventual"),
            "{request:?}"
        );
        assert_eq!(
            request.header("Prefer"),
            Some("odata.maxpagesize=2"),
            "{request:?}"
        );
        assert_eq!(request.header("x-mine"), Some("1"), "{request:?}");
    }
}

#[tokio::test]
async fn next_page_of_action_is_requested_with_get() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"value":["1"],"@odata.nextLink":"{url}/v1.0/me/getMemberGroups?p=2"}"#),
        Answer::json(r#"{"value":["2"]}"#),
    ])
    .await;
    let groups = graph(&recorder)
        .me()
        .get_member_groups(GetMemberGroups::default())
        .body("", "text/plain")
        .all()
        .await
        .unwrap();
    assert_eq!(groups, ["1", "2"]);
    let requests = recorder.requests();
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[1].method, "GET");
    assert!(requests[1].body.is_empty());
    assert_eq!(requests[1].header("content-type"), None);
    assert_eq!(requests[1].header("content-length"), None);
}

#[tokio::test]
async fn next_link_to_another_host_is_refused() {
    let foreign = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let next = format!("{}/v1.0/users?p=2", foreign.url());
    let recorder = Recorder::always(Answer::json(
        json!({ "value": [{ "id": "1" }], "@odata.nextLink": next }),
    ))
    .await;
    let graph = graph(&recorder);
    let mut users = graph.users().list().stream();
    assert!(users.try_next().await.unwrap().is_some());
    let result = users.try_next().await;
    assert!(matches!(result, Err(Error::Host(_))), "{result:?}");
    let result = graph.list_from::<User>(next).await;
    assert!(matches!(result, Err(Error::Host(_))), "{result:?}");
    assert!(foreign.requests().is_empty());
}

#[tokio::test]
async fn invalid_next_link_is_an_error() {
    for next in [
        "/v1.0/users?p=2",
        "users",
        "javascript:alert(1)",
        "ftp://a/b",
    ] {
        let recorder = Recorder::always(Answer::json(
            json!({ "value": [], "@odata.nextLink": next }),
        ))
        .await;
        let graph = graph(&recorder);
        let result = graph.users().list().all().await;
        assert!(
            matches!(result, Err(Error::Paging(_))),
            "{next}: {result:?}"
        );
        let result = graph.list_from::<User>(next).await;
        assert!(
            matches!(result, Err(Error::Request(_))),
            "{next}: {result:?}"
        );
        assert_eq!(recorder.requests().len(), 1);
    }
}

#[tokio::test]
async fn response_without_page_is_an_error() {
    for body in ["[]", "1", r#""value""#] {
        let recorder = Recorder::always(Answer::json(body)).await;
        let result = graph(&recorder).users().list().all().await;
        assert!(
            matches!(result, Err(Error::Decode(_))),
            "{body}: {result:?}"
        );
    }
    let recorder = Recorder::always(Answer::json(r#"{"value":{}}"#)).await;
    let result = graph(&recorder).users().list().all().await;
    assert!(matches!(result, Err(Error::Decode(_))), "{result:?}");
}

#[tokio::test]
async fn headers_of_one_request_skip_page_two() {
    const OF_ONE_REQUEST: [(&str, &str); 12] = [
        ("If-Match", "\"1\""),
        ("If-None-Match", "\"2\""),
        ("If-Modified-Since", "Mon, 05 Jan 2026 10:00:00 GMT"),
        ("If-Unmodified-Since", "Mon, 05 Jan 2026 10:00:00 GMT"),
        ("If-Range", "\"3\""),
        ("Range", "bytes=0-9"),
        ("Content-Language", "nb-NO"),
        ("Content-Encoding", "identity"),
        ("Content-MD5", "Q2hlY2s="),
        ("Content-Disposition", "inline"),
        ("Idempotency-Key", "k"),
        ("Repeatability-Request-ID", "r"),
    ];
    const OF_ALL: [(&str, &str); 5] = [
        ("Accept", "application/json;odata.metadata=full"),
        ("Accept-Language", "nb-NO"),
        ("ConsistencyLevel", "eventual"),
        ("Prefer", "odata.maxpagesize=2"),
        ("x-mine", "1"),
    ];
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"value":["1"],"@odata.nextLink":"{url}/v1.0/me/getMemberGroups?p=2"}"#),
        Answer::json(r#"{"value":["2"],"@odata.nextLink":"{url}/v1.0/me/getMemberGroups?p=3"}"#),
        Answer::json(r#"{"value":["3"]}"#),
    ])
    .await;
    let mut call = graph(&recorder)
        .me()
        .get_member_groups(GetMemberGroups::default());
    for (name, value) in OF_ONE_REQUEST.into_iter().chain(OF_ALL) {
        call = call.header(name, value);
    }
    assert_eq!(call.all().await.unwrap(), ["1", "2", "3"]);
    for (number, request) in recorder.requests().iter().enumerate() {
        for (name, value) in OF_ONE_REQUEST {
            let sent = Some(value).filter(|_| number == 0);
            assert_eq!(request.header(name), sent, "{name} of {request:?}");
        }
        for (name, value) in OF_ALL {
            assert_eq!(request.header(name), Some(value), "{name} of {request:?}");
        }
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1144, microsoftgraph/msgraph-sdk-dotnet#1184.
#[tokio::test]
async fn next_link_is_followed_byte_for_byte() {
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
// Reported: microsoftgraph/msgraph-sdk-dotnet#1144, microsoftgraph/msgraph-sdk-dotnet#1184.
#[tokio::test]
async fn unencoded_characters_of_next_link_are_kept() {
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

// Reported: microsoftgraph/msgraph-sdk-javascript#129, microsoftgraph/msgraph-sdk-go-core#229.
#[tokio::test]
async fn empty_page_does_not_end_the_stream() {
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

// Reported: microsoftgraph/msgraph-sdk-javascript#1464, microsoftgraph/msgraph-sdk-dotnet#54.
#[tokio::test]
async fn repeated_next_link_is_error() {
    let recorder = Recorder::new(|request| {
        let host = request.header("host").unwrap();
        let own = format!("http://{host}{}", request.target);
        Answer::json(json!({ "value": [{ "id": "1" }], "@odata.nextLink": own }))
            .header("request-id", "327f7bf0")
    })
    .await;
    let error = graph(&recorder).users().list().all().await.unwrap_err();
    assert!(matches!(error, Error::Paging(_)), "{error:?}");
    assert_eq!(error.request_id(), Some("327f7bf0"));
    assert_eq!(error.attempts().map(Attempts::count), Some(1));
    assert!(
        error.to_string().ends_with(", request-id 327f7bf0"),
        "{error}"
    );
    assert_eq!(recorder.targets(), ["/v1.0/users"; 2]);
}

// Reported: microsoftgraph/msgraph-sdk-javascript#1464, microsoftgraph/msgraph-sdk-dotnet#54.
#[tokio::test]
async fn circular_next_links_are_an_error() {
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

// Reported: microsoftgraph/msgraph-sdk-javascript#1464, microsoftgraph/msgraph-sdk-dotnet#54.
#[tokio::test]
async fn page_without_value_has_no_items() {
    let recorder = Recorder::always(Answer::json(r#"{"@odata.context":"x"}"#)).await;
    let graph = graph(&recorder);
    assert!(graph.users().list().await.unwrap().is_empty());
    assert!(graph.users().list().all().await.unwrap().is_empty());
}

// Reported: microsoftgraph/msgraph-sdk-javascript#1464, microsoftgraph/msgraph-sdk-dotnet#54.
#[tokio::test]
async fn finished_stream_stays_finished() {
    let recorder = Recorder::in_turn([Answer::json(r#"{"value":[{"id":"1"}]}"#)]).await;
    let mut users = pin!(graph(&recorder).users().list().stream());
    assert!(users.next().await.unwrap().is_ok());
    for _ in 0..3 {
        assert!(users.next().await.is_none());
        assert!(users.is_terminated());
    }
    assert_eq!(recorder.requests().len(), 1);
}
