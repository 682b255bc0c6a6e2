//! Tests of the properties that an upload session carries to its file.

use http::{Method, StatusCode};
use serde_json::json;

use super::text;
use crate::client::{Client, plain, start};

#[tokio::test]
async fn session_keeps_times_and_creates_folders() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let times = json!({
        "createdDateTime": "2011-01-02T03:04:05Z", "lastModifiedDateTime": "2012-01-02T03:04:05Z",
    });
    let body = json!({
        "item": {
            "@microsoft.graph.conflictBehavior": "replace", "name": "f.bin", "fileSize": 5,
            "fileSystemInfo": times, "description": "five",
        },
    });
    let url = "/me/drive/root:/a/b/f.bin:/createUploadSession";
    let session = client.post(url, body).await.json();
    let headers = [("content-range", "bytes 0-4/5")];
    let made = plain(Method::PUT, text(&session["uploadUrl"]), &headers, "12345").await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    let item = client.get("/me/drive/root:/a/b/f.bin").await.json();
    assert_eq!(item["fileSystemInfo"], times);
    assert_eq!(
        (&item["description"], &item["size"]),
        (&json!("five"), &json!(5))
    );
    assert_eq!(item["createdBy"]["user"]["displayName"], "Adele Brandt");
}

#[tokio::test]
async fn empty_file_is_committed_without_a_slice() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({ "item": { "name": "zero.bin", "fileSize": 0 }, "deferCommit": true });
    let url = "/me/drive/items/root:/zero.bin:/createUploadSession";
    let session = client.post(url, body).await.json();
    let made = plain(Method::POST, text(&session["uploadUrl"]), &[], "").await;
    assert_eq!(
        (made.status, &made.json()["size"]),
        (StatusCode::CREATED, &json!(0))
    );
    let put = super::put(&mut client, "/me/drive/root:/none.bin:/content", "").await;
    assert_eq!(
        (put.status, &put.json()["size"]),
        (StatusCode::CREATED, &json!(0))
    );
    assert_eq!(
        client.file("/me/drive/root:/none.bin:/content").await.body,
        ""
    );
}
