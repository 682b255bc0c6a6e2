//! Redirects to the same host and to others.

use http::Method;
use msgraph::auth::AccessTokenCredential;
use msgraph::{Error, Graph, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{builder, client, redirect, refused};
use crate::auth::own_client;
use crate::support::recorder::{Answer, Recorder};

/// Starts a server that responds to one request with these bytes, and returns the request.
async fn once(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!(
        "http://{}",
        listener
            .local_addr()
            .expect("a bound socket has an address")
    );
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.expect("a request"));
        }
        stream
            .write_all(answer.as_bytes())
            .await
            .expect("the client reads");
        String::from_utf8(request).expect("a request is text")
    });
    (url, served)
}

#[tokio::test]
async fn redirect_changes_method_and_drops_foreign_body() {
    for (status, method, body) in [
        (303, "GET", ""),
        (302, "GET", ""),
        (307, "POST", "{}"),
        (308, "POST", "{}"),
    ] {
        let graph = Recorder::in_turn([redirect(status, "/v1.0/there"), Answer::json("{}")]).await;
        client(&graph)
            .request(Method::POST, "/me")
            .body("{}", "application/json")
            .await
            .unwrap();
        let second = &graph.requests()[1];
        assert_eq!(
            (second.method.as_str(), second.target.as_str()),
            (method, "/v1.0/there")
        );
        assert_eq!(second.body, body.as_bytes());
        assert_eq!(second.header("content-type").is_some(), method == "POST");
    }
    let elsewhere = Recorder::always(Answer::json("{}")).await;
    let graph = Recorder::always(redirect(307, elsewhere.url())).await;
    let text = refused(
        client(&graph)
            .request(Method::POST, "/me")
            .body("{}", "application/json")
            .await,
    );
    assert!(text.contains(elsewhere.url()), "{text}");
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn redirect_without_location_is_a_response() {
    let graph = Recorder::always(Answer::status(302)).await;
    let error = client(&graph)
        .request(Method::GET, "/me")
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(302));
    let graph = Recorder::always(redirect(302, "http://[")).await;
    let error = client(&graph)
        .request(Method::GET, "/me")
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("redirect has an invalid Location"),
        "{error}"
    );
}

#[tokio::test]
async fn caller_client_that_follows_redirects_is_refused() {
    let elsewhere = Recorder::always(Answer::json("{}")).await;
    let graph = Recorder::always(redirect(302, elsewhere.url())).await;
    let client = builder(&graph)
        .http_client(own_client().build().unwrap())
        .build()
        .unwrap();
    let error = client.request(Method::GET, "/me").await.unwrap_err();
    assert!(error.to_string().contains("Policy::none()"), "{error}");

    let own = own_client()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let client = builder(&graph).http_client(own).build().unwrap();
    client.request(Method::GET, "/me").await.unwrap();
}

#[tokio::test]
async fn caller_middleware_surrounds_the_whole_call() {
    use reqwest_middleware::{Middleware, Next};

    struct Twice;

    #[msgraph::async_trait]
    impl Middleware for Twice {
        async fn handle(
            &self,
            request: reqwest::Request,
            extensions: &mut http::Extensions,
            next: Next<'_>,
        ) -> reqwest_middleware::Result<reqwest::Response> {
            assert!(
                !request.headers().contains_key("authorization"),
                "the token is attached further in"
            );
            let again = request.try_clone().expect("the body is whole");
            next.clone().run(request, extensions).await?;
            next.run(again, extensions).await
        }
    }

    let storage = Recorder::always(Answer::json("{}")).await;
    let graph = Recorder::always(redirect(302, storage.url())).await;
    let client = builder(&graph).per_call_middleware(Twice).build().unwrap();
    client.request(Method::GET, "/me").await.unwrap();
    // The second attempt has its token, although the first was redirected.
    let tokens: Vec<_> = graph
        .requests()
        .iter()
        .map(|request| request.header("authorization").is_some())
        .collect();
    assert_eq!((tokens, storage.requests().len()), (vec![true, true], 2));

    /// An error that wraps another one, which is still shown.
    #[derive(Debug)]
    struct Wrapped(reqwest_middleware::Error);
    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("wrapped")
        }
    }
    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    struct Wrap;

    #[msgraph::async_trait]
    impl Middleware for Wrap {
        async fn handle(
            &self,
            request: reqwest::Request,
            extensions: &mut http::Extensions,
            next: Next<'_>,
        ) -> reqwest_middleware::Result<reqwest::Response> {
            next.run(request, extensions)
                .await
                .map_err(|error| reqwest_middleware::Error::middleware(Wrapped(error)))
        }
    }
    let client = builder(&graph).per_call_middleware(Wrap).build().unwrap();
    refused(client.request(Method::GET, "https://evil.example/").await);
    let unreachable = Graph::builder(AccessTokenCredential::new("token"))
        .base_url("http://127.0.0.1:1")
        .retry(RetryPolicy::none())
        .per_call_middleware(Wrap);
    let error = unreachable
        .build()
        .unwrap()
        .request(Method::GET, "/me")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Transport(lost) if lost.is_connect()),
        "{error:?}"
    );
}

