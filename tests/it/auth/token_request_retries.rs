//! Failed token requests, and the time of the next one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use msgraph::{CustomCloud, Graph};
use serde_json::json;
use tokio::time::Instant;

use super::{SCOPE, client, me, own_client, platform, secret, sign_in_error};
use crate::support::recorder::{Answer, Recorder};

#[tokio::test(start_paused = true)]
async fn failed_token_request_is_retried_after_a_second() {
    let token = || {
        Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        )
    };
    let passing = Answer::json(json!({ "error": "temporarily_unavailable" })).with_status(400);
    for failure in [Answer::status(500), Answer::status(503), passing] {
        let login = Recorder::in_turn([failure, token()]).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        let start = Instant::now();
        me(&client(secret(), &graph, &login)).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 1);
        let requests = login.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].body, requests[1].body);
    }
    for code in ["invalid_grant", "invalid_client", "interaction_required"] {
        let refusal = Answer::json(json!({ "error": code })).with_status(400);
        let login = Recorder::always(refusal).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        me(&client(secret(), &graph, &login)).await.unwrap_err();
        assert_eq!(login.requests().len(), 1, "{code}");
    }
}

/// Checks that calls wait as long as the platform asks, and that no request reaches it meanwhile.
#[tokio::test(start_paused = true)]
async fn throttling_platform_gets_no_request_until_retry_after() {
    let start = Instant::now();
    let login = Recorder::new(move |_| match start.elapsed().as_secs() {
        ..7 => Answer::status(429).header("Retry-After", "7"),
        _ => Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        ),
    })
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    let refused = sign_in_error(client.sign_in().await.unwrap_err());
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(7)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    sign_in_error(client.sign_in().await.unwrap_err());
    for call in join_all((0..10).map(|_| me(&client))).await {
        call.unwrap();
    }
    assert!(
        (7..9).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
    assert_eq!((login.requests().len(), graph.requests().len()), (2, 10));
}

#[tokio::test]
async fn redirect_of_token_endpoint_gets_no_secret() {
    let elsewhere = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    for status in [302, 307] {
        let login =
            Recorder::always(Answer::status(status).header("Location", elsewhere.url())).await;
        let error = sign_in_error(
            client(secret(), &graph, &login)
                .sign_in()
                .await
                .unwrap_err(),
        );
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(elsewhere.requests().len(), 0);

        // The same holds for a caller's own HTTP client that follows redirects by itself.
        let cloud = CustomCloud::new(graph.url(), login.url());
        let own = own_client().build().unwrap();
        let client = Graph::builder(secret())
            .cloud(cloud)
            .http_client(own)
            .build()
            .unwrap();
        sign_in_error(client.sign_in().await.unwrap_err());
        assert!(
            elsewhere
                .requests()
                .iter()
                .all(|request| request.body.is_empty()),
            "the secret went elsewhere"
        );
        elsewhere.clear();
    }
}

#[tokio::test]
async fn failing_platform_gets_no_request_for_a_moment() {
    let graph = Recorder::always(Answer::json("{}")).await;
    for (status, requests) in [(429, 1), (503, 2), (500, 2)] {
        let login = Recorder::always(Answer::status(status)).await;
        let client = client(secret(), &graph, &login);
        for _ in 0..50 {
            let error = sign_in_error(client.sign_in().await.unwrap_err());
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        }
        assert_eq!(login.requests().len(), requests, "{status}");
    }
}

/// Checks that a platform without responses does not get a request for every call, and gets one
/// again later.
#[tokio::test(start_paused = true)]
async fn unreachable_platform_gets_no_request_for_a_moment() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let login = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    let graph = Recorder::always(Answer::json("{}")).await;
    let cloud = CustomCloud::new(graph.url(), login).scope(SCOPE);
    let client = Graph::builder(secret()).cloud(cloud).build().unwrap();
    let burst = async || {
        for _ in 0..50 {
            assert!(client.sign_in().await.unwrap_err().is_retryable());
        }
        connections.load(Ordering::SeqCst)
    };
    let first = burst().await;
    assert!(first <= 4, "{first}");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(burst().await > first);
}

#[tokio::test(start_paused = true)]
async fn calls_fail_fast_after_repeated_token_failures() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = Recorder::always(Answer::status(429)).await;
    let client = client(secret(), &graph, &login);
    for _ in 0..50 {
        sign_in_error(me(&client).await.unwrap_err());
    }
    assert_eq!(login.requests().len(), 2);
}
