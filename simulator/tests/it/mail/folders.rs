//! Tests of folders.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{find, path, received};
use crate::client::{Client, start};

/// Returns the counts of a folder: messages, unread messages, child folders.
async fn counts(client: &mut Client, folder: &str) -> [i64; 3] {
    let folder = client
        .get(&format!("/me/mailFolders/{folder}"))
        .await
        .json();
    let names = ["totalItemCount", "unreadItemCount", "childFolderCount"];
    names.map(|name| folder[name].as_i64().unwrap())
}

async fn create(client: &mut Client, at: &str, name: &str) -> Value {
    let made = client.post(at, json!({ "displayName": name })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    made.json()
}

fn at(folder: &Value) -> String {
    let id = folder["id"].as_str().unwrap().replace('=', "%3D");
    format!("/me/mailFolders/{id}")
}

#[tokio::test]
async fn folder_counts_follow_each_change() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    assert_eq!(counts(&mut client, "inbox").await, [6, 4, 0]);
    let unread = client
        .get("/me/mailFolders/inbox/messages?$filter=isRead%20eq%20false")
        .await
        .json()["value"]
        .clone();
    client
        .patch(&path(&unread[0]), json!({ "isRead": true }))
        .await;
    assert_eq!(counts(&mut client, "inbox").await, [6, 3, 0]);
    client.delete(&path(&unread[1])).await;
    assert_eq!(counts(&mut client, "inbox").await, [5, 2, 0]);
    let to = json!({ "destinationId": "archive" });
    client.post(&format!("{}/move", path(&unread[2])), to).await;
    assert_eq!(counts(&mut client, "inbox").await, [4, 1, 0]);
    assert_eq!(counts(&mut client, "archive").await, [1, 1, 0]);
    let message = json!({ "subject": "New", "isRead": false });
    client
        .post("/me/mailFolders/archive/messages", message)
        .await;
    assert_eq!(counts(&mut client, "archive").await, [2, 2, 0]);
    create(&mut client, "/me/mailFolders/archive/childFolders", "Old").await;
    assert_eq!(counts(&mut client, "archive").await, [2, 2, 1]);
    let listed = client
        .get("/me/mailFolders?$filter=displayName%20eq%20'Archive'")
        .await
        .json();
    assert_eq!(listed["value"][0]["unreadItemCount"], 2);
}

#[tokio::test]
async fn count_changes_are_in_folder_delta() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let link = |page: &Value| page["@odata.deltaLink"].as_str().unwrap().to_owned();
    let first = client.get("/me/mailFolders/delta").await.json();
    let root = simulator.url().to_owned();
    let below = |link: String| link.strip_prefix(&root).unwrap().to_owned();
    let link = below(link(&first));
    let message = received(&mut client).await;
    client
        .patch(&path(&message), json!({ "isRead": false }))
        .await;
    let changed = client.get(&link).await.json();
    let folders = changed["value"].as_array().unwrap();
    assert_eq!(folders.len(), 1, "{changed}");
    assert_eq!(
        (&folders[0]["displayName"], &folders[0]["unreadItemCount"]),
        (&json!("Inbox"), &json!(5))
    );
}

#[tokio::test]
async fn folder_delta_covers_child_folders() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let inner = create(&mut client, "/me/mailFolders/inbox/childFolders", "Inner").await;
    let root = simulator.url().to_owned();
    let first = client.get("/me/mailFolders/delta").await;
    assert!(first.names("displayName").contains(&"Inner".into()));
    let link = |page: &Value| {
        let link = page["@odata.deltaLink"].as_str().unwrap();
        link.strip_prefix(&root).unwrap().to_owned()
    };
    let next = link(&first.json());
    let deepest = create(
        &mut client,
        &format!("{}/childFolders", at(&inner)),
        "Deepest",
    )
    .await;
    let changed = client.get(&next).await;
    let names = changed.names("displayName");
    assert!(names.contains(&"Deepest".into()), "{names:?}");
    let next = link(&changed.json());
    client.delete(&at(&inner)).await;
    let changed = client.get(&next).await.json();
    for folder in [&inner, &deepest] {
        let gone = json!({ "id": folder["id"], "@removed": { "reason": "deleted" } });
        let all = changed["value"].as_array().unwrap();
        assert!(all.contains(&gone), "{changed}");
    }
}

#[tokio::test]
async fn child_folders_are_nested_and_found_by_id() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let outer = create(&mut client, "/me/mailFolders", "Projects").await;
    assert_eq!(
        (&outer["totalItemCount"], &outer["isHidden"]),
        (&json!(0), &json!(false))
    );
    let top = client.get("/me/mailFolders/msgfolderroot").await.json();
    assert_eq!(outer["parentFolderId"], top["id"]);
    assert_eq!(top["displayName"], "Top of Information Store");
    let inner = create(&mut client, &format!("{}/childFolders", at(&outer)), "2026").await;
    assert_eq!(inner["parentFolderId"], outer["id"]);
    assert_eq!(client.get(&at(&inner)).await.json()["displayName"], "2026");
    let names = client
        .get("/me/mailFolders?$top=50")
        .await
        .names("displayName");
    assert!(names.contains(&"Projects".into()), "{names:?}");
    assert!(!names.contains(&"2026".into()), "{names:?}");
    let below = client
        .get("/me/mailFolders/msgfolderroot/childFolders?$top=50")
        .await;
    assert_eq!(below.names("displayName"), names);
    let direct = create(
        &mut client,
        "/me/mailFolders/msgfolderroot/childFolders",
        "Direct",
    )
    .await;
    let names = client
        .get("/me/mailFolders?$top=50")
        .await
        .names("displayName");
    assert!(names.contains(&"Direct".into()), "{names:?}");
    assert_eq!(direct["parentFolderId"], top["id"]);

    let message = received(&mut client).await;
    let to = json!({ "destinationId": inner["id"] });
    client.post(&format!("{}/move", path(&message)), to).await;
    client.delete(&at(&outer)).await;
    assert_eq!(client.get(&at(&inner)).await.status, StatusCode::NOT_FOUND);
    let left = client.get("/me/messages?$top=50").await.names("id");
    assert_eq!(left.len(), 5);
}

