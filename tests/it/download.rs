//! Downloads from the simulator, and what arrives after faults on the way.

use std::future::IntoFuture;
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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::{bytes, start};

/// Creates a file at the root of the drive, and returns its item.
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

/// Returns the hosts and ranges of the requests.
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

/// A folder that is removed at the end of the test.
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
    // The host of the content gets no token; it would refuse one.
    assert_eq!(
        asked(&simulator),
        [(Host::Graph, None), (Host::Storage, None)]
    );

    // It is an ordinary stream.
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
    // The client skips bytes that the host sends again.
    simulator.fault(Fault::truncated().at("/download/*"));
    simulator.fault(Fault::unheard("range").at("/download/*"));
    let content = stream(&graph, "a.bin").verify(&item).await.unwrap();
    assert_eq!(read(content).await.unwrap(), data);
    // The rest of a part stays within the bounds of the part.
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

    // The address has expired.
    simulator.expire_download_urls();
    simulator.forget_requests();
    let content = stream(&graph, "a.bin").url_of(&item).await.unwrap();
    assert_eq!(read(content).await.unwrap(), data);
    let hosts: Vec<_> = asked(&simulator)
        .into_iter()
        .map(|(host, _)| host)
        .collect();
    assert_eq!(hosts, [Host::Storage, Host::Graph, Host::Storage]);

    // The address is absent.
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
    // An address does not belong in logs.
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
    // Without a hash, the content is not compared.
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

    // A failed download leaves the old file, and no other file.
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

    // The unfinished file of another version is not used.
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    let other = vec![9; 80_000];
    file(&graph, "a.bin", other.clone()).await;
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), other);
    assert_eq!(folder.names(), ["a.bin"]);

    // An unfinished file that is longer than the current content is not used either.
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    file(&graph, "a.bin", bytes(10)).await;
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes(10));
    assert_eq!(folder.names(), ["a.bin"]);
}

