//! Tests of upload sessions, and of small files in one request.

use std::time::Duration;

use http::{Method, StatusCode};
use msgraph_simulator::{ExpectedRanges, Fault, Host, Simulator};
use serde_json::{Value, json};

use crate::client::{Answer, Client, drive, plain, start, try_plain};

const UNIT: usize = 320 * 1024;

/// Returns bytes of which no two slices are equal.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 31 + at / 251) as u8).collect()
}

/// Opens a session for a file at the root of the drive.
async fn open(client: &mut Client, drive: &str, name: &str, body: Value) -> String {
    let url = format!("{drive}/items/root:/{name}:/createUploadSession");
    let opened = client.post(&url, body).await;
    assert_eq!(opened.status, StatusCode::OK, "{:?}", opened.body);
    let session = opened.json();
    assert_eq!(session["nextExpectedRanges"], json!(["0-"]));
    session["uploadUrl"].as_str().unwrap().to_owned()
}

async fn slice(url: &str, data: &[u8], from: usize, until: usize) -> Answer {
    let range = format!("bytes {from}-{}/{}", until - 1, data.len());
    let headers = [("content-range", range.as_str())];
    plain(Method::PUT, url, &headers, data[from..until].to_vec()).await
}

fn inner(answer: &Answer) -> String {
    let json = answer.json();
    json["error"]["innererror"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn content(client: &mut Client, drive: &str, name: &str) -> Vec<u8> {
    let url = format!("{drive}/items/root:/{name}:/content");
    client.file(&url).await.body.to_vec()
}

#[tokio::test]
async fn slices_are_accepted_in_order() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let data = bytes(2 * UNIT + 1);
    let body = json!({ "item": { "@microsoft.graph.conflictBehavior": "rename", "name": "a.bin",
        "fileSize": data.len() } });
    let url = open(&mut client, &drive, "a.bin", body).await;
    assert!(url.starts_with(&simulator.storage_url()), "{url}");
    let more = slice(&url, &data, 0, UNIT).await;
    assert_eq!(more.status, StatusCode::ACCEPTED);
    assert_eq!(more.json()["nextExpectedRanges"], json!(["327680-655360"]));
    assert!(more.json()["expirationDateTime"].is_string());
    let state = plain(Method::GET, &url, &[], "").await;
    assert_eq!(
        (state.status, &state.json()["nextExpectedRanges"]),
        (StatusCode::OK, &json!(["327680-655360"]))
    );
    simulator.set_expected_ranges(ExpectedRanges::Open);
    let state = plain(Method::GET, &url, &[], "").await;
    assert_eq!(state.json()["nextExpectedRanges"], json!(["327680-"]));
    // One slice was already received, and the other one comes too early.
    for (from, until, code) in [
        (0, UNIT, "fragmentOverlap"),
        (2 * UNIT, 2 * UNIT + 1, "fragmentOutOfOrder"),
    ] {
        let refused = slice(&url, &data, from, until).await;
        assert_eq!(
            (refused.status, inner(&refused).as_str()),
            (StatusCode::RANGE_NOT_SATISFIABLE, code)
        );
        assert_eq!(refused.error().0, "invalidRange");
    }
    slice(&url, &data, UNIT, 2 * UNIT).await;
    let made = slice(&url, &data, 2 * UNIT, data.len()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(
        (&made.json()["name"], &made.json()["size"]),
        (&json!("a.bin"), &json!(data.len()))
    );
    assert!(made.json()["file"]["hashes"]["quickXorHash"].is_string());
    assert_eq!(content(&mut client, &drive, "a.bin").await, data);
    // The session has ended.
    let over = plain(Method::GET, &url, &[], "").await;
    assert_eq!(
        (over.status, over.error().0.as_str()),
        (StatusCode::NOT_FOUND, "itemNotFound")
    );
    let storage = simulator
        .requests()
        .into_iter()
        .filter(|request| request.host == Host::Storage);
    assert!(storage.count() > 5);
}

#[tokio::test]
async fn upload_host_refuses_a_token() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let url = open(&mut client, &drive, "a.bin", json!({})).await;
    let token = [
        ("authorization", "Bearer x.y.z"),
        ("content-range", "bytes 0-2/3"),
    ];
    assert_eq!(
        plain(Method::PUT, &url, &token, "abc").await.status,
        StatusCode::UNAUTHORIZED
    );
    let gzip = [
        ("content-encoding", "gzip"),
        ("content-range", "bytes 0-2/3"),
    ];
    assert_eq!(
        plain(Method::PUT, &url, &gzip, "abc").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(slice(&url, b"abc", 0, 3).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn unaligned_slices_fail_at_the_end() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    for size in [1, UNIT - 1, UNIT, UNIT + 1] {
        let data = bytes(size);
        let url = open(&mut client, &drive, &format!("{size}.bin"), json!({})).await;
        for from in (0..size).step_by(UNIT) {
            let sent = slice(&url, &data, from, size.min(from + UNIT)).await;
            let end = from + UNIT >= size;
            assert_eq!(
                sent.status,
                if end {
                    StatusCode::CREATED
                } else {
                    StatusCode::ACCEPTED
                }
            );
        }
        assert_eq!(
            content(&mut client, &drive, &format!("{size}.bin")).await,
            data
        );
    }
    let data = bytes(20);
    let url = open(&mut client, &drive, "odd.bin", json!({})).await;
    assert_eq!(slice(&url, &data, 0, 7).await.status, StatusCode::ACCEPTED);
    assert_eq!(
        slice(&url, &data, 7, 20).await.status,
        StatusCode::BAD_REQUEST
    );
    // An empty range is not a valid slice.
    let url = open(&mut client, &drive, "empty.bin", json!({})).await;
    let empty = plain(Method::PUT, &url, &[("content-range", "bytes 0--1/0")], "").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    let put = client
        .send(
            Method::PUT,
            &format!("{drive}/items/root:/empty.bin:/content"),
            &[("content-type", "text/plain")],
            "",
        )
        .await;
    assert_eq!(
        (put.status, &put.json()["size"]),
        (StatusCode::CREATED, &json!(0))
    );
    assert_eq!(
        put.json()["file"]["hashes"]["quickXorHash"],
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    );
}

#[tokio::test]
async fn malformed_slices_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let url = open(
        &mut client,
        &drive,
        "a.bin",
        json!({ "item": { "fileSize": 3 } }),
    )
    .await;
    for (range, status) in [
        ("", StatusCode::BAD_REQUEST),
        ("bytes 0-3/3", StatusCode::BAD_REQUEST),
        ("bytes 0-2/4", StatusCode::BAD_REQUEST),
        ("bytes 1-3/3", StatusCode::RANGE_NOT_SATISFIABLE),
    ] {
        assert_eq!(
            plain(Method::PUT, &url, &[("content-range", range)], "abc")
                .await
                .status,
            status,
            "{range}"
        );
    }
}

#[tokio::test]
async fn lost_slices_are_reported_as_missing() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let data = bytes(4 * UNIT);
    let url = open(&mut client, &drive, "a.bin", json!({})).await;
    // Only the first half of a slice is kept.
    simulator.fault(Fault::kept(UNIT as u64).at("/upload/*"));
    let half = slice(&url, &data, 0, 2 * UNIT).await;
    assert_eq!(half.json()["nextExpectedRanges"], json!(["327680-1310719"]));
    // The slice is stored, but its response is lost.
    simulator.fault(Fault::lost().at("/upload/*"));
    let range = format!("bytes {}-{}/{}", UNIT, 2 * UNIT - 1, data.len());
    let lost = try_plain(
        Method::PUT,
        &url,
        &[("content-range", &range)],
        data[UNIT..2 * UNIT].to_vec(),
    )
    .await;
    assert!(lost.is_err());
    assert_eq!(
        slice(&url, &data, UNIT, 2 * UNIT).await.status,
        StatusCode::RANGE_NOT_SATISFIABLE
    );
    slice(&url, &data, 2 * UNIT, 3 * UNIT).await;
    // The session has lost bytes that it had received.
    simulator.lose_uploaded(1_000..2_000);
    simulator.lose_uploaded(500_000..500_010);
    let state = plain(Method::GET, &url, &[], "").await;
    assert_eq!(
        state.json()["nextExpectedRanges"],
        json!(["1000-1999", "500000-500009", "983040-1310719"])
    );
    simulator.set_expected_ranges(ExpectedRanges::Missing);
    assert!(
        plain(Method::GET, &url, &[], "")
            .await
            .json()
            .get("nextExpectedRanges")
            .is_none()
    );
    simulator.set_expected_ranges(ExpectedRanges::Open);
    let state = slice(&url, &data, 1_000, 2_000).await;
    assert_eq!(
        state.json()["nextExpectedRanges"],
        json!(["500000-500009", "983040-"])
    );
    slice(&url, &data, 500_000, 500_010).await;
    assert_eq!(
        slice(&url, &data, 3 * UNIT, 4 * UNIT).await.status,
        StatusCode::CREATED
    );
    assert_eq!(content(&mut client, &drive, "a.bin").await, data);
}

#[tokio::test]
async fn upload_sessions_expire_and_are_cancelled() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let cancelled = open(&mut client, &drive, "a.bin", json!({})).await;
    assert_eq!(
        plain(Method::DELETE, &cancelled, &[], "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        slice(&cancelled, b"abc", 0, 3).await.status,
        StatusCode::NOT_FOUND
    );
    let expired = open(&mut client, &drive, "a.bin", json!({})).await;
    simulator.advance(Duration::from_secs(3 * 86_400));
    assert_eq!(
        slice(&expired, b"abc", 0, 3).await.status,
        StatusCode::NOT_FOUND
    );
    client.token = Some(simulator.user_token());
    let expired = open(&mut client, &drive, "a.bin", json!({})).await;
    simulator.expire_upload_sessions();
    assert_eq!(
        slice(&expired, b"abc", 0, 3).await.status,
        StatusCode::NOT_FOUND
    );
    // The URL was not issued by Graph.
    let guessed = expired.replace("tempauth=", "tempauth=x");
    assert_eq!(
        slice(&guessed, b"abc", 0, 3).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn conflict_behavior_decides_taken_names() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let behavior = |word: &str| json!({ "item": { "@microsoft.graph.conflictBehavior": word } });
    let upload = async |client: &mut Client, word: &str| {
        let url = open(client, &drive, "a.txt", behavior(word)).await;
        slice(&url, b"abc", 0, 3).await
    };
    let first = upload(&mut client, "replace").await;
    assert_eq!(first.status, StatusCode::CREATED);
    let replaced = upload(&mut client, "replace").await;
    assert_eq!(
        (replaced.status, &replaced.json()["id"]),
        (StatusCode::OK, &first.json()["id"])
    );
    let renamed = upload(&mut client, "rename").await;
    assert_eq!(
        (renamed.status, &renamed.json()["name"]),
        (StatusCode::CREATED, &json!("a 1.txt"))
    );
    let session = format!("{drive}/items/root:/a.txt:/createUploadSession");
    assert_eq!(
        client.post(&session, behavior("fail")).await.error().0,
        "nameAlreadyExists"
    );
    assert_eq!(
        client.post(&session, behavior("overwrite")).await.status,
        StatusCode::BAD_REQUEST
    );
    // An item named by id is the existing one.
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let opened = client
        .post(
            &format!("{drive}/items/{id}/createUploadSession"),
            json!({}),
        )
        .await;
    let url = opened.json()["uploadUrl"].as_str().unwrap().to_owned();
    assert_eq!(slice(&url, b"defg", 0, 4).await.status, StatusCode::OK);
    assert_eq!(content(&mut client, &drive, "a.txt").await, b"defg");
    // The name is taken meanwhile. The bytes stay, and become a file of another name.
    let url = open(&mut client, &drive, "b.txt", behavior("fail")).await;
    let text = [("content-type", "text/plain")];
    client
        .send(
            Method::PUT,
            &format!("{drive}/items/root:/b.txt:/content"),
            &text,
            "other",
        )
        .await;
    let conflict = slice(&url, b"abc", 0, 3).await;
    assert_eq!(
        (conflict.status, conflict.error().0.as_str()),
        (StatusCode::CONFLICT, "nameAlreadyExists")
    );
    let commit = json!({ "name": "b.txt", "@microsoft.graph.conflictBehavior": "rename",
        "@microsoft.graph.sourceUrl": url });
    let made = client
        .write(Method::PUT, &format!("{drive}/items/root"), commit)
        .await;
    assert_eq!(
        (made.status, &made.json()["name"]),
        (StatusCode::CREATED, &json!("b 1.txt"))
    );
    assert_eq!(
        content(&mut client, &drive, "b 1.txt".replace(' ', "%20").as_str()).await,
        b"abc"
    );
}

#[tokio::test]
async fn deferred_file_is_created_on_commit() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let url = open(
        &mut client,
        &drive,
        "later.txt",
        json!({ "item": {}, "deferCommit": true }),
    )
    .await;
    let sent = slice(&url, b"abc", 0, 3).await;
    assert_eq!(
        (sent.status, &sent.json()["nextExpectedRanges"]),
        (StatusCode::ACCEPTED, &json!([]))
    );
    let file = format!("{drive}/items/root:/later.txt");
    assert_eq!(client.get(&file).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        plain(Method::POST, &url, &[], "").await.status,
        StatusCode::CREATED
    );
    assert_eq!(client.get(&file).await.status, StatusCode::OK);
}

#[tokio::test]
async fn small_file_is_uploaded_in_one_request() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let url = format!("{drive}/items/root:/small.txt:/content");
    let text = [("content-type", "text/plain")];
    let made = client.send(Method::PUT, &url, &text, "one").await;
    assert_eq!(
        (made.status, &made.json()["file"]["mimeType"]),
        (StatusCode::CREATED, &json!("text/plain"))
    );
    assert_eq!(
        client.send(Method::PUT, &url, &text, "two").await.status,
        StatusCode::OK
    );
    let behavior = |word: &str| format!("{url}?@microsoft.graph.conflictBehavior={word}");
    assert_eq!(
        client
            .send(Method::PUT, &behavior("fail"), &text, "x")
            .await
            .status,
        StatusCode::CONFLICT
    );
    let renamed = client
        .send(Method::PUT, &behavior("rename"), &text, "x")
        .await;
    assert_eq!(
        (renamed.status, &renamed.json()["name"]),
        (StatusCode::CREATED, &json!("small 1.txt"))
    );
    let stale = [text[0], ("if-match", made.header("etag"))];
    let refused = client.send(Method::PUT, &url, &stale, "x").await;
    assert_eq!(
        (refused.status, refused.error().0.as_str()),
        (StatusCode::PRECONDITION_FAILED, "resourceModified")
    );
    let new = [text[0], ("if-none-match", "*")];
    assert_eq!(
        client.send(Method::PUT, &url, &new, "x").await.status,
        StatusCode::PRECONDITION_FAILED
    );
    for name in ["CON", "a%3Ab.txt", "a%7Cb.txt"] {
        let refused = client
            .send(
                Method::PUT,
                &format!("{drive}/items/root:/{name}:/content"),
                &text,
                "x",
            )
            .await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}");
    }
    assert_eq!(content(&mut client, &drive, "small.txt").await, b"two");
}

