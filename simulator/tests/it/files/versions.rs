//! Tests of versions, and of files that are checked out or followed.

use http::StatusCode;
use serde_json::json;

use super::{act, put};
use crate::client::{Client, start};

#[tokio::test]
async fn each_content_is_a_version() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = "/me/drive/root:/v.txt";
    for content in ["one", "second", "3"] {
        put(&mut client, &format!("{url}:/content"), content).await;
    }
    let versions = client.get(&format!("{url}:/versions")).await;
    assert_eq!(versions.names("id"), ["3.0", "2.0", "1.0"]);
    assert_eq!(versions.json()["value"][1]["size"], 6);
    assert_eq!(
        versions.json()["value"][1]["lastModifiedBy"]["user"]["displayName"],
        "Adele Brandt"
    );
    let mut page = client.get(&format!("{url}:/versions?$top=2")).await;
    assert_eq!(page.names("id"), ["3.0", "2.0"]);
    let next = page.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    page = client.get(&next).await;
    assert_eq!(page.names("id"), ["1.0"]);
    let first = client.file(&format!("{url}:/versions/1.0/content")).await;
    assert_eq!(first.body, "one");
    let restored = act(&mut client, &format!("{url}:/versions/1.0/restoreVersion")).await;
    assert_eq!(restored.status, StatusCode::NO_CONTENT);
    assert_eq!(client.file(&format!("{url}:/content")).await.body, "one");
    let versions = client.get(&format!("{url}:/versions")).await;
    assert_eq!(versions.names("id"), ["4.0", "3.0", "2.0", "1.0"]);
    // Another property is not a new version.
    client.patch(url, json!({ "description": "x" })).await;
    let versions = client.get(&format!("{url}:/versions")).await;
    assert_eq!(versions.names("id").len(), 4);
}

#[tokio::test]
async fn checked_out_file_names_its_user() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = "/me/drive/root:/Reports/2026.csv";
    let out = act(&mut client, &format!("{url}:/checkout")).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    let item = client
        .get(&format!("{url}?$select=publication"))
        .await
        .json();
    assert_eq!(item["publication"]["level"], "checkout");
    assert_eq!(
        item["publication"]["checkedOutBy"]["user"]["displayName"],
        "Adele Brandt"
    );
    let body = json!({ "comment": "Done" });
    let checked = client.post(&format!("{url}:/checkin"), body).await;
    assert_eq!(checked.status, StatusCode::NO_CONTENT);
    let item = client
        .get(&format!("{url}?$select=publication"))
        .await
        .json();
    assert_eq!(
        item["publication"],
        json!({ "level": "published", "versionId": "1.0" })
    );
}

#[tokio::test]
async fn followed_items_are_listed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = "/me/drive/root:/Reports/2026.csv";
    let followed = act(&mut client, &format!("{url}:/follow")).await;
    assert_eq!(
        (followed.status, &followed.json()["name"]),
        (StatusCode::OK, &json!("2026.csv"))
    );
    let list = client.get("/me/drive/following").await;
    assert_eq!(list.names("name"), ["2026.csv"]);
    let ended = act(&mut client, &format!("{url}:/unfollow")).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(
        client.get("/me/drive/following").await.names("name"),
        [""; 0]
    );
}

#[tokio::test]
async fn unknown_content_is_not_made_up() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = "/me/drive/root:/Reports/2026.csv:";
    assert_eq!(
        client.get(&format!("{url}/thumbnails")).await.names("id"),
        [""; 0]
    );
    put(&mut client, "/me/drive/root:/a.png:/content", "bytes").await;
    for url in [
        format!("{url}/analytics/allTime"),
        "/me/drive/root:/a.png:/thumbnails".to_owned(),
        "/me/drive/root/children?$expand=thumbnails".to_owned(),
        "/me/drive/root:/a.png:/thumbnails/0/small/content".to_owned(),
    ] {
        let refused = client.get(&url).await;
        assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED, "{url}");
    }
    let preview = client.post(&format!("{url}/preview"), json!({})).await;
    assert_eq!(preview.status, StatusCode::NOT_IMPLEMENTED);
    let bundle = json!({ "name": "B", "bundle": { "album": {} } });
    let bundle = client.post("/me/drive/bundles", bundle).await;
    assert_eq!(bundle.status, StatusCode::NOT_IMPLEMENTED);
}
