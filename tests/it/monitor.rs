//! Long-running operations.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use msgraph::auth::AccessTokenCredential;
use msgraph::error::Attempts;
use msgraph::models::actions::{DriveItemCopy, TeamArchive};
use msgraph::monitor::LongRunningOperationStatus;
use msgraph::{Error, Graph, RetryPolicy};
use msgraph_simulator::Fault;
use serde_json::json;
use tokio::time::Instant;

use crate::support::busy::Busy;
use crate::support::recorder::{Answer, Recorder};
use crate::support::silent::SilentServer;
use crate::support::{graph, graph_of, simulator, with_retry};

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
async fn failed_operation_reports_its_error() {
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
        "the long-running operation ended with status failed, nameAlreadyExists: Name is taken."
    );
    let Error::LongRunningOperation(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.operation().error_code(), Some("nameAlreadyExists"));
}

#[tokio::test]
async fn failed_operation_error_names_its_response() {
    let failed = json!({ "status": "failed", "error": { "code": "nameAlreadyExists" } });
    let answers = [
        Answer::status(202).header("Location", "{url}/v1.0/monitors/1"),
        Answer::status(503),
        Answer::json(failed.to_string()).header("request-id", "327f7bf0"),
    ];
    let recorder = Recorder::in_turn(answers).await;
    let graph = with_retry(&recorder, RetryPolicy::new().first_wait(Duration::ZERO));
    let file = graph.me().drive().root().path("original.txt");
    let monitor = file.copy(copy("copy.txt")).monitor().await.unwrap();
    let error = monitor.wait().await.unwrap_err();
    assert_eq!(error.request_id(), Some("327f7bf0"));
    assert_eq!(error.attempts().map(Attempts::count), Some(2));
    assert!(
        error.to_string().ends_with(", request-id 327f7bf0"),
        "{error}"
    );
}

#[tokio::test]
async fn operation_that_failed_at_once_names_response() {
    let failed = json!({ "status": "failed", "error": { "code": "nameAlreadyExists" } });
    let answer = Answer::json(failed.to_string()).header("request-id", "327f7bf0");
    let recorder = Recorder::always(answer).await;
    let graph = graph(&recorder);
    let file = graph.me().drive().root().path("original.txt");
    let monitor = file.copy(copy("copy.txt")).monitor().await.unwrap();
    let error = monitor.wait().await.unwrap_err();
    assert!(matches!(error, Error::LongRunningOperation(_)), "{error}");
    assert_eq!(error.request_id(), Some("327f7bf0"));
}

