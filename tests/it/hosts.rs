//! The hosts that calls and tokens are sent to, and those that they are not sent to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use msgraph::auth::{AccessToken, AccessTokenCredential, TokenProvider, TokenRequest};
use msgraph::{Cloud, Error, Graph, GraphBuilder, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::auth::own_client;
use crate::support::recorder::{Answer, Recorder};

#[path = "../cases/hosts.rs"]
mod cases;

fn builder(recorder: &Recorder) -> GraphBuilder {
    Graph::builder(AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .retry(RetryPolicy::none())
}

fn client(recorder: &Recorder) -> Graph {
    builder(recorder).build().expect("a client can be built")
}

/// Creates a provider that counts its calls.
fn counting() -> (Arc<AtomicUsize>, impl TokenProvider) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    (count, move |_: TokenRequest| {
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(AccessToken::new("token")))
    })
}

fn redirect(status: u16, location: &str) -> Answer {
    Answer::status(status).header("Location", location)
}

#[track_caller]
fn refused(result: msgraph::Result<impl std::fmt::Debug>) -> String {
    match result {
        Err(Error::Host(error)) => error.to_string(),
        other => panic!("a refusal was expected: {other:?}"),
    }
}

#[tokio::test]
async fn case_8_1_a_base_that_is_not_allowed_is_refused_with_a_way_out() {
    let (asked, provider) = counting();
    let provider: Arc<dyn TokenProvider> = Arc::new(provider);
    let proxy = Recorder::always(Answer::status(502)).await;
    let builder = || {
        let proxy = reqwest::Proxy::all(proxy.url()).unwrap();
        Graph::builder(Arc::clone(&provider))
            .base_url("https://graph.abc.xyz")
            .retry(RetryPolicy::none())
            .configure_http(|http| http.proxy(proxy))
    };
    let text = refused(builder().build());
    assert!(
        text.contains("https://graph.abc.xyz") && text.contains(".allow_host(\"graph.abc.xyz\")"),
        "{text}"
    );
    assert_eq!(
        (asked.load(Ordering::SeqCst), proxy.requests().len()),
        (0, 0)
    );

    let client = builder().allow_host("graph.abc.xyz").build().unwrap();
    assert!(matches!(
        client.request(Method::GET, "/me").await,
        Err(Error::Transport(_))
    ));
    assert_eq!(
        (asked.load(Ordering::SeqCst), proxy.targets()),
        (1, vec!["graph.abc.xyz:443".to_owned()])
    );
}

#[tokio::test]
async fn case_8_1_an_allowed_base_gets_the_token() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    client(&recorder).request(Method::GET, "/me").await.unwrap();
    assert_eq!(
        recorder.only().header("authorization"),
        Some("Bearer token")
    );
}

#[tokio::test]
async fn case_8_2_a_link_of_another_cloud_is_refused_before_a_token_is_asked_for() {
    for (cloud, link) in [
        (
            Cloud::UsGovL4,
            "https://graph.microsoft.com/v1.0/users?$skiptoken=x",
        ),
        (
            Cloud::China,
            "https://graph.microsoft.com/v1.0/users?$skiptoken=x",
        ),
        (
            Cloud::Global,
            "https://microsoftgraph.chinacloudapi.cn/v1.0/users",
        ),
        (
            Cloud::Global,
            "https://graph.microsoft.com.evil.example/v1.0/users",
        ),
        (Cloud::Global, "http://graph.microsoft.com/v1.0/users"),
        (
            Cloud::Global,
            "https://graph.microsoft.com@evil.example/v1.0/users",
        ),
    ] {
        let (asked, provider) = counting();
        let proxy = Recorder::always(Answer::status(502)).await;
        let through = reqwest::Proxy::all(proxy.url()).unwrap();
        let client = Graph::builder(provider)
            .cloud(cloud)
            .configure_http(|http| http.proxy(through))
            .build()
            .unwrap();
        let text = refused(client.request(Method::GET, link).await);
        assert!(text.starts_with("GET /"), "{text}");
        assert_eq!(
            (asked.load(Ordering::SeqCst), proxy.requests().len()),
            (0, 0),
            "{link}"
        );
    }
}

#[test]
fn case_8_6_plain_http_is_refused_but_for_this_machine() {
    let with_base = |base: &str| {
        Graph::builder(AccessTokenCredential::new("token"))
            .base_url(base)
            .build()
    };
    for base in [
        "http://graph.microsoft.com",
        "http://graph.microsoft.com/v1.0",
        "http://192.168.0.1:8080",
    ] {
        let text = refused(with_base(base));
        assert!(text.contains("is not https"), "{text}");
    }
    with_base("http://127.0.0.1:8080").unwrap();
    with_base("http://localhost:8080/beta").unwrap();
    // Only a base URL of this machine allows http to it. Without one, it is a host like any other.
    let graph = Graph::new(AccessTokenCredential::new("token"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    refused(runtime.block_on(async {
        graph
            .request(Method::GET, "http://127.0.0.1:8080/v1.0/me")
            .await
    }));
}

#[tokio::test]
async fn a_base_may_have_a_path_and_a_version() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    for (base, target) in [
        ("", "/v1.0/me"),
        ("/", "/v1.0/me"),
        ("/v1.0", "/v1.0/me"),
        ("/beta/", "/beta/me"),
        ("/gateway/graph", "/gateway/graph/v1.0/me"),
    ] {
        let base = format!("{}{base}", recorder.url());
        let client = Graph::builder(AccessTokenCredential::new("token"))
            .base_url(base)
            .build()
            .unwrap();
        client.request(Method::GET, "/me").await.unwrap();
        assert_eq!(recorder.only().target, target);
        recorder.clear();
    }
}

#[test]
fn settings_that_cannot_be_are_told() {
    let configuration = |builder: GraphBuilder| match builder.build() {
        Err(Error::Configuration(error)) => error.setting().to_owned(),
        other => panic!("a configuration error was expected: {other:?}"),
    };
    let builder = || Graph::builder(AccessTokenCredential::new("token"));
    let own = || own_client().build().unwrap();
    assert_eq!(
        configuration(builder().base_url("graph.microsoft.com")),
        "base_url"
    );
    assert_eq!(
        configuration(builder().allow_host("*.abc.xyz")),
        "allow_host"
    );
    assert_eq!(configuration(builder().user_agent("a\nb")), "user_agent");
    let timeout = std::time::Duration::from_secs(1);
    assert_eq!(
        configuration(builder().http_client(own()).connect_timeout(timeout)),
        "connect_timeout"
    );
    assert_eq!(
        configuration(builder().configure_http(|http| http).http_client(own())),
        "configure_http"
    );
}

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
async fn redirects_change_methods_as_in_browsers_and_keep_bodies_at_home() {
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
async fn a_redirect_without_a_place_is_an_answer() {
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
async fn a_client_of_the_users_that_follows_redirects_by_itself_is_told_on() {
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
async fn middleware_of_the_users_stands_around_everything() {
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
    let nobody = Graph::builder(AccessTokenCredential::new("token"))
        .base_url("http://127.0.0.1:1")
        .retry(RetryPolicy::none())
        .per_call_middleware(Wrap);
    let error = nobody
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
