//! The requests that carry the bytes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use msgraph::Error;
use msgraph::models::DriveItem;
use msgraph_simulator::{Fault, RetryAfter};

use super::{UNIT, content, impatient, open, sent, slices};
use crate::support::simulated::{bytes, start};

#[tokio::test]
async fn slice_size_must_be_multiple_of_320_kib() {
    let (simulator, graph) = start().await;
    let item = graph.me().drive().root().path("a.bin");
    for size in [0, 1, 4_000_000] {
        let error = item.upload("abc").slice_size(size).await.unwrap_err();
        assert!(
            error.to_string().contains("not a multiple of 320 KiB"),
            "{error}"
        );
    }
    let error = item.upload("abc").slice_size(193 * UNIT as u64).await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("larger than 60 MiB"), "{error}");
    assert!(simulator.requests().is_empty());
}

#[tokio::test]
async fn slices_carry_no_token_and_are_not_compressed() {
    let (simulator, graph) = start().await;
    let data = bytes(3 * UNIT);
    let upload = graph.me().drive().root().path("a.bin").upload(data.clone());
    upload.slice_size(UNIT as u64).await.unwrap();
    let slices = slices(&simulator);
    assert_eq!(slices.len(), 3);
    for slice in slices {
        for name in [
            "authorization",
            "sdkversion",
            "client-request-id",
            "content-encoding",
            "cookie",
        ] {
            assert_eq!(slice.header(name), None, "{name}");
        }
        assert_eq!(slice.header("content-length"), Some("327680"));
        assert_eq!(
            slice.header("content-type"),
            Some("application/octet-stream")
        );
        assert!(
            slice
                .header("user-agent")
                .unwrap()
                .starts_with("msgraph-rust/")
        );
    }
    assert_eq!(content(&graph, "a.bin").await, data);
}

#[tokio::test]
async fn throttled_slice_waits_for_retry_after() {
    let (simulator, graph) = start().await;
    let data = bytes(2 * UNIT);
    let session = open(&graph, "a.bin").await;
    simulator.forget_requests();
    let put = |fault: Fault| fault.method(Method::PUT).at("/upload/*");
    simulator.fault(put(Fault::throttled(RetryAfter::Seconds(0))));
    simulator.fault(put(Fault::html(StatusCode::SERVICE_UNAVAILABLE)));
    simulator.fault(put(Fault::reset()));
    simulator.fault(
        Fault::status(StatusCode::BAD_GATEWAY)
            .method(Method::GET)
            .at("/upload/*"),
    );
    impatient(graph.upload_session(session).upload(data.clone()))
        .await
        .unwrap();
    assert_eq!(content(&graph, "a.bin").await, data);
    // The client asked for the state of the session after each of them.
    let puts = sent(&simulator)
        .iter()
        .filter(|sent| sent.starts_with("PUT"))
        .count();
    assert_eq!(puts, 5);

    // The caller decides about longer waits.
    let session = open(&graph, "b.bin").await;
    simulator.fault(put(Fault::throttled(RetryAfter::Seconds(600))));
    let error = graph
        .upload_session(session)
        .upload(data.clone())
        .await
        .unwrap_err();
    assert!(error.is_throttled());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    // A slice that is refused permanently is not sent again.
    let session = open(&graph, "c.bin").await;
    simulator.forget_requests();
    simulator.fault(put(Fault::status(StatusCode::INSUFFICIENT_STORAGE)));
    let error = graph
        .upload_session(session)
        .upload(data)
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::INSUFFICIENT_STORAGE));
    assert_eq!(sent(&simulator).len(), 2);
}

#[tokio::test]
async fn progress_is_reported_from_zero_to_total() {
    let (_simulator, graph) = start().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let total = 3 * UNIT as u64 + 1;
    let upload = graph
        .me()
        .drive()
        .root()
        .path("a.bin")
        .upload(bytes(total as usize));
    let upload = upload.slice_size(UNIT as u64);
    upload
        .on_progress(move |progress| tell.lock().unwrap().push(progress))
        .await
        .unwrap();
    let told = told.lock().unwrap();
    let done: Vec<_> = told.iter().map(|progress| progress.done).collect();
    assert_eq!(done, [0, 327_680, 655_360, 983_040, total]);
    assert!(told.iter().all(|progress| progress.total == Some(total)));
    assert_eq!(told.last().unwrap().fraction(), Some(1.0));
}

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#554, microsoftgraph/msgraph-sdk-python-core#718.
#[tokio::test]
async fn files_around_slice_size_are_uploaded() {
    let (simulator, graph) = start().await;
    for size in [0, 1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT] {
        simulator.forget_requests();
        let data = bytes(size);
        let name = format!("{size}.bin");
        let item = graph
            .me()
            .drive()
            .root()
            .path(&name)
            .upload(data.clone())
            .slice_size(UNIT as u64)
            .await
            .unwrap();
        assert_eq!(
            (item.name.as_deref(), item.size),
            (Some(&*name), Some(size as i64))
        );
        assert_eq!(content(&graph, &name).await, data, "{size}");
        // Content that fits into one slice goes in one request.
        let wanted: &[&str] = match size {
            327_681 => &[
                "PUT bytes 0-327679/327681",
                "PUT bytes 327680-327680/327681",
            ],
            655_360 => &[
                "PUT bytes 0-327679/655360",
                "PUT bytes 327680-655359/655360",
            ],
            _ => &[],
        };
        assert_eq!(sent(&simulator), wanted);
        let requests = simulator.requests();
        let first = &requests[0];
        if wanted.is_empty() {
            assert_eq!(
                (&first.method, first.target.as_str()),
                (
                    &Method::PUT,
                    &*format!(
                        "/v1.0/me/drive/root:/{name}:/content?\
                         @microsoft.graph.conflictBehavior=replace"
                    )
                )
            );
        }
    }
    // All sizes also go through a session, except empty content.
    for size in [1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT] {
        let (data, name) = (bytes(size), format!("s{size}.bin"));
        let session = open(&graph, &name).await;
        let upload = graph.upload_session(session).upload(data.clone());
        let uploaded = impatient(upload).await.unwrap();
        let item: DriveItem = uploaded.item().unwrap().unwrap();
        assert_eq!(item.id, uploaded.id());
        assert_eq!(content(&graph, &name).await, data, "{size}");
    }
    let session = open(&graph, "nothing").await;
    let nothing = graph.upload_session(session).upload("").await;
    assert!(
        matches!(
            &nothing,
            Err(Error::Request(error)) if error.message().contains("at least one byte")
        ),
        "{nothing:?}"
    );
}
