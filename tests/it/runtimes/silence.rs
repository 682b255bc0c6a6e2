//! Servers that never respond.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use msgraph::{CustomCloud, Graph, GraphBuilder, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{in_time, secret, servers};
use crate::auth::{SCOPE, me, own_client};
use crate::support::recorder::{Answer, Recorder};

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

/// Begins a client whose HTTP client has no time limits of its own.
fn unlimited(graph: &Recorder, login: &str) -> GraphBuilder {
    Graph::builder(secret())
        .cloud(CustomCloud::new(graph.url(), login).scope(SCOPE))
        .http_client(own_client().build().unwrap())
        .retry(RetryPolicy::none())
}

#[test]
fn silent_token_endpoint_fails_only_one_unlimited_call() {
    let runtime = servers();
    let (url, connections) = runtime.block_on(silent_platform());
    let graph = runtime.block_on(Recorder::always(Answer::json("{}")));
    let client = unlimited(&graph, &url)
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let error = in_time(&runtime, me(&client)).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    in_time(&runtime, me(&client)).unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn silent_token_endpoint_fails_one_limited_call() {
    let runtime = servers();
    let (url, connections) = runtime.block_on(silent_platform());
    let graph = runtime.block_on(Recorder::always(Answer::json("{}")));
    let client = unlimited(&graph, &url).build().unwrap();
    let call = || client.me().get().timeout(Duration::from_secs(2));
    let error = in_time(&runtime, async { call().await }).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    in_time(&runtime, async { call().await }).unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn silent_token_endpoint_is_retried_without_limits() {
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
