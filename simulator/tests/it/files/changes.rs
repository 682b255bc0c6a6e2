//! Tests of deleted and restored items, and of the changes that delta queries report.

use http::StatusCode;
use serde_json::json;

use super::{act, folder, put, text};
use crate::client::{Client, drive, start};

#[tokio::test]
async fn deleted_item_is_restored_with_its_content() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let reports = client.get("/me/drive/root:/Reports").await.json();
    let url = format!("{drive}/items/{}", text(&reports["id"]));
    assert_eq!(client.delete(&url).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&url).await.status, StatusCode::NOT_FOUND);
    let children = client.get(&format!("{drive}/root/children")).await;
    assert_eq!(children.names("name"), ["C# Files"]);
    folder(&mut client, &format!("{drive}/root"), "Reports").await;
    let taken = client.post(&format!("{url}/restore"), json!({})).await;
    assert_eq!(taken.error().0, "nameAlreadyExists");
    let body = json!({ "name": "Old reports" });
    let restored = client.post(&format!("{url}/restore"), body).await;
    assert_eq!(
        (restored.status, &restored.json()["id"]),
        (StatusCode::OK, &reports["id"])
    );
    let file = client
        .file("/me/drive/root:/Old%20reports/2026.csv:/content")
        .await;
    assert!(file.body.starts_with(b"month"));
    // It is no longer among the deleted ones.
    let again = client.post(&format!("{url}/restore"), json!({})).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn permanently_deleted_item_is_not_restored() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let reports = client.get("/me/drive/root:/Reports").await.json();
    let url = format!("{drive}/items/{}", text(&reports["id"]));
    let gone = act(&mut client, &format!("{url}/permanentDelete")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&url).await.status, StatusCode::NOT_FOUND);
    let restored = client.post(&format!("{url}/restore"), json!({})).await;
    assert_eq!(restored.status, StatusCode::NOT_FOUND);
    assert_eq!(client.get(&drive).await.json()["quota"]["deleted"], 0);
}

#[tokio::test]
async fn delta_shows_moves_renames_and_restores() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let first = client.get("/me/drive/root/delta?$top=1000").await.json();
    let link = text(&first["@odata.deltaLink"]).to_owned();
    let item = first["value"].as_array().unwrap().iter();
    let item = item
        .clone()
        .find(|item| item["name"] == "2026.csv")
        .unwrap()
        .clone();
    // The path of an item would be wrong after a folder above it is renamed.
    assert!(item["parentReference"].get("path").is_none());
    assert!(item["fileSystemInfo"]["lastModifiedDateTime"].is_string());
    assert!(item["file"]["hashes"]["quickXorHash"].is_string());
    assert!(item["webUrl"].is_string());
    let target = client.get("/me/drive/root:/C%23%20Files").await.json();
    let url = format!("/me/drive/items/{}", text(&item["id"]));
    let body = json!({ "parentReference": { "id": target["id"] }, "name": "moved.csv" });
    client.patch(&url, body).await;
    let round = client.get(&link).await.json();
    let moved = round["value"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&moved["id"], &moved["name"]),
        (&item["id"], &json!("moved.csv"))
    );
    assert_eq!(moved["parentReference"]["id"], target["id"]);
    client.delete(&url).await;
    let round = client.get(text(&round["@odata.deltaLink"])).await.json();
    let gone = round["value"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&gone["id"], &gone["deleted"]["state"]),
        (&item["id"], &json!("deleted"))
    );
    client.post(&format!("{url}/restore"), json!({})).await;
    let round = client.get(text(&round["@odata.deltaLink"])).await.json();
    let back = round["value"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&back["id"], &back["name"]),
        (&item["id"], &json!("moved.csv"))
    );
    assert!(back.get("deleted").is_none());
}

#[tokio::test]
async fn item_moved_out_of_a_folder_is_gone() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let first = client.get("/me/drive/root:/Reports:/delta").await.json();
    let link = text(&first["@odata.deltaLink"]).to_owned();
    let body = json!({ "parentReference": { "path": "/drive/root:" } });
    client.patch("/me/drive/root:/Reports/2026.csv", body).await;
    let round = client.get(&link).await.json();
    let gone = round["value"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(gone["deleted"]["state"], "deleted");
}

#[tokio::test]
async fn copy_takes_its_target_by_path() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    put(&mut client, "/me/drive/root:/v.txt:/content", "1").await;
    put(&mut client, "/me/drive/root:/v.txt:/content", "2").await;
    for (name, history, count) in [("plain.txt", false, 1), ("whole.txt", true, 2)] {
        let body = json!({
            "name": name, "parentReference": { "path": "/drive/root:/Reports" },
            "includeAllVersionHistory": history,
        });
        let accepted = client.post("/me/drive/root:/v.txt:/copy", body).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{:?}", accepted.body);
        let url = format!("/me/drive/root:/Reports/{name}");
        assert_eq!(client.file(&format!("{url}:/content")).await.body, "2");
        let versions = client.get(&format!("{url}:/versions")).await;
        assert_eq!(versions.names("id").len(), count, "{name}");
    }
}