#[tokio::test]
async fn content_that_graph_sends_itself_streams_as_well() {
    // The chunks have neither a length nor a version, as `$value` of a message may come.
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
    // The response contains another part than the requested one.
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

/// Starts a server that sends these bytes to each connection, and closes it.
async fn raw(response: &'static str) -> Graph {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    let graph = Graph::builder(msgraph::auth::AccessTokenCredential::new("token"));
    graph.base_url(url).build().unwrap()
}

fn photo(graph: &Graph) -> ToStream {
    let call = graph.request(Method::GET, "/me/photo/$value").content();
    call.stream().first_wait(Duration::ZERO)
}

#[tokio::test]
async fn part_longer_than_its_range_is_an_error() {
    for response in [
        "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/11\r\nContent-Length: 11\r\n\r\nhello world",
        "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/11\r\nTransfer-Encoding: chunked\r\n\r\n\
         b\r\nhello world\r\n0\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/5\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/*\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    ] {
        let graph = raw(response).await;
        let result = match photo(&graph).await {
            Ok(content) => read(content).await,
            Err(error) => Err(error),
        };
        assert_eq!(kind(result), TransferErrorKind::Range, "{response}");
        let folder = Folder::new("longer");
        let call = graph.request(Method::GET, "/me/photo/$value").content();
        let result = call.to_file(folder.0.join("a")).await;
        assert_eq!(kind(result), TransferErrorKind::Range, "{response}");
        assert!(folder.names().is_empty());
    }
}

/// Starts a server of `hello world` that sends at most five bytes at once, and states the length as
/// `total`.
async fn in_parts(total: &'static str) -> Recorder {
    const TEXT: &str = "hello world";
    Recorder::new(move |request| {
        let first = request.header("range").map_or(0, |range| {
            let first = range.strip_prefix("bytes=").unwrap().split('-').next();
            first.unwrap().parse().unwrap()
        });
        let last = (first + 4).min(TEXT.len() - 1);
        match TEXT.get(first..=last) {
            Some(part) if !part.is_empty() => Answer::status(206)
                .header("Content-Range", &format!("bytes {first}-{last}/{total}"))
                .body(part),
            _ => Answer::status(416).header("Content-Range", &format!("bytes */{total}")),
        }
    })
    .await
}

#[tokio::test]
async fn parts_are_read_up_to_the_end() {
    for total in ["11", "*"] {
        let recorder = in_parts(total).await;
        let graph = crate::support::graph(&recorder);
        let content = photo(&graph).await.unwrap();
        assert_eq!(read(content).await.unwrap(), b"hello world", "{total}");
        let content = photo(&graph).range(3..9).await.unwrap();
        assert_eq!(read(content).await.unwrap(), b"lo wor", "{total}");
        let content = photo(&graph).range(8..100).await.unwrap();
        assert_eq!(read(content).await.unwrap(), b"rld", "{total}");
    }
    // The content ends before its stated length.
    let recorder = in_parts("12").await;
    let graph = crate::support::graph(&recorder);
    let content = photo(&graph).await.unwrap();
    assert_eq!(kind(read(content).await), TransferErrorKind::Changed);
}

#[tokio::test]
async fn parts_that_cannot_be_are_errors() {
    for (range, media_type) in [
        ("bytes 5-9/11", "image/jpeg"),
        ("bytes 4-0/11", "image/jpeg"),
        ("bytes 0-4/3", "image/jpeg"),
        (
            "bytes 0-18446744073709551615/18446744073709551615",
            "image/jpeg",
        ),
        ("bytes 0-4/11", "multipart/byteranges; boundary=x"),
        ("items 0-4/11", "image/jpeg"),
    ] {
        let answer = Answer::status(206)
            .header("Content-Range", range)
            .header("Content-Type", media_type)
            .body("hello");
        let recorder = Recorder::always(answer).await;
        let graph = crate::support::graph(&recorder);
        assert_eq!(
            kind(photo(&graph).await),
            TransferErrorKind::Range,
            "{range}"
        );
    }
    // The largest numbers do not overflow.
    let answer = Answer::status(206)
        .header(
            "Content-Range",
            "bytes 18446744073709551610-18446744073709551614/18446744073709551615",
        )
        .body("hello");
    let recorder = Recorder::always(answer).await;
    let graph = crate::support::graph(&recorder);
    let content = photo(&graph).range(u64::MAX - 5..).await.unwrap();
    assert_eq!(read(content).await.unwrap(), b"hello");
}

#[tokio::test]
async fn downloads_at_once_never_mix() {
    let (_simulator, graph) = start().await;
    let folder = Folder::new("at-once");
    let path = folder.0.join("a.bin");
    let data = bytes(1_000_000);
    let item = file(&graph, "a.bin", data.clone()).await;
    for resumes in [true, false] {
        let downloads = (0..6).map(|_| {
            let download = to_file(&graph, "a.bin", &path).verify(&item);
            match resumes {
                true => download.resume().into_future(),
                false => download.into_future(),
            }
        });
        let ended = futures_util::future::join_all(downloads).await;
        assert!(ended.iter().any(Result::is_ok), "{ended:?}");
        for result in ended.into_iter().filter(Result::is_err) {
            assert!(resumes, "{result:?}");
            assert_eq!(kind(result), TransferErrorKind::Busy);
        }
        assert_eq!(std::fs::read(&path).unwrap(), data);
        assert_eq!(folder.names(), ["a.bin"]);
        std::fs::remove_file(&path).unwrap();
    }
}

/// Leaves the first half of a download in an unfinished file.
async fn leave_half(simulator: &Simulator, graph: &Graph, folder: &Folder) -> PathBuf {
    simulator.fault(Fault::truncated().at("/download/*"));
    simulator.fault(Fault::status(StatusCode::FORBIDDEN).at("/download/*"));
    let download = to_file(graph, "a.bin", &folder.0.join("a.bin")).resume();
    download.await.unwrap_err();
    let names = folder.names();
    let left = names.iter().find(|name| name.ends_with(".part"));
    folder.0.join(left.unwrap())
}

#[tokio::test]
async fn unfinished_file_has_one_writer() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("one-writer");
    let path = folder.0.join("a.bin");
    let data = bytes(100_000);
    file(&graph, "a.bin", data.clone()).await;
    let left = leave_half(&simulator, &graph, &folder).await;
    // The lock is held as another process would hold it.
    let held = std::fs::File::options().write(true).open(&left).unwrap();
    fs4::FileExt::lock(&held).unwrap();
    let error = to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("another download is writing `"),
        "{error}"
    );
    assert_eq!(kind::<()>(Err(error)), TransferErrorKind::Busy);
    assert!(left.exists());
    // Without `resume`, the download has its own unfinished file.
    to_file(&graph, "a.bin", &path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), data);
    drop(held);
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), data);
    assert_eq!(folder.names(), ["a.bin"]);
}

