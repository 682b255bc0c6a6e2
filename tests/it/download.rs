//! Downloads, against the simulator: what arrives, whatever happens underway.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt;
use http::{Method, StatusCode};
use msgraph::download::{ContentStream, HashKind, ToFile, ToStream};
use msgraph::error::TransferErrorKind;
use msgraph::models::DriveItem;
use msgraph::{Error, Graph, Model};
use simulator::{Fault, Host, Simulator};

use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::{bytes, start};

/// A file at the root of the drive, and its item.
async fn file(graph: &Graph, name: &str, content: Vec<u8>) -> DriveItem {
    let item = graph.me().drive().root().path(name);
    item.content().replace(content).await.unwrap();
    item.get().await.unwrap()
}

fn stream(graph: &Graph, name: &str) -> ToStream {
    let content = graph.me().drive().root().path(name).content().get();
    content.stream().first_wait(Duration::ZERO)
}

fn to_file(graph: &Graph, name: &str, path: &Path) -> ToFile {
    let content = graph.me().drive().root().path(name).content().get();
    content.to_file(path).first_wait(Duration::ZERO)
}

async fn read(mut content: ContentStream) -> msgraph::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = content.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Hosts, methods and ranges of what was asked.
fn asked(simulator: &Simulator) -> Vec<(Host, Option<String>)> {
    let requests = simulator.requests().into_iter();
    requests
        .map(|request| (request.host, request.header("range").map(str::to_owned)))
        .collect()
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: msgraph::Result<T>) -> TransferErrorKind {
    match result {
        Err(Error::Transfer(error)) => error.kind(),
        other => panic!("a transfer error was expected: {other:?}"),
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("msgraph-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn status_and_headers_come_first() {
    let (simulator, graph) = start().await;
    let data = bytes(300_000);
    file(&graph, "a.bin", data.clone()).await;
    simulator.forget_requests();
    let content = stream(&graph, "a.bin").await.unwrap();
    assert_eq!(content.status(), StatusCode::OK);
    assert_eq!(content.length(), Some(300_000));
    assert_eq!(content.content_type(), Some("application/octet-stream"));
    assert!(content.headers().contains_key("etag"));
    assert_eq!(read(content).await.unwrap(), data);
    // The host that has the bytes gets no token; it would refuse one.
    assert_eq!(
        asked(&simulator),
        [(Host::Graph, None), (Host::Storage, None)]
    );

    // It is a stream like any other.
    let pieces: Vec<_> = stream(&graph, "a.bin")
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pieces.concat(), data);
    let error = stream(&graph, "nothing").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    file(&graph, "empty", Vec::new()).await;
    assert_eq!(
        read(stream(&graph, "empty").await.unwrap()).await.unwrap(),
        b""
    );
}

#[tokio::test]
async fn ranges_give_what_was_asked_for_whatever_the_host_sends() {
    let (simulator, graph) = start().await;
    let data = bytes(1000);
    file(&graph, "a.bin", data.clone()).await;
    for ignored in [false, true] {
        for (range, wanted) in [
            (0..10_u64, &data[0..10]),
            (10..999, &data[10..999]),
            (990..2000, &data[990..]),
        ] {
            if ignored {
                simulator.fault(Fault::unheard("range").at("/download/*"));
            }
            let content = stream(&graph, "a.bin").range(range.clone()).await.unwrap();
            let status = if ignored { 200 } else { 206 };
            assert_eq!(content.status().as_u16(), status);
            assert_eq!(
                (content.length(), content.total()),
                (Some(wanted.len() as u64), Some(1000))
            );
            assert_eq!(read(content).await.unwrap(), wanted, "{range:?} {ignored}");
        }
    }
    let rest = stream(&graph, "a.bin").range(995..).await.unwrap();
    assert_eq!(read(rest).await.unwrap(), &data[995..]);
    let beyond = stream(&graph, "a.bin").range(1000..).await.unwrap_err();
    assert_eq!(beyond.status(), Some(StatusCode::RANGE_NOT_SATISFIABLE));
    simulator.fault(Fault::unheard("range").at("/download/*"));
    let beyond = stream(&graph, "a.bin").range(1001..).await.unwrap();
    assert_eq!(kind(read(beyond).await), TransferErrorKind::Range);
    let empty = stream(&graph, "a.bin").range(5..5).await;
    assert!(matches!(empty, Err(Error::Request(_))), "{empty:?}");
}

#[tokio::test]
async fn what_breaks_off_goes_on_from_there() {
    let (simulator, graph) = start().await;
    let data = bytes(100_000);
    let item = file(&graph, "a.bin", data.clone()).await;
    simulator.forget_requests();
    simulator.fault(Fault::truncated().at("/download/*").times(3));
    simulator.fault(Fault::status(StatusCode::SERVICE_UNAVAILABLE).at("/download/*"));
    let content = stream(&graph, "a.bin").verify(&item).await.unwrap();
    assert_eq!(read(content).await.unwrap(), data);
    let ranges: Vec<_> = asked(&simulator)
        .into_iter()
        .filter(|(host, _)| *host == Host::Storage)
        .map(|(_, range)| range)
        .collect();
    assert_eq!(ranges[0], None);
    assert_eq!(ranges[1].as_deref(), Some("bytes=50000-"));
    // And where the host sends all of it again, it is passed over.
    simulator.fault(Fault::truncated().at("/download/*"));
    simulator.fault(Fault::unheard("range").at("/download/*"));
    let content = stream(&graph, "a.bin").verify(&item).await.unwrap();
    assert_eq!(read(content).await.unwrap(), data);
    // A part goes on within its bounds.
    simulator.fault(Fault::truncated().at("/download/*"));
    let content = stream(&graph, "a.bin").range(1000..3000).await.unwrap();
    assert_eq!(read(content).await.unwrap(), &data[1000..3000]);
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_put_together() {
    let (simulator, graph) = start().await;
    file(&graph, "a.bin", bytes(100_000)).await;
    simulator.fault(Fault::truncated().at("/download/*"));
    let mut content = stream(&graph, "a.bin").await.unwrap();
    content.try_next().await.unwrap().unwrap();
    file(&graph, "a.bin", vec![7; 100_000]).await;
    assert_eq!(kind(read(content).await), TransferErrorKind::Changed);
}

#[tokio::test]
async fn a_host_that_keeps_breaking_off_is_given_up() {
    let (simulator, graph) = start().await;
    file(&graph, "a.bin", bytes(1000)).await;
    let content = stream(&graph, "a.bin").await.unwrap();
    drop(content);
    simulator.fault(Fault::truncated().at("/download/*"));
    simulator.fault(Fault::reset().at("/download/*").always());
    let content = stream(&graph, "a.bin").await.unwrap();
    let error = read(content).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("GET /me/drive/root:/{path}:/content → "),
        "{error}"
    );
}

#[tokio::test]
async fn case_2_21_the_address_of_the_item_is_used_while_it_is_good() {
    let (simulator, graph) = start().await;
    let data = bytes(1000);
    let item = file(&graph, "a.bin", data.clone()).await;
    assert!(item.download_url().is_some());
    simulator.forget_requests();
    let content = stream(&graph, "a.bin").url_of(&item).await.unwrap();
    assert_eq!(read(content).await.unwrap(), data);
    assert_eq!(asked(&simulator), [(Host::Storage, None)]);
    let request = &simulator.requests()[0];
    for name in ["authorization", "sdkversion", "client-request-id"] {
        assert_eq!(request.header(name), None, "{name}");
    }

    // It has run out.
    simulator.expire_download_urls();
    simulator.forget_requests();
    let content = stream(&graph, "a.bin").url_of(&item).await.unwrap();
    assert_eq!(read(content).await.unwrap(), data);
    let hosts: Vec<_> = asked(&simulator)
        .into_iter()
        .map(|(host, _)| host)
        .collect();
    assert_eq!(hosts, [Host::Storage, Host::Graph, Host::Storage]);

    // It is absent.
    let drive = graph.me().drive();
    let bare = drive
        .root()
        .path("a.bin")
        .get()
        .select([DriveItem::ID, DriveItem::NAME])
        .await
        .unwrap();
    assert_eq!(bare.download_url(), None);
    simulator.forget_requests();
    let content = stream(&graph, "a.bin").url_of(&bare).await.unwrap();
    assert_eq!(read(content).await.unwrap(), data);
    assert_eq!(asked(&simulator)[0].0, Host::Graph);
    // An address is not for logs.
    let shown = format!("{item:?}");
    assert!(!shown.contains("tempauth"), "{shown}");
}

#[tokio::test]
async fn the_hash_tells_what_is_not_the_content_of_the_item() {
    let (_simulator, graph) = start().await;
    let item = file(&graph, "a.bin", bytes(1000)).await;
    let mut content = stream(&graph, "a.bin").verify(&item).await.unwrap();
    while content.try_next().await.unwrap().is_some() {}
    assert_eq!(content.verified(), Some(HashKind::QuickXor));
    file(&graph, "a.bin", bytes(999)).await;
    let content = stream(&graph, "a.bin").verify(&item).await.unwrap();
    assert_eq!(kind(read(content).await), TransferErrorKind::HashMismatch);
    let part = stream(&graph, "a.bin").verify(&item).range(1..).await;
    assert!(matches!(part, Err(Error::Request(_))), "{part:?}");
    // Without a hash there is nothing to compare with.
    let mut content = stream(&graph, "a.bin")
        .verify(&DriveItem::default())
        .await
        .unwrap();
    while content.try_next().await.unwrap().is_some() {}
    assert_eq!(content.verified(), None);
}

#[tokio::test]
async fn a_file_is_there_as_a_whole_or_not_at_all() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("whole");
    let path = folder.0.join("a.bin");
    let data = bytes(100_000);
    let item = file(&graph, "a.bin", data.clone()).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let saved = to_file(&graph, "a.bin", &path)
        .verify(&item)
        .on_progress(move |progress| tell.lock().unwrap().push(progress))
        .await
        .unwrap();
    assert_eq!(
        (saved.bytes, saved.verified),
        (100_000, Some(HashKind::QuickXor))
    );
    assert_eq!(
        saved.content_type.as_deref(),
        Some("application/octet-stream")
    );
    assert_eq!(std::fs::read(&path).unwrap(), data);
    let last = *told.lock().unwrap().last().unwrap();
    assert_eq!((last.done, last.total), (100_000, Some(100_000)));

    // What fails leaves the old file, and nothing else.
    simulator.fault(Fault::truncated().at("/download/*"));
    simulator.fault(Fault::status(StatusCode::FORBIDDEN).at("/download/*"));
    file(&graph, "a.bin", bytes(50_000)).await;
    let error = to_file(&graph, "a.bin", &path).await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), data);
    assert_eq!(folder.names(), ["a.bin"]);
    let wrong = to_file(&graph, "a.bin", &path).verify(&item).await;
    assert_eq!(kind(wrong), TransferErrorKind::HashMismatch);
    assert_eq!(folder.names(), ["a.bin"]);
    let nowhere = to_file(&graph, "a.bin", &folder.0.join("no/such/folder")).await;
    assert_eq!(kind(nowhere), TransferErrorKind::Target);
    to_file(&graph, "a.bin", &path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes(50_000));
}

