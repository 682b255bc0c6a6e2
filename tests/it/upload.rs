//! Uploads to the simulator, and what arrives after faults on the way.

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use msgraph::auth::AccessTokenCredential;
use msgraph::error::{RetryStopReason, TransferErrorKind};
use msgraph::models::actions::{
    AttachmentCreateUploadSession, DriveItemCreateUploadSession, PrintDocumentCreateUploadSession,
};
use msgraph::models::{
    AttachmentItem, AttachmentType, DriveItem, DriveItemUploadableProperties, FileSystemInfo,
    PrintDocument, PrintDocumentUploadProperties, UploadSession,
};
use msgraph::transfer::Progress;
use msgraph::upload::{ConflictBehavior, Session, SessionUpload, Source};
use msgraph::{CustomCloud, Error, Graph, Model};
use serde_json::json;
use simulator::{ExpectedRanges, Fault, Host, RecordedRequest, RetryAfter, Simulator};

use crate::support::busy::Busy;
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::{bytes, start, user};

#[path = "../cases/upload.rs"]
mod cases;

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

#[tokio::test]
async fn slices_have_to_be_multiples_of_320_kib() {
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

#[tokio::test]
async fn item_before_last_slice_is_an_error() {
    for answer in [
        Answer::json(r#"{"id":"1"}"#).with_status(201),
        Answer::json(r#"{"id":"1","size":327680}"#),
        Answer::json(r#"{"id":"1","size":1310720}"#).with_status(202),
        Answer::status(201).header("Location", "https://a/Attachments('1')"),
        Answer::json(r#"{"id":"1","name":"a.docx","size":5}"#).with_status(201),
    ] {
        let storage = storage(move |_| answer.clone()).await;
        let error = upload_to(&storage, 4 * UNIT).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the service ended the upload after 327680 of 1310720 bytes"
        );
        assert_eq!(ranges(&storage), ["bytes 0-327679/1310720"]);
    }
}

#[tokio::test]
async fn item_of_another_size_is_an_error() {
    for size in [0, 4, 6, u64::MAX] {
        let answer = Answer::json(json!({ "id": "1", "name": "a.bin", "size": size }));
        let storage = storage(move |_| answer.clone()).await;
        let result = upload_to(&storage, 5).await;
        assert_eq!(kind(result), TransferErrorKind::SizeMismatch, "{size}");
    }
}

/// Checks files that SharePoint rewrites:
/// <https://github.com/OneDrive/onedrive-api-docs/issues/935>
#[tokio::test]
async fn size_of_rewritten_office_file_is_not_compared() {
    for item in [
        json!({ "id": "1", "name": "A.DOCX", "size": 6 }),
        json!({ "id": "1", "name": "a", "size": 6, "file": { "mimeType": "application/pdf" } }),
        json!({ "id": "1", "name": "a.bin", "size": 5 }),
        json!({ "id": "1", "size": null }),
    ] {
        let answer = Answer::json(item);
        let storage = storage(move |_| answer.clone()).await;
        let uploaded = upload_to(&storage, 5).await.unwrap();
        assert_eq!(uploaded.id().as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn session_is_not_believed_to_have_unsent_bytes() {
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
async fn session_that_takes_single_bytes_is_given_up() {
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
async fn file_that_grows_is_not_uploaded() {
    let (simulator, graph) = start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    std::fs::write(&path, bytes(2 * UNIT)).unwrap();
    let item = graph.me().drive().root().path("a.log");
    let grown = path.clone();
    let upload = item.upload(Source::file(&path)).slice_size(UNIT as u64);
    let upload = upload.on_progress(move |_| std::fs::write(&grown, bytes(3 * UNIT)).unwrap());
    assert_eq!(kind(upload.await), TransferErrorKind::Source);
    assert!(item.get().await.unwrap_err().is_not_found());
    drop(simulator);
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
async fn a_slice_that_is_throttled_waits_as_long_as_it_is_asked_to() {
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
async fn a_session_that_is_gone_is_an_error_of_its_own() {
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
async fn a_session_can_be_looked_at_and_given_up() {
    let (simulator, graph) = shared().await;
    let data = bytes(3 * UNIT);
    let session = open(&graph, "a.bin").await;
    let handle = graph.upload_session(session.clone());
    stopped(&simulator, handle.upload(data), UNIT).await;
    let state = handle.status().await.unwrap();
    assert_eq!(state.upload_url, session.upload_url);
    assert!(state.expiration_date_time.is_some());
    assert_eq!(state.next_expected_ranges.unwrap(), ["327680-"]);
    handle.cancel().await.unwrap();
    assert_eq!(kind(handle.status().await), TransferErrorKind::SessionGone);
    // The address is a secret.
    for shown in [format!("{handle:?}"), format!("{session:?}")] {
        assert!(!shown.contains("tempauth"), "{shown}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile_is_a_conflict_that_keeps_the_bytes() {
    let (simulator, graph) = start().await;
    let data = bytes(2 * UNIT);
    let item = graph.me().drive().root().path("a.bin");
    let session = open(&graph, "a.bin").await;
    item.content().replace("first").await.unwrap();
    let result = impatient(graph.upload_session(session.clone()).upload(data.clone())).await;
    assert!(result.unwrap_err().is_conflict());
    // The bytes become a file with another name.
    let body = json!({
        "name": "a.bin",
        "@microsoft.graph.conflictBehavior": "rename",
        "@microsoft.graph.sourceUrl": session.upload_url,
    });
    let made: DriveItem = graph
        .request(Method::PUT, "/me/drive/root:/a.bin")
        .body_json(&body)
        .json()
        .await
        .unwrap();
    assert_eq!(content(&graph, &made.name.unwrap()).await, data);
    assert_eq!(content(&graph, "a.bin").await, b"first");
    drop(simulator);
}

#[tokio::test]
async fn a_deferred_session_waits_for_its_commit() {
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
async fn conflicts_are_decided_alike_for_small_and_large_files() {
    let (_simulator, graph) = start().await;
    for size in [10, 2 * UNIT] {
        let name = format!("{size}.bin");
        let item = graph.me().drive().root().path(&name);
        let upload = |conflict| {
            item.upload(bytes(size))
                .slice_size(UNIT as u64)
                .conflict_behavior(conflict)
        };
        let first = upload(ConflictBehavior::Fail).await.unwrap();
        assert!(
            upload(ConflictBehavior::Fail)
                .await
                .unwrap_err()
                .is_conflict(),
            "{size}"
        );
        let renamed = upload(ConflictBehavior::Rename).await.unwrap();
        assert_ne!(renamed.name, first.name);
        let replaced = upload(ConflictBehavior::Replace).await.unwrap();
        assert_eq!(replaced.id, first.id);
        // The earlier etag is outdated.
        let stale = upload(ConflictBehavior::Replace)
            .if_match(&first)
            .await
            .unwrap_err();
        assert!(stale.is_precondition_failed(), "{stale}");
        upload(ConflictBehavior::Replace)
            .if_match(&replaced)
            .await
            .unwrap();
        let without = upload(ConflictBehavior::Replace)
            .if_match(&DriveItem::default())
            .await;
        assert!(matches!(without, Err(Error::Request(_))), "{without:?}");
    }
}

#[tokio::test]
async fn properties_come_along_whatever_the_size() {
    let (_simulator, graph) = start().await;
    let then = "2020-01-02T03:04:05Z".parse().unwrap();
    for size in [0, 10] {
        let times = FileSystemInfo {
            last_modified_date_time: Some(then),
            ..Default::default()
        };
        let properties = DriveItemUploadableProperties {
            description: Some("figures".into()),
            file_system_info: Some(times.into()),
            ..Default::default()
        };
        let item = graph.me().drive().root().path(&format!("p{size}.bin"));
        let made = item
            .upload(bytes(size))
            .properties(properties)
            .await
            .unwrap();
        assert_eq!(made.size, Some(size as i64));
        if size == 0 {
            assert_eq!(made.description.as_deref(), Some("figures"));
            assert_eq!(
                made.file_system_info.unwrap().last_modified_date_time,
                Some(then)
            );
        }
    }
}

#[tokio::test]
async fn progress_goes_from_nothing_to_all() {
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

fn attachment(size: usize) -> AttachmentCreateUploadSession {
    let item = AttachmentItem {
        attachment_type: Some(AttachmentType::File),
        name: Some("flower.jpg".into()),
        size: Some(size as i64),
        content_type: Some("image/jpeg".into()),
        ..Default::default()
    };
    AttachmentCreateUploadSession {
        attachment_item: Some(item.into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn documents_to_be_printed_are_given_as_they_are() {
    let (_simulator, graph) = start().await;
    let share = json!({ "displayName": "Printer" });
    let share = graph
        .request(Method::POST, "/print/shares")
        .body_json(&share);
    let share: serde_json::Value = share.json().await.unwrap();
    let shares = graph.print().shares().id(share["id"].as_str().unwrap());
    let job = json!({ "documents": [{ "displayName": "a" }] });
    let job = shares
        .jobs()
        .create(Default::default())
        .body_json(&job)
        .await
        .unwrap();
    let documents = shares.jobs().id(&job.id.unwrap()).documents();
    let document = documents.list().await.unwrap().value.remove(0).id.unwrap();
    let data = bytes(2 * UNIT + 1);
    let properties = PrintDocumentUploadProperties {
        document_name: Some("a.pdf".into()),
        content_type: Some("application/pdf".into()),
        size: Some(data.len() as i64),
        ..Default::default()
    };
    let body = PrintDocumentCreateUploadSession {
        properties: Some(properties.into()),
        ..Default::default()
    };
    let call = documents.id(&document).create_upload_session(body);
    let uploaded = impatient(call.upload(data)).await.unwrap();
    let made: PrintDocument = uploaded.item().unwrap().unwrap();
    assert_eq!(made.id, Some(document));
}

#[tokio::test]
async fn a_reader_cannot_give_what_it_has_given_away() {
    let (simulator, graph) = shared().await;
    let data = bytes(4 * UNIT);
    let session = open(&graph, "a.bin").await;
    let (other, mut once) = (Arc::clone(&simulator), false);
    let reader = Source::reader(Cursor::new(data), 4 * UNIT as u64);
    let upload = graph
        .upload_session(session)
        .upload(reader)
        .on_progress(move |progress| {
            if progress.done >= 2 * UNIT as u64 && !once {
                once = true;
                other.lose_uploaded(0..10);
            }
        });
    assert_eq!(
        kind(impatient(upload).await),
        TransferErrorKind::CannotGoBack
    );
}

#[tokio::test]
async fn a_service_that_never_has_enough_is_not_served_for_ever() {
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
async fn a_session_elsewhere_than_on_https_gets_nothing() {
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

/// Creates a client of the simulator's user whose paused clock stands still while a request is
/// under way.
fn patient(simulator: &Simulator) -> Graph {
    let root = simulator.url().trim_end_matches("/v1.0");
    Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(CustomCloud::new(root, simulator.login_url()))
        .per_try_middleware(Busy)
        .build()
        .expect("a client of this machine's own address")
}

/// Returns the number of times that content was sent in one request.
fn contents(simulator: &Simulator) -> usize {
    let requests = simulator.requests().into_iter();
    requests
        .filter(|request| request.method == Method::PUT && request.path().ends_with("/content"))
        .count()
}

fn put_content(fault: Fault) -> Fault {
    fault.method(Method::PUT).at("/v1.0/me/drive/*")
}

#[tokio::test(start_paused = true)]
async fn lost_response_of_rename_makes_one_file() {
    let (simulator, _) = start().await;
    let graph = patient(&simulator);
    let upload = || {
        let file = graph.me().drive().root().path("a.txt");
        file.upload("hello")
            .conflict_behavior(ConflictBehavior::Rename)
    };
    simulator.fault(put_content(Fault::lost()));
    let error = upload().await.unwrap_err();
    assert_eq!(contents(&simulator), 1);
    let reason = error.attempts().unwrap().stop_reason();
    assert_eq!(reason, Some(RetryStopReason::NotIdempotent));
    let children = simulator.read("/me/drive/root/children").unwrap();
    let names = children["value"].as_array().unwrap().iter();
    let made = names.filter(|item| item["name"].as_str().unwrap().starts_with('a'));
    assert_eq!(made.count(), 1);

    // If the service says that it did nothing, the request is sent again.
    simulator.forget_requests();
    simulator.fault(put_content(Fault::throttled(RetryAfter::Seconds(1))));
    upload().await.unwrap();
    assert_eq!(contents(&simulator), 2);
}

#[tokio::test(start_paused = true)]
async fn lost_response_of_own_upload_is_no_conflict() {
    let (simulator, _) = start().await;
    let graph = patient(&simulator);
    for (size, properties) in [(0, false), (1000, false), (1000, true)] {
        let name = format!("{size}-{properties}.bin");
        let file = graph.me().drive().root().path(&name);
        simulator.fault(match properties {
            false => put_content(Fault::lost()),
            true => Fault::lost().method(Method::PUT).at("/upload/*"),
        });
        let properties = DriveItemUploadableProperties {
            description: properties.then(|| "figures".to_owned()),
            ..Default::default()
        };
        let upload = file.upload(bytes(size)).properties(properties);
        let item = upload
            .conflict_behavior(ConflictBehavior::Fail)
            .await
            .unwrap();
        assert_eq!(item.name.as_deref(), Some(&*name));
        assert_eq!(item.size, Some(size as i64));
    }
    // The same holds with an etag, which the first attempt changes.
    let file = graph.me().drive().root().path("1000-false.bin");
    let before = file.get().await.unwrap();
    simulator.fault(put_content(Fault::lost()));
    let item = file.upload("new").if_match(&before).await.unwrap();
    assert_eq!((item.id, item.size), (before.id, Some(3)));
}

#[tokio::test(start_paused = true)]
async fn foreign_file_stays_a_conflict_after_unclear_attempt() {
    let (simulator, _) = start().await;
    let graph = patient(&simulator);
    let file = graph.me().drive().root().path("a.txt");
    file.upload("theirs").await.unwrap();
    for ours in ["ours!!", "longer than theirs"] {
        simulator.fault(put_content(Fault::status(StatusCode::GATEWAY_TIMEOUT)));
        let error = file
            .upload(ours)
            .conflict_behavior(ConflictBehavior::Fail)
            .await
            .unwrap_err();
        assert!(error.is_conflict(), "{error}");
        assert!(error.attempts().unwrap().may_have_succeeded());
        assert_eq!(content(&graph, "a.txt").await, b"theirs");
    }
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

#[tokio::test(start_paused = true)]
async fn own_file_is_told_by_content_and_time() {
    let item = |more: serde_json::Value| {
        let mut item = json!({ "id": "1", "name": "a.txt", "size": 5 });
        item.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        item
    };
    let hash = |hash: &str| json!({ "file": { "hashes": { "quickXorHash": hash } } });
    let hello = "aCgDG9jwBgAAAAAABQAAAAAAAAA=";
    let at = |time: &str| {
        let mut item = item(hash(hello));
        item["lastModifiedDateTime"] = time.into();
        item
    };
    let date = Some("Sun, 01 Mar 2026 10:00:10 GMT");
    for (item, content, date, is_own) in [
        (item(hash(hello)), "", None, true),
        (
            item(hash("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
            "hello",
            None,
            false,
        ),
        // Without a hash, the content itself is compared.
        (item(json!({})), "hello", None, true),
        (item(json!({})), "olleh", None, false),
        (item(json!({ "size": 6 })), "hello", None, false),
        // Another program wrote the same content before this call began.
        (at("2026-03-01T10:00:09Z"), "", date, true),
        (at("2026-03-01T09:00:00Z"), "", date, false),
    ] {
        let recorder = taken(item.clone(), content, date).await;
        let graph = Graph::builder(AccessTokenCredential::new("token"))
            .base_url(recorder.url())
            .per_try_middleware(Busy)
            .build()
            .unwrap();
        let file = graph.me().drive().root().path("a.txt");
        let uploaded = file
            .upload("hello")
            .conflict_behavior(ConflictBehavior::Fail)
            .await;
        match uploaded {
            Ok(made) => assert!(
                is_own && made.id.as_deref() == Some("1"),
                "{item} {content}"
            ),
            Err(error) => assert!(!is_own && error.is_conflict(), "{item} {content}: {error}"),
        }
    }
}
