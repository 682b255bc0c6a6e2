//! Calls that are retried, and calls that are not.

use http::{Extensions, Method};
use msgraph::error::RetryStopReason;
use msgraph::models::Message;
use msgraph::{Error, Graph, RetryPolicy};
use reqwest_middleware::{Middleware, Next};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::{builder, client, not_retried, one_at_a_time, request, seconds, throttled};
use crate::support::recorder::{Answer, Recorder};

/// A middleware that gives each request a body that can be sent only once.
struct OneShot;

#[msgraph::async_trait]
impl Middleware for OneShot {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let piece = futures_util::stream::iter([Ok::<_, std::io::Error>("{}")]);
        *request.body_mut() = Some(reqwest::Body::wrap_stream(piece));
        request.headers_mut().remove("content-length");
        next.run(request, extensions).await
    }
}

#[tokio::test(start_paused = true)]
async fn lost_connection_is_retried_for_idempotent_methods() {
    let losing = |answer: &'static [u8]| {
        one_at_a_time(move |mut stream, count| async move {
            request(&mut stream).await;
            let answer = match count {
                0 => answer,
                _ => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            };
            let _ = stream.write_all(answer).await;
        })
    };
    // The server sends no response at all, or one that ends in the middle.
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"value\":[",
    ] {
        let url = losing(answer).await;
        let response = client(&url).request(Method::GET, "/me").await.unwrap();
        assert_eq!(response.bytes(), "{}");

        let url = losing(answer).await;
        let error = client(&url).request(Method::POST, "/me").await.unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
        assert_eq!(not_retried(&error), Some(RetryStopReason::NotIdempotent));
        assert!(
            error.to_string().contains("it may have succeeded already"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn unsent_request_is_retried_for_any_method() {
    let graph = client("http://127.0.0.1:1");
    let error = graph.request(Method::POST, "/me").await.unwrap_err();
    assert!(matches!(&error, Error::Transport(lost) if lost.is_connect()));
    assert_eq!(error.attempts().unwrap().count(), 4);
    let text = error.to_string();
    assert!(text.starts_with("POST /me → cannot connect: "), "{text}");
    assert!(text.contains(", after 4 attempts and "), "{text}");
}

/// Serves one connection with this response. After that, connections are refused.
async fn once(response: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    let served = tokio::spawn(async move {
        let Ok((mut stream, _)) = listener.accept().await else {
            return;
        };
        drop(listener);
        request(&mut stream).await;
        let _ = stream.write_all(response.as_bytes()).await;
    });
    (format!("http://{address}"), served)
}

/// An address that refuses connections.
const NOWHERE: &str = "http://127.0.0.1:1/";

/// Reports to a collector that does not exist.
async fn report() -> reqwest_middleware::Result<()> {
    let http = crate::auth::own_client().build()?;
    http.get(NOWHERE).send().await?;
    Ok(())
}

/// A middleware that reports before the request, or after it.
struct Reports {
    before: bool,
}

#[msgraph::async_trait]
impl Middleware for Reports {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        if self.before {
            report().await?;
        }
        let response = next.run(request, extensions).await?;
        report().await?;
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn failed_connection_of_middleware_never_repeats_post() {
    for before in [false, true] {
        let recorder = Recorder::always(Answer::json("{}").with_status(202)).await;
        let reports = || Reports { before };
        let graph = builder(recorder.url()).per_try_middleware(reports());
        let graph = graph.build().unwrap();
        let error = graph
            .request(Method::POST, "/me/sendMail")
            .await
            .unwrap_err();
        assert_eq!(recorder.requests().len(), usize::from(!before));
        assert_eq!(error.attempts().unwrap().count(), 1);
        assert_eq!(not_retried(&error), Some(RetryStopReason::NotIdempotent));
        assert!(
            matches!(&error, Error::Transport(lost) if !lost.is_connect()),
            "{error:?}"
        );
        // A call that changes nothing is retried.
        let error = graph.request(Method::GET, "/me").await.unwrap_err();
        assert_eq!(error.attempts().unwrap().count(), 4);

        // A per-call middleware does not reveal more.
        let graph = builder(recorder.url()).per_call_middleware(reports());
        let graph = graph.build().unwrap();
        let error = graph.request(Method::POST, "/me").await.unwrap_err();
        assert!(
            matches!(&error, Error::Transport(lost) if !lost.is_connect()),
            "{error:?}"
        );
    }
}

/// A middleware that sends each request twice.
struct Twice;

#[msgraph::async_trait]
impl Middleware for Twice {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let again = request.try_clone().expect("the body is whole");
        next.clone().run(request, extensions).await?;
        next.run(again, extensions).await
    }
}

#[tokio::test(start_paused = true)]
async fn connection_lost_after_first_request_never_repeats_post() {
    let taken = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (url, served) = once(taken).await;
    let graph = builder(&url).per_try_middleware(Twice).build().unwrap();
    let error = graph.request(Method::POST, "/me").await.unwrap_err();
    served.await.unwrap();
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert_eq!(not_retried(&error), Some(RetryStopReason::NotIdempotent));
    assert!(matches!(&error, Error::Transport(lost) if !lost.is_connect()));

    // The first hop was accepted, and the second leads to an unreachable host.
    let moved = "HTTP/1.1 307 Moved\r\nLocation: /v1.0/you\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n";
    let (url, served) = once(moved).await;
    let error = client(&url).request(Method::POST, "/me").await.unwrap_err();
    served.await.unwrap();
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert!(matches!(&error, Error::Transport(lost) if !lost.is_connect()));
}

#[tokio::test(start_paused = true)]
async fn connection_lost_after_attempt_may_have_been_sent() {
    let (url, served) = once("").await;
    let error = client(&url).request(Method::PUT, "/me").await.unwrap_err();
    served.await.unwrap();
    let attempts = *error.attempts().unwrap();
    assert_eq!((attempts.count(), attempts.may_have_succeeded()), (4, true));
    assert!(matches!(&error, Error::Transport(lost) if !lost.is_connect()));
    let error = client(NOWHERE)
        .request(Method::PUT, "/me")
        .await
        .unwrap_err();
    assert!(!error.attempts().unwrap().may_have_succeeded());
    assert!(matches!(&error, Error::Transport(lost) if lost.is_connect()));
}

#[tokio::test(start_paused = true)]
async fn rename_is_repeated_only_if_allowed() {
    let rename = json!({ "item": { "@microsoft.graph.conflictBehavior": "rename" } });
    for status in [504, 503] {
        let recorder = Recorder::always(Answer::status(status)).await;
        let graph = client(recorder.url());
        let content = || {
            graph
                .request(Method::PUT, "/me/drive/root:/a.txt:/content")
                .query("@microsoft.graph.conflictBehavior", "rename")
        };
        let in_body = graph
            .request(Method::PUT, "/me/drive/root:/a.txt")
            .body_json(&rename);
        let row = "/me/drive/items/1/workbook/tables/2/rows/3";
        let calls = [content(), in_body, graph.request(Method::DELETE, row)];
        for call in calls {
            recorder.clear();
            let error = call.await.unwrap_err();
            // With 503, Graph says that it did nothing.
            let attempts = if status == 503 { 4 } else { 1 };
            assert_eq!(recorder.requests().len(), attempts, "{status}");
            let reason = match status {
                503 => RetryStopReason::MaxRetries,
                _ => RetryStopReason::NotIdempotent,
            };
            assert_eq!(not_retried(&error), Some(reason));
        }
        recorder.clear();
        content().idempotent().await.unwrap_err();
        assert_eq!(recorder.requests().len(), 4, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusal_after_unclear_attempt_is_marked() {
    for (method, status) in [("DELETE", 404), ("PUT", 412), ("PUT", 409), ("DELETE", 410)] {
        let answers = [Answer::status(504), Answer::status(status)];
        let recorder = Recorder::in_turn(answers).await;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let error = client(recorder.url())
            .request(method, "/me/messages/1")
            .await
            .unwrap_err();
        assert!(error.attempts().unwrap().may_have_succeeded(), "{status}");
        let text = error.to_string();
        let said = "an earlier attempt may have succeeded";
        assert!(text.contains(said), "{text}");
    }
    // After 429, the 404 has its usual meaning.
    let recorder = Recorder::in_turn([throttled("1"), Answer::status(404)]).await;
    let error = client(recorder.url())
        .request(Method::DELETE, "/me/messages/1")
        .await
        .unwrap_err();
    assert!(!error.attempts().unwrap().may_have_succeeded());
    assert!(!error.to_string().contains("earlier attempt"), "{error}");
}

// Reported: microsoftgraph/msgraph-sdk-go#341, microsoftgraph/msgraph-sdk-dotnet#435.
#[tokio::test(start_paused = true)]
async fn second_attempt_equals_the_first() {
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

// Reported: microsoftgraph/msgraph-sdk-go#341, microsoftgraph/msgraph-sdk-dotnet#435.
#[tokio::test(start_paused = true)]
async fn streamed_body_is_not_retried() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#476, microsoftgraph/msgraph-sdk-design#2.
#[tokio::test(start_paused = true)]
async fn unclear_attempt_of_unsafe_method_is_not_repeated() {
    let call = |graph: &Graph, method: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        graph
            .request(method, "/me/messages/1")
            .body_json(&json!({}))
    };
    for (method, status, attempts) in [
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
        assert_eq!(recorder.requests().len(), attempts, "{method} {status}");
        match outcome {
            Ok(_) => assert_eq!(attempts, 2, "{method} {status}"),
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#476, microsoftgraph/msgraph-sdk-design#2.
#[tokio::test(start_paused = true)]
async fn server_error_is_retried_on_request() {
    for (method, status, attempts) in [
        (Method::GET, 500, 2),
        (Method::GET, 502, 2),
        (Method::HEAD, 502, 2),
        (Method::DELETE, 500, 1),
        (Method::POST, 500, 1),
    ] {
        let recorder = Recorder::in_turn([Answer::status(status), Answer::json("{}")]).await;
        let call = client(recorder.url()).request(method.clone(), "/me");
        let _ = call.retry(RetryPolicy::new().server_errors(true)).await;
        assert_eq!(recorder.requests().len(), attempts, "{method} {status}");
    }
}
