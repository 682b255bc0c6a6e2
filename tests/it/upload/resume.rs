//! Uploads that continue after a fault or in another process.

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use msgraph::models::UploadSession;
use msgraph::upload::Source;
use msgraph_simulator::{ExpectedRanges, Fault};

use super::{UNIT, content, down_after, impatient, open, sent, shared, stopped};
use crate::support::simulated::{bytes, start, user};

// Reported: microsoftgraph/msgraph-sdk-java#2503, microsoftgraph/msgraph-sdk-java#1393.
#[tokio::test]
async fn half_received_slice_is_continued() {
    let (simulator, graph) = start().await;
    let data = bytes(3 * UNIT + 5);
    // Each kind of source can give the other half once more.
    for (name, source) in [
        ("bytes", Source::from(data.clone())),
        ("seekable", Source::seekable(Cursor::new(data.clone()))),
        (
            "reader",
            Source::reader(Cursor::new(data.clone()), data.len() as u64),
        ),
    ] {
        let session = open(&graph, name).await;
        simulator.forget_requests();
        simulator.fault(Fault::kept(UNIT as u64).method(Method::PUT).at("/upload/*"));
        let upload = graph.upload_session(session).upload(source);
        upload.slice_size(2 * UNIT as u64).await.unwrap();
        assert_eq!(
            sent(&simulator),
            [
                "GET",
                "PUT bytes 0-655359/983045",
                "PUT bytes 327680-983039/983045",
                "PUT bytes 983040-983044/983045"
            ],
            "{name}"
        );
        assert_eq!(content(&graph, name).await, data, "{name}");
    }
}

// Reported: microsoftgraph/msgraph-sdk-java#2503, microsoftgraph/msgraph-sdk-java#1393.
#[tokio::test]
async fn received_bytes_are_skipped_after_resume() {
    let (simulator, graph) = start().await;
    let data = bytes(3 * UNIT);
    for form in [
        ExpectedRanges::Usual,
        ExpectedRanges::Open,
        ExpectedRanges::Closed,
        ExpectedRanges::Missing,
    ] {
        simulator.set_expected_ranges(form);
        let name = format!("{form:?}");
        let session = open(&graph, &name).await;
        simulator.forget_requests();
        // The second slice is stored, and its response is lost.
        let hear = Arc::new(Mutex::new(0));
        let count = Arc::clone(&hear);
        let url = session.upload_url.clone().unwrap();
        let path = url.split('?').next().unwrap().to_owned();
        let path = path[path.find("/upload/").unwrap()..].to_owned();
        simulator.fault(Fault::lost().method(Method::PUT).at(&path));
        let upload = graph.upload_session(session).upload(data.clone());
        let upload = upload.on_progress(move |_| *count.lock().unwrap() += 1);
        impatient(upload).await.unwrap();
        let requests = sent(&simulator);
        match form {
            // The session does not name its ranges. The slice is sent again, and refused as known.
            ExpectedRanges::Missing => assert_eq!(
                requests,
                [
                    "GET",
                    "PUT bytes 0-327679/983040",
                    "GET",
                    "PUT bytes 0-327679/983040",
                    "GET",
                    "PUT bytes 327680-655359/983040",
                    "PUT bytes 655360-983039/983040"
                ]
            ),
            _ => assert_eq!(
                requests,
                [
                    "GET",
                    "PUT bytes 0-327679/983040",
                    "GET",
                    "PUT bytes 327680-655359/983040",
                    "PUT bytes 655360-983039/983040"
                ]
            ),
        }
        assert_eq!(content(&graph, &name).await, data, "{form:?}");
        assert!(*hear.lock().unwrap() >= 4);
    }
}

// Reported: microsoftgraph/msgraph-sdk-java#2503, microsoftgraph/msgraph-sdk-java#1393.
#[tokio::test]
async fn lost_bytes_are_sent_again() {
    let (simulator, graph) = shared().await;
    let data = bytes(4 * UNIT);
    let session = open(&graph, "a.bin").await;
    let handle = graph.upload_session(session);
    let upload = handle.upload(Source::seekable(Cursor::new(data.clone())));
    stopped(&simulator, upload, 3 * UNIT).await;
    simulator.lose_uploaded(1_000..2_000);
    simulator.lose_uploaded(500_000..500_010);
    simulator.forget_requests();
    let upload = handle.upload(Source::seekable(Cursor::new(data.clone())));
    impatient(upload).await.unwrap();
    let requests = sent(&simulator);
    assert_eq!(
        requests[..3],
        [
            "GET",
            "PUT bytes 1000-1999/1310720",
            "PUT bytes 500000-500009/1310720"
        ]
    );
    assert!(
        requests.last().unwrap().ends_with("-1310719/1310720"),
        "{requests:?}"
    );
    assert_eq!(content(&graph, "a.bin").await, data);
}

// Reported: microsoftgraph/msgraph-sdk-java#2503, microsoftgraph/msgraph-sdk-java#1393.
#[tokio::test]
async fn stored_session_resumes_after_restart() {
    let (simulator, graph) = shared().await;
    let data = bytes(5 * UNIT + 17);
    for (name, source) in [
        ("file", None),
        (
            "reader",
            Some(Source::reader(Cursor::new(data.clone()), data.len() as u64)),
        ),
    ] {
        let stored = Arc::new(Mutex::new(String::new()));
        let store = Arc::clone(&stored);
        let file =
            std::env::temp_dir().join(format!("msgraph-resume-{}-{name}", std::process::id()));
        std::fs::write(&file, &data).unwrap();
        // The service fails with the third slice, and the process ends.
        let upload = graph
            .me()
            .drive()
            .root()
            .path(name)
            .upload(Source::file(&file))
            .slice_size(UNIT as u64)
            .first_wait(Duration::ZERO)
            .on_session(move |session| {
                *store.lock().unwrap() = serde_json::to_string(session).unwrap();
            })
            .on_progress(down_after(&simulator, 2 * UNIT));
        let error = upload.await.unwrap_err();
        assert_eq!(
            error.status(),
            Some(StatusCode::SERVICE_UNAVAILABLE),
            "{error}"
        );
        simulator.heal();
        simulator.forget_requests();

        let graph = user(&simulator);
        let session: UploadSession = serde_json::from_str(&stored.lock().unwrap()).unwrap();
        let source = source.unwrap_or_else(|| Source::file(&file));
        let uploaded = impatient(graph.upload_session(session).upload(source))
            .await
            .unwrap();
        assert!(uploaded.is_committed());
        let requests = sent(&simulator);
        assert_eq!(requests[0], "GET");
        assert!(
            !requests
                .iter()
                .any(|request| request.starts_with("PUT bytes 0-")),
            "{requests:?}"
        );
        assert_eq!(content(&graph, name).await, data, "{name}");
        std::fs::remove_file(file).unwrap();
    }
}
