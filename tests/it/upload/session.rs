//! Upload sessions: their state, their end and their errors.

use std::sync::Mutex;

use http::Method;
use msgraph::error::TransferErrorKind;
use msgraph::models::actions::DriveItemCreateUploadSession;
use msgraph::models::{DriveItem, UploadSession};
use msgraph::upload::Session;
use msgraph::{Error, Graph};
use msgraph_simulator::Fault;
use serde_json::json;

use super::{UNIT, content, impatient, kind, open, ranges, shared, stopped, storage, upload_to};
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::{bytes, start};

#[tokio::test]
async fn session_claiming_unsent_bytes_is_an_error() {
    let all = [
        "bytes 0-327679/983040",
        "bytes 327680-655359/983040",
        "bytes 655360-983039/983040",
    ];
    for told in [
        r#"[]"#,
        r#"["655360-"]"#,
        r#"["983040-"]"#,
        r#"["2000000-"]"#,
    ] {
        let told_answer = Answer::json(format!(r#"{{"nextExpectedRanges":{told}}}"#));
        let first = Answer::json(r#"{"nextExpectedRanges":["0-"]}"#);
        let first = Mutex::new(Some(first));
        let storage = Recorder::new(move |request| match request.header("content-range") {
            Some("bytes 655360-983039/983040") => {
                Answer::json(r#"{"id":"1","size":983040}"#).with_status(201)
            }
            Some(_) => told_answer.clone().with_status(202),
            None => {
                let first = first.lock().unwrap().take();
                first.unwrap_or_else(|| told_answer.clone())
            }
        })
        .await;
        let uploaded = upload_to(&storage, 3 * UNIT).await.unwrap();
        assert!(uploaded.is_committed(), "{told}");
        assert_eq!(ranges(&storage), all, "{told}");
    }
}

#[tokio::test]
async fn overlapping_expected_ranges_are_sent_once() {
    let storage = Recorder::new(|request| match request.header("content-range") {
        Some("bytes 655360-999999/1000000") => Answer::json(r#"{"id":"1"}"#).with_status(201),
        Some("bytes 655360-983039/1000000") => {
            Answer::json(r#"{"nextExpectedRanges":["983040-","999999-999999"]}"#).with_status(202)
        }
        Some("bytes 983040-999999/1000000") => Answer::json(r#"{"id":"1"}"#).with_status(201),
        Some(_) => Answer::status(202),
        None => Answer::json(r#"{"nextExpectedRanges":["0-999999","5-"]}"#),
    })
    .await;
    upload_to(&storage, 1_000_000).await.unwrap();
    assert_eq!(
        ranges(&storage),
        [
            "bytes 0-327679/1000000",
            "bytes 327680-655359/1000000",
            "bytes 655360-983039/1000000",
            "bytes 983040-999999/1000000"
        ]
    );
}

#[tokio::test]
async fn session_that_requests_single_bytes_is_abandoned() {
    let taken = Mutex::new(0);
    let storage = storage(move |_| {
        let mut taken = taken.lock().unwrap();
        *taken += 1;
        let told = json!({ "nextExpectedRanges": [format!("{taken}-")] });
        Answer::json(told).with_status(202)
    })
    .await;
    let result = upload_to(&storage, UNIT).await;
    assert_eq!(kind(result), TransferErrorKind::Stuck);
    assert!(storage.requests().len() < 10);
}

#[tokio::test]
async fn expired_session_is_a_distinct_error() {
    let (simulator, graph) = start().await;
    let session = open(&graph, "a.bin").await;
    simulator.expire_upload_sessions();
    let handle = graph.upload_session(session);
    assert_eq!(
        kind(handle.upload("abc").await),
        TransferErrorKind::SessionGone
    );
    assert_eq!(kind(handle.status().await), TransferErrorKind::SessionGone);
    assert_eq!(kind(handle.cancel().await), TransferErrorKind::SessionGone);

    // The last response is lost, and the session with it, but the file exists.
    let session = open(&graph, "b.bin").await;
    simulator.fault(Fault::lost().method(Method::PUT).at("/upload/*"));
    let result = impatient(graph.upload_session(session).upload("abc")).await;
    let Err(Error::Transfer(error)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.kind(), TransferErrorKind::MaybeFinished);
    assert_eq!(error.api_error().unwrap().code(), Some("itemNotFound"));
    assert_eq!(content(&graph, "b.bin").await, b"abc");
}

#[tokio::test]
async fn session_status_is_read_and_session_cancelled() {
    let (simulator, graph) = shared().await;
    let data = bytes(3 * UNIT);
    let session = open(&graph, "a.bin").await;
    let handle = graph.upload_session(session.clone());
    stopped(&simulator, handle.upload(data), UNIT).await;
    let state = handle.status().await.unwrap();
    assert_eq!(state.upload_url, session.upload_url);
    assert!(state.expiration_date_time.is_some());
    assert_eq!(state.next_expected_ranges.unwrap(), ["327680-983039"]);
    handle.cancel().await.unwrap();
    assert_eq!(kind(handle.status().await), TransferErrorKind::SessionGone);
    // The address is a secret.
    for shown in [format!("{handle:?}"), format!("{session:?}")] {
        assert!(!shown.contains("tempauth"), "{shown}");
    }
}

#[tokio::test]
async fn deferred_session_waits_for_its_commit() {
    let (_simulator, graph) = start().await;
    let body = DriveItemCreateUploadSession {
        extra: [("deferCommit", serde_json::Value::from(true))]
            .into_iter()
            .collect(),
        ..Default::default()
    };
    let item = graph.me().drive().root().path("later.bin");
    let session = item.create_upload_session(body).await.unwrap();
    let handle: Session = graph.upload_session(session);
    let uploaded = handle.upload(bytes(1000)).await.unwrap();
    assert!(!uploaded.is_committed());
    assert_eq!(uploaded.item::<DriveItem>().unwrap(), None);
    assert!(item.get().await.unwrap_err().is_not_found());
    let uploaded = handle.commit().await.unwrap();
    assert!(uploaded.is_committed());
    assert_eq!(content(&graph, "later.bin").await, bytes(1000));
}

#[tokio::test]
async fn upload_ends_if_service_requests_bytes_forever() {
    let storage =
        Recorder::new(|_| Answer::json(r#"{"nextExpectedRanges":["0-"]}"#).with_status(202)).await;
    let graph = crate::support::graph(&storage);
    let session = UploadSession {
        upload_url: Some(format!("{}/session", storage.url())),
        ..Default::default()
    };
    assert_eq!(
        kind(graph.upload_session(session).upload("abc").await),
        TransferErrorKind::Stuck
    );
    assert!(storage.requests().len() < 10);
}

#[tokio::test]
async fn session_on_plain_http_gets_no_bytes() {
    let storage = Recorder::always(Answer::status(201)).await;
    let graph = Graph::new(msgraph::auth::AccessTokenCredential::new("token"));
    for url in [
        storage.url(),
        "http://contoso.sharepoint.com/x",
        "ftp://a/",
        "https://u:p@a.example/",
    ] {
        let session = UploadSession {
            upload_url: Some(url.to_owned()),
            ..Default::default()
        };
        let result = graph.upload_session(session).upload("abc").await;
        assert!(matches!(result, Err(Error::Host(_))), "{url}: {result:?}");
    }
    assert!(storage.requests().is_empty());
    let result = graph
        .upload_session(UploadSession::default())
        .upload("abc")
        .await;
    assert!(matches!(result, Err(Error::Request(_))), "{result:?}");
}
