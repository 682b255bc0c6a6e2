//! Tokens that several clients share.

use std::num::NonZeroUsize;

use futures_util::future::join_all;
use msgraph::auth::{AccessToken, ClientSecret, TokenCache};
use serde_json::json;

use super::*;

fn secret(tenant: &str) -> ClientSecret {
    ClientSecret::new(tenant, "client", "secret")
}

fn sharing(
    provider: impl TokenProvider,
    cache: &TokenCache,
    graph: &Recorder,
    login: &Recorder,
) -> Graph {
    Graph::builder(provider)
        .cloud(CustomCloud::new(graph.url(), login.url()).scope(SCOPE))
        .token_cache(cache.clone())
        .build()
        .unwrap()
}

/// A platform whose first token has run out when it comes.
async fn expired_first() -> Recorder {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Recorder::new(move |_| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let life = if n == 0 { 0 } else { 3599 };
        Answer::json(json!({ "access_token": format!("token-{}", n + 1), "expires_in": life }))
    })
    .await
}

#[tokio::test]
async fn case_8_4_ten_thousand_calls_on_an_expired_token_make_one_token_request() {
    let login = expired_first().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret("contoso.com"), &graph, &login);
    client.sign_in().await.unwrap();
    assert_eq!(login.requests().len(), 1);
    for call in join_all((0..10_000).map(|_| client.sign_in())).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
    me(&client).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-2"]);
    assert_eq!(login.requests().len(), 2);
}

#[tokio::test]
async fn case_8_4_ten_thousand_calls_of_two_clients_with_one_cache_make_one_token_request() {
    let login = expired_first().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let cache = TokenCache::default();
    let clients = [
        sharing(secret("contoso.com"), &cache, &graph, &login),
        sharing(secret("CONTOSO.com"), &cache, &graph, &login),
    ];
    clients[0].sign_in().await.unwrap();
    for call in join_all((0..10_000).map(|at| clients[at % 2].sign_in())).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
    for client in &clients {
        me(client).await.unwrap();
    }
    assert_eq!(tokens(&graph), ["Bearer token-2", "Bearer token-2"]);
}

#[tokio::test]
async fn case_8_4_a_thousand_refused_calls_of_two_clients_make_one_new_token() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let cache = TokenCache::default();
    let clients = [
        sharing(secret("contoso.com"), &cache, &graph, &login),
        sharing(secret("contoso.com"), &cache, &graph, &login),
    ];
    clients[0].sign_in().await.unwrap();
    for call in join_all((0..200).map(|at| me(&clients[at % 2]))).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
}

#[tokio::test]
async fn case_8_4_each_key_has_a_token_of_its_own() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let cache = TokenCache::default();
    let contoso = sharing(secret("contoso.com"), &cache, &graph, &login);
    let fabrikam = contoso.with_provider(secret("fabrikam.com"));
    let another = contoso.with_provider(ClientSecret::new("contoso.com", "another", "secret"));
    for client in [&contoso, &fabrikam, &another, &contoso, &fabrikam, &another] {
        me(client).await.unwrap();
    }
    assert_eq!(
        tokens(&graph),
        [1, 2, 3, 1, 2, 3].map(|n| format!("Bearer token-{n}"))
    );
    assert_eq!(
        format!("{cache:?}"),
        "TokenCache { tokens: 3, capacity: 10000 }"
    );
    // What says nothing of what it is of is in no cache.
    let fixed = contoso.with_provider(AccessToken::new("fixed"));
    me(&fixed).await.unwrap();
    assert_eq!(tokens(&graph).last().unwrap(), "Bearer fixed");
    assert_eq!(
        format!("{cache:?}"),
        "TokenCache { tokens: 3, capacity: 10000 }"
    );
}

#[tokio::test]
async fn a_full_cache_forgets_what_was_asked_for_least_lately() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let cache = TokenCache::with_capacity(NonZeroUsize::new(2).unwrap());
    let base = sharing(nobody(), &cache, &graph, &login);
    let call = async |tenant: &str| {
        me(&base.with_provider(secret(tenant))).await.unwrap();
        login.requests().len()
    };
    assert_eq!(call("a.com").await, 1);
    assert_eq!(call("b.com").await, 2);
    assert_eq!(call("a.com").await, 2);
    assert_eq!(call("c.com").await, 3);
    assert_eq!(call("a.com").await, 3);
    assert_eq!(call("b.com").await, 4);
    assert_eq!(
        format!("{cache:?}"),
        "TokenCache { tokens: 2, capacity: 2 }"
    );
}
