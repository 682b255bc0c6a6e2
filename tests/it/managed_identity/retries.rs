//! Requests to an endpoint that are retried, and those that are not.

use std::time::Duration;

use msgraph::Graph;
use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource};
use tokio::time::Instant;

use super::{HUSH, app_service, imds, sign_in, sign_in_error, token};
use crate::support::recorder::{Answer, Recorder};

/// Returns the time that a sign-in took, after these responses and then a token.
async fn waited(
    answers: impl IntoIterator<Item = Answer>,
    source: fn(&Recorder) -> ManagedIdentitySource,
) -> (msgraph::Result<()>, u64, usize) {
    let recorder = Recorder::in_turn(answers.into_iter().chain([token()])).await;
    let start = Instant::now();
    let result = sign_in(ManagedIdentityCredential::new(), source(&recorder)).await;
    (result, start.elapsed().as_secs(), recorder.requests().len())
}

#[tokio::test(start_paused = true)]
async fn transient_endpoint_errors_are_retried() {
    for status in [404, 408, 429, 500, 503, 504, 505] {
        for (failures, seconds) in [(1, 1), (2, 3), (3, 7)] {
            let answers = vec![Answer::status(status); failures];
            let (result, waited, requests) = waited(answers, imds).await;
            result.unwrap();
            assert_eq!((waited, requests), (seconds, failures + 1), "{status}");
        }
        let (result, waited, requests) = waited(vec![Answer::status(status); 4], imds).await;
        let error = sign_in_error(result);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!((waited, requests), (7, 4), "{status}");
    }
    // An update takes up to 70 seconds, and other faults may come in between.
    let (result, waited_for, requests) = waited(vec![Answer::status(410); 7], imds).await;
    result.unwrap();
    assert_eq!((waited_for, requests), (70, 8));
    let (result, waited_for, requests) = waited(vec![Answer::status(410); 8], imds).await;
    assert_eq!(sign_in_error(result).status().unwrap(), 410);
    assert_eq!((waited_for, requests), (70, 8));
    let mixed = [503, 410, 503, 410].map(Answer::status);
    let (result, waited_for, requests) = waited(mixed, imds).await;
    result.unwrap();
    assert_eq!((waited_for, requests), (1 + 10 + 2 + 10, 5));
}

#[tokio::test(start_paused = true)]
async fn permanent_endpoint_errors_are_not_retried() {
    for status in [302, 400, 401, 403] {
        let (result, waited, requests) = waited([Answer::status(status)], imds).await;
        sign_in_error(result);
        assert_eq!((waited, requests), (0, 1), "{status}");
    }
    // On App Service, this status says that the identity does not exist, not that it will come.
    let (result, waited, requests) = waited([Answer::status(404)], app_service).await;
    sign_in_error(result);
    assert_eq!((waited, requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn endpoint_waits_at_least_retry_after() {
    let after = |seconds: &str| Answer::status(429).header("Retry-After", seconds);
    let (result, waited_for, requests) = waited([after("5"), after("0")], imds).await;
    result.unwrap();
    assert_eq!((waited_for, requests), (5 + 2, 3));
    // Longer waits are left to the calls, which wait for them.
    let (result, waited_for, requests) = waited([after("11")], imds).await;
    let error = sign_in_error(result);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(11)));
    assert!(error.is_retryable());
    assert_eq!((waited_for, requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn unreachable_metadata_service_fails_at_once() {
    let unreachable = "http://127.0.0.1:1/token";
    let start = Instant::now();
    let error = sign_in_error(
        sign_in(
            ManagedIdentityCredential::new(),
            ManagedIdentitySource::imds_at(unreachable),
        )
        .await,
    );
    assert!(
        error
            .to_string()
            .starts_with("sign-in failed: cannot connect: "),
        "{error}"
    );
    assert!(!error.is_unavailable());
    assert_eq!(start.elapsed().as_secs(), 0);
    let source = ManagedIdentitySource::app_service(unreachable, HUSH);
    let error = sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await);
    assert!(
        error
            .to_string()
            .starts_with("sign-in failed: cannot connect: "),
        "{error}"
    );
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn broken_connection_is_retried_but_not_a_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let source = ManagedIdentitySource::app_service(&url, HUSH);
    let start = Instant::now();
    let signed_in = tokio::spawn(sign_in(ManagedIdentityCredential::new(), source.clone()));
    drop(listener.accept().await.unwrap());
    let (mut stream, _) = listener.accept().await.unwrap();
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"access_token\":\"t\"}";
    tokio::io::AsyncWriteExt::write_all(&mut stream, answer)
        .await
        .unwrap();
    signed_in.await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), 1);

    // The endpoint does not respond.
    let start = Instant::now();
    let client = Graph::builder(ManagedIdentityCredential::new().source(source))
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let error = sign_in_error(client.sign_in().await);
    assert_eq!(
        error.to_string(),
        "sign-in failed: timed out waiting for the response"
    );
    assert_eq!(start.elapsed().as_secs(), 5);
}
