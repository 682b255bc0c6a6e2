//! Tests of requested faults, and of their records.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use msgraph_simulator::{Fault, RetryAfter};
use serde_json::json;

use crate::client::{Client, builder, description, start};

#[tokio::test]
async fn retry_after_is_sent_in_each_form() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    for (form, text) in [
        (RetryAfter::Seconds(10), "10"),
        (RetryAfter::Seconds(0), "0"),
        (RetryAfter::Text("2.128".into()), "2.128"),
        (RetryAfter::Text("0,120".into()), "0,120"),
        (RetryAfter::Missing, ""),
    ] {
        simulator.fault(Fault::throttled(form.clone()));
        let refused = client.get("/users").await;
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (StatusCode::TOO_MANY_REQUESTS, text),
            "{form:?}"
        );
        assert_eq!(refused.error().0, "TooManyRequests");
        assert!(!refused.header("request-id").is_empty());
        assert_eq!(client.get("/users").await.status, StatusCode::OK, "once");
    }
    simulator.fault(Fault::throttled(RetryAfter::Date(Duration::from_secs(4))));
    simulator.fault(Fault::throttled(RetryAfter::PastDate(Duration::from_secs(
        4,
    ))));
    for ahead in [true, false] {
        let refused = client.get("/users").await;
        let date = |name| chrono::DateTime::parse_from_rfc2822(refused.header(name)).unwrap();
        let seconds = (date("retry-after") - date("date")).num_seconds();
        assert_eq!(seconds, if ahead { 4 } else { -4 });
    }
}