/// Creates a message or an event, and a session for an attachment of it.
async fn attachment(client: &mut Client, owners: &str, size: usize) -> (String, Answer) {
    let owner = client
        .post(owners, json!({ "subject": "With a file" }))
        .await
        .json();
    let owner = format!(
        "{owners}/{}",
        owner["id"].as_str().unwrap().replace('=', "%3D")
    );
    let body = json!({ "AttachmentItem": { "attachmentType": "file", "name": "flower.jpg",
        "size": size, "contentType": "image/jpeg" } });
    let opened = client
        .post(&format!("{owner}/attachments/createUploadSession"), body)
        .await;
    (owner, opened)
}

#[tokio::test]
async fn attachment_upload_follows_exchanges_rules() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let (_, small) = attachment(&mut client, "/me/messages", 1_000).await;
    assert_eq!(
        small.error().0,
        "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"
    );
    for owners in ["/me/messages", "/me/events"] {
        let data = bytes(3_500_000);
        let (owner, opened) = attachment(&mut client, owners, data.len()).await;
        assert_eq!(opened.status, StatusCode::CREATED);
        let url = opened.json()["uploadUrl"].as_str().unwrap().to_owned();
        assert!(url.contains("?authtoken="), "{url}");
        let more = slice(&url, &data, 0, 2_000_000).await;
        assert_eq!(
            (more.status, &more.json()["NextExpectedRanges"]),
            (StatusCode::OK, &json!(["2000000"]))
        );
        let last = slice(&url, &data, 2_000_000, data.len()).await;
        assert_eq!((last.status, last.body.len()), (StatusCode::CREATED, 0));
        let made = client.get(last.header("location")).await.json();
        assert_eq!(
            (&made["name"], &made["size"]),
            (&json!("flower.jpg"), &json!(data.len()))
        );
        assert_eq!(client.get(&owner).await.json()["hasAttachments"], true);
        assert!(made["contentBytes"].as_str().unwrap().len() > data.len());
    }
}

