//! Tests of new folders, and of items that get another name or folder.

use http::StatusCode;
use serde_json::json;

use super::{folder, put, text};
use crate::client::{Client, drive, start};

#[tokio::test]
async fn new_folder_obeys_the_conflict_behavior() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let create = |behavior: &str| {
        json!({
            "name": "reports", "folder": {}, "@microsoft.graph.conflictBehavior": behavior,
        })
    };
    let url = "/me/drive/root/children";
    let refused = client
        .post(url, json!({ "name": "Reports", "folder": {} }))
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.error().0, "nameAlreadyExists");
    let refused = client.post(url, create("fail")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let renamed = client.post(url, create("rename")).await;
    assert_eq!(renamed.json()["name"], "reports 1");
    assert!(
        renamed
            .json()
            .get("@microsoft.graph.conflictBehavior")
            .is_none()
    );
    let there = client.get("/me/drive/root:/Reports").await.json();
    let same = client.post(url, create("replace")).await;
    assert_eq!(
        (same.status, &same.json()["id"]),
        (StatusCode::OK, &there["id"])
    );
    assert_eq!(same.json()["folder"]["childCount"], 2);
    assert_eq!(
        client.post(url, create("never")).await.error().0,
        "invalidRequest"
    );
    let bare = client.post(url, json!({ "name": "Bare" })).await;
    assert_eq!(bare.error().0, "invalidRequest");
    let bad = client
        .post(url, json!({ "name": "a:b", "folder": {} }))
        .await;
    assert_eq!(bad.error().0, "invalidRequest");
    let empty = client
        .post(url, json!({ "name": "empty.txt", "file": {} }))
        .await;
    assert_eq!(
        (empty.status, &empty.json()["size"]),
        (StatusCode::CREATED, &json!(0))
    );
    let foreign = json!({ "name": "x", "remoteItem": { "id": "1" } });
    let foreign = client.post(url, foreign).await;
    assert_eq!(foreign.status, StatusCode::NOT_IMPLEMENTED);
}

#[tokio::test]
async fn file_obeys_the_conflict_behavior() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = "/me/drive/root:/a.txt:/content";
    let first = put(&mut client, url, "1").await;
    let query = format!("{url}?@microsoft.graph.conflictBehavior=");
    let refused = put(&mut client, &format!("{query}fail"), "2").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let renamed = put(&mut client, &format!("{query}rename"), "2").await;
    assert_eq!(
        (renamed.status, &renamed.json()["name"]),
        (StatusCode::CREATED, &json!("a 1.txt"))
    );
    let replaced = put(&mut client, &format!("{query}replace"), "2").await;
    assert_eq!(
        (replaced.status, &replaced.json()["id"]),
        (StatusCode::OK, &first.json()["id"])
    );
    // Neither `replace` writes a file over a folder.
    let onto = put(&mut client, "/me/drive/root:/Reports:/content", "x").await;
    assert_eq!(onto.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn renamed_item_is_found_by_its_new_path() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let csv = client.get("/me/drive/root:/Reports/2026.csv").await.json();
    let renamed = client
        .patch("/me/drive/root:/Reports", json!({ "name": "Figures" }))
        .await;
    assert_eq!(
        (renamed.status, &renamed.json()["name"]),
        (StatusCode::OK, &json!("Figures"))
    );
    let found = client.get("/me/drive/root:/Figures/2026.csv").await.json();
    assert_eq!(found["id"], csv["id"]);
    assert!(text(&found["parentReference"]["path"]).ends_with("/root:/Figures"));
    assert!(text(&found["webUrl"]).ends_with("/Figures/2026.csv"));
    let gone = client.get("/me/drive/root:/Reports/2026.csv").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let case = client
        .patch("/me/drive/root:/Figures", json!({ "name": "FIGURES" }))
        .await;
    assert_eq!(case.json()["name"], "FIGURES");
    let taken = client
        .patch("/me/drive/root:/figures", json!({ "name": "C# Files" }))
        .await;
    assert_eq!(taken.error().0, "nameAlreadyExists");
    let other = json!({ "name": "C# Files", "@microsoft.graph.conflictBehavior": "rename" });
    let other = client.patch("/me/drive/root:/figures", other).await;
    assert_eq!(other.json()["name"], "C# Files 1");
}

