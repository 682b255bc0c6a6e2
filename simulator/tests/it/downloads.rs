//! Tests of the content of files, from the host that takes no token.

use std::time::Duration;

use http::{Method, StatusCode};
use msgraph_simulator::Fault;
use serde_json::Value;

use crate::client::{Client, drive, plain, start, try_plain};

/// Returns the URL of the seed's table, and its download URL.
async fn table(client: &mut Client) -> (String, String) {
    let drive = drive(client).await;
    let item = format!("{drive}/items/root:/Reports/2026.csv");
    let url = client
        .get(&format!("{item}:/content"))
        .await
        .header("location")
        .to_owned();
    (item, url)
}

const TABLE: &[u8] = b"month,sum\n1,100\n2,120\n";

#[tokio::test]
async fn content_redirects_to_another_host() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (item, url) = table(&mut client).await;
    assert!(
        url.starts_with(&format!("{}/download/", simulator.storage_url())),
        "{url}"
    );
    let file = plain(Method::GET, &url, &[], "").await;
    assert_eq!((file.status, &file.body[..]), (StatusCode::OK, TABLE));
    assert_eq!(
        (file.header("content-type"), file.header("accept-ranges")),
        ("text/csv", "bytes")
    );
    let token = [("authorization", "Bearer x.y.z")];
    assert_eq!(
        plain(Method::GET, &url, &token, "").await.status,
        StatusCode::UNAUTHORIZED
    );
    // The item itself has the same URL. With `$select`, it has the URL if it is selected.
    let text = |value: Value| {
        value["@microsoft.graph.downloadUrl"]
            .as_str()
            .map(str::to_owned)
    };
    let whole = client.get(&item).await.json();
    assert_eq!(
        plain(Method::GET, &text(whole).unwrap(), &[], "")
            .await
            .body,
        TABLE
    );
    assert_eq!(
        text(client.get(&format!("{item}?$select=id")).await.json()),
        None
    );
    let named = client
        .get(&format!("{item}?$select=id,@microsoft.graph.downloadUrl"))
        .await
        .json();
    assert!(text(named).is_some());
}

#[tokio::test]
async fn item_hash_matches_the_content() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (item, _) = table(&mut client).await;
    let hash = client.get(&item).await.json()["file"]["hashes"]["quickXorHash"].clone();
    let text = [("content-type", "text/csv")];
    let put = client
        .send(Method::PUT, &format!("{item}:/content"), &text, "other")
        .await
        .json();
    assert_ne!(put["file"]["hashes"]["quickXorHash"], hash);
    let back = client
        .send(Method::PUT, &format!("{item}:/content"), &text, TABLE)
        .await
        .json();
    assert_eq!(back["file"]["hashes"]["quickXorHash"], hash);
}

#[tokio::test]
async fn content_ranges_are_served() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (item, url) = table(&mut client).await;
    let part = async |range: &str| plain(Method::GET, &url, &[("range", range)], "").await;
    let middle = part("bytes=6-8").await;
    assert_eq!(
        (middle.status, &middle.body[..]),
        (StatusCode::PARTIAL_CONTENT, &b"sum"[..])
    );
    assert_eq!(middle.header("content-range"), "bytes 6-8/22");
    assert_eq!(part("bytes=16-").await.body, "2,120\n");
    assert_eq!(part("bytes=-6").await.body, "2,120\n");
    let beyond = part("bytes=22-").await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), "bytes */22");
    // For another version, the whole file is sent.
    let changed = [("range", "bytes=6-"), ("if-range", "\"another\"")];
    assert_eq!(
        plain(Method::GET, &url, &changed, "").await.status,
        StatusCode::OK
    );
    let same = [("range", "bytes=6-"), ("if-range", middle.header("etag"))];
    assert_eq!(
        plain(Method::GET, &url, &same, "").await.status,
        StatusCode::PARTIAL_CONTENT
    );
    simulator.fault(Fault::unheard("range").at("/download/*"));
    assert_eq!(part("bytes=6-8").await.body, TABLE);
    // Graph itself ignores the range.
    let ranged = client
        .send(
            Method::GET,
            &format!("{item}:/content"),
            &[("range", "bytes=0-1")],
            "",
        )
        .await;
    assert_eq!(ranged.status, StatusCode::FOUND);
}

#[tokio::test]
async fn unchanged_file_is_not_sent_again() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (item, _) = table(&mut client).await;
    let json = client.get(&item).await.json();
    for tag in [&json["eTag"], &json["cTag"]] {
        let known = [("if-none-match", tag.as_str().unwrap())];
        let same = client
            .send(Method::GET, &format!("{item}:/content"), &known, "")
            .await;
        assert_eq!(same.status, StatusCode::NOT_MODIFIED, "{tag}");
    }
    // A changed property of the item does not change the tag of its content.
    client
        .patch(&item, serde_json::json!({ "description": "figures" }))
        .await;
    let changed = client.get(&item).await.json();
    assert_ne!(changed["eTag"], json["eTag"]);
    assert_eq!(changed["cTag"], json["cTag"]);
}

#[tokio::test]
async fn download_urls_expire() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (_, url) = table(&mut client).await;
    simulator.expire_download_urls();
    let old = plain(Method::GET, &url, &[], "").await;
    assert_eq!(
        (old.status, old.header("content-type")),
        (StatusCode::FORBIDDEN, "application/xml")
    );
    let (_, url) = table(&mut client).await;
    assert_eq!(
        plain(Method::GET, &url, &[], "").await.status,
        StatusCode::OK
    );
    simulator.advance(Duration::from_secs(16 * 60));
    assert_eq!(
        plain(Method::GET, &url, &[], "").await.status,
        StatusCode::FORBIDDEN
    );
    let guessed = url.replace("tempauth=", "tempauth=0");
    assert_eq!(
        plain(Method::GET, &guessed, &[], "").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn download_fault_interrupts_the_body() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (_, url) = table(&mut client).await;
    simulator.fault(Fault::truncated().at("/download/*"));
    assert!(try_plain(Method::GET, &url, &[], "").await.is_err());
    let rest = plain(Method::GET, &url, &[("range", "bytes=11-")], "").await;
    assert_eq!(rest.body, TABLE[11..]);
}

#[tokio::test]
async fn content_is_converted_to_another_format() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (item, _) = table(&mut client).await;
    let pdf = client.file(&format!("{item}:/content?format=pdf")).await;
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.body.starts_with(b"%PDF-"));
    let drive = drive(&mut client).await;
    let text =
        format!("{drive}/items/root:/C%23%20Files/a%2Bb's%20%5Bx%5D.txt:/content?format=pdf");
    assert_eq!(client.get(&text).await.status, StatusCode::NOT_ACCEPTABLE);
}
