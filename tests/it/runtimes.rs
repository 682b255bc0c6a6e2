//! One client on several runtimes: those that come and go, that stand still, and that end.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use msgraph::auth::{
    AccessToken, ClientSecretCredential, Secret, TokenCache, TokenProvider, TokenRequest,
};
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::auth::{SCOPE, client, me, own_client, platform, tokens};
use crate::support::recorder::{Answer, Recorder};

/// A time limit far beyond the duration of these tests. A test that exceeds it hangs.
const LONG: Duration = Duration::from_secs(60);

/// Creates a runtime that stands still whenever no future is awaited on it.
fn current_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// Creates the runtime of the servers, with its own threads.
fn servers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Awaits a future on a runtime, and panics if it hangs.
#[track_caller]
fn in_time<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    let outcome = runtime.block_on(async { timeout(LONG, future).await });
    outcome.expect("it does not hang")
}

/// Polls a future once on a runtime, which then stands still.
fn begin<F: Future>(runtime: &Runtime, future: F) {
    runtime.block_on(async {
        let mut future = pin!(future);
        assert!(futures_util::poll!(&mut future).is_pending());
    });
}

fn secret() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "client", "secret")
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
fn renewal_of_idle_runtime_does_not_end_the_calls() {
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
fn token_request_over_idle_connection_is_made_again() {
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
fn runtimes_that_come_and_go_share_one_token() {
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
    assert_eq!((login.requests().len(), graph.requests().len()), (1, 28));
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
fn dropped_call_does_not_cancel_token_request_of_others() {
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
fn call_goes_on_when_runtime_of_its_token_request_ends() {
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

/// Starts a server that never responds to its first connection, and issues a token to all others.
async fn silent_platform() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if connections.fetch_add(1, Ordering::SeqCst) == 0 {
                silent.push(stream);
                continue;
            }
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"token"}"#;
                let length = token.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{token}");
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.flush().await;
            });
        }
    });
    (url, count)
}

#[test]
fn silent_token_endpoint_fails_one_call_of_unlimited_client() {
    let runtime = servers();
    let (url, connections) = runtime.block_on(silent_platform());
    let graph = runtime.block_on(Recorder::always(Answer::json("{}")));
    let client = Graph::builder(secret())
        .cloud(CustomCloud::new(graph.url(), url).scope(SCOPE))
        .http_client(own_client().build().unwrap())
        .retry(RetryPolicy::none())
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let error = in_time(&runtime, me(&client)).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    in_time(&runtime, me(&client)).unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn silent_token_endpoint_fails_one_call_with_a_timeout() {
    let runtime = servers();
    let (url, connections) = runtime.block_on(silent_platform());
    let graph = runtime.block_on(Recorder::always(Answer::json("{}")));
    let client = Graph::builder(secret())
        .cloud(CustomCloud::new(graph.url(), url).scope(SCOPE))
        .http_client(own_client().build().unwrap())
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let call = || client.me().get().timeout(Duration::from_secs(2));
    let error = in_time(&runtime, async { call().await }).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    in_time(&runtime, async { call().await }).unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn silent_token_endpoint_is_asked_again_without_any_limit() {
    let (url, connections) = silent_platform().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = Graph::builder(secret())
        .cloud(CustomCloud::new(graph.url(), url).scope(SCOPE))
        .http_client(own_client().build().unwrap())
        .build()
        .unwrap();
    me(&client).await.unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

/// Starts a recorder with a list of three pages.
async fn pages() -> Recorder {
    Recorder::new(|request| {
        let page = match request.query().first() {
            Some((_, page)) => page.parse().unwrap_or(0),
            None => 1,
        };
        let host = request.header("host").unwrap_or_default();
        let mut body = json!({ "value": [{ "id": format!("{page}") }] });
        if page < 3 {
            let link = format!("http://{host}/v1.0/users?page={}", page + 1);
            body["@odata.nextLink"] = link.into();
        }
        Answer::json(body)
    })
    .await
}

#[test]
fn prefetched_page_of_ended_runtime_is_asked_for_again() {
    prefetched_page_survives(drop::<Runtime>);
}

#[test]
fn prefetched_page_of_idle_runtime_is_asked_for_again() {
    // Connections of a runtime that stands still do so, too: see the documentation of `Graph`.
    prefetched_page_survives(std::mem::forget::<Runtime>);
}

fn prefetched_page_survives(end: fn(Runtime)) {
    let servers = servers();
    let recorder = servers.block_on(pages());
    let graph = Graph::builder(msgraph::auth::AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .configure_http(|http| http.pool_max_idle_per_host(0))
        .build()
        .unwrap();
    let first = current_thread();
    let mut users = graph.users().list().stream().prefetch();
    let mut ids = Vec::new();
    in_time(&first, async {
        // The second page is requested here.
        ids.extend(users.try_next().await.unwrap().unwrap().id);
    });
    end(first);
    let rest = in_time(&current_thread(), async {
        let mut rest = Vec::new();
        while let Some(user) = users.try_next().await? {
            rest.extend(user.id);
        }
        Ok::<_, Error>(rest)
    });
    ids.extend(rest.unwrap());
    assert_eq!(ids, ["1", "2", "3"]);
}

#[test]
fn session_of_idle_runtime_serves_other_clients() {
    let servers = servers();
    let answer = json!({ "refresh_token": "next" });
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(answer).await, graph)
    });
    let rotated = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&rotated);
    let refresh = msgraph::auth::RefreshTokenCredential::new("contoso.com", "client", "stored")
        .on_rotation(move |_: Secret<String>| {
            let n = count.fetch_add(1, Ordering::SeqCst);
            async move {
                if n == 0 {
                    std::future::pending::<()>().await;
                }
                Ok::<_, std::io::Error>(())
            }
        });
    let client = client(refresh, &graph, &login);
    let idle = current_thread();
    // The session is locked while its callback runs.
    idle.block_on(async {
        assert!(
            timeout(Duration::from_millis(500), client.sign_in())
                .await
                .is_err()
        );
    });
    assert_eq!(rotated.load(Ordering::SeqCst), 1);
    in_time(&current_thread(), client.sign_in()).unwrap();
    assert_eq!(rotated.load(Ordering::SeqCst), 2);
}

#[test]
fn graph_answers_the_runtime_that_asks() {
    let servers = servers();
    let recorder = servers.block_on(Recorder::always(Answer::json(json!({ "id": "1" }))));
    let graph = crate::support::graph(&recorder);
    let body: Value = in_time(&current_thread(), async {
        graph.request(Method::GET, "/me").json().await
    })
    .unwrap();
    assert_eq!(body["id"], "1");
}
