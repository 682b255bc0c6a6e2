//! Token requests whose runtime stops or ends.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::future::join_all;
use msgraph::auth::{AccessToken, TokenCache, TokenProvider, TokenRequest};
use msgraph::{CustomCloud, Graph};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use super::{current_thread, in_time, secret, servers};
use crate::auth::{SCOPE, client, me, platform, tokens};
use crate::support::recorder::{Answer, Recorder};

/// Polls a future once on a runtime, which then stands still.
fn begin<F: Future>(runtime: &Runtime, future: F) {
    runtime.block_on(async {
        let mut future = pin!(future);
        assert!(futures_util::poll!(&mut future).is_pending());
    });
}

/// Creates a provider that never responds the first time, and issues `token-2`, `token-3` …
/// afterwards.
fn silent_once() -> (Arc<AtomicUsize>, impl TokenProvider) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = move |_: TokenRequest| {
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if n == 1 {
                std::future::pending::<()>().await;
            }
            Ok(AccessToken::new(format!("token-{n}")))
        }
    };
    (asked, provider)
}

#[test]
fn token_request_of_idle_runtime_is_replaced() {
    let servers = servers();
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(json!({})).await, graph)
    });
    let client = client(secret(), &graph, &login);
    // The task of the runtime is spawned, and never polled.
    let idle = current_thread();
    begin(&idle, client.sign_in());
    in_time(&current_thread(), me(&client)).unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-1"]);
    assert_eq!(login.requests().len(), 1);
    // The runtime continues, and finds the existing token.
    in_time(&idle, me(&client)).unwrap();
    assert_eq!(login.requests().len(), 1);
}

#[test]
fn token_request_that_idles_halfway_is_replaced_once() {
    let (asked, provider) = silent_once();
    let idle = current_thread();
    let client = Graph::new(provider);
    idle.block_on(async {
        let signing_in = client.sign_in();
        assert!(
            timeout(Duration::from_millis(50), signing_in)
                .await
                .is_err()
        );
    });
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let other = current_thread();
    let all = in_time(&other, join_all((0..1000).map(|_| client.sign_in())));
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn renewal_of_idle_runtime_keeps_calls_running() {
    let servers = servers();
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(json!({ "expires_in": 2 })).await, graph)
    });
    let client = Graph::builder(secret())
        .cloud(CustomCloud::new(graph.url(), login.url()).scope(SCOPE))
        // Connections of a runtime that stands still do so, too: see the documentation of `Graph`.
        .configure_http(|http| http.pool_max_idle_per_host(0))
        .build()
        .unwrap();
    let idle = current_thread();
    in_time(&idle, client.sign_in()).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    // Half of the token's life is over: this call starts a renewal, and does not wait for it.
    in_time(&idle, client.sign_in()).unwrap();
    assert_eq!(login.requests().len(), 1);
    std::thread::sleep(Duration::from_millis(1000));
    in_time(&current_thread(), client.sign_in()).unwrap();
    assert_eq!(login.requests().len(), 2);
}

/// Checks that a stalled connection costs only the first attempt at the token endpoint.
#[test]
fn token_request_over_idle_connection_is_repeated() {
    let servers = servers();
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(json!({})).await, graph)
    });
    let cloud = CustomCloud::new(graph.url(), login.url()).scope(SCOPE);
    let builder = Graph::builder(secret()).cloud(cloud);
    let client = builder.timeout(Duration::from_secs(2)).build().unwrap();
    let idle = current_thread();
    in_time(&idle, client.sign_in()).unwrap();
    client.forget_token();
    in_time(&current_thread(), client.sign_in()).unwrap();
    assert_eq!(login.requests().len(), 2);
}

#[test]
fn successive_runtimes_share_one_token() {
    let servers = servers();
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(json!({})).await, graph)
    });
    let client = client(secret(), &graph, &login);
    for _ in 0..20 {
        in_time(&current_thread(), me(&client)).unwrap();
    }
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || in_time(&current_thread(), me(&client)))
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic").unwrap();
    }
    assert_eq!(login.requests().len(), 1);
    // A runtime that ends closes its connections. A call that has just taken one of them from the
    // shared pool is sent again.
    let received = tokens(&graph);
    assert!(received.len() >= 28, "{received:?}");
    assert!(received.iter().all(|token| token == "Bearer token-1"));
}

#[test]
fn clients_of_several_runtimes_share_a_token_cache() {
    let servers = servers();
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(json!({})).await, graph)
    });
    let cache = TokenCache::default();
    let idle: Vec<_> = (0..3)
        .map(|_| {
            let cloud = CustomCloud::new(graph.url(), login.url()).scope(SCOPE);
            let builder = Graph::builder(secret())
                .cloud(cloud)
                .token_cache(cache.clone());
            let client = builder.build().unwrap();
            let runtime = current_thread();
            in_time(&runtime, me(&client)).unwrap();
            // From here on, the runtime stands still with its connections.
            (runtime, client)
        })
        .collect();
    for (runtime, client) in &idle {
        in_time(runtime, me(client)).unwrap();
    }
    assert_eq!((login.requests().len(), graph.requests().len()), (1, 6));
}

#[test]
fn blocking_threads_may_await_calls() {
    let servers = servers();
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(json!({})).await, graph)
    });
    let client = client(secret(), &graph, &login);
    let calls = async {
        let calls = (0..20).map(|_| {
            let client = client.clone();
            let handle = tokio::runtime::Handle::current();
            tokio::task::spawn_blocking(move || handle.block_on(me(&client)))
        });
        join_all(calls).await
    };
    for call in in_time(&servers, calls) {
        call.expect("no panic").unwrap();
    }
    assert_eq!((login.requests().len(), graph.requests().len()), (1, 20));
}

#[test]
fn dropped_call_keeps_token_request_of_others() {
    let servers = servers();
    let (asked, provider) = (Arc::new(AtomicUsize::new(0)), {
        move |asked: Arc<AtomicUsize>| {
            move |_: TokenRequest| {
                let n = asked.fetch_add(1, Ordering::SeqCst) + 1;
                async move {
                    sleep(Duration::from_millis(200)).await;
                    Ok(AccessToken::new(format!("token-{n}")))
                }
            }
        }
    });
    let client = Graph::new(provider(Arc::clone(&asked)));
    let first = servers.spawn({
        let client = client.clone();
        async move { client.sign_in().await }
    });
    in_time(&servers, async {
        while asked.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
    });
    in_time(&current_thread(), client.sign_in()).unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn call_survives_end_of_its_token_requests_runtime() {
    let (asked, provider) = silent_once();
    let client = Graph::new(provider);
    let ending = servers();
    ending.spawn({
        let client = client.clone();
        async move { client.sign_in().await }
    });
    while asked.load(Ordering::SeqCst) == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (started, starts) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let runtime = current_thread();
        in_time(&runtime, async {
            started.send(()).expect("the test waits");
            client.sign_in().await
        })
    });
    starts.recv().expect("the thread starts");
    drop(ending);
    waiting.join().expect("no panic").unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn call_on_ended_runtime_is_an_error() {
    let (_, provider) = silent_once();
    let client = Graph::new(provider);
    let ended = current_thread();
    let handle = ended.handle().clone();
    drop(ended);
    let _entered = handle.enter();
    let call = futures_util::FutureExt::now_or_never(client.sign_in());
    let error = call.expect("it does not wait").unwrap_err();
    assert!(
        error.to_string().contains("runtime has shut down"),
        "{error}"
    );
}
