//! Errors, as they come over the wire.

use http::Method;
use msgraph::auth::AccessTokenCredential;
use msgraph::error::ApiError;
use msgraph::{Error, Graph, RetryPolicy};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::recorder::{Answer, Recorder};

#[path = "../cases/errors.rs"]
mod cases;

fn client(url: &str) -> Graph {
    Graph::builder(AccessTokenCredential::new("token"))
        .base_url(url)
        .retry(RetryPolicy::none())
        .build()
        .expect("a client can be built")
}

async fn error_of(answer: Answer) -> Error {
    let recorder = Recorder::always(answer).await;
    client(recorder.url())
        .request(Method::GET, "/users/adele@contoso.com")
        .await
        .expect_err("the answer is no success")
}

#[track_caller]
fn api(error: Error) -> ApiError {
    match error {
        Error::Api(error) => *error,
        error => panic!("an API error was expected: {error:?}"),
    }
}

/// Starts a server that sends these bytes to each connection, and closes it.
async fn raw(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_success_that_breaks_off_is_a_transport_error() {
    let url = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"value\":[").await;
    let error = client(&url).request(Method::GET, "/me").await.unwrap_err();
    assert!(error.is_retryable() && !error.is_timeout(), "{error}");
    assert!(matches!(&error, Error::Transport(_)), "{error:?}");
    assert!(error.to_string().starts_with("GET /me → "), "{error}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Graph::builder(AccessTokenCredential::new("token"))
        .base_url(url)
        .timeout(std::time::Duration::from_millis(20))
        .build()
        .unwrap();
    let error = client.request(Method::GET, "/me").await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable(), "{error:?}");
    assert_eq!(
        error.to_string(),
        "GET /me → timed out waiting for the response"
    );
}

#[tokio::test]
async fn predicates_tell_errors_apart() {
    type Predicate = fn(&Error) -> bool;
    let predicates: [(u16, Predicate); 10] = [
        (304, Error::is_not_modified),
        (400, Error::is_bad_request),
        (401, Error::is_unauthorized),
        (403, Error::is_forbidden),
        (404, Error::is_not_found),
        (409, Error::is_conflict),
        (410, Error::is_gone),
        (412, Error::is_precondition_failed),
        (429, Error::is_throttled),
        (509, Error::is_throttled),
    ];
    for (status, _) in predicates {
        let error = error_of(Answer::status(status).header("Retry-After", "2.5")).await;
        for (other, predicate) in predicates {
            let pair = (other.max(status), other.min(status));
            // Two statuses mean the same. 412 is also a conflict, but 409 is not a failed
            // precondition.
            let same = other == status || pair == (509, 429) || (other, status) == (409, 412);
            assert_eq!(predicate(&error), same, "{other} of {error}");
        }
        assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(3)));
        assert_eq!(error.is_retryable(), matches!(status, 429 | 509), "{error}");
    }
}

#[tokio::test]
async fn requests_say_what_they_are() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = Graph::builder(AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .user_agent("inventory/1.2")
        .build()
        .unwrap();
    graph.request(Method::GET, "/me").await.unwrap();
    let request = recorder.only();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(request.target, "/v1.0/me");
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(
        request.header("user-agent"),
        Some(format!("inventory/1.2 msgraph-rust/{version}").as_str())
    );
    let sdk = request.header("sdkversion").expect("Graph is told the SDK");
    assert!(
        sdk.starts_with(&format!(
            "graph-rust/{version}, graph-rust-core/{version} (hostOS="
        )),
        "{sdk}"
    );
}

/// Starts a server that sends an error page without an end.
async fn endless_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // The request is short, and it is not looked at.
                let read = stream.read(&mut [0; 4096]).await?;
                assert_ne!(read, 0);
                let head = "HTTP/1.1 400 Bad\r\nContent-Type: text/html\r\nTransfer-Encoding: \
                            chunked\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                let piece = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
                while stream.write_all(piece.as_bytes()).await.is_ok() {}
                std::io::Result::Ok(())
            });
        }
    });
    url
}

#[tokio::test]
async fn endless_error_body_is_read_up_to_limit() {
    let graph = client(&endless_page().await);
    let call = || graph.request(Method::GET, "/me/photo/$value");
    let plain = call().await.unwrap_err();
    let content = call().content().await.unwrap_err();
    let streamed = call().content().stream().await.unwrap_err();
    for error in [plain, content, streamed] {
        assert_eq!(api(error).status().as_u16(), 400);
    }
}
