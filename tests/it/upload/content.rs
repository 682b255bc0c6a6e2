//! The source of the bytes, and the item that Graph makes of them.

use std::io::Cursor;
use std::sync::Arc;

use msgraph::error::{Attempts, TransferErrorKind};
use msgraph::upload::Source;
use serde_json::json;

use super::{UNIT, impatient, kind, open, ranges, shared, storage, upload_to};
use crate::support::recorder::Answer;
use crate::support::simulated::{bytes, start};

#[tokio::test]
async fn item_returned_before_last_slice_is_error() {
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
        let answer = answer.header("request-id", "327f7bf0");
        let storage = storage(move |_| answer.clone()).await;
        let result = upload_to(&storage, 5).await;
        if let Err(error) = &result {
            assert_eq!(error.request_id(), Some("327f7bf0"), "{size}");
            assert_eq!(error.attempts().map(Attempts::count), Some(1), "{size}");
        }
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
async fn reader_cannot_resend_consumed_bytes() {
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
