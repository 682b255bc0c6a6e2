//! Tests of sites.

use http::StatusCode;
use serde_json::json;

use super::text;
use crate::client::{Client, start};

#[tokio::test]
async fn sites_are_searched_and_listed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (url, names) in [
        ("/sites?search=research", vec!["Research", "Labs"]),
        ("/sites?search=lab", vec!["Labs"]),
        ("/sites?$search=lab", vec!["Labs"]),
        ("/sites?search=*", vec!["Contoso", "Research", "Labs"]),
        ("/sites?search=none", vec![]),
        ("/sites?search=Research&$top=1", vec!["Research"]),
        ("/sites/getAllSites()", vec!["Contoso", "Research", "Labs"]),
        ("/sites/getAllSites", vec!["Contoso", "Research", "Labs"]),
        (
            "/sites/contoso.sharepoint.com:/sites/research:/sites",
            vec!["Labs"],
        ),
    ] {
        assert_eq!(client.get(url).await.names("displayName"), names, "{url}");
    }
    let root = client.get("/sites/root").await.json();
    assert_eq!(root["siteCollection"]["hostname"], "contoso.sharepoint.com");
    assert!(root["root"].is_object());
    let host = client.get("/sites/contoso.sharepoint.com").await.json();
    assert_eq!(host["id"], root["id"]);
}

#[tokio::test]
async fn site_has_a_document_library() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = client.get("/sites/root/drive").await.json();
    assert_eq!(
        (&drive["driveType"], &drive["name"]),
        (&json!("documentLibrary"), &json!("Documents"))
    );
    let drives = client.get("/sites/root/drives").await;
    assert_eq!(drives.names("id"), [text(&drive["id"])]);
    let lists = client.get("/sites/root/lists?$expand=drive").await.json();
    let lists = lists["value"].as_array().unwrap();
    assert_eq!(lists[0]["displayName"], "Tasks");
    assert!(lists[0].get("drive").is_none());
    assert_eq!(lists[1]["list"]["template"], "documentLibrary");
    assert_eq!(lists[1]["drive"]["id"], drive["id"]);
    let list = format!("/sites/root/lists/{}", text(&lists[1]["id"]));
    assert_eq!(
        client.get(&format!("{list}/drive")).await.json()["id"],
        drive["id"]
    );
    let own = client
        .get(&format!("/drives/{}/list", text(&drive["id"])))
        .await
        .json();
    assert_eq!(own["id"], lists[1]["id"]);
    let by_title = client.get("/sites/root/lists/Documents").await.json();
    assert_eq!(by_title["id"], lists[1]["id"]);
}

#[tokio::test]
async fn followed_sites_are_added_and_removed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let site = client.get("/sites/root").await.json();
    let body = json!({ "value": [{ "id": site["id"] }] });
    let added = client.post("/me/followedSites/add", body.clone()).await;
    assert_eq!(added.status, StatusCode::OK);
    assert_eq!(added.names("displayName"), ["Contoso"]);
    let followed = client.get("/me/followedSites").await;
    assert_eq!(followed.names("id"), [text(&site["id"])]);
    let removed = client.post("/me/followedSites/remove", body).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get("/me/followedSites").await.names("id"), [""; 0]);
    let none = json!({ "value": [{ "id": "none" }] });
    let none = client.post("/me/followedSites/add", none).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn group_site_holds_the_drive_of_group() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let groups = client.get("/groups").await.json();
    let group = |at: usize| text(&groups["value"][at]["id"]).to_owned();
    let site = client
        .get(&format!("/groups/{}/sites/root", group(0)))
        .await
        .json();
    assert_eq!(site["displayName"], "Marketing");
    assert_eq!(
        site["webUrl"],
        "https://contoso.sharepoint.com/sites/marketing"
    );
    let drive = client
        .get(&format!("/groups/{}/drive", group(0)))
        .await
        .json();
    let url = format!("/sites/{}", text(&site["id"]));
    let own = client.get(&format!("{url}/drive")).await.json();
    assert_eq!(own["id"], drive["id"]);
    let lists = client.get(&format!("{url}/lists")).await;
    assert_eq!(lists.names("displayName"), ["Documents"]);
    let file = format!("/drives/{}/root:/a.txt", text(&drive["id"]));
    super::put(&mut client, &format!("{file}:/content"), "x").await;
    let item = client.get(&file).await.json();
    assert_eq!(item["parentReference"]["siteId"], site["id"]);
    assert_eq!(
        item["webUrl"],
        "https://contoso.sharepoint.com/sites/marketing/Shared%20Documents/a.txt"
    );
    // A security group has no site.
    let none = client
        .get(&format!("/groups/{}/sites/root", group(2)))
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_are_created_changed_and_deleted() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let page = json!({
        "@odata.type": "#microsoft.graph.sitePage", "name": "news.aspx", "title": "News",
    });
    let made = client.post("/sites/root/pages", page).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let url = format!("/sites/root/pages/{}", text(&made.json()["id"]));
    let cast = format!("{url}/microsoft.graph.sitePage");
    let body = json!({ "@odata.type": "#microsoft.graph.sitePage", "title": "Old news" });
    client.patch(&cast, body).await;
    assert_eq!(client.get(&cast).await.json()["title"], "Old news");
    assert_eq!(client.delete(&url).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&url).await.status, StatusCode::NOT_FOUND);
}