#[tokio::test]
async fn a_download_is_taken_up_after_a_restart() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("resume");
    let path = folder.0.join("a.bin");
    let data = bytes(100_000);
    let item = file(&graph, "a.bin", data.clone()).await;
    let break_off = || {
        simulator.fault(Fault::truncated().at("/download/*"));
        simulator.fault(Fault::status(StatusCode::FORBIDDEN).at("/download/*"));
    };
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    let names = folder.names();
    assert!(
        names.len() == 1 && names[0].starts_with(".a.bin.") && names[0].ends_with(".part"),
        "{names:?}"
    );

    simulator.forget_requests();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let saved = to_file(&graph, "a.bin", &path)
        .resume()
        .verify(&item)
        .on_progress(move |progress| tell.lock().unwrap().push(progress.done))
        .await
        .unwrap();
    assert_eq!(
        (saved.bytes, saved.verified),
        (100_000, Some(HashKind::QuickXor))
    );
    let ranges: Vec<_> = asked(&simulator)
        .into_iter()
        .filter_map(|(host, range)| (host == Host::Storage).then_some(range))
        .collect();
    assert_eq!(ranges, [Some("bytes=50000-".to_owned())]);
    assert!(told.lock().unwrap().iter().all(|done| *done > 50_000));
    assert_eq!(std::fs::read(&path).unwrap(), data);
    assert_eq!(folder.names(), ["a.bin"]);

    // What is left of another version is of no use.
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    let other = vec![9; 80_000];
    file(&graph, "a.bin", other.clone()).await;
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), other);
    assert_eq!(folder.names(), ["a.bin"]);

    // Nor what is longer than the content is now.
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    file(&graph, "a.bin", bytes(10)).await;
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes(10));
    assert_eq!(folder.names(), ["a.bin"]);
}

#[tokio::test]
async fn content_that_graph_sends_itself_streams_as_well() {
    // Chunks without a length and without a version, as `$value` of a message may come.
    let recorder = Recorder::always(
        Answer::status(200)
            .header("Content-Type", "text/plain")
            .body("From: Adele"),
    )
    .await;
    let graph = crate::support::graph(&recorder);
    let content = graph
        .me()
        .messages()
        .id("1")
        .content()
        .get()
        .stream()
        .await
        .unwrap();
    assert_eq!(content.content_type(), Some("text/plain"));
    assert_eq!(read(content).await.unwrap(), b"From: Adele");
    let request = recorder.only();
    assert_eq!(request.header("authorization"), Some("Bearer token"));
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("range"), None);
    // A part of something else than was asked for.
    let wrong = Recorder::always(
        Answer::status(206)
            .header("Content-Range", "bytes 5-10/11")
            .body("Adele!"),
    )
    .await;
    let graph = crate::support::graph(&wrong);
    let call = graph.request(Method::GET, "/me/photo/$value").content();
    let result = call.stream().range(1..4).await;
    assert_eq!(kind(result), TransferErrorKind::Range);
}