#[tokio::test]
async fn unfinished_file_that_others_change_is_not_saved() {
    use std::io::{Seek, SeekFrom, Write};

    let (_simulator, graph) = start().await;
    let folder = Folder::new("changed");
    let path = folder.0.join("a.bin");
    let item = file(&graph, "a.bin", bytes(1_000_000)).await;
    for (place, wanted) in [
        (SeekFrom::End(0), TransferErrorKind::SizeMismatch),
        (SeekFrom::Start(0), TransferErrorKind::HashMismatch),
    ] {
        let names = folder.0.clone();
        let change = move |progress: msgraph::transfer::Progress| {
            if Some(progress.done) != progress.total {
                return;
            }
            let entry = std::fs::read_dir(&names).unwrap().next().unwrap().unwrap();
            let mut part = std::fs::File::options()
                .write(true)
                .open(entry.path())
                .unwrap();
            part.seek(place).unwrap();
            // These bytes are more than the rest of the download can overwrite.
            part.write_all(&[7; 600_000]).unwrap();
            if place == SeekFrom::End(0) {
                part.set_len(2_000_000).unwrap();
            }
        };
        let download = to_file(&graph, "a.bin", &path).resume().verify(&item);
        assert_eq!(kind(download.on_progress(change).await), wanted);
        assert!(folder.names().is_empty(), "{:?}", folder.names());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn saved_file_keeps_mode_of_old_file() {
    use std::os::unix::fs::PermissionsExt;

    let (simulator, graph) = start().await;
    let folder = Folder::new("mode");
    let path = folder.0.join("a.bin");
    let data = bytes(300_000);
    file(&graph, "a.bin", data.clone()).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    to_file(&graph, "a.bin", &path).await.unwrap();
    let usual = folder.0.join("usual");
    std::fs::write(&usual, "").unwrap();
    assert_eq!(mode(&path), mode(&usual));
    std::fs::remove_file(usual).unwrap();
    for kept in [0o600, 0o640, 0o444, 0o755] {
        for resumes in [false, true] {
            if resumes {
                // The unfinished file has the mode of a new file.
                std::fs::remove_file(&path).unwrap();
                leave_half(&simulator, &graph, &folder).await;
            }
            std::fs::write(&path, "old").ok();
            let permissions = std::fs::Permissions::from_mode(kept);
            std::fs::set_permissions(&path, permissions).unwrap();
            let (part_of, told) = (folder.0.clone(), Arc::new(Mutex::new(Vec::new())));
            let tell = Arc::clone(&told);
            let download = to_file(&graph, "a.bin", &path).on_progress(move |_| {
                let parts = std::fs::read_dir(&part_of).unwrap().map(Result::unwrap);
                let part = parts.map(|part| part.path()).find(|part| {
                    part.extension()
                        .is_some_and(|extension| extension == "part")
                });
                tell.lock().unwrap().push(mode(&part.unwrap()));
            });
            let download = if resumes { download.resume() } else { download };
            download.await.unwrap();
            assert_eq!(mode(&path), kept, "{kept:o} {resumes}");
            assert!(told.lock().unwrap().iter().all(|mode| *mode == 0o600));
            assert_eq!(std::fs::read(&path).unwrap(), data);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_link_stays_and_its_file_is_replaced() {
    use std::os::unix::fs::symlink;

    let (_simulator, graph) = start().await;
    let folder = Folder::new("links");
    let data = bytes(1000);
    file(&graph, "a.bin", data.clone()).await;
    let at = |name: &str| folder.0.join(name);
    std::fs::create_dir(at("there")).unwrap();
    std::fs::write(at("there/a.bin"), "old").unwrap();
    symlink("there/a.bin", at("link")).unwrap();
    symlink(at("link"), at("link-to-link")).unwrap();
    for name in ["link", "link-to-link"] {
        std::fs::write(at("there/a.bin"), "old").unwrap();
        to_file(&graph, "a.bin", &at(name)).resume().await.unwrap();
        assert!(at(name).is_symlink());
        assert_eq!(std::fs::read(at("there/a.bin")).unwrap(), data);
    }
    assert_eq!(std::fs::read_dir(at("there")).unwrap().count(), 1);

    symlink("nowhere", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink("there", at("folder-link")).unwrap();
    std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for (name, message) in [
        (
            "dangling",
            "is a symbolic link to a file that does not exist: ",
        ),
        ("loop", "is a symbolic link to a file that does not exist: "),
        ("there", "is a directory, not a regular file"),
        ("folder-link", "is a directory, not a regular file"),
        ("socket", "is a socket, not a regular file"),
        ("no/folder", "cannot create a file in `"),
        ("..", "is a directory, not a regular file"),
    ] {
        let error = to_file(&graph, "a.bin", &at(name)).await.unwrap_err();
        assert!(error.to_string().contains(message), "{name}: {error}");
        assert_eq!(kind::<()>(Err(error)), TransferErrorKind::Target);
    }
    assert_eq!(at("dangling").read_link().unwrap(), Path::new("nowhere"));
    assert!(!at("nowhere").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn read_only_folder_is_named_in_error() {
    use std::os::unix::fs::PermissionsExt;

    let (_simulator, graph) = start().await;
    let folder = Folder::new("read-only");
    file(&graph, "a.bin", bytes(10)).await;
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&folder.0, permissions).unwrap();
    };
    mode(0o500);
    // Root can write anywhere.
    if std::fs::write(folder.0.join("b"), "").is_err() {
        for resumes in [false, true] {
            let download = to_file(&graph, "a.bin", &folder.0.join("a.bin"));
            let download = if resumes { download.resume() } else { download };
            let error = download.await.unwrap_err();
            assert!(
                error.to_string().starts_with("cannot create a file in `"),
                "{error}"
            );
        }
    }
    mode(0o700);
}

#[cfg(unix)]
#[tokio::test]
async fn link_in_place_of_unfinished_file_is_not_followed() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("planted");
    file(&graph, "a.bin", bytes(100_000)).await;
    let left = leave_half(&simulator, &graph, &folder).await;
    let victim = folder.0.join("victim");
    std::fs::rename(&left, &victim).unwrap();
    let before = std::fs::read(&victim).unwrap();
    std::os::unix::fs::symlink(&victim, &left).unwrap();
    let result = to_file(&graph, "a.bin", &folder.0.join("a.bin"))
        .resume()
        .await;
    assert_eq!(kind(result), TransferErrorKind::Target);
    assert_eq!(std::fs::read(&victim).unwrap(), before);
}

fn page() -> Answer {
    Answer::status(200)
        .header("Content-Type", "text/html; charset=utf-8")
        .body("<html>Sign in to your account</html>")
}

#[tokio::test]
async fn html_in_place_of_content_is_an_error() {
    let recorder = Recorder::always(page()).await;
    let graph = crate::support::graph(&recorder);
    let folder = Folder::new("html");
    let drive = graph.me().drive();
    let pdf = folder.0.join("report.pdf");
    let by_id = || drive.items().id("1").content().get();
    let by_path = |name: &str| drive.root().path(name).content().get();
    let item: DriveItem =
        serde_json::from_str(r#"{"name":"a.pdf","file":{"mimeType":"application/pdf"}}"#).unwrap();
    let none = folder.0.join("none");
    let wanted = TransferErrorKind::UnexpectedHtml;
    assert_eq!(kind(by_id().to_file(&pdf).await), wanted);
    assert_eq!(kind(by_path("a.pdf").to_file(&none).await), wanted);
    assert_eq!(kind(by_path("a.pdf").stream().await), wanted);
    assert_eq!(kind(by_path("a.pdf").await), wanted);
    assert_eq!(kind(by_id().to_file(&none).verify(&item).await), wanted);
    assert_eq!(kind(by_id().stream().url_of(&item).await), wanted);
    assert!(folder.names().is_empty());

    // Requested HTML is ordinary content.
    for (call, name) in [
        (by_path("a.html"), "a.pdf"),
        (by_id(), "a.html"),
        (by_id(), "a"),
        (by_path("a.docx").query("format", "html"), "a.bin"),
    ] {
        let saved = call.to_file(folder.0.join(name)).await.unwrap();
        assert_eq!(saved.bytes, 36);
    }
    by_id().await.unwrap();
    let page = graph.request(Method::GET, "/me/onenote/pages/1/content");
    page.content().to_file(&pdf).await.unwrap();
}

#[tokio::test]
async fn html_at_address_of_item_asks_graph() {
    let recorder = Recorder::new(|request| match request.target.as_str() {
        "/run-out" => page(),
        _ => Answer::status(200)
            .header("Content-Type", "application/pdf")
            .body("%PDF"),
    })
    .await;
    let graph = crate::support::graph(&recorder);
    let item = format!(
        r#"{{"name":"a.pdf","@microsoft.graph.downloadUrl":"{}/run-out"}}"#,
        recorder.url()
    );
    let item: DriveItem = serde_json::from_str(&item).unwrap();
    let content = graph.me().drive().items().id("1").content().get();
    let content = content.stream().url_of(&item).await.unwrap();
    assert_eq!(read(content).await.unwrap(), b"%PDF");
    assert_eq!(
        recorder.targets(),
        ["/run-out", "/v1.0/me/drive/items/1/content"]
    );
}
