//! Links from page to page and from round to round.

use msgraph::Error;
use msgraph::delta::DeltaEvent;
use msgraph::error::Attempts;
use msgraph::models::User;

use super::{END, changes_of, resync, round, simulator};
use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, graph_of};

#[tokio::test]
async fn delta_from_now_accepts_both_token_names() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let link = graph.users().delta().latest().await.unwrap();
    let (none, _) = round(graph.delta_from::<User>(&link).changes()).await;
    assert!(none.is_empty());
    graph.me().drive().root().delta().latest().await.unwrap();
    let targets: Vec<_> = simulator
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(targets[0], "/v1.0/users/delta()?$deltatoken=latest");
    assert_eq!(targets[2], "/v1.0/me/drive/root/delta()?token=latest");
}

#[tokio::test]
async fn missing_latest_link_error_names_its_response() {
    let answer = Answer::json(r#"{"value":[]}"#).header("request-id", "327f7bf0");
    let recorder = Recorder::always(answer).await;
    let error = graph(&recorder).users().delta().latest().await.unwrap_err();
    assert!(matches!(error, Error::Paging(_)), "{error}");
    assert_eq!(error.request_id(), Some("327f7bf0"));
    assert_eq!(error.attempts().map(Attempts::count), Some(1));
}

#[tokio::test]
async fn round_without_any_link_is_an_error() {
    for page in [
        r#"{"value":[{"id":"1"}]}"#,
        r#"{"value":[{"id":"1"}],"@odata.deltaLink":""}"#,
        r#"{"value":[{"id":"1"}],"@odata.nextLink":null,"@odata.deltaLink":null}"#,
        r#"{"value":[{"id":"1"}],"@odata.deltaLink":"later"}"#,
    ] {
        let first = r#"{"value":[],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#;
        let (_recorder, mut changes) = changes_of([Answer::json(first), Answer::json(page)]).await;
        assert!(changes.try_next().await.unwrap().is_some(), "{page}");
        let error = changes.try_next().await.unwrap_err();
        assert!(matches!(error, Error::Paging(_)), "{error}");
        assert!(error.to_string().contains("@odata.deltaLink"), "{error}");
        assert_eq!(changes.delta_link(), None);
        assert!(changes.try_next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn page_with_both_links_is_not_the_last() {
    let both = format!(
        r#"{{"value":[{{"id":"1"}}],"@odata.nextLink":"{{url}}/v1.0/users/delta?$skiptoken=a",
            {}}}"#,
        END.replace('z', "early")
    );
    let last = format!(r#"{{"value":[{{"id":"2"}}],{END}}}"#);
    let (recorder, mut changes) = changes_of([Answer::json(both), Answer::json(last)]).await;
    assert!(changes.try_next().await.unwrap().is_some());
    assert_eq!(changes.delta_link(), None);
    let (events, link) = round(changes).await;
    assert_eq!(events.len(), 1);
    assert!(link.ends_with("$deltatoken=z"), "{link}");
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn next_link_that_repeats_ends_the_round() {
    let page = r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#;
    let pages = [Answer::json(page), Answer::json(page), Answer::json(page)];
    let (recorder, mut changes) = changes_of(pages).await;
    let error = loop {
        match changes.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Paging(_)), "{error}");
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn restarted_round_drops_headers_of_one_request() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"error":{"code":"syncStateNotFound"}}"#).with_status(410),
        Answer::json(r#"{"value":[],"@odata.deltaLink":"{url}/v1.0/d?token=b"}"#),
    ])
    .await;
    let graph = graph(&recorder);
    let old = format!("{}/v1.0/users/delta?$deltatoken=old", recorder.url());
    let call = graph.users().delta();
    let call = call.header("If-None-Match", "\"1\"").header("Prefer", "a");
    let (events, _) = round(resync(call.changes_since(old)).await.start_over()).await;
    assert!(events.is_empty());
    let requests = recorder.requests();
    assert_eq!(requests[0].header("if-none-match"), Some("\"1\""));
    assert_eq!(requests[1].header("if-none-match"), None);
    assert_eq!(requests[1].header("prefer"), Some("a"));
}

// Reported: microsoftgraph/msgraph-sdk-javascript#129, microsoftgraph/msgraph-sdk-go-core#229.
#[tokio::test]
async fn empty_delta_page_does_not_end_the_round() {
    let recorder = Recorder::in_turn([
        Answer::json(
            r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#,
        ),
        Answer::json(r#"{"value":[],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=b"}"#),
        Answer::json(
            r#"{"value":[{"id":"2"}],"@odata.deltaLink":"{url}/v1.0/users/delta?$deltatoken=c"}"#,
        ),
    ])
    .await;
    let mut changes = graph(&recorder).users().delta().changes();
    let mut ids = Vec::new();
    while let Some(DeltaEvent::Changed(user)) = changes.try_next().await.unwrap() {
        // The link is available once everything before it was given.
        assert_eq!(
            changes.delta_link().is_some(),
            user.id.as_deref() == Some("2")
        );
        ids.push(user.into_inner().id.unwrap());
    }
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(
        changes.delta_link(),
        Some(format!("{}/v1.0/users/delta?$deltatoken=c", recorder.url()).as_str())
    );
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#89, microsoftgraph/msgraph-sdk-dotnet#1245.
#[tokio::test]
async fn round_resumes_from_a_stored_link() {
    let last = || {
        Answer::json(r#"{"value":[],"@odata.deltaLink":"{url}/v1.0/users/delta?$deltatoken=b"}"#)
    };
    let recorder = Recorder::in_turn([last(), last(), last()]).await;
    let target = "/v1.0/users/delta?$deltatoken=a%2fB%3d=&x='y'";
    let link = format!("{}{target}", recorder.url());
    let client = graph(&recorder);
    let from = client
        .delta_from::<User>(&link)
        .header("Prefer", "return=minimal");
    round(from.changes()).await;
    round(client.users().delta().select("id").changes_since(&link)).await;
    // A link to a page in the middle of a round works as well.
    round(
        client
            .delta_from::<User>(format!("{}/v1.0/users/delta?$skiptoken=c", recorder.url()))
            .changes(),
    )
    .await;
    assert_eq!(
        recorder.targets(),
        [
            "/v1.0/users/delta?$deltatoken=a%2fB%3d=&x=%27y%27",
            "/v1.0/users/delta?$deltatoken=a%2fB%3d=&x=%27y%27",
            "/v1.0/users/delta?$skiptoken=c"
        ]
    );
    assert_eq!(
        recorder.requests()[0].header("prefer"),
        Some("return=minimal")
    );
    assert_eq!(recorder.requests()[1].header("prefer"), None);

    for link in [
        "https://graph.contoso.example/v1.0/users/delta?$deltatoken=a",
        "nonsense",
    ] {
        let error = client
            .delta_from::<User>(link)
            .changes()
            .try_next()
            .await
            .unwrap_err();
        match error {
            Error::Host(_) => assert!(link.starts_with("https")),
            Error::Request(_) => assert!(!link.starts_with("https")),
            other => panic!("{other}"),
        }
        let error = client
            .users()
            .delta()
            .changes_since(link)
            .try_next()
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Host(_) | Error::Request(_)),
            "{error}"
        );
    }
    assert_eq!(recorder.requests().len(), 3);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#2734, microsoftgraph/msgraph-sdk-dotnet#2404.
#[tokio::test]
async fn delta_token_of_drive_is_a_query_option() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let delta = graph(&recorder).me().drive().root().delta().token("latest");
    delta.await.unwrap();
    assert_eq!(
        recorder.targets(),
        ["/v1.0/me/drive/root/delta()?token=latest"]
    );
}
