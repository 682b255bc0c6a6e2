//! Content as a stream: its head, its bytes, and its end after a fault.

use std::future::IntoFuture;

use futures_util::TryStreamExt;
use http::{Method, StatusCode};
use msgraph::download::HashKind;
use msgraph::error::TransferErrorKind;
use msgraph::models::DriveItem;
use msgraph::{Error, Model};
use msgraph_simulator::{Fault, Host};

use super::{Folder, asked, file, kind, read, stream, to_file};
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::{bytes, start};

#[tokio::test]
async fn status_and_headers_are_available_before_the_body() {
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
async fn range_returns_requested_bytes_from_any_host() {
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
async fn interrupted_download_resumes_at_its_offset() {
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
async fn changed_content_is_never_mixed_with_old() {
    let (simulator, graph) = start().await;
    file(&graph, "a.bin", bytes(100_000)).await;
    simulator.fault(Fault::truncated().at("/download/*"));
    let mut content = stream(&graph, "a.bin").await.unwrap();
    content.try_next().await.unwrap().unwrap();
    file(&graph, "a.bin", vec![7; 100_000]).await;
    assert_eq!(kind(read(content).await), TransferErrorKind::Changed);
}

#[tokio::test]
async fn download_fails_after_repeated_interruptions() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#1745, microsoftgraph/msgraph-sdk-php#169.
#[tokio::test]
async fn download_url_of_item_is_used_until_expired() {
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
async fn wrong_hash_is_an_error() {
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
async fn content_without_redirect_is_streamed() {
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

#[tokio::test]
async fn concurrent_downloads_to_one_file_never_mix() {
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
async fn html_at_download_url_falls_back_to_graph() {
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
