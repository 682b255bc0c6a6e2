//! The backoff before the next attempt, and the limits of a call.

use std::time::Duration;

use chrono::Utc;
use http::Method;
use msgraph::auth::AccessTokenCredential;
use msgraph::error::RetryStopReason;
use msgraph::{Error, Graph, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::{builder, client, not_retried, one_at_a_time, request, seconds, throttled};
use crate::support::recorder::{Answer, Recorder};

fn http_date(time: chrono::DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test(start_paused = true)]
async fn call_times_out_across_all_attempts() {
    let url = one_at_a_time(|mut stream, _| async move {
        request(&mut stream).await;
        let _ = stream.read_u8().await;
    })
    .await;
    let graph = Graph::builder(AccessTokenCredential::new("token"));
    let graph = graph.base_url(url).build().unwrap();
    let start = Instant::now();
    let call = graph.request(Method::GET, "/me").timeout(seconds(5));
    let error = call.await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 5);
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert_eq!(
        error.to_string(),
        "GET /me → timed out waiting for the response"
    );
}

// Reported: microsoftgraph/msgraph-sdk-javascript#978, microsoftgraph/microsoft-graph-docs#17488.
#[tokio::test(start_paused = true)]
async fn call_waits_for_retry_after() {
    let now = Utc::now();
    let ahead = http_date(now + chrono::TimeDelta::seconds(4));
    let ago = http_date(now - chrono::TimeDelta::seconds(4));
    for (answer, least, most) in [
        (throttled("5"), 5.0, 5.5),
        (throttled("2.128"), 2.128, 3.5),
        (throttled("0,120"), 120.0, 132.0),
        (throttled("0"), 0.0, 0.0),
        // If the response has no `Date`, the date in `Retry-After` is compared with the local
        // clock.
        (throttled(&ahead), 3.0, 4.5),
        (throttled(&ahead).header("Date", &ago), 8.0, 8.8),
        (throttled(&ago), 0.0, 0.0),
        (throttled("5").header("RateLimit-Reset", "9"), 9.0, 9.9),
        (Answer::status(503).header("Retry-After", "7"), 7.0, 7.7),
        (Answer::status(509).header("Retry-After", "7"), 7.0, 7.7),
    ] {
        let name = format!("{} {:?}", answer.status, answer.headers);
        let recorder = Recorder::in_turn([answer, Answer::json("{}")]).await;
        let start = Instant::now();
        client(recorder.url())
            .request(Method::GET, "/me")
            .await
            .unwrap();
        // The clock has a resolution of milliseconds.
        let waited = start.elapsed().as_secs_f64();
        assert!(waited >= least && waited <= most + 0.01, "{name}: {waited}");
        assert_eq!(recorder.requests().len(), 2, "{name}");
    }
}