#[tokio::test]
async fn faults_affect_only_matching_requests() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let fault = Fault::status(StatusCode::SERVICE_UNAVAILABLE)
        .method(Method::GET)
        .at("/v1.0/users/*/messages")
        .times(2);
    simulator.fault(fault);
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
    let message = json!({ "subject": "x" });
    assert_eq!(
        client
            .post("/users/adele@contoso.com/messages", message)
            .await
            .status,
        StatusCode::CREATED
    );
    for status in [
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::OK,
    ] {
        assert_eq!(
            client
                .get("/users/adele@contoso.com/messages?$top=1")
                .await
                .status,
            status
        );
    }
    simulator.fault(Fault::html(StatusCode::SERVICE_UNAVAILABLE).always());
    for _ in 0..3 {
        let page = client.get("/users").await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.body.starts_with(b"<!DOCTYPE html>"));
    }
    simulator.heal();
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_token_endpoint_fails_in_its_own_form() {
    let simulator = start().await;
    let mut client = Client::connect(&simulator, None).await;
    let url = format!("{}/contoso.com/oauth2/v2.0/token", simulator.login_url());
    simulator.fault(Fault::status(StatusCode::INTERNAL_SERVER_ERROR).at("/*/oauth2/v2.0/token"));
    let failed = client.send(Method::POST, &url, &[], "").await;
    assert_eq!(
        (failed.status, &failed.json()["error"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &json!("server_error"))
    );
    simulator.fault(Fault::throttled(RetryAfter::Seconds(3)).at("/*/oauth2/v2.0/token"));
    let failed = client.send(Method::POST, &url, &[], "").await;
    assert_eq!(
        (failed.header("retry-after"), &failed.json()["error"]),
        ("3", &json!("temporarily_unavailable"))
    );
}

#[tokio::test]
async fn fault_can_send_any_response() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let fault = Fault::answer(StatusCode::BAD_GATEWAY, r#"{"error":{"co"#)
        .header("content-type", "application/json");
    simulator.fault(fault.header("x-one", "1"));
    let failed = client.get("/users").await;
    assert_eq!(
        (failed.status, failed.header("x-one")),
        (StatusCode::BAD_GATEWAY, "1")
    );
    assert_eq!(failed.body, r#"{"error":{"co"#);
    simulator.fault(Fault::unauthorized(None));
    let refused = client.get("/users").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(!refused.header("www-authenticate").contains("claims"));
    simulator.fault(Fault::unauthorized(Some(
        r#"{"access_token":{"nbf":{"essential":true}}}"#,
    )));
    assert!(
        client
            .get("/users")
            .await
            .header("www-authenticate")
            .contains("claims=\"eyJ")
    );
}

#[tokio::test]
async fn connection_faults_break_the_connection() {
    let simulator = start().await;
    simulator.fault(Fault::reset());
    let mut client = Client::app(&simulator).await;
    let error = client
        .try_send(Method::POST, "/users", &[], "")
        .await
        .unwrap_err();
    assert!(!error.is_timeout(), "{error}");
    let recorded = simulator.requests();
    assert_eq!((recorded.len(), recorded[0].status), (1, None));
    simulator.fault(Fault::truncated());
    let mut client = Client::app(&simulator).await;
    let error = client
        .try_send(Method::GET, "/users", &[], "")
        .await
        .unwrap_err();
    assert!(
        error.is_incomplete_message() || error.is_body_write_aborted() || !error.is_parse(),
        "{error}"
    );
    let mut client = Client::app(&simulator).await;
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn slow_response_does_not_block_others() {
    let simulator = start().await;
    let delay = Duration::from_millis(300);
    simulator.fault(Fault::slow(delay).at("/v1.0/groups"));
    let (mut slow, mut quick) = (Client::app(&simulator).await, Client::app(&simulator).await);
    let begin = Instant::now();
    let late = tokio::spawn(async move { (slow.get("/groups").await.status, begin.elapsed()) });
    // The slow request is recorded before its response is delayed.
    while simulator.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(quick.get("/users").await.status, StatusCode::OK);
    assert!(!late.is_finished());
    let (status, waited) = late.await.unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(waited >= delay, "{waited:?}");
}

#[tokio::test]
async fn requests_are_recorded_as_they_were_sent() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    client
        .get("/users?$filter=mail%20eq%20'a%2Bb%40c.d'&$select=id")
        .await;
    client.post("/nothing", json!({ "a": 1 })).await;
    let requests = simulator.requests();
    assert_eq!(
        requests[0].target,
        "/v1.0/users?$filter=mail%20eq%20'a%2Bb%40c.d'&$select=id"
    );
    assert_eq!(
        requests[0].query(),
        "$filter=mail%20eq%20'a%2Bb%40c.d'&$select=id"
    );
    assert_eq!(
        (requests[0].status, requests[0].template.as_deref()),
        (Some(StatusCode::OK), Some("/users"))
    );
    assert_eq!(
        (requests[1].path(), requests[1].json()),
        ("/v1.0/nothing", Some(json!({ "a": 1 })))
    );
    assert_eq!(
        (requests[1].status, requests[1].template.as_deref()),
        (Some(StatusCode::BAD_REQUEST), None)
    );
    assert!(
        requests[0]
            .header("authorization")
            .unwrap()
            .starts_with("Bearer ey")
    );
    let shown = format!("{requests:?}{simulator:?}{:?}", simulator.credentials());
    assert!(
        !shown.contains("Bearer ey") && !shown.contains(&simulator.credentials().client_secret),
        "{shown}"
    );
    simulator.forget_requests();
    assert!(simulator.requests().is_empty());
}

#[tokio::test]
async fn beta_has_the_same_tenant() {
    let loaded = builder().beta(description()).start().await.unwrap();
    for simulator in [loaded, start().await] {
        let mut client = Client::user(&simulator).await;
        let beta = format!("{}/beta", simulator.login_url());
        let me = client.get(&format!("{beta}/me")).await;
        assert_eq!(me.json()["userPrincipalName"], "adele@contoso.com");
        let page = client.get(&format!("{beta}/users?$top=1")).await.json();
        let next = page["@odata.nextLink"].as_str().unwrap();
        assert!(next.starts_with(&beta), "{next}");
        assert_eq!(client.get(next).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn storage_is_served_at_its_port() {
    let simulator = start().await;
    let free = |url: String| -> u16 { url.rsplit(':').next().unwrap().parse().unwrap() };
    let port = free(simulator.storage_url());
    drop(simulator);
    let simulator = builder().storage_port(port).start().await.unwrap();
    assert_eq!(free(simulator.storage_url()), port);
    let taken = builder().storage_port(port).start().await.unwrap_err();
    assert_eq!(
        taken.to_string(),
        format!("cannot listen on 127.0.0.1:{port}")
    );
}

#[tokio::test]
async fn dropped_simulator_frees_its_port() {
    let simulator = start().await;
    let port = simulator
        .login_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let taken = builder().port(port).start().await.unwrap_err();
    assert_eq!(
        taken.to_string(),
        format!("cannot listen on 127.0.0.1:{port}")
    );
    let mut client = Client::app(&simulator).await;
    drop(simulator);
    client
        .try_send(Method::GET, "/users", &[], "")
        .await
        .unwrap_err();
    builder().port(port).start().await.unwrap();
}

#[tokio::test]
async fn simulator_can_be_sent_to_any_thread() {
    fn shared<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let simulator = shared(start().await);
    let read = tokio::task::spawn_blocking(move || {
        simulator
            .read("/users/$count")
            .map(|count| (count, simulator))
    });
    let (count, _simulator) = read.await.unwrap().unwrap();
    assert_eq!(count, 12);
}
