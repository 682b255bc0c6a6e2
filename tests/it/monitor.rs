//! Work that takes its time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use msgraph::models::actions::{DriveItemCopy, TeamArchive};
use msgraph::monitor::WorkStatus;
use msgraph::{Error, Graph};
use simulator::Fault;

use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, graph_of, simulator};

#[path = "../cases/monitor.rs"]
mod cases;

fn copy(name: &str) -> DriveItemCopy {
    DriveItemCopy {
        name: Some(name.into()),
        ..Default::default()
    }
}

async fn write(graph: &Graph, path: &str) {
    let file = graph.me().drive().root().path(path);
    file.content().replace("text").await.unwrap();
}

#[tokio::test]
async fn work_that_fails_says_why() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    write(&graph, "original.txt").await;
    simulator.fault(Fault::failed_operation(
        "nameAlreadyExists",
        "Name is taken.",
    ));
    let file = graph.me().drive().root().path("original.txt");
    let monitor = file.copy(copy("copy.txt")).monitor().await.unwrap();
    let error = monitor
        .interval(Duration::from_millis(1))
        .wait()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the work that Graph began has ended: failed, nameAlreadyExists: Name is taken."
    );
    let Error::Operation(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.work().error_code(), Some("nameAlreadyExists"));
}

#[tokio::test]
async fn operations_of_teams_want_a_token() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.app_token());
    let team = graph
        .teams()
        .list()
        .await
        .unwrap()
        .value
        .remove(0)
        .id
        .unwrap();
    let archive = graph.teams().id(&team).archive(TeamArchive::default());
    let monitor = archive.monitor().await.unwrap();
    let url = monitor.url().unwrap().to_owned();
    assert!(
        url.starts_with(&format!("{}/teams('{team}')/operations('", simulator.url())),
        "{url}"
    );
    let done = monitor
        .interval(Duration::from_millis(1))
        .wait()
        .await
        .unwrap();
    assert_eq!(done.status(), &WorkStatus::Succeeded);
    assert_eq!(done.json()["operationType"], "archiveTeam");
    assert!(
        simulator
            .requests()
            .last()
            .unwrap()
            .header("authorization")
            .is_some()
    );
}

#[tokio::test]
async fn waits_are_those_that_are_asked_for() {
    let recorder = Recorder::in_turn([
        Answer::status(202).header("Location", "/teams('1')/operations('2')"),
        Answer::json(r#"{"status":"inProgress"}"#).header("Retry-After", "0"),
        Answer::json(r#"{"status":"succeeded","targetResourceLocation":"/teams('1')"}"#),
    ])
    .await;
    let team = msgraph::models::Team::default();
    let monitor = graph(&recorder)
        .teams()
        .create(team)
        .monitor()
        .await
        .unwrap();
    let done = monitor.wait().await.unwrap();
    assert_eq!(done.resource_location(), Some("/teams('1')"));
    assert_eq!(
        recorder.targets(),
        [
            "/v1.0/teams",
            "/v1.0/teams('1')/operations('2')",
            "/v1.0/teams('1')/operations('2')"
        ]
    );
}

#[tokio::test]
async fn work_may_be_over_with_the_answer() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"id":"session","persistChanges":true}"#).with_status(201),
        Answer::status(204),
    ])
    .await;
    let graph = graph(&recorder);
    let book = graph.me().drive().root().path("book.xlsx");
    let body = msgraph::models::actions::CreateSession::default();
    let monitor = book
        .workbook()
        .create_session(body)
        .monitor()
        .await
        .unwrap();
    assert_eq!(monitor.url(), None);
    let done = monitor.wait().await.unwrap();
    assert_eq!(done.resource_id(), Some("session"));
    assert_eq!(recorder.requests().len(), 1);

    let nothing = book
        .copy(DriveItemCopy::default())
        .monitor()
        .await
        .unwrap_err();
    let Error::EmptyResponse(nothing) = nothing else {
        panic!("{nothing}");
    };
    assert_eq!(nothing.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn work_that_a_call_begins_with_its_own_token_is_looked_at_with_it() {
    let recorder = Recorder::new(|request| match request.method.as_str() {
        "POST" => Answer::status(202).header("Location", "/teams('t')/operations('o')"),
        _ => Answer::json(serde_json::json!({ "status": "succeeded" })),
    })
    .await;
    let graph = crate::support::graph(&recorder);
    let archive = graph.teams().id("t").archive(TeamArchive::default());
    let monitor = archive.access_token("of-adele").monitor().await.unwrap();
    monitor.interval(Duration::ZERO).wait().await.unwrap();
    let requests = recorder.requests();
    let tokens: Vec<_> = requests
        .iter()
        .map(|request| request.header("authorization").unwrap())
        .collect();
    assert_eq!(tokens, ["Bearer of-adele", "Bearer of-adele"]);
}
