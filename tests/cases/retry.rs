//! Faults that users of other SDKs reported: which calls are retried, when, and which are not.

use super::*;

#[tokio::test(start_paused = true)]
async fn case_6_1_the_second_try_is_the_same_as_the_first() {
    let created = Answer::json(r#"{"id":"1"}"#).with_status(201);
    let recorder = Recorder::in_turn([throttled("1"), created]).await;
    let start = Instant::now();
    let draft = Message {
        subject: Some("Hello".into()),
        ..Default::default()
    };
    let create = client(recorder.url()).me().messages().create(draft);
    let message = create.immutable_ids().await.unwrap();
    assert_eq!(message.id.as_deref(), Some("1"));
    assert!(start.elapsed() >= seconds(1), "{:?}", start.elapsed());

    let [first, second] = &recorder.requests()[..] else {
        panic!("two requests were expected: {:?}", recorder.requests());
    };
    assert_eq!(
        (&first.method, &first.target),
        (&second.method, &second.target)
    );
    assert_eq!(first.body, br#"{"subject":"Hello"}"#);
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("retry-attempt"), None);
    assert_eq!(second.header("retry-attempt"), Some("1"));
    let mut repeated = second.headers.clone();
    repeated.retain(|(name, _)| name != "retry-attempt");
    assert_eq!(first.headers, repeated);
    for header in [
        "content-type",
        "content-length",
        "client-request-id",
        "prefer",
        "authorization",
    ] {
        assert!(first.header(header).is_some(), "{header}");
    }
}

#[tokio::test(start_paused = true)]
async fn case_6_1_a_stream_is_sent_once_and_the_error_says_so() {
    let recorder = Recorder::always(throttled("1")).await;
    let graph = builder(recorder.url())
        .per_call_middleware(OneShot)
        .build()
        .unwrap();
    let error = graph.request(Method::PUT, "/me/photo").await.unwrap_err();
    assert_eq!(recorder.only().body, b"{}");
    assert!(error.is_throttled());
    assert_eq!(error.retry_after(), Some(seconds(1)));
    assert_eq!(not_retried(&error), Some(RetryStopReason::OneShotBody));
    let text = error.to_string();
    assert!(text.contains("429"), "{text}");
    assert!(text.contains("its body can only be sent once"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn case_6_2_a_call_waits_as_long_as_it_is_asked_to() {
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

#[tokio::test(start_paused = true)]
async fn case_6_2_nobody_waits_for_what_is_absurd() {
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

#[tokio::test(start_paused = true)]
async fn case_6_3_without_a_retry_after_the_waits_double() {
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

#[tokio::test(start_paused = true)]
async fn case_6_3_what_may_have_happened_is_not_done_twice() {
    let call = |graph: &Graph, method: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        graph
            .request(method, "/me/messages/1")
            .body_json(&json!({}))
    };
    for (method, status, tries) in [
        ("GET", 504, 2),
        ("PUT", 504, 2),
        ("DELETE", 504, 2),
        ("POST", 504, 1),
        ("PATCH", 504, 1),
        // These statuses say that the request was not carried out.
        ("POST", 503, 2),
        ("POST", 429, 2),
        ("PATCH", 408, 2),
        // These statuses are often transient.
        ("GET", 500, 1),
        ("GET", 502, 1),
    ] {
        let recorder = Recorder::in_turn([Answer::status(status), Answer::json("{}")]).await;
        let outcome = call(&client(recorder.url()), method).await;
        assert_eq!(recorder.requests().len(), tries, "{method} {status}");
        match outcome {
            Ok(_) => assert_eq!(tries, 2, "{method} {status}"),
            Err(error) => {
                let expected = (status == 504).then_some(RetryStopReason::NotIdempotent);
                assert_eq!(not_retried(&error), expected, "{method} {status}");
            }
        }
    }
    let recorder = Recorder::in_turn([Answer::status(504), Answer::json("{}")]).await;
    call(&client(recorder.url()), "POST")
        .idempotent()
        .await
        .unwrap();
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_6_3_server_errors_are_tried_again_where_that_is_asked_for() {
    for (method, status, tries) in [
        (Method::GET, 500, 2),
        (Method::GET, 502, 2),
        (Method::HEAD, 502, 2),
        (Method::DELETE, 500, 1),
        (Method::POST, 500, 1),
    ] {
        let recorder = Recorder::in_turn([Answer::status(status), Answer::json("{}")]).await;
        let call = client(recorder.url()).request(method.clone(), "/me");
        let _ = call.retry(RetryPolicy::new().server_errors(true)).await;
        assert_eq!(recorder.requests().len(), tries, "{method} {status}");
    }
}

#[tokio::test(start_paused = true)]
async fn case_6_4_an_exhausted_retry_says_what_it_did() {
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
    let tries = *error.attempts().unwrap();
    assert_eq!(tries.count(), 4);
    assert_eq!(recorder.requests().len(), 4);
    assert_eq!(tries.stop_reason(), Some(RetryStopReason::MaxRetries));
    assert!(
        (seconds(30)..seconds(34)).contains(&tries.waited()),
        "{tries:?}"
    );
    assert!(start.elapsed() >= seconds(30));
    let waited = tries.waited().as_secs_f64();
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

#[tokio::test(start_paused = true)]
async fn case_6_4_retries_end_with_the_budget_of_the_call() {
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

#[tokio::test(start_paused = true)]
async fn case_6_5_an_answer_does_not_hold_its_connection_while_the_call_waits() {
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
