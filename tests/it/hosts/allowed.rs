//! Hosts that calls and tokens may be sent to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use msgraph::auth::{AccessToken, AccessTokenCredential, TokenProvider, TokenRequest};
use msgraph::{Cloud, Error, Graph, GraphBuilder, RetryPolicy};

use super::{client, redirect, refused};
use crate::auth::own_client;
use crate::support::recorder::{Answer, Recorder};

/// Creates a provider that counts its calls.
fn counting() -> (Arc<AtomicUsize>, impl TokenProvider) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    (count, move |_: TokenRequest| {
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(AccessToken::new("token")))
    })
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#2181, microsoftgraph/msgraph-sdk-dotnet-core#655.
#[tokio::test]
async fn unlisted_base_url_error_names_allow_setting() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#2181, microsoftgraph/msgraph-sdk-dotnet-core#655.
#[tokio::test]
async fn allowed_base_url_gets_the_token() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    client(&recorder).request(Method::GET, "/me").await.unwrap();
    assert_eq!(
        recorder.only().header("authorization"),
        Some("Bearer token")
    );
}

// Reported: microsoftgraph/msgraph-sdk-python#672, microsoftgraph/msgraph-sdk-java#2354.
#[tokio::test]
async fn link_of_another_cloud_is_refused_unsent() {
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
fn plain_http_is_refused_except_for_localhost() {
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
async fn base_url_may_have_path_and_version() {
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
fn invalid_client_settings_are_errors() {
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

// Reported: microsoftgraph/msgraph-sdk-go#485, microsoft/kiota-http-go#97.
#[tokio::test]
async fn unauthorized_from_another_host_does_not_renew_token() {
    let (asked, provider) = counting();
    let storage = Recorder::always(Answer::status(401).body("<html>")).await;
    let graph = Recorder::always(redirect(302, storage.url())).await;
    let client = Graph::builder(provider)
        .base_url(graph.url())
        .build()
        .unwrap();
    let error = client
        .request(Method::GET, "/me/photo/$value")
        .await
        .unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(
        (
            asked.load(Ordering::SeqCst),
            storage.requests().len(),
            graph.requests().len()
        ),
        (1, 1, 1)
    );
}
