//! A server on this machine that responds with any bytes and keeps the requests.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Reply;

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    requests: Vec<Vec<u8>>,
}

/// The server. It lives as long as its runtime.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, state })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the responses to come, and clears the received requests.
    pub(crate) fn set(&self, replies: impl IntoIterator<Item = Reply>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.clear();
        state.replies.clear();
        state.replies.extend(replies);
    }

    /// Returns `true` if a request contained this text.
    pub(crate) fn was_told(&self, text: &str) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.iter().any(|request| {
            request
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
        // TLS, which an address of https begins: it would wait for an answer.
        if request
            .first()
            .is_some_and(|byte| !byte.is_ascii_uppercase())
        {
            return;
        }
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|length| length.trim().parse::<usize>().ok())
                .unwrap_or_default();
            if request.len() >= end + 4 + length {
                break;
            }
        }
    }
    let reply = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.push(request);
        state.replies.pop_front()
    };
    let reply = reply.unwrap_or_else(|| Reply::json(418, "{}"));
    let mut response = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        let value: Vec<u8> = value
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\r' | b'\n' | 0))
            .collect();
        response.extend_from_slice(name.as_bytes());
        response.extend_from_slice(b": ");
        response.extend_from_slice(&value);
        response.extend_from_slice(b"\r\n");
    }
    response.extend_from_slice(format!("content-length: {}\r\n\r\n", reply.body.len()).as_bytes());
    response.extend_from_slice(&reply.body);
    let _ = stream.write_all(&response).await;
    let _ = stream.shutdown().await;
}
