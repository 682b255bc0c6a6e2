//! Operations whose status does not tell their result.

use http::StatusCode;
use msgraph::Graph;
use msgraph::models::Group;
use msgraph::models::actions::DriveItemCopy;

use super::{boom, decode, empty, retrying, success};
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn accepted_operation_is_not_read_as_the_entity() {
    for answer in [
        Answer::json(r#"{"id":"OPERATION","status":"running"}"#),
        Answer::json(r#"{"id":"OPERATION"}"#).header("Location", "/teams('1')/operations('2')"),
        Answer::json("{}"),
        Answer::status(200).header("Operation-Location", "{url}/v1.0/operations/1"),
    ] {
        let recorder = Recorder::in_turn([answer.with_status(202)]).await;
        let error = empty(graph(&recorder).groups().create(Group::default()).await);
        assert!(error.is_accepted());
        assert_eq!(error.status(), StatusCode::ACCEPTED);
        assert!(error.to_string().contains("`.monitor()`"), "{error}");
    }
    let group = Answer::json(r#"{"id":"1","displayName":"Contoso"}"#).with_status(202);
    let recorder = Recorder::always(group).await;
    let group = graph(&recorder)
        .groups()
        .create(Group::default())
        .await
        .unwrap();
    assert_eq!(group.id.as_deref(), Some("1"));
}

#[tokio::test]
async fn operation_without_an_address_cannot_be_monitored() {
    for body in [
        r#"{"id":"o","status":"running"}"#,
        r#"{"status":"notStarted"}"#,
        r#"{"status":"pondering"}"#,
        "{}",
        "",
    ] {
        let recorder = Recorder::always(Answer::json(body).with_status(202)).await;
        let file = graph(&recorder).me().drive().root().path("a");
        let error = empty(file.copy(DriveItemCopy::default()).monitor().await);
        assert!(
            error.to_string().contains("without a monitor address"),
            "{body}: {error}"
        );
        assert_eq!(recorder.requests().len(), 1);
    }
}

#[tokio::test]
async fn monitor_reads_errors_and_truncated_bodies() {
    let accepted = || Answer::status(202).header("Location", "{url}/monitor/1");
    let recorder = Recorder::in_turn([accepted(), success(r#"{"error":BOOM}"#)]).await;
    let copy = |graph: &Graph| {
        graph
            .me()
            .drive()
            .root()
            .path("a")
            .copy(DriveItemCopy::default())
    };
    let monitor = copy(&graph(&recorder)).monitor().await.unwrap();
    boom(monitor.wait().await);

    let recorder = Recorder::in_turn([
        accepted(),
        Answer::json(r#"{"status":"comple"#),
        Answer::json(r#"{"status":"completed","resourceId":"r"}"#),
    ])
    .await;
    let monitor = copy(&retrying(&recorder)).monitor().await.unwrap();
    assert_eq!(monitor.wait().await.unwrap().resource_id(), Some("r"));
}

#[tokio::test]
async fn negative_count_is_an_unknown_count() {
    let recorder = Recorder::always(Answer::json(r#"{"@odata.count":-1,"value":[]}"#)).await;
    let users = graph(&recorder);
    let page = users.users().list().await.unwrap();
    assert_eq!(page.count, None);
    assert_eq!(page.extra["@odata.count"], -1);
    let error = users.users().list().count_total().await.unwrap_err();
    assert!(
        error.to_string().contains("could not count the items"),
        "{error}"
    );

    let recorder = Recorder::always(Answer::status(200).body("-1")).await;
    let error = decode(graph(&recorder).users().count().await);
    assert!(
        error.to_string().contains("could not count the items"),
        "{error}"
    );
}
