//! Tests of the properties that follow from other items.

use http::{Method, StatusCode};
use serde_json::json;

use super::{folder, put, text};
use crate::client::{Client, drive, start};

#[tokio::test]
async fn item_has_the_documented_properties() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let url = "/me/drive/root:/Reports/C%23/plan%20b.docx:/content";
    put(&mut client, url, "some words").await;
    let item = client
        .get("/me/drive/root:/Reports/C%23/plan%20b.docx")
        .await
        .json();
    let user = &simulator.credentials().user_id;
    assert_eq!(item["createdBy"]["user"]["id"], user.as_str());
    assert_eq!(
        item["lastModifiedBy"]["user"]["displayName"],
        "Adele Brandt"
    );
    assert_eq!(
        item["lastModifiedBy"]["application"]["displayName"],
        "Contoso Tests"
    );
    assert_eq!(item["size"], 10);
    assert_eq!(
        item["file"]["mimeType"],
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    );
    assert_eq!(item["file"]["hashes"].as_object().unwrap().len(), 1);
    let parent = client.get("/me/drive/root:/Reports/C%23").await.json();
    let drive_id = drive.trim_start_matches("/drives/");
    assert_eq!(
        item["parentReference"],
        json!({
            "driveId": drive_id, "driveType": "business", "id": parent["id"], "name": "C#",
            "path": format!("{drive}/root:/Reports/C%23"),
        })
    );
    assert_eq!(
        item["webUrl"],
        "https://contoso-my.sharepoint.com/personal/adele_contoso_com/Documents/Reports/C%23/\
         plan%20b.docx"
    );
    assert_eq!(
        item["fileSystemInfo"],
        json!({
            "createdDateTime": item["createdDateTime"],
            "lastModifiedDateTime": item["lastModifiedDateTime"],
        })
    );
    let root = client.get(&format!("{drive}/root")).await.json();
    assert_eq!(
        root["parentReference"],
        json!({ "driveId": drive_id, "driveType": "business" })
    );
    let top = client.get("/me/drive/root:/Reports").await.json();
    assert_eq!(top["parentReference"]["path"], format!("{drive}/root:"));
    assert_eq!(top["parentReference"]["name"], "root");
}

#[tokio::test]
async fn selected_facets_are_absent_where_unset() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let file = "/me/drive/root:/Reports/2026.csv";
    let item = client.get(file).await.json();
    let tags = client
        .get(&format!("{file}?$select=id,eTag,cTag,@odata.etag"))
        .await
        .json();
    assert_eq!(tags["eTag"], item["eTag"]);
    assert_eq!(tags["cTag"], item["cTag"]);
    assert_eq!(tags["@odata.etag"], item["eTag"]);
    let select = "$select=name,file,folder,deleted,remoteItem,cTag,shared,package,description";
    let file = client.get(&format!("{file}?{select}")).await.json();
    assert!(file["file"]["mimeType"].is_string());
    for facet in [
        "folder",
        "deleted",
        "remoteItem",
        "shared",
        "package",
        "description",
    ] {
        assert!(file.get(facet).is_none(), "{facet}: {file}");
    }
    let page = client
        .get(&format!("/me/drive/root/children?{select}"))
        .await;
    for folder in page.json()["value"].as_array().unwrap() {
        assert!(folder["folder"]["childCount"].is_number());
        for facet in ["file", "deleted", "cTag"] {
            assert!(folder.get(facet).is_none(), "{facet}: {folder}");
        }
    }
    let nested = client
        .get("/me/drive/root:/Reports?$select=id,file/mimeType,folder/childCount,parentReference")
        .await
        .json();
    assert!(nested.get("file").is_none());
    assert_eq!(nested["folder"], json!({ "childCount": 2 }));
    assert!(text(&nested["parentReference"]["path"]).ends_with("/root:"));
    let drive = client
        .get("/me/drive?$select=id,description,quota")
        .await
        .json();
    assert!(drive.get("description").is_none());
    assert!(drive["quota"]["total"].is_u64());
    // The directory still sends null.
    let user = client.get("/me?$select=faxNumber").await.json();
    assert_eq!(user.get("faxNumber"), Some(&json!(null)));
}

#[tokio::test]
async fn folder_counts_and_sizes_follow_its_items() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = folder(&mut client, "/me/drive/root", "Box").await;
    assert_eq!(made["folder"]["childCount"], 0);
    assert_eq!(made["size"], 0);
    let box_url = format!("/me/drive/items/{}", text(&made["id"]));
    put(
        &mut client,
        &format!("{box_url}:/a/b.txt:/content"),
        "12345",
    )
    .await;
    put(&mut client, &format!("{box_url}:/c.txt:/content"), "123").await;
    let state =
        |json: serde_json::Value| (json["folder"]["childCount"].clone(), json["size"].clone());
    assert_eq!(
        state(client.get(&box_url).await.json()),
        (json!(2), json!(8))
    );
    client.delete(&format!("{box_url}:/c.txt:")).await;
    assert_eq!(
        state(client.get(&box_url).await.json()),
        (json!(1), json!(5))
    );
    let moved = json!({ "parentReference": { "path": "/drive/root:" } });
    client.patch(&format!("{box_url}:/a/b.txt:"), moved).await;
    assert_eq!(
        state(client.get(&box_url).await.json()),
        (json!(1), json!(0))
    );
}