#[tokio::test]
async fn folder_names_are_unique_at_one_place() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let first = create(&mut client, "/me/mailFolders", "One").await;
    let second = create(&mut client, "/me/mailFolders", "Two").await;
    create(&mut client, &format!("{}/childFolders", at(&first)), "One").await;
    let taken = json!({ "displayName": "one" });
    let refused = client.post("/me/mailFolders", taken.clone()).await;
    assert_eq!(
        (refused.status, refused.error().0.as_str()),
        (StatusCode::CONFLICT, "ErrorFolderExists")
    );
    assert_eq!(
        client.patch(&at(&second), taken).await.status,
        StatusCode::CONFLICT
    );
    let renamed = client
        .patch(&at(&second), json!({ "displayName": "Three" }))
        .await;
    assert_eq!(
        (renamed.status, &renamed.json()["displayName"]),
        (StatusCode::OK, &json!("Three"))
    );
    let search = json!({ "@odata.type": "#microsoft.graph.mailSearchFolder",
        "displayName": "Search", "filterQuery": "contains(subject, 'x')" });
    let search = client.post("/me/mailFolders", search).await;
    assert_eq!(search.status, StatusCode::NOT_IMPLEMENTED);
    let nameless = client.post("/me/mailFolders", json!({})).await;
    assert_eq!(nameless.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn folders_are_moved_and_copied_with_content() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let folder = create(&mut client, "/me/mailFolders", "Spring").await;
    create(&mut client, &format!("{}/childFolders", at(&folder)), "Old").await;
    let message = received(&mut client).await;
    let to = json!({ "destinationId": folder["id"] });
    client.post(&format!("{}/move", path(&message)), to).await;

    let to = json!({ "destinationId": "archive" });
    let copy = client
        .post(&format!("{}/copy", at(&folder)), to.clone())
        .await;
    assert_eq!(copy.status, StatusCode::CREATED);
    let copy = copy.json();
    assert_ne!(copy["id"], folder["id"]);
    assert_eq!(
        (&copy["totalItemCount"], &copy["childFolderCount"]),
        (&json!(1), &json!(1))
    );
    assert!(
        find(&mut client, &at(&copy), "Spring campaign")
            .await
            .is_some()
    );
    let below = client.get(&format!("{}/childFolders", at(&copy))).await;
    assert_eq!(below.names("displayName"), ["Old"]);

    let refused = client.post(&format!("{}/move", at(&folder)), to).await;
    assert_eq!(refused.error().0, "ErrorFolderExists");
    let to = json!({ "destinationId": "inbox" });
    let moved = client
        .post(&format!("{}/move", at(&folder)), to)
        .await
        .json();
    assert_eq!(moved["id"], folder["id"]);
    let inbox = client.get("/me/mailFolders/inbox").await.json();
    assert_eq!(moved["parentFolderId"], inbox["id"]);
    assert_eq!(inbox["childFolderCount"], 1);
    assert!(
        find(&mut client, &at(&folder), "Spring campaign")
            .await
            .is_some()
    );
    let names = client
        .get("/me/mailFolders?$top=50")
        .await
        .names("displayName");
    assert!(!names.contains(&"Spring".into()), "{names:?}");

    let to = json!({ "destinationId": folder["id"] });
    let itself = client.post(&format!("{}/move", at(&folder)), to).await;
    assert_eq!(itself.error().0, "ErrorMoveCopyFailed");
}

#[tokio::test]
async fn well_known_folders_cannot_be_removed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let gone = client.delete("/me/mailFolders/inbox").await;
    assert_eq!(gone.error().0, "ErrorDeleteDistinguishedFolder");
    let purge = "/me/mailFolders/drafts/permanentDelete";
    let gone = client.send(Method::POST, purge, &[], "").await;
    assert_eq!(gone.error().0, "ErrorDeleteDistinguishedFolder");
    let to = json!({ "destinationId": "archive" });
    let moved = client.post("/me/mailFolders/sentitems/move", to).await;
    assert_eq!(moved.error().0, "ErrorMoveDistinguishedFolder");
    for name in ["outbox", "conversationhistory", "SentItems"] {
        let folder = client.get(&format!("/me/mailFolders/{name}")).await;
        assert_eq!(folder.status, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn hidden_folders_are_listed_on_request() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let hidden = json!({ "displayName": "Hidden", "isHidden": true });
    client.post("/me/mailFolders", hidden).await;
    for (query, expected) in [("", false), ("&includeHiddenFolders=true", true)] {
        let path = format!("/me/mailFolders?$top=50{query}");
        let names = client.get(&path).await.names("displayName");
        assert_eq!(names.contains(&"Hidden".into()), expected, "{query}");
    }
}
