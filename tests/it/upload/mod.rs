//! Uploads to the simulator, and what arrives after faults on the way.

mod attachment;
mod conflict;
mod content;
mod resume;
mod session;
mod slices;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use msgraph::error::TransferErrorKind;
use msgraph::models::UploadSession;
use msgraph::models::actions::DriveItemCreateUploadSession;
use msgraph::transfer::Progress;
use msgraph::upload::SessionUpload;
use msgraph::{Error, Graph};
use msgraph_simulator::{Fault, Host, RecordedRequest, Simulator};
use serde_json::json;

use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::{bytes, start};

const UNIT: usize = 320 * 1024;

/// Opens a session for a file at the root of the drive.
async fn open(graph: &Graph, name: &str) -> UploadSession {
    let item = graph.me().drive().root().path(name);
    let session = item.create_upload_session(DriveItemCreateUploadSession::default());
    session.await.unwrap()
}

/// Sets slices of 320 KiB and no waits.
fn impatient(upload: SessionUpload) -> SessionUpload {
    upload.slice_size(UNIT as u64).first_wait(Duration::ZERO)
}

async fn content(graph: &Graph, name: &str) -> Vec<u8> {
    let item = graph.me().drive().root().path(name);
    item.content().get().await.unwrap().bytes.to_vec()
}

/// Returns the requests to the address of a session.
fn slices(simulator: &Simulator) -> Vec<RecordedRequest> {
    let requests = simulator.requests().into_iter();
    requests
        .filter(|request| request.host == Host::Storage && request.path().starts_with("/upload/"))
        .collect()
}

/// Returns the methods and ranges of these requests.
fn sent(simulator: &Simulator) -> Vec<String> {
    let text = |request: &RecordedRequest| match request.header("content-range") {
        Some(range) => format!("{} {range}", request.method),
        None => request.method.to_string(),
    };
    slices(simulator).iter().map(text).collect()
}

/// Starts a simulator that callbacks can reach.
async fn shared() -> (Arc<Simulator>, Graph) {
    let (simulator, graph) = start().await;
    (Arc::new(simulator), graph)
}

/// Returns a callback that stops the storage host once this number of bytes has arrived.
fn down_after(simulator: &Arc<Simulator>, bytes: usize) -> impl FnMut(Progress) + Send + 'static {
    let simulator = Arc::clone(simulator);
    move |progress| {
        if progress.done >= bytes as u64 {
            let down = Fault::status(StatusCode::SERVICE_UNAVAILABLE).at("/upload/*");
            simulator.fault(down.always());
        }
    }
}

/// Runs an upload that fails once this number of bytes has arrived.
async fn stopped(simulator: &Arc<Simulator>, upload: SessionUpload, bytes: usize) {
    let upload = impatient(upload).on_progress(down_after(simulator, bytes));
    let error = upload.await.unwrap_err();
    assert_eq!(
        error.status(),
        Some(StatusCode::SERVICE_UNAVAILABLE),
        "{error}"
    );
    simulator.heal();
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: msgraph::Result<T>) -> TransferErrorKind {
    match result {
        Err(Error::Transfer(error)) => error.kind(),
        other => panic!("a transfer error was expected: {other:?}"),
    }
}

/// Starts a storage host that says that a session is empty. It responds to slices with the
/// closure's result for their `Content-Range`.
async fn storage(put: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Recorder {
    Recorder::new(move |request| match request.header("content-range") {
        Some(range) => put(range),
        None => Answer::json(r#"{"nextExpectedRanges":["0-"]}"#),
    })
    .await
}

/// Creates an upload of `size` bytes to a recorder, in slices of 320 KiB.
fn upload_to(recorder: &Recorder, size: usize) -> SessionUpload {
    let session = UploadSession {
        upload_url: Some(format!("{}/session", recorder.url())),
        ..Default::default()
    };
    let graph = crate::support::graph(recorder);
    impatient(graph.upload_session(session).upload(bytes(size)))
}

/// Returns the ranges that a recorder received.
fn ranges(recorder: &Recorder) -> Vec<String> {
    let requests = recorder.requests();
    let ranges = requests
        .iter()
        .filter_map(|sent| sent.header("content-range"));
    ranges.map(str::to_owned).collect()
}

/// Starts a recorder that responds to a first `PUT` with 504 and to the second with 409, and shows
/// this item.
async fn taken(
    item: serde_json::Value,
    content: &'static str,
    date: Option<&'static str>,
) -> Recorder {
    Recorder::new(move |request| {
        let is_content = request.target.contains("/content");
        match (request.method.as_str(), request.header("retry-attempt")) {
            ("PUT", None) => Answer::status(504),
            ("PUT", Some(_)) => {
                let error = json!({ "error": { "code": "nameAlreadyExists" } });
                Answer::json(error).with_status(409)
            }
            _ if is_content => Answer::status(200).body(content),
            _ => date.into_iter().fold(Answer::json(&item), |answer, date| {
                answer.header("Date", date)
            }),
        }
    })
    .await
}
