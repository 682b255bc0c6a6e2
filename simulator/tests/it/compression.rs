//! Tests of compressed responses.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, plain, start};

const GZIP: (&str, &str) = ("accept-encoding", "gzip, deflate, br");

fn unpacked(body: &[u8]) -> Value {
    let mut text = String::new();
    GzDecoder::new(body).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn large_json_is_compressed_on_request() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let usual = client.get("/users").await;
    assert_eq!(usual.headers.get("content-encoding"), None);
    assert_eq!(usual.header("vary"), "Accept-Encoding");
    let packed = client.send(Method::GET, "/users", &[GZIP], "").await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("vary"), "Accept-Encoding");
    assert_eq!(packed.header("content-type"), usual.header("content-type"));
    assert_eq!(
        packed.header("content-length"),
        packed.body.len().to_string()
    );
    assert!(packed.body.len() < usual.body.len() / 2);
    assert_eq!(unpacked(&packed.body), usual.json());
}

#[tokio::test]
async fn small_json_is_not_compressed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let small = client
        .send(Method::GET, "/me?$select=id", &[GZIP], "")
        .await;
    assert_eq!(small.headers.get("content-encoding"), None);
    assert!(small.json()["id"].is_string());
}

#[tokio::test]
async fn batch_is_compressed_as_a_whole() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let batch = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/users",
          "headers": { "accept-encoding": "gzip" } },
    ] });
    let headers = [GZIP, ("content-type", "application/json")];
    let answer = client
        .send(Method::POST, "/$batch", &headers, batch.to_string())
        .await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    let part = unpacked(&answer.body)["responses"][0].clone();
    assert_eq!(part["headers"]["Content-Encoding"], Value::Null);
    assert_eq!(part["body"]["value"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn files_are_not_compressed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let text = r#"{"a":1}"#.repeat(1_000);
    let put = client
        .send(
            Method::PUT,
            "/me/drive/root:/a.json:/content",
            &[("content-type", "application/json")],
            text.clone(),
        )
        .await;
    assert_eq!(put.status, StatusCode::CREATED);
    let item = client.get("/me/drive/root:/a.json").await.json();
    let url = item["@microsoft.graph.downloadUrl"].as_str().unwrap();
    let range = ("range", "bytes=0-2999");
    let part = plain(Method::GET, url, &[GZIP, range], "").await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers.get("content-encoding"), None);
    assert_eq!(&part.body[..], &text.as_bytes()[..3_000]);
}