#[tokio::test]
async fn drive_has_quota_and_owner() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let before = client.get("/me/drive").await.json();
    assert_eq!(before["driveType"], "business");
    assert_eq!(before["owner"]["user"]["displayName"], "Adele Brandt");
    assert_eq!(
        before["webUrl"],
        "https://contoso-my.sharepoint.com/personal/adele_contoso_com/Documents"
    );
    let number = |json: &serde_json::Value, name: &str| json["quota"][name].as_u64().unwrap();
    assert_eq!(before["quota"]["state"], "normal");
    assert_eq!(number(&before, "deleted"), 0);
    put(
        &mut client,
        "/me/drive/root:/ten.bin:/content",
        "0123456789",
    )
    .await;
    let after = client.get("/me/drive?$select=quota").await.json();
    assert_eq!(number(&after, "used"), number(&before, "used") + 10);
    assert_eq!(
        number(&after, "remaining"),
        number(&before, "remaining") - 10
    );
    assert_eq!(number(&after, "total"), number(&before, "total"));
    client.delete("/me/drive/root:/ten.bin").await;
    let last = client.get("/me/drive").await.json();
    assert_eq!(number(&last, "used"), number(&before, "used"));
    assert_eq!(number(&last, "deleted"), 10);
    let drives = client.get("/me/drives").await;
    assert_eq!(drives.names("id"), [text(&before["id"])]);
    let group = client
        .get("/groups?$filter=displayName%20eq%20'Marketing'")
        .await;
    let group = group.names("id").remove(0);
    let library = client.get(&format!("/groups/{group}/drive")).await.json();
    assert_eq!(library["driveType"], "documentLibrary");
    assert_eq!(library["owner"]["group"]["id"], group.as_str());
}

#[tokio::test]
async fn times_of_the_clients_file_are_kept() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let url = "/me/drive/root:/old.txt";
    put(&mut client, &format!("{url}:/content"), "old").await;
    let times = json!({
        "createdDateTime": "2001-02-03T04:05:06Z", "lastModifiedDateTime": "2002-02-03T04:05:06Z",
    });
    let changed = client.patch(url, json!({ "fileSystemInfo": times })).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["fileSystemInfo"], times);
    let select = client.get(&format!("{url}?$select=fileSystemInfo")).await;
    assert_eq!(select.json()["fileSystemInfo"], times);
    client.patch(url, json!({ "description": "of old" })).await;
    assert_eq!(client.get(url).await.json()["fileSystemInfo"], times);
    // New content is of another time.
    put(&mut client, &format!("{url}:/content"), "new").await;
    let item = client.get(url).await.json();
    assert_eq!(
        item["fileSystemInfo"]["createdDateTime"],
        "2001-02-03T04:05:06Z"
    );
    assert_eq!(
        item["fileSystemInfo"]["lastModifiedDateTime"],
        item["lastModifiedDateTime"]
    );
}

#[tokio::test]
async fn media_type_follows_from_the_name() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (name, sent, right) in [
        ("a.txt", "application/pdf", "text/plain"),
        ("a.PNG", "text/plain", "image/png"),
        ("a", "text/plain", "application/octet-stream"),
        ("a.unknown", "image/png", "application/octet-stream"),
    ] {
        let url = format!("/me/drive/root:/{name}:/content");
        let made = client
            .send(Method::PUT, &url, &[("content-type", sent)], "x")
            .await;
        assert_eq!(made.json()["file"]["mimeType"], right, "{name}");
        assert_eq!(client.file(&url).await.header("content-type"), right);
    }
    let renamed = client
        .patch("/me/drive/root:/a.txt", json!({ "name": "a.pdf" }))
        .await;
    assert_eq!(renamed.json()["file"]["mimeType"], "application/pdf");
}

#[tokio::test]
async fn children_are_sorted_filtered_and_paged() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for name in ["b.txt", "a.txt", "c.txt"] {
        put(
            &mut client,
            &format!("/me/drive/root:/{name}:/content"),
            name,
        )
        .await;
    }
    let names = |answer: crate::client::Answer| answer.names("name");
    let sorted = client.get("/me/drive/root/children?$orderby=name").await;
    assert_eq!(
        names(sorted),
        ["a.txt", "b.txt", "C# Files", "c.txt", "Reports"]
    );
    let found = client
        .get("/me/drive/root/children?$filter=name%20eq%20'b.txt'")
        .await;
    assert_eq!(names(found), ["b.txt"]);
    let large = client
        .get("/me/drive/root/children?$filter=size%20gt%205%20and%20file%20ne%20null")
        .await;
    assert_eq!(names(large), [""; 0]);
    let folders = client
        .get("/me/drive/root/children?$filter=folder%20ne%20null")
        .await;
    assert_eq!(names(folders), ["Reports", "C# Files"]);
    let mut url = "/me/drive/root/children?$top=2&$orderby=name%20desc".to_owned();
    let mut all = Vec::new();
    loop {
        let page = client.get(&url).await;
        all.extend(page.names("name"));
        match page.json()["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(all, ["Reports", "c.txt", "C# Files", "b.txt", "a.txt"]);
}

#[tokio::test]
async fn folder_has_no_content() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let read = client.get("/me/drive/root:/Reports:/content").await;
    assert_eq!(read.error().0, "invalidRequest");
    let written = put(&mut client, "/me/drive/root:/Reports:/content", "x").await;
    assert_eq!(written.error().0, "invalidRequest");
}
