//! Retries: which calls are retried, when, and which are not. The clock is tokio's paused clock,
//! which advances only while a call waits.

mod attempts;
mod connections;
mod throttling;
mod waits;

use std::time::Duration;

use msgraph::auth::AccessTokenCredential;
use msgraph::error::RetryStopReason;
use msgraph::{Error, Graph, GraphBuilder};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::busy::Busy;
use crate::support::recorder::Answer;

fn builder(url: &str) -> GraphBuilder {
    Graph::builder(AccessTokenCredential::new("token"))
        .base_url(url)
        .per_try_middleware(Busy)
}

fn client(url: &str) -> Graph {
    builder(url).build().expect("a client can be built")
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn throttled(retry_after: &str) -> Answer {
    Answer::status(429).header("Retry-After", retry_after)
}

fn not_retried(error: &Error) -> Option<RetryStopReason> {
    error
        .attempts()
        .expect("the error has attempts")
        .stop_reason()
}

/// Serves one connection after another, each until it is closed. `serve` decides the response to a
/// request.
async fn one_at_a_time<F, S>(mut serve: F) -> String
where
    F: FnMut(TcpStream, usize) -> S + Send + 'static,
    S: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    tokio::spawn(async move {
        let mut count = 0;
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, count).await;
            count += 1;
        }
    });
    format!("http://{address}")
}

/// Reads until the end of a request without a body; returns `false` when the client has closed the
/// connection.
async fn request(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}
