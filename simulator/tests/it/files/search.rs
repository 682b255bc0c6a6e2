//! Tests of searches, recent files and items of other users.

use serde_json::json;

use super::{put, text};
use crate::client::{Client, start};

#[tokio::test]
async fn search_finds_names_and_text() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    put(
        &mut client,
        "/me/drive/root:/notes/Budget%20plan.txt:/content",
        "Half the sum",
    )
    .await;
    put(
        &mut client,
        "/me/drive/root:/picture.png:/content",
        "budget",
    )
    .await;
    for (query, found) in [
        ("budget", vec!["Budget plan.txt"]),
        ("PLAN%20half", vec!["Budget plan.txt"]),
        ("half", vec!["50% off & more.txt", "Budget plan.txt"]),
        ("2026", vec!["2026.csv"]),
        ("off", vec!["50% off & more.txt"]),
        ("reports", vec!["Reports"]),
        ("nothing", vec![]),
        ("a%2Bb''s", vec!["a+b's [x].txt"]),
    ] {
        for start in ["/me/drive/root", "/me/drive"] {
            let answer = client.get(&format!("{start}/search(q='{query}')")).await;
            assert_eq!(answer.names("name"), found, "{start} {query}");
        }
    }
    let below = client
        .get("/me/drive/root:/notes:/search(q='half')?$select=name,id")
        .await;
    assert_eq!(below.names("name"), ["Budget plan.txt"]);
    assert!(below.json()["value"][0].get("size").is_none());
}

#[tokio::test]
async fn search_results_are_paged() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for number in 0..5 {
        put(
            &mut client,
            &format!("/me/drive/root:/page{number}.txt:/content"),
            "x",
        )
        .await;
    }
    let mut url = "/me/drive/root/search(q='page')?$top=2".to_owned();
    let mut sizes = Vec::new();
    loop {
        let page = client.get(&url).await;
        sizes.push(page.names("id").len());
        match page.json()["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn recent_files_are_the_last_changed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    put(&mut client, "/me/drive/root:/now.txt:/content", "x").await;
    let recent = client.get("/me/drive/recent()").await.names("name");
    assert_eq!(recent[0], "now.txt");
    assert_eq!(recent.len(), 4);
}

#[tokio::test]
async fn shared_items_are_items_of_other_drives() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    assert_eq!(
        client.get("/me/drive/sharedWithMe()").await.names("name"),
        [""; 0]
    );
    let bruno = "/users/bruno@contoso.com/drive/root:/plan.txt";
    let made = put(&mut client, &format!("{bruno}:/content"), "plan")
        .await
        .json();
    let body = json!({
        "recipients": [{ "email": "adele@contoso.com" }], "roles": ["read"], "requireSignIn": true,
    });
    client.post(&format!("{bruno}:/invite"), body).await;
    let shared = client.get("/me/drive/sharedWithMe").await.json();
    let remote = &shared["value"][0]["remoteItem"];
    assert_eq!(
        (&remote["id"], &remote["name"]),
        (&made["id"], &json!("plan.txt"))
    );
    assert_eq!(
        text(&remote["parentReference"]["driveId"]),
        text(&made["parentReference"]["driveId"])
    );
}