// Reported: microsoftgraph/msgraph-sdk-javascript#978, microsoftgraph/microsoft-graph-docs#17488.
#[tokio::test(start_paused = true)]
async fn absurd_retry_after_fails_at_once() {
    for asked in ["99999", "61", "1e300"] {
        let recorder = Recorder::always(throttled(asked)).await;
        let retry = RetryPolicy::new().max_wait(seconds(60));
        let graph = builder(recorder.url()).retry(retry).build().unwrap();
        let start = Instant::now();
        let error = graph.request(Method::GET, "/me").await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(recorder.requests().len(), 1);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(429));
        assert!(error.retry_after().is_some_and(|wait| wait > seconds(60)));
        assert_eq!(
            not_retried(&error),
            Some(RetryStopReason::WaitTooLong),
            "{asked}"
        );
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#476, microsoftgraph/msgraph-sdk-design#2.
#[tokio::test(start_paused = true)]
async fn backoff_doubles_without_retry_after() {
    for status in [504, 503, 408, 429] {
        let answers = [(); 3].map(|()| Answer::status(status));
        let recorder = Recorder::in_turn(answers.into_iter().chain([Answer::json("{}")])).await;
        let start = Instant::now();
        client(recorder.url())
            .request(Method::GET, "/me")
            .await
            .unwrap();
        assert_eq!(recorder.requests().len(), 4, "{status}");
        // The waits are 3 + 6 + 12 s, each up to half more or less.
        let waited = start.elapsed().as_secs_f64();
        assert!((10.5..32.0).contains(&waited), "{status}: {waited}");
        let attempts: Vec<_> = recorder
            .requests()
            .iter()
            .map(|request| request.header("retry-attempt").map(str::to_owned))
            .collect();
        let attempts: Vec<_> = attempts.iter().map(Option::as_deref).collect();
        assert_eq!(attempts, [None, Some("1"), Some("2"), Some("3")]);
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#301, microsoftgraph/msgraph-sdk-java-core#97.
#[tokio::test(start_paused = true)]
async fn exhausted_retry_reports_its_attempts() {
    let recorder = Recorder::always(
        throttled("10")
            .header("request-id", "r")
            .header("x-ms-throttle-information", "ResourceUnitLimitExceeded")
            .header(
                "x-ms-throttle-scope",
                "Tenant_Application/ReadWrite/app/tenant",
            )
            .header("x-ms-throttle-limit-percentage", "1.2")
            .header("x-ms-resource-unit", "2"),
    )
    .await;
    let start = Instant::now();
    let error = client(recorder.url()).users().list().await.unwrap_err();
    let attempts = *error.attempts().unwrap();
    assert_eq!(attempts.count(), 4);
    assert_eq!(recorder.requests().len(), 4);
    assert_eq!(attempts.stop_reason(), Some(RetryStopReason::MaxRetries));
    assert!(
        (seconds(30)..seconds(34)).contains(&attempts.waited()),
        "{attempts:?}"
    );
    assert!(start.elapsed() >= seconds(30));
    let waited = attempts.waited().as_secs_f64();
    assert_eq!(
        error.to_string(),
        format!(
            "GET /users → 429 Too Many Requests, limit ResourceUnitLimitExceeded of \
             Tenant_Application/ReadWrite, after 4 attempts and {waited:.1} s of waiting, \
             request-id r"
        )
    );
    let Error::Api(error) = error else {
        panic!("an API error was expected");
    };
    let throttle = error.throttle();
    assert_eq!(throttle.resource_units, Some(2));
    assert_eq!(throttle.limit_share, Some(1.2));
    let scope = throttle.scope.as_deref();
    assert_eq!(scope, Some("Tenant_Application/ReadWrite/app/tenant"));
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#301, microsoftgraph/msgraph-sdk-java-core#97.
#[tokio::test(start_paused = true)]
async fn retries_end_at_max_elapsed() {
    let recorder = Recorder::always(throttled("6")).await;
    let graph = client(recorder.url());
    let retry = RetryPolicy::new().max_elapsed(seconds(10));
    let call = graph.request(Method::GET, "/me").retry(retry);
    let error = call.await.unwrap_err();
    assert_eq!(recorder.requests().len(), 2);
    assert_eq!(not_retried(&error), Some(RetryStopReason::OutOfTime));
    assert!(error.is_throttled());

    recorder.clear();
    let error = graph.request(Method::GET, "/sites").timeout(seconds(5));
    let error = error.await.unwrap_err();
    assert_eq!(recorder.requests().len(), 1);
    assert_eq!(not_retried(&error), Some(RetryStopReason::OutOfTime));

    recorder.clear();
    let error = graph
        .request(Method::GET, "/teams")
        .retry(RetryPolicy::none());
    let error = error.await.unwrap_err();
    assert_eq!(recorder.requests().len(), 1);
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert!(!error.to_string().contains("tried"), "{error}");
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1423.
#[tokio::test(start_paused = true)]
async fn failed_response_releases_its_connection_during_backoff() {
    const LONG: usize = 1024 * 1024;
    let url = one_at_a_time(|mut stream, _| async move {
        let mut answers = 0;
        while request(&mut stream).await {
            answers += 1;
            let (status, body) = match answers {
                1 => ("503 Service Unavailable", "x".repeat(LONG)),
                _ => ("200 OK", "{}".to_owned()),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(answer.as_bytes()).await.is_err() {
                break;
            }
        }
    })
    .await;
    let graph = builder(&url).configure_http(|http| http.pool_max_idle_per_host(1));
    let call = graph.build().unwrap().request(Method::GET, "/me");
    call.timeout(seconds(60)).await.unwrap();
}
