//! Errors, as they come over the wire.

use http::Method;
use msgraph::auth::AccessTokenCredential;
use msgraph::error::ApiError;
use msgraph::{Error, Graph, RetryPolicy};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::recorder::{Answer, Recorder};

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
        .expect_err("the response is not a success")
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
async fn truncated_success_is_a_transport_error() {
    let url = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"value\":[").await;
    let error = client(&url).request(Method::GET, "/me").await.unwrap_err();
    assert!(error.is_retryable() && !error.is_timeout(), "{error}");
    assert!(matches!(&error, Error::Transport(_)), "{error:?}");
    assert!(error.to_string().starts_with("GET /me → "), "{error}");
}

#[tokio::test]
async fn missing_response_is_a_timeout() {
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
async fn error_predicates_match_their_statuses() {
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
async fn requests_have_the_documented_headers() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#2407, microsoftgraph/msgraph-sdk-dotnet#2411.
#[tokio::test]
async fn error_status_is_api_error_for_any_body() {
    let html = Answer::status(502)
        .header("Content-Type", "text/html")
        .header("request-id", "r")
        .body("<html>private");
    let text = Answer::status(401)
        .header("Content-Type", "text/plain")
        .body("nope");
    let cut = Answer::json(r#"{"error":{"co"#).with_status(400);
    for (answer, retryable, says) in [
        (
            html,
            true,
            "GET /users/{id} → 502 Bad Gateway, request-id r",
        ),
        (
            Answer::status(503),
            true,
            "GET /users/{id} → 503 Service Unavailable",
        ),
        (text, false, "GET /users/{id} → 401 Unauthorized"),
        (cut, false, "GET /users/{id} → 400 Bad Request"),
    ] {
        let (status, body) = (answer.status, answer.body.clone());
        let error = error_of(answer).await;
        assert_eq!(
            (
                error.status().map(|status| status.as_u16()),
                error.is_retryable()
            ),
            (Some(status), retryable)
        );
        let error = api(error);
        assert_eq!(error.raw_body(), body);
        // The id that was sent takes the place of Graph's id.
        let id = error
            .client_request_id()
            .expect("an id was sent")
            .to_owned();
        let expected = if error.request_id().is_some() {
            says.to_owned()
        } else {
            format!("{says}, client-request-id {id}")
        };
        assert_eq!(error.to_string(), expected);
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#2407, microsoftgraph/msgraph-sdk-dotnet#2411.
#[tokio::test]
async fn truncated_error_body_keeps_the_status() {
    let url =
        raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 500\r\nrequest-id: r\r\n\r\n{\"error\":{")
            .await;
    let error = api(client(&url).request(Method::GET, "/me").await.unwrap_err());
    assert_eq!(
        (error.status().as_u16(), error.request_id()),
        (404, Some("r"))
    );
    assert_eq!(error.raw_body(), b"{\"error\":{");
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1958, microsoftgraph/msgraph-sdk-go#510.
#[tokio::test]
async fn api_error_is_displayed_on_one_line() {
    let error = error_of(
        Answer::json(json!({
            "error": {
                "code": "Request_ResourceNotFound",
                "message": "Resource '8e3a' does not exist or one of its \
                    queried\r\nreference-property objects are not present.",
                "innerError": { "date": "2026-02-20T11:27:12", "request-id": "327f7bf0",
                    "client-request-id": "e8b4e1da" },
            },
        }))
        .with_status(404)
        .header("request-id", "327f7bf0"),
    )
    .await;
    assert!(error.is_not_found() && !error.is_retryable());
    insta::assert_snapshot!(
        error,
        @"GET /users/{id} → 404 Request_ResourceNotFound: Resource '8e3a' does not exist or one of \
          its queried reference-property objects are not present, request-id 327f7bf0"
    );

    let inner = error_of(
        Answer::json(json!({
            "error": {
                "code": "accessDenied",
                "message": "Access denied",
                "details": [{ "code": "PropertyConflict", "target": "mailNickname",
                    "message": "taken" }],
                "innererror": { "code": "accessRestricted" },
            },
        }))
        .with_status(403)
        .header("request-id", "r"),
    )
    .await;
    assert!(inner.is_forbidden() && inner.has_code("AccessRestricted"));
    insta::assert_snapshot!(
        inner,
        @"GET /users/{id} → 403 accessDenied (accessRestricted): Access denied [PropertyConflict \
          mailNickname], request-id r"
    );
}

// Reported: microsoftgraph/msgraph-sdk-go#434, microsoftgraph/msgraph-sdk-java#1785.
#[tokio::test]
async fn incomplete_error_body_keeps_its_readable_fields() {
    let inner = r#"{"request-id":"r"}"#;
    let body =
        format!("\u{feff}{{\"error\":{{\"code\":\"\",\"message\":\"m\",\"innererror\":{inner}}}}}");
    let error = api(error_of(Answer::json(body).with_status(412)).await);
    assert_eq!(
        (error.code(), error.message(), error.request_id()),
        (None, Some("m"), Some("r"))
    );
    let error = api(error_of(Answer::json(r#"{"error":{}}"#).with_status(412)).await);
    assert_eq!(
        (error.code(), error.message(), error.request_id()),
        (None, None, None)
    );
}

// Reported: microsoftgraph/msgraph-sdk-javascript#171, microsoftgraph/msgraph-sdk-dotnet#2407.
#[tokio::test]
async fn client_request_id_is_kept_for_all_attempts() {
    let recorder = Recorder::in_turn([
        Answer::status(401),
        Answer::json("{}"),
        Answer::json("{}"),
        Answer::status(500),
        Answer::json("{}"),
    ])
    .await;
    let count = std::sync::atomic::AtomicUsize::new(0);
    let provider = AccessTokenCredential::from_fn(move || {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { Ok::<_, std::convert::Infallible>(format!("t{n}")) }
    });
    let client = Graph::builder(provider)
        .base_url(recorder.url())
        .build()
        .unwrap();
    client.request(Method::GET, "/me").await.unwrap();
    client.request(Method::GET, "/me").await.unwrap();
    let failed = api(client.request(Method::GET, "/me").await.unwrap_err());
    client
        .request(Method::GET, "/me")
        .header("client-request-id", "mine")
        .await
        .unwrap();

    let requests = recorder.requests();
    let ids: Vec<_> = requests
        .iter()
        .map(|request| request.header("client-request-id").unwrap())
        .collect();
    assert_eq!(ids[0], ids[1], "the second try of one call");
    assert_ne!(ids[0], ids[2], "another call");
    assert_eq!(uuid::Uuid::parse_str(ids[0]).unwrap().get_version_num(), 4);
    assert_eq!(failed.client_request_id(), Some(ids[3]));
    assert_eq!(ids[4], "mine");
}