#[tokio::test]
async fn teams_operation_is_monitored_with_token() {
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
    assert_eq!(done.status(), &LongRunningOperationStatus::Succeeded);
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
async fn monitor_waits_for_retry_after() {
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
async fn operation_may_complete_with_the_first_response() {
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
async fn operation_is_monitored_with_the_calls_token() {
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

/// Creates a client whose paused clock stands still while a request is under way.
fn patient(recorder: &Recorder) -> msgraph::GraphBuilder {
    Graph::builder(AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .per_try_middleware(Busy)
}

/// Starts an operation whose polls get the responses of the closure.
async fn works(look: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Recorder {
    let looks = AtomicUsize::new(0);
    Recorder::new(move |request| match request.method.as_str() {
        "POST" => Answer::status(202).header("Location", "/teams('t')/operations('o')"),
        _ => look(looks.fetch_add(1, Ordering::Relaxed)),
    })
    .await
}

fn in_progress(retry_after: &str) -> Answer {
    Answer::json(r#"{"status":"inProgress"}"#).header("Retry-After", retry_after)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn pauses_between_polls_have_a_minimum() {
    for asked in ["0", "Sun, 01 Mar 2020 10:00:00 GMT", "0.001"] {
        let recorder = works(move |look| match look {
            0..20 => in_progress(asked),
            _ => Answer::json(r#"{"status":"succeeded"}"#),
        })
        .await;
        let graph = patient(&recorder).build().unwrap();
        let archive = graph.teams().id("t").archive(TeamArchive::default());
        let monitor = archive.monitor().await.unwrap();
        let began = Instant::now();
        monitor.wait().await.unwrap();
        let waited = began.elapsed();
        assert!(
            waited >= seconds(20) && waited < seconds(21),
            "{asked}: {waited:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pause_beyond_the_time_limit_is_a_timeout() {
    let recorder = works(|_| in_progress("31536000")).await;
    let limited = || async {
        let graph = patient(&recorder).build().unwrap();
        let archive = graph.teams().id("t").archive(TeamArchive::default());
        archive.timeout(seconds(60)).monitor().await.unwrap()
    };
    let began = Instant::now();
    let error = limited().await.wait().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(began.elapsed() <= seconds(60));
    let text = error.to_string();
    assert!(text.contains("the operation is still `running`"), "{text}");
    assert!(text.contains("time limit of 60 s"), "{text}");

    // The client's limit applies where the call has none, and the monitor's own takes precedence
    // over both.
    let graph = patient(&recorder).timeout(seconds(60)).build().unwrap();
    let kept = "/teams('t')/operations('o')";
    assert!(graph.monitor(kept).wait().await.unwrap_err().is_timeout());
    let own = limited().await.timeout(seconds(6000));
    let began = Instant::now();
    assert!(own.wait().await.unwrap_err().is_timeout());
    assert!(began.elapsed() > seconds(5000), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn pause_of_a_year_is_shortened() {
    let recorder = works(|look| match look {
        0 => in_progress("31536000"),
        _ => Answer::json(r#"{"status":"succeeded"}"#),
    })
    .await;
    let graph = patient(&recorder).build().unwrap();
    let archive = graph.teams().id("t").archive(TeamArchive::default());
    let monitor = archive.monitor().await.unwrap();
    let began = Instant::now();
    monitor.wait().await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn poll_without_response_ends_at_the_time_limit() {
    let silent = SilentServer::start().await;
    let graph = Graph::builder(AccessTokenCredential::new("token"));
    let graph = graph.base_url(silent.url()).build().unwrap();
    let monitor = graph.monitor("/teams('t')/operations('o')");
    let began = Instant::now();
    let error = monitor.timeout(seconds(60)).wait().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(began.elapsed() <= seconds(61), "{:?}", began.elapsed());
}

// Reported: microsoftgraph/msgraph-sdk-java#223, microsoftgraph/msgraph-sdk-dotnet#768.
#[tokio::test]
async fn copy_is_monitored_without_token() {
    let simulator = simulator().await;
    simulator.set_polls(3);
    let graph = graph_of(&simulator, simulator.user_token());
    write(&graph, "original.txt").await;
    let root = graph.me().drive().root();
    let monitor = root
        .path("original.txt")
        .copy(copy("copy.txt"))
        .monitor()
        .await
        .unwrap();
    let url = monitor.url().unwrap().to_owned();
    assert!(url.starts_with(&simulator.storage_url()), "{url}");
    assert!(!format!("{monitor:?}").contains(&url));
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let done = monitor
        .interval(Duration::from_millis(1))
        .on_progress(move |work| seen.lock().unwrap().push(work.status().clone()))
        .wait()
        .await
        .unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!(
        told,
        [
            LongRunningOperationStatus::NotStarted,
            LongRunningOperationStatus::Running,
            LongRunningOperationStatus::Running,
            LongRunningOperationStatus::Succeeded
        ]
    );
    let drive = graph.me().drive();
    let item = drive
        .items()
        .id(done.resource_id().unwrap())
        .get()
        .await
        .unwrap();
    assert_eq!(item.name.as_deref(), Some("copy.txt"));
    let looks: Vec<_> = simulator
        .requests()
        .into_iter()
        .rev()
        .skip(1)
        .take(4)
        .collect();
    assert!(
        looks
            .iter()
            .all(|look| look.header("authorization").is_none())
    );
    // The address alone is enough to poll again.
    let again = graph.monitor(&url).poll().await.unwrap();
    assert_eq!(again.status(), &LongRunningOperationStatus::Succeeded);
}
