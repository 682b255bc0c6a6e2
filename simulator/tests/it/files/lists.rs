//! Tests of lists, their columns and their items.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{put, text};
use crate::client::{Client, start};

/// Creates a list with two columns, and returns its path.
async fn books(client: &mut Client) -> String {
    let body = json!({
        "displayName": "Books",
        "columns": [{ "name": "Author0", "text": {} }, { "name": "Pages", "number": {},
            "indexed": true }],
        "list": { "template": "genericList" },
    });
    let made = client.post("/sites/root/lists", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    let list = made.json();
    assert_eq!(list["list"]["template"], "genericList");
    assert_eq!(list["webUrl"], "https://contoso.sharepoint.com/Lists/Books");
    assert_eq!(list["name"], "Books");
    format!("/sites/root/lists/{}", text(&list["id"]))
}

async fn add(client: &mut Client, list: &str, fields: Value) -> Value {
    let made = client
        .post(&format!("{list}/items"), json!({ "fields": fields }))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    made.json()
}

#[tokio::test]
async fn list_has_columns_and_content_types() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let list = books(&mut client).await;
    let columns = client.get(&format!("{list}/columns")).await.names("name");
    for name in ["Title", "ID", "Created", "Author0", "Pages"] {
        assert!(columns.iter().any(|column| column == name), "{name}");
    }
    let column = json!({ "name": "Shelf", "text": {} });
    let made = client.post(&format!("{list}/columns"), column).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let types = client.get(&format!("{list}/contentTypes")).await;
    assert_eq!(types.names("name"), ["Item", "Folder"]);
    let taken = json!({ "displayName": "books", "list": { "template": "genericList" } });
    let taken = client.post("/sites/root/lists", taken).await;
    assert_eq!(taken.error().0, "nameAlreadyExists");
    let library = json!({ "displayName": "Plans", "list": { "template": "documentLibrary" } });
    let library = client.post("/sites/root/lists", library).await;
    assert_eq!(library.status, StatusCode::CREATED, "{:?}", library.body);
    let drives = client.get("/sites/root/drives").await.names("name");
    assert_eq!(drives, ["Documents", "Plans"]);
}

#[tokio::test]
async fn item_is_created_with_its_fields() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let list = books(&mut client).await;
    let item = add(
        &mut client,
        &list,
        json!({ "Title": "Faust", "Pages": 200 }),
    )
    .await;
    assert_eq!(item["id"], "1");
    assert_eq!(item["fields"]["Title"], "Faust");
    assert_eq!(item["contentType"]["name"], "Item");
    assert_eq!(item["fields"]["id"], "1");
    assert_eq!(item["createdBy"]["user"]["displayName"], "Adele Brandt");
    assert_eq!(
        item["webUrl"],
        "https://contoso.sharepoint.com/Lists/Books/1_.000"
    );
    let second = add(&mut client, &list, json!({ "Title": "Emma" })).await;
    assert_eq!(second["id"], "2");
    client.delete(&format!("{list}/items/2")).await;
    let third = add(&mut client, &list, json!({ "Title": "Ulysses" })).await;
    assert_eq!(third["id"], "3");
    let plain = client.get(&format!("{list}/items/1")).await.json();
    assert!(plain.get("fields").is_none());
    assert_eq!(plain["sharepointIds"]["listItemId"], "1");
    let shown = client
        .get(&format!("{list}/items?$expand=fields($select=Title,Pages)"))
        .await
        .json();
    assert_eq!(shown["value"][0]["fields"]["Pages"], 200);
    assert!(shown["value"][1]["fields"].get("Pages").is_none());
    for fields in [
        json!({ "None": 1 }),
        json!({ "Created": "2026-01-01T00:00:00Z" }),
    ] {
        let refused = client
            .post(&format!("{list}/items"), json!({ "fields": fields }))
            .await;
        assert_eq!(refused.error().0, "invalidRequest", "{fields}");
    }
}

#[tokio::test]
async fn changed_fields_are_a_new_version() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let list = books(&mut client).await;
    let item = add(
        &mut client,
        &list,
        json!({ "Title": "Faust", "Author0": "G." }),
    )
    .await;
    let url = format!("{list}/items/1");
    let changed = client
        .patch(&format!("{url}/fields"), json!({ "Author0": "Goethe" }))
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(
        (&changed.json()["Title"], &changed.json()["Author0"]),
        (&json!("Faust"), &json!("Goethe"))
    );
    let now = client.get(&url).await.json();
    assert_ne!(now["eTag"], item["eTag"]);
    let body = json!({ "fields": { "Pages": 3 } });
    let whole = client.patch(&url, body).await.json();
    assert_eq!(whole["fields"]["Author0"], "Goethe");
    let versions = client.get(&format!("{url}/versions?$expand=fields")).await;
    assert_eq!(versions.names("id"), ["3.0", "2.0", "1.0"]);
    assert_eq!(versions.json()["value"][2]["fields"]["Author0"], "G.");
    let cleared = client
        .patch(&format!("{url}/fields"), json!({ "Pages": null }))
        .await;
    assert!(cleared.json().get("Pages").is_none());
    let stale = client
        .send(
            Method::PATCH,
            &url,
            &[
                ("if-match", text(&item["eTag"])),
                ("content-type", "application/json"),
            ],
            json!({ "fields": { "Pages": 4 } }).to_string(),
        )
        .await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let unknown = client
        .patch(&format!("{url}/fields"), json!({ "None": 1 }))
        .await;
    assert_eq!(unknown.error().0, "invalidRequest");
}