#[tokio::test]
async fn print_document_upload_follows_its_rules() {
    let simulator: Simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let share = client
        .post("/print/shares", json!({ "displayName": "Printer" }))
        .await
        .json();
    let share = share["id"].as_str().unwrap();
    let job = client
        .post(
            &format!("/print/shares/{share}/jobs"),
            json!({ "documents": [{ "displayName": "a" }] }),
        )
        .await
        .json();
    let job = format!("/print/shares/{share}/jobs/{}", job["id"].as_str().unwrap());
    let documents = client.get(&format!("{job}/documents")).await.names("id");
    let url = format!("{job}/documents/{}/createUploadSession", documents[0]);
    let data = bytes(1_000);
    let properties =
        json!({ "documentName": "a.pdf", "contentType": "application/pdf", "size": data.len() });
    let opened = client.post(&url, json!({ "properties": properties })).await;
    assert_eq!(
        (opened.status, &opened.json()["nextExpectedRanges"]),
        (StatusCode::OK, &json!(["0-999"]))
    );
    let url = opened.json()["uploadUrl"].as_str().unwrap().to_owned();
    let more = slice(&url, &data, 0, 600).await;
    assert_eq!(
        (more.status, &more.json()["nextExpectedRanges"]),
        (StatusCode::ACCEPTED, &json!(["600-999"]))
    );
    assert_eq!(
        slice(&url, &data, 0, 600).await.status,
        StatusCode::RANGE_NOT_SATISFIABLE
    );
    let made = slice(&url, &data, 600, 1_000).await;
    assert_eq!(
        (made.status, &made.json()["id"]),
        (StatusCode::CREATED, &json!(documents[0]))
    );
}

#[tokio::test]
async fn content_without_a_media_type_is_stored() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (name, content) in [("empty.txt", ""), ("full.txt", "full")] {
        let url = format!("/me/drive/root:/{name}:/content");
        let put = client.send(Method::PUT, &url, &[], content).await;
        assert_eq!(put.status, StatusCode::CREATED, "{:?}", put.body);
        assert_eq!(put.json()["size"], content.len());
        assert_eq!(client.file(&url).await.body, content);
    }
}
