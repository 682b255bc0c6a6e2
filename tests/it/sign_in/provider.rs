//! A program's own token providers, and those that call Graph themselves.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use msgraph::auth::{
    AccessToken, AccessTokenCredential, CacheKey, ClientAssertionCredential,
    RefreshTokenCredential, Secret, TokenCache,
};
use msgraph::{Cloud, Result, RetryPolicy};
use serde_json::json;

use super::*;

/// A client that a provider knows before it is created.
#[derive(Clone, Default)]
struct Known(Arc<OnceLock<Graph>>);

impl Known {
    fn set(&self, graph: &Graph) {
        assert!(self.0.set(graph.clone()).is_ok());
    }

    async fn call(&self) -> Result<()> {
        let graph = self.0.get().expect("the client is made by now");
        me(graph).await
    }

    /// Returns a provider that calls Graph with this client before it returns `token`.
    fn provider(&self, token: &'static str) -> impl TokenProvider + use<> {
        let known = self.clone();
        move |_: TokenRequest| {
            let known = known.clone();
            async move {
                known.call().await?;
                Ok(AccessToken::new(token))
            }
        }
    }
}

#[track_caller]
fn waits_for_itself(outcome: Result<()>) {
    let error = sign_in_error(outcome.unwrap_err());
    let text = error.to_string();
    assert!(text.contains("deadlock"), "{text}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn provider_calling_graph_with_its_client_is_refused() {
    let (login, graph) = platform_and_graph().await;
    let known = Known::default();
    let client = client(known.provider("token"), &graph, &login);
    known.set(&client);
    waits_for_itself(me(&client).await);
    assert_eq!(graph.requests().len(), 0);
}

#[tokio::test]
async fn uncached_provider_that_calls_graph_is_refused() {
    let (login, graph) = platform_and_graph().await;
    let known = Known::default();
    let own = known.clone();
    let provider = AccessTokenCredential::from_fn(move || {
        let own = own.clone();
        let called: std::pin::Pin<Box<dyn Future<Output = Result<String>> + Send>> =
            Box::pin(async move {
                own.call().await?;
                Ok("token".to_owned())
            });
        called
    });
    let client = client(provider, &graph, &login);
    known.set(&client);
    waits_for_itself(me(&client).await);
}

#[tokio::test]
async fn assertion_callback_calling_its_client_is_refused() {
    let (login, graph) = platform_and_graph().await;
    let known = Known::default();
    let own = known.clone();
    let provider = ClientAssertionCredential::new("contoso.com", "client", move || {
        let own = own.clone();
        async move {
            own.call().await?;
            Ok::<_, Error>("assertion".to_owned())
        }
    });
    let client = client(provider, &graph, &login);
    known.set(&client);
    waits_for_itself(me(&client).await);
    assert_eq!(login.requests().len(), 0);
}

#[tokio::test]
async fn rotation_callback_calling_its_client_is_refused() {
    let login = platform(json!({ "refresh_token": "next" })).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let known = Known::default();
    let own = known.clone();
    let store = move |_: Secret<String>| {
        let own = own.clone();
        async move { own.call().await }
    };
    let provider =
        Arc::new(RefreshTokenCredential::new("contoso.com", "client", "stored").on_rotation(store));
    let clients = [
        client(Arc::clone(&provider), &graph, &login),
        client(provider, &graph, &login),
    ];
    // Another client has other tokens, but the session is the same.
    known.set(&clients[1]);
    for client in &clients {
        waits_for_itself(me(client).await);
    }
}

/// A provider with a key, which calls Graph with a client of that key.
struct Keyed(Known);

#[msgraph::async_trait]
impl TokenProvider for Keyed {
    async fn token(&self, _: TokenRequest) -> Result<AccessToken> {
        self.0.call().await?;
        Ok(AccessToken::new("token"))
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(CacheKey::new(cloud, "contoso.com", "client"))
    }
}

#[tokio::test]
async fn provider_calling_client_of_same_key_is_refused() {
    let (login, graph) = platform_and_graph().await;
    let known = Known::default();
    let client = client(Keyed(known.clone()), &graph, &login);
    known.set(&client.with_provider(Keyed(known.clone())));
    waits_for_itself(me(&client).await);
}

#[tokio::test]
async fn providers_that_call_each_others_clients_are_refused() {
    let (login, graph) = platform_and_graph().await;
    let (one, other) = (Known::default(), Known::default());
    let first = client(other.provider("token"), &graph, &login);
    let second = client(one.provider("token"), &graph, &login);
    one.set(&first);
    other.set(&second);
    waits_for_itself(me(&first).await);
}

#[tokio::test]
async fn provider_may_call_graph_with_another_client() {
    let (login, graph) = platform_and_graph().await;
    let known = Known::default();
    let outer = client(known.provider("outer"), &graph, &login);
    known.set(&outer.with_provider(AccessTokenCredential::new("inner")));
    me(&outer).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer inner", "Bearer outer"]);
}

/// Checks that a provider that waits for itself in a task of its own ends with the time limit,
/// because the wait cannot be detected.
#[tokio::test(start_paused = true)]
async fn provider_waiting_for_itself_in_task_times_out() {
    let (login, graph) = platform_and_graph().await;
    let known = Known::default();
    let own = known.clone();
    let provider = move |_: TokenRequest| {
        let own = own.clone();
        async move {
            let task = tokio::spawn(async move { own.call().await });
            task.await.expect("no panic")?;
            Ok(AccessToken::new("token"))
        }
    };
    let cloud = CustomCloud::new(graph.url(), login.url()).scope(SCOPE);
    let builder = Graph::builder(provider)
        .cloud(cloud)
        .retry(RetryPolicy::none());
    let client = builder.build().unwrap();
    known.set(&client);
    let error = me(&client).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(
        error.to_string().contains("timed out after 60 s"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn provider_that_hangs_once_serves_the_next_call() {
    let (login, graph) = platform_and_graph().await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let provider = move |_: TokenRequest| {
        let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            if n == 0 {
                std::future::pending::<()>().await;
            }
            Ok(AccessToken::new("token"))
        }
    };
    let cloud = CustomCloud::new(graph.url(), login.url()).scope(SCOPE);
    let builder = Graph::builder(provider)
        .cloud(cloud)
        .token_cache(TokenCache::default());
    let client = builder.build().unwrap();
    assert!(client.sign_in().await.unwrap_err().is_timeout());
    me(&client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn provider_that_extends_its_time_limit_may_wait() {
    let (login, graph) = platform_and_graph().await;
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes * 60);
    let provider = move |request: TokenRequest| async move {
        request.extend_time_limit(minutes(15));
        tokio::time::sleep(minutes(14)).await;
        Ok(AccessToken::new("token"))
    };
    let client = client(provider, &graph, &login);
    client.sign_in().await.unwrap();
}