#[tokio::test]
async fn redirect_to_get_drops_headers_of_the_request() {
    let graph = Recorder::in_turn([redirect(303, "/v1.0/there"), Answer::json("{}")]).await;
    let mut call = client(&graph)
        .request(Method::PUT, "/me")
        .body("{}", "application/json");
    let dropped = [
        "If-Match",
        "If-None-Match",
        "Content-Language",
        "Content-MD5",
    ];
    for name in dropped {
        call = call.header(name, "x");
    }
    call.header("Prefer", "a").await.unwrap();
    let requests = graph.requests();
    for name in dropped {
        assert_eq!(requests[0].header(name), Some("x"), "{name}");
        assert_eq!(requests[1].header(name), None, "{name}");
    }
    assert_eq!(requests[1].header("Prefer"), Some("a"));
    assert!(requests[1].header("client-request-id").is_some());
}

// Reported: microsoftgraph/msgraph-sdk-go#485, microsoft/kiota-http-go#97.
#[tokio::test]
async fn redirected_download_gets_no_token() {
    let storage = Recorder::always(
        Answer::status(200)
            .header("Content-Type", "text/csv")
            .body("a,b\n1,2\n"),
    )
    .await;
    // The redirect is chunked, and has a body that the client does not read.
    let location = format!("{}/content?tempauth=x", storage.url());
    let (url, served) = once(format!(
        "HTTP/1.1 302 Found\r\nLocation: {location}\r\nTransfer-Encoding: \
         chunked\r\n\r\n5\r\nmoved\r\n0\r\n\r\n"
    ))
    .await;
    let client = Graph::builder(AccessTokenCredential::new("token"))
        .base_url(&url)
        .build()
        .unwrap();
    let call = client.request(Method::GET, "/me/drive/items/1/content");
    let response = call
        .header("Cookie", "c=1")
        .header("Range", "bytes=0-99")
        .await
        .unwrap();
    assert_eq!(response.bytes().as_ref(), b"a,b\n1,2\n");

    let first = served.await.unwrap().to_ascii_lowercase();
    assert!(
        first.contains("authorization: bearer token") && first.contains("cookie: c=1"),
        "{first}"
    );
    let second = storage.only();
    assert_eq!(second.target, "/content?tempauth=x");
    assert_eq!(second.header("host"), storage.url().strip_prefix("http://"));
    assert_eq!(second.header("range"), Some("bytes=0-99"));
    for name in [
        "authorization",
        "cookie",
        "client-request-id",
        "sdkversion",
        "referer",
    ] {
        assert_eq!(second.header(name), None, "{name}");
    }
}

// Reported: microsoftgraph/msgraph-sdk-typescript#994, microsoft/kiota-dotnet#653.
#[tokio::test]
async fn header_dropped_by_redirect_stays_dropped() {
    let graph = Recorder::new(|request| match request.target.split_once("?to=") {
        Some((_, to)) => redirect(
            302,
            &format!(
                "http://{to}/evil?back={}",
                request.header("host").unwrap_or_default()
            ),
        ),
        None => Answer::json("{}"),
    })
    .await;
    let evil = Recorder::new(|request| {
        let back = request
            .target
            .split_once("?back=")
            .map_or("", |(_, back)| back);
        redirect(302, &format!("http://{back}/v1.0/home"))
    })
    .await;
    let client = client(&graph);
    let to = evil.url().strip_prefix("http://").unwrap();
    let call = client.request(Method::GET, format!("/me?to={to}"));
    call.header("x-api-key", "key")
        .header("Cookie", "c=1")
        .header("Proxy-Authorization", "Basic x")
        .await
        .unwrap();

    let [first, third] = graph.requests().try_into().expect("two requests to Graph");
    let second = evil.only();
    for name in [
        "authorization",
        "x-api-key",
        "cookie",
        "proxy-authorization",
    ] {
        assert!(first.header(name).is_some(), "{name}");
        assert_eq!(
            (second.header(name), third.header(name)),
            (None, None),
            "{name}"
        );
    }
    // The next call is an ordinary call.
    client.request(Method::GET, "/me").await.unwrap();
    assert_eq!(
        graph.requests()[2].header("authorization"),
        Some("Bearer token")
    );
}

// Reported: microsoftgraph/msgraph-sdk-typescript#994, microsoft/kiota-dotnet#653.
#[tokio::test]
async fn redirect_to_plain_http_is_refused() {
    for location in [
        "http://evil.example/",
        "http://graph.microsoft.com/",
        "ftp://127.0.0.1/",
        "https://u:p@a.example/",
    ] {
        let graph = Recorder::always(redirect(302, location)).await;
        refused(client(&graph).request(Method::GET, "/me").await);
        assert_eq!(graph.requests().len(), 1);
    }
}

// Reported: microsoftgraph/msgraph-sdk-typescript#994, microsoft/kiota-dotnet#653.
#[tokio::test]
async fn eleventh_redirect_is_refused() {
    let graph = Recorder::new(|request| match request.target.rsplit_once('/') {
        Some((path, left)) if left != "0" => {
            let left: usize = left.parse().expect("a number of hops");
            redirect(302, &format!("{path}/{}", left - 1))
        }
        _ => Answer::json("{}"),
    })
    .await;
    let client = client(&graph);
    client.request(Method::GET, "/hops/10").await.unwrap();
    assert_eq!(graph.requests().len(), 11);
    let requests = graph.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.header("authorization") == Some("Bearer token"))
    );
    let error = client.request(Method::GET, "/hops/11").await.unwrap_err();
    assert!(
        matches!(&error, Error::Transport(_)) && !error.is_retryable(),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("stopped after 10 redirects"),
        "{error}"
    );
}