#[tokio::test]
async fn filter_needs_an_index_or_a_preference() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let list = books(&mut client).await;
    for (title, pages) in [("Faust", 200), ("Emma", 400)] {
        add(
            &mut client,
            &list,
            json!({ "Title": title, "Pages": pages }),
        )
        .await;
    }
    let url = format!("{list}/items?$expand=fields&$filter=fields/Title%20eq%20'Emma'");
    let refused = client.get(&url).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.error().1.contains("not indexed"));
    let prefer = [("prefer", "HonorNonIndexedQueriesWarningMayFailRandomly")];
    let found = client.send(Method::GET, &url, &prefer, "").await;
    assert_eq!(found.json()["value"][0]["fields"]["Title"], "Emma");
    assert_eq!(found.names("id").len(), 1);
    let indexed = client
        .get(&format!("{list}/items?$filter=fields/Pages%20lt%20300"))
        .await;
    assert_eq!(indexed.names("id"), ["1"]);
}

#[tokio::test]
async fn file_is_an_item_of_its_library() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let file = "/me/drive/root:/Reports/2026.csv";
    let item = client.get(&format!("{file}:/listItem")).await.json();
    assert_eq!(item["contentType"]["name"], "Document");
    let fields = client.get(&format!("{file}:/listItem/fields")).await.json();
    assert_eq!(fields["FileLeafRef"], "2026.csv", "{fields}");
    assert_eq!(fields["FileSizeDisplay"], "22");
    let titled = client
        .patch(
            &format!("{file}:/listItem/fields"),
            json!({ "Title": "Figures" }),
        )
        .await;
    assert_eq!(titled.json()["Title"], "Figures");
    let expanded = client
        .get(&format!("{file}?$expand=listItem($expand=fields)"))
        .await
        .json();
    assert_eq!(expanded["listItem"]["fields"]["Title"], "Figures");
    let ids = client
        .get(&format!("{file}?$select=sharepointIds"))
        .await
        .json();
    assert_eq!(ids["sharepointIds"]["listItemId"], item["id"]);
    let renamed = client
        .patch(
            &format!("{file}:/listItem/fields"),
            json!({ "FileLeafRef": "2027.csv" }),
        )
        .await;
    assert_eq!(renamed.json()["FileLeafRef"], "2027.csv");
    let found = client.get("/me/drive/root:/Reports/2027.csv").await;
    assert_eq!(found.status, StatusCode::OK);
}

#[tokio::test]
async fn library_lists_the_items_of_its_drive() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    put(
        &mut client,
        "/sites/root/drive/root:/plans/a.txt:/content",
        "x",
    )
    .await;
    let items = client
        .get("/sites/root/lists/Documents/items?$expand=fields,driveItem")
        .await
        .json();
    let items = items["value"].as_array().unwrap();
    let names: Vec<_> = items
        .iter()
        .map(|item| text(&item["fields"]["FileLeafRef"]))
        .collect();
    assert_eq!(names, ["plans", "a.txt"]);
    assert_eq!(items[1]["driveItem"]["name"], "a.txt");
    let url = format!(
        "/sites/root/lists/Documents/items/{}",
        text(&items[1]["id"])
    );
    let drive_item = client.get(&format!("{url}/driveItem")).await.json();
    assert_eq!(drive_item["name"], "a.txt");
    assert_eq!(client.delete(&url).await.status, StatusCode::NO_CONTENT);
    let gone = client.get("/sites/root/drive/root:/plans/a.txt").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let round = client.get("/sites/root/lists/Documents/items/delta").await;
    assert_eq!(round.names("id"), [text(&items[0]["id"])]);
    let made = client
        .post(
            "/sites/root/lists/Documents/items",
            json!({ "fields": { "Title": "x" } }),
        )
        .await;
    assert_eq!(made.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn list_is_read_by_title_with_its_parts() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let list = client
        .get("/sites/root/lists/tasks?$expand=columns,items($expand=fields)")
        .await
        .json();
    assert_eq!(list["items"][1]["fields"]["Title"], "Water the plants");
    let columns = list["columns"].as_array().unwrap();
    assert!(columns.iter().any(|column| column["name"] == "Priority"));
    let found = client
        .get("/sites/root/lists?$filter=displayName%20eq%20'Tasks'&$select=id,list")
        .await;
    assert_eq!(found.names("id"), [text(&list["id"])]);
    let url = "/sites/root/lists/Tasks/items/2";
    let fields = client
        .get(&format!("{url}/fields?$select=Title"))
        .await
        .json();
    assert_eq!(fields["Title"], "Water the plants");
    assert!(fields.get("Priority").is_none());
    assert_eq!(client.delete(url).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(url).await.status, StatusCode::NOT_FOUND);
    let left = client.get("/sites/root/lists/Tasks/items").await;
    assert_eq!(left.names("id"), ["1"]);
}
