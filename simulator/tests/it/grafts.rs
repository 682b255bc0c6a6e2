//! Tests of places that the description lacks, and that stand for others.

use http::{Method, StatusCode};
use serde_json::json;

use crate::client::{Client, drive, start};

#[tokio::test]
async fn one_drive_is_served_at_all_places() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let own = drive(&mut client).await;
    let text = [("content-type", "text/plain")];
    let put = client
        .send(
            Method::PUT,
            "/me/drive/root:/here.txt:/content",
            &text,
            "here",
        )
        .await;
    assert_eq!(put.status, StatusCode::CREATED);
    let id = put.json()["id"].as_str().unwrap().to_owned();
    for place in [
        "/drive",
        "/me/drive",
        "/users/adele@contoso.com/drive",
        &own,
    ] {
        let children = client.get(&format!("{place}/root/children")).await;
        assert_eq!(
            children.names("name"),
            ["Reports", "C# Files", "here.txt"],
            "{place}"
        );
        for item in [
            "root:/here.txt".to_owned(),
            format!("items/{id}"),
            format!("items/root/children/{id}"),
        ] {
            let url = format!("{place}/{item}");
            assert_eq!(client.get(&url).await.json()["id"], id.as_str(), "{url}");
        }
    }
    let folder = client.get("/me/drive/root:/Reports").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let csv = format!("/me/drive/items/{folder}:/2026.csv:/content");
    assert!(client.file(&csv).await.body.starts_with(b"month"));
    // Another owner has a separate drive.
    let group = client.get("/groups").await.names("id").remove(0);
    let children = client
        .get(&format!("/groups/{group}/drive/root/children"))
        .await;
    assert_eq!(children.names("name"), [""; 0]);
}

#[tokio::test]
async fn every_tail_after_a_path_is_resolved() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let file = "/me/drive/root:/Reports/2026.csv";
    for tail in [
        "",
        ":",
        ":/versions",
        ":/permissions",
        ":/thumbnails",
        ":/listItem",
    ] {
        assert_eq!(
            client.get(&format!("{file}{tail}")).await.status,
            StatusCode::OK,
            "{tail}"
        );
    }
    let session = client
        .post(
            "/me/drive/root:/new/../new.bin:/createUploadSession",
            json!({}),
        )
        .await;
    assert_ne!(session.status, StatusCode::OK, "`..` is not a folder");
    let session = client
        .post("/me/drive/root:/new.bin:/createUploadSession", json!({}))
        .await;
    assert_eq!(session.status, StatusCode::OK);
    let folder = client
        .post(
            "/me/drive/root:/Reports:/children",
            json!({ "name": "Deep", "folder": {} }),
        )
        .await;
    assert_eq!(folder.status, StatusCode::CREATED);
    assert_eq!(
        client
            .get("/me/drive/root:/Reports:/delta")
            .await
            .names("name")[0],
        "Reports"
    );
    let special = client.get("/me/drive/special/documents").await.json();
    assert_eq!(
        (&special["name"], &special["specialFolder"]["name"]),
        (&json!("Documents"), &json!("documents"))
    );
    assert_eq!(
        client
            .get("/me/drive/special/documents/children")
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        client.get("/me/drive/special/nothing").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn sites_are_found_by_path() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let site = client
        .get("/sites/contoso.sharepoint.com:/sites/research")
        .await
        .json();
    assert_eq!(site["displayName"], "Research");
    let lists = client
        .get("/sites/contoso.sharepoint.com:/sites/research:/lists")
        .await;
    assert_eq!(lists.status, StatusCode::OK);
    let none = client
        .get("/sites/contoso.sharepoint.com:/sites/none")
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}
