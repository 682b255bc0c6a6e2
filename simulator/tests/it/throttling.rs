//! Tests of the limits of the services, and of the responses beyond them.

use std::time::Duration;

use http::StatusCode;
use msgraph_simulator::{Fault, Limit, RetryAfter, Service};
use serde_json::json;

use crate::client::{Client, builder, start};

#[tokio::test]
async fn throttling_service_does_not_affect_others() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    simulator.limit(Limit::requests(
        Service::Outlook,
        2,
        Duration::from_secs(10),
    ));
    for _ in 0..2 {
        assert_eq!(client.get("/me/messages").await.status, StatusCode::OK);
    }
    let refused = client.get("/me/messages").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!(refused.error().0, "ApplicationThrottled");
    // Actions that only Exchange carries out count as well.
    let mail = json!({ "Message": { "subject": "x" } });
    let refused = client.post("/me/sendMail", mail).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    // Other mailboxes and other services are not affected.
    let others = [
        "/users/bruno@contoso.com/messages",
        "/users",
        "/me",
        "/drives",
    ];
    for path in others {
        assert_eq!(client.get(path).await.status, StatusCode::OK, "{path}");
    }
    simulator.advance(Duration::from_secs(11));
    assert_eq!(client.get("/me/messages").await.status, StatusCode::OK);
}

#[tokio::test]
async fn refused_requests_count_against_the_limit() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    simulator.limit(Limit::requests(Service::Files, 1, Duration::from_secs(100)));
    assert_eq!(client.get("/drives").await.status, StatusCode::OK);
    simulator.advance(Duration::from_secs(60));
    let refused = client.get("/drives").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.error().0, "activityLimitReached");
    assert_eq!(
        refused.json()["error"]["innerError"]["code"],
        "throttledRequest"
    );
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    // The first request has left the window by now, but the refused one has not.
    simulator.advance(Duration::from_secs(60));
    assert_eq!(
        client.get("/drives").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    simulator.lift_limits();
    assert_eq!(client.get("/drives").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_directory_counts_units() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let limit = Limit::resource_units(Service::Directory, 5, Duration::from_secs(60));
    simulator.limit(limit.retry_after(RetryAfter::Date(Duration::from_secs(4))));
    let page = client.get("/users").await;
    assert_eq!(page.header("x-ms-resource-unit"), "2");
    assert_eq!(page.header("x-ms-throttle-limit-percentage"), "");
    let page = client.get("/users").await;
    assert_eq!(page.header("x-ms-throttle-limit-percentage"), "0.80");
    assert_eq!(
        client
            .get("/users?$select=id")
            .await
            .header("x-ms-resource-unit"),
        "1"
    );
    let refused = client.get("/groups").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        refused.header("x-ms-throttle-information"),
        "ResourceUnitLimitExceeded"
    );
    assert!(refused.header("retry-after").ends_with(" GMT"));
}

#[tokio::test]
async fn expensive_page_times_out() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    simulator.fault(
        Fault::status(StatusCode::GATEWAY_TIMEOUT)
            .query("$top=999")
            .always(),
    );
    assert_eq!(
        client.get("/users?$top=999").await.status,
        StatusCode::GATEWAY_TIMEOUT
    );
    assert_eq!(client.get("/users?$top=500").await.status, StatusCode::OK);
}

#[tokio::test]
async fn paging_faults_send_empty_pages_and_duplicates() {
    let simulator = builder().page_size(5).start().await.unwrap();
    let mut client = Client::app(&simulator).await;
    simulator.fault(Fault::empty_page());
    let empty = client.get("/users?$select=id").await.json();
    assert_eq!(empty["value"], json!([]));
    let page = client.get(empty["@odata.nextLink"].as_str().unwrap()).await;
    assert_eq!(page.names("id").len(), 5);
    simulator.fault(Fault::repeated_items());
    let next = page.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    let names = client.get(&next).await.names("id");
    assert_eq!((names.len(), &names[0]), (10, &names[1]));
}
