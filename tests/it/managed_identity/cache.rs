//! Tokens of the machine, cached and shared.

use http::Method;
use msgraph::Graph;
use msgraph::auth::{ManagedIdentityCredential, TokenCache};

use super::{app_service, client, imds, token};
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn managed_identity_token_is_cached_and_sent() {
    let recorder = Recorder::always(token()).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(
        ManagedIdentityCredential::new().source(app_service(&recorder)),
        graph.url(),
    );
    for _ in 0..2 {
        client.request(Method::GET, "/me").await.unwrap();
    }
    recorder.only();
    for request in graph.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer token"));
        assert_eq!(request.header("x-identity-header"), None);
    }
}

#[tokio::test]
async fn clients_with_one_cache_share_identity_tokens() {
    let recorder = Recorder::always(token()).await;
    let cache = TokenCache::default();
    let sign_in = async |identity: ManagedIdentityCredential| {
        let client = Graph::builder(identity.source(app_service(&recorder)))
            .token_cache(cache.clone())
            .build()
            .unwrap();
        client.sign_in().await.unwrap();
    };
    for _ in 0..2 {
        sign_in(ManagedIdentityCredential::new()).await;
        sign_in(ManagedIdentityCredential::new().client_id("c")).await;
    }
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn thousand_concurrent_calls_share_one_identity_request() {
    let recorder = Recorder::always(token()).await;
    let client = client(
        ManagedIdentityCredential::new().source(imds(&recorder)),
        "http://127.0.0.1:1",
    );
    let calls = (0..1000).map(|_| client.sign_in());
    for call in futures_util::future::join_all(calls).await {
        call.unwrap();
    }
    recorder.only();
}
