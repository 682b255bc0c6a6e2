//! Tests of pages and the links between them.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::client::{Client, builder, start};

/// Returns all pages after a URL: the names on each, and the links between them.
async fn pages(client: &mut Client, url: &str) -> (Vec<Vec<String>>, Vec<String>) {
    let (mut pages, mut links, mut next) = (Vec::new(), Vec::new(), Some(url.to_owned()));
    while let Some(url) = next {
        let page = client.eventual(&url).await;
        assert_eq!(page.status, StatusCode::OK, "{url}: {:?}", page.json());
        pages.push(page.names("displayName"));
        next = page.json()["@odata.nextLink"].as_str().map(str::to_owned);
        links.extend(next.clone());
    }
    (pages, links)
}

#[tokio::test]
async fn all_pages_hold_everything_once() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let (pages, links) = pages(&mut client, "/users?$top=5&$select=displayName&$count=true").await;
    let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [5, 5, 2]);
    let mut names = pages.concat();
    names.dedup();
    assert_eq!(names.len(), 12);
    for link in links {
        // The link is absolute. It has all options of the first request, and a token with
        // hexadecimal digits of both cases.
        assert!(
            link.starts_with(&format!(
                "{}/users?$top=5&$select=displayName&$count=true&$skiptoken=%2bRID%3A~",
                simulator.url()
            )),
            "{link}"
        );
    }
    // Only the first page has the count, and links come back as they were sent.
    let requests = simulator.requests();
    assert!(
        requests[1].target.contains("$skiptoken=%2bRID%3A~"),
        "{}",
        requests[1].target
    );
}

#[tokio::test]
async fn pages_are_sorted_and_filtered() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let (sorted, _) = pages(&mut client, "/users?$top=5&$orderby=displayName%20desc").await;
    assert_eq!(sorted[0][0], "Lars Fontaine");
    assert_eq!(sorted[2], ["Bruno Okafor", "Adele Brandt"]);
    let url = "/users?$top=2&$filter=department%20eq%20'Research'&$count=true&$orderby=displayName";
    let (filtered, _) = pages(&mut client, url).await;
    assert_eq!(filtered.concat().len(), 4);
    assert_eq!(filtered.len(), 2, "no empty page follows a full one");
}

#[tokio::test]
async fn deletion_between_pages_skips_no_item() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let first = client.get("/users?$top=4").await;
    let next = first.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    for id in first.names("id").iter().skip(1) {
        client.delete(&format!("/users/{id}")).await;
    }
    assert_eq!(
        client.get(&next).await.names("givenName"),
        ["Elena", "Farid", "Greta", "Hugo"]
    );
}

#[tokio::test]
async fn page_size_follows_top_and_limits() {
    let simulator = builder().page_size(3).start().await.unwrap();
    let mut client = Client::user(&simulator).await;
    assert_eq!(client.get("/users").await.names("id").len(), 3);
    simulator.set_page_size(None);
    assert_eq!(client.get("/users").await.names("id").len(), 12);
    for number in 0..10 {
        simulator
            .create("/me/messages", json!({ "subject": format!("{number}") }))
            .unwrap();
    }
    assert_eq!(
        client.get("/me/messages").await.names("id").len(),
        10,
        "mail comes in tens"
    );
    let preferred = client
        .send(
            http::Method::GET,
            "/me/messages",
            &[("prefer", "odata.maxpagesize=2")],
            "",
        )
        .await;
    assert_eq!(preferred.names("id").len(), 2);
    assert_eq!(
        preferred.header("preference-applied"),
        "odata.maxpagesize=2"
    );
    for (url, message) in [
        (
            "/users?$top=1000",
            "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.",
        ),
        (
            "/users?$top=0",
            "Invalid page size specified: '0'. Must be between 1 and 999 inclusive.",
        ),
    ] {
        assert_eq!(
            client.get(url).await.error(),
            ("Request_UnsupportedQuery".into(), message.into())
        );
    }
    assert_eq!(
        client.get("/me/messages?$top=5000").await.status,
        StatusCode::OK,
        "mail takes what it can"
    );
    for top in ["-1", "x", "1.5", ""] {
        assert_eq!(
            client.get(&format!("/users?$top={top}")).await.status,
            StatusCode::BAD_REQUEST,
            "{top}"
        );
    }
}

#[tokio::test]
async fn skip_leaves_out_the_first_items() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let all = client.get("/me/messages?$top=50").await.names("id");
    let rest = client.get("/me/messages?$top=2&$skip=3").await;
    assert_eq!(rest.names("id"), all[3..5]);
    let next = rest.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&next).await.names("id"), all[5..]);
    let refused = client.get("/groups?$skip=1").await;
    assert_eq!(
        refused.status,
        StatusCode::BAD_REQUEST,
        "the directory does not skip"
    );
}

#[tokio::test]
async fn invalid_skip_tokens_are_refused() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let link = client.get("/users?$top=5").await.json()["@odata.nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(client.get(&link).await.status, StatusCode::OK);
    assert_eq!(
        client.get(&link).await.status,
        StatusCode::OK,
        "the same link may be asked for again"
    );
    let (_, token) = link.split_once("$skiptoken=").unwrap();
    assert_eq!(
        client
            .get(&format!("/users?$top=6&$skiptoken={token}"))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        client
            .get(&format!("/groups?$top=5&$skiptoken={token}"))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        client.get("/users?$top=5&$skiptoken=2").await.status,
        StatusCode::BAD_REQUEST
    );
    simulator.expire_page_tokens();
    assert_eq!(
        client.get(&link).await.error().0,
        "Directory_ExpiredPageToken"
    );
    simulator.advance(Duration::from_secs(1));
    assert_eq!(client.get("/users?$top=5").await.status, StatusCode::OK);
}