#[tokio::test]
async fn item_moves_by_id_and_by_path() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let target = folder(&mut client, "/me/drive/root", "Täräget").await;
    let url = "/me/drive/root:/Reports/2026.csv";
    let item = client.get(url).await.json();
    let by_id = format!("{drive}/items/{}", text(&item["id"]));
    let body = json!({ "parentReference": { "id": target["id"] }, "name": "moved.csv" });
    let moved = client.patch(url, body).await;
    assert_eq!(moved.status, StatusCode::OK);
    assert_eq!(moved.json()["parentReference"]["id"], target["id"]);
    assert_eq!(moved.json()["id"], item["id"]);
    assert!(
        client
            .file(&format!("{by_id}/content"))
            .await
            .body
            .starts_with(b"month")
    );
    let children = client.get("/me/drive/root:/Reports:/children").await;
    assert_eq!(children.names("name"), ["50% off & more.txt"]);
    for path in [
        "/drive/root:/Reports".to_owned(),
        format!("{drive}/root:/T%C3%A4r%C3%A4get"),
        "/drive/root:".to_owned(),
    ] {
        let body = json!({ "parentReference": { "path": path } });
        let moved = client.patch(&by_id, body).await;
        assert_eq!(moved.status, StatusCode::OK, "{path}");
    }
    assert_eq!(
        client.get("/me/drive/root:/moved.csv").await.json()["id"],
        item["id"]
    );
    for reference in [
        json!({ "id": "01NONE" }),
        json!({ "path": "/drive/root:/none" }),
    ] {
        let body = json!({ "parentReference": reference });
        assert_eq!(
            client.patch(&by_id, body).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn impossible_moves_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let outer = folder(&mut client, "/me/drive/root", "Outer").await;
    let url = format!("/me/drive/items/{}", text(&outer["id"]));
    let inner = folder(&mut client, &url, "Inner").await;
    for target in [&outer["id"], &inner["id"]] {
        let body = json!({ "parentReference": { "id": target } });
        let refused = client.patch(&url, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{target}");
    }
    let file = client.get("/me/drive/root:/Reports/2026.csv").await.json();
    let body = json!({ "parentReference": { "id": file["id"] } });
    assert_eq!(client.patch(&url, body).await.error().0, "invalidRequest");
    let root = client
        .patch("/me/drive/root", json!({ "name": "Other" }))
        .await;
    assert_eq!(root.error().0, "invalidRequest");
    let library = client.get("/sites/root/drive").await.json();
    let body = json!({ "parentReference": { "driveId": library["id"] } });
    assert_eq!(client.patch(&url, body).await.error().0, "invalidRequest");
    let deleted = client.delete("/me/drive/root").await;
    assert_eq!(deleted.error().0, "invalidRequest");
}

#[tokio::test]
async fn stale_etag_stops_a_write() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = "/me/drive/root:/Reports/2026.csv";
    let old = text(&client.get(url).await.json()["eTag"]).to_owned();
    client.patch(url, json!({ "description": "new" })).await;
    let headers = [("if-match", old.as_str()), ("content-type", "text/csv")];
    for (method, url) in [
        (http::Method::PUT, format!("{url}:/content")),
        (http::Method::DELETE, url.to_owned()),
    ] {
        let stale = client.send(method, &url, &headers, "x").await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{url}");
    }
    let none = client
        .send(
            http::Method::PUT,
            "/me/drive/root:/none.txt:/content",
            &headers,
            "x",
        )
        .await;
    assert_eq!(none.status, StatusCode::PRECONDITION_FAILED);
    let now = text(&client.get(url).await.json()["eTag"]).to_owned();
    let gone = client
        .send(http::Method::DELETE, url, &[("if-match", now.as_str())], "")
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}
