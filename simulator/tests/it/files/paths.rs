//! Tests of items that are named by their path.

use http::StatusCode;

use super::{put, text};
use crate::client::{Client, drive, start};

#[tokio::test]
async fn encoded_path_leads_to_its_item() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    // Microsoft's documentation for Python and Java encodes the whole path.
    let url = format!("{drive}/items/root%3A%2Fh.txt%3A/content");
    assert_eq!(
        put(&mut client, &url, "h").await.status,
        StatusCode::CREATED
    );
    let csv = client.get("/me/drive/root:/Reports/2026.csv").await.json();
    let reports = text(&csv["parentReference"]["id"]).to_owned();
    for path in [
        "/me/drive/root:/Reports%2F2026.csv",
        "/me/drive/root%3A/Reports/2026.csv",
        "/me/drive/root%3A%2FReports%2F2026.csv",
        "/me/drive/root%3a%2freports%2f2026.CSV%3a",
        "/drive/root:%2FReports/2026.csv:",
        &format!("{drive}/root%3A%2FReports%2F2026.csv%3A"),
        &format!("{drive}/items/root:/Reports%2F2026.csv"),
        &format!("{drive}/items/{reports}:/2026.csv"),
        &format!("{drive}/items/{reports}%3A%2F2026.csv%3A"),
    ] {
        let found = client.get(path).await;
        assert_eq!(found.json()["id"], csv["id"], "{path}");
    }
    for path in [
        "/me/drive/root:/Reports%2F2026.csv:/content",
        "/me/drive/root%3A%2FReports%2F2026.csv%3A%2Fcontent",
        "/me/drive/items/root%3A%2FReports%2F2026.csv%3A/content",
    ] {
        assert!(client.file(path).await.body.starts_with(b"month"), "{path}");
    }
}

#[tokio::test]
async fn special_folder_is_the_start_of_paths() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for url in [
        "/me/drive/special/approot:/state/a.json:/content",
        "/me/drive/special/approot%3A%2Fstate%2Fb.json%3A/content",
    ] {
        let made = put(&mut client, url, "{}").await;
        assert_eq!(made.status, StatusCode::CREATED, "{url}");
    }
    let children = client.get("/me/drive/root:/Apps/state:/children").await;
    assert_eq!(children.names("name"), ["a.json", "b.json"]);
}

#[tokio::test]
async fn names_with_reserved_characters_are_kept() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (encoded, name) in [
        ("50%25%20of%2025.txt", "50% of 25.txt"),
        ("C%23.txt", "C#.txt"),
        ("a+b%2Bc.txt", "a+b+c.txt"),
        ("it's.txt", "it's.txt"),
        ("%C3%9Cbung%20%E2%9C%93.txt", "Übung ✓.txt"),
        ("100%2541.txt", "100%41.txt"),
        ("a%20(1)%20[x]!.txt", "a (1) [x]!.txt"),
    ] {
        let made = put(
            &mut client,
            &format!("/me/drive/root:/{encoded}:/content"),
            "x",
        )
        .await;
        assert_eq!(made.json()["name"], name);
        let found = client.get(&format!("/me/drive/root:/{encoded}")).await;
        assert_eq!(found.json()["name"], name);
        let lower = encoded.replace("TXT", "txt");
        let found = client.get(&format!("/me/drive/root%3A%2F{lower}")).await;
        assert_eq!(found.json()["id"], made.json()["id"]);
    }
    // Names are compared without case, also outside of ASCII.
    let found = client
        .get("/me/drive/root:/%C3%BCBUNG%20%E2%9C%93.TXT")
        .await;
    assert_eq!(found.json()["name"], "Übung ✓.txt");
}

#[tokio::test]
async fn missing_folders_are_created_by_writes_only() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let file = "/me/drive/root:/new/deep/f.txt";
    assert_eq!(client.get(file).await.error().0, "itemNotFound");
    assert_eq!(
        client.get("/me/drive/root:/new").await.status,
        StatusCode::NOT_FOUND
    );
    let made = put(&mut client, &format!("{file}:/content"), "x").await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(text(&made.json()["parentReference"]["path"]).ends_with("/root:/new/deep"));
    let again = put(&mut client, &format!("{file}:/content"), "y").await;
    assert_eq!(
        (again.status, &again.json()["id"]),
        (StatusCode::OK, &made.json()["id"])
    );
    // A file has nothing below it, and bad names create no folder.
    let below = put(&mut client, &format!("{file}/g.txt:/content"), "x").await;
    assert_eq!(below.status, StatusCode::NOT_FOUND);
    let bad = put(&mut client, "/me/drive/root:/ok/con/f.txt:/content", "x").await;
    assert_eq!(bad.error().0, "invalidRequest");
    assert_eq!(
        client.get("/me/drive/root:/ok").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn encoded_path_leads_to_its_site() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let site = client
        .get("/sites/contoso.sharepoint.com:/sites/research")
        .await
        .json();
    let id = text(&site["id"]).to_owned();
    for path in [
        "/sites/contoso.sharepoint.com%3A%2Fsites%2Fresearch",
        "/sites/contoso.sharepoint.com:/sites/research:",
        "/sites/contoso.sharepoint.com:/Sites%2FResearch:",
        "/sites/root:/sites/research",
        &format!("/sites/{id}"),
        &format!("/sites/{}", id.replace(',', "%2C")),
        "/sites/root/getByPath(path='/sites/research')",
        "/sites/contoso.sharepoint.com/getByPath(path='sites/research')",
    ] {
        assert_eq!(client.get(path).await.json()["id"], site["id"], "{path}");
    }
    for path in [
        "/sites/contoso.sharepoint.com:/sites/research:/lists",
        "/sites/contoso.sharepoint.com%3A%2Fsites%2Fresearch%3A/lists",
        "/sites/contoso.sharepoint.com%3A%2Fsites%2Fresearch%3A%2Flists",
        "/sites/root/getByPath(path='/sites/research')/lists",
    ] {
        let lists = client.get(path).await;
        assert_eq!(lists.names("displayName"), ["Documents"], "{path}");
    }
    let file = "/sites/contoso.sharepoint.com:/sites/research:/drive/root:/a/b.txt";
    let made = put(&mut client, &format!("{file}:/content"), "x").await;
    assert_eq!(made.status, StatusCode::CREATED);
    let reference = made.json()["parentReference"].clone();
    assert_eq!(reference["siteId"], site["id"]);
    assert_eq!(reference["driveType"], "documentLibrary");
    assert_eq!(
        made.json()["webUrl"],
        "https://contoso.sharepoint.com/sites/research/Shared%20Documents/a/b.txt"
    );
}

#[tokio::test]
async fn empty_path_is_the_folder_itself() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let root = client.get("/me/drive/root").await.json();
    for path in [
        "/me/drive/root:",
        "/me/drive/root:/",
        "/me/drive/root%3A%2F",
    ] {
        assert_eq!(client.get(path).await.json()["id"], root["id"], "{path}");
    }
    for path in [
        "/me/drive/root:/:/children",
        "/me/drive/root%3A%2F%3A/children",
        "/me/drive/items/root/children",
        "/me/drive/root/children?$select=name,id&$expand=listItem($expand=fields)",
    ] {
        let names = client.get(path).await.names("name");
        assert_eq!(names, ["Reports", "C# Files"], "{path}");
    }
}
