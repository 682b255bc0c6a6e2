//! Parts of a file that are requested by range.

use std::time::Duration;

use http::Method;
use msgraph::Graph;
use msgraph::download::ToStream;
use msgraph::error::{Attempts, TransferErrorKind};

use super::{Folder, kind, raw, read};
use crate::support::recorder::{Answer, Recorder};

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
async fn partial_responses_are_read_to_the_end() {
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
async fn invalid_content_ranges_are_errors() {
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
            .header("request-id", "327f7bf0")
            .body("hello");
        let recorder = Recorder::always(answer).await;
        let graph = crate::support::graph(&recorder);
        let error = photo(&graph).await.unwrap_err();
        assert_eq!(error.request_id(), Some("327f7bf0"), "{range}");
        assert_eq!(error.attempts().map(Attempts::count), Some(1), "{range}");
        assert_eq!(
            kind(Err::<(), _>(error)),
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
