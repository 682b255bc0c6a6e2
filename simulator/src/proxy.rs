//! The proxy for clients whose hosts are fixed: it tunnels to the simulator (`CONNECT`, RFC 9110).

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::address::Destination;
use crate::core::Core;
use crate::server::{Server, accept};

/// The largest head of a request.
const LARGEST: usize = 8 * 1024;

/// Serves a port. A tunnel ends at one of the two servers.
pub(crate) async fn serve(core: Arc<Core>, [graph, storage]: [Server; 2], listener: TcpListener) {
    accept(listener, |mut stream| {
        let (core, graph, storage) = (Arc::clone(&core), graph.clone(), storage.clone());
        async move {
            match tunnel(&core, &mut stream).await {
                Ok(Some(Destination::Graph)) => graph.connection(stream).await,
                Ok(Some(Destination::Storage)) => storage.connection(stream).await,
                // The client got the reason, or has disconnected.
                Ok(None) | Err(_) => {}
            }
        }
    })
    .await;
}

/// Reads the request for a tunnel, and responds to it. Returns `None` after a refusal.
async fn tunnel(core: &Core, stream: &mut TcpStream) -> io::Result<Option<Destination>> {
    let Some(head) = head(stream).await? else {
        refuse(stream, "400 Bad Request", "The request has no end.").await?;
        return Ok(None);
    };
    let mut words = head.split_whitespace();
    let (method, authority) = (words.next(), words.next().unwrap_or_default());
    if method != Some("CONNECT") {
        let reason = "The simulator's proxy tunnels https (CONNECT) and no other requests.";
        refuse(stream, "405 Method Not Allowed", reason).await?;
        return Ok(None);
    }
    let destination = core.addresses.destination(authority);
    if destination.is_none() {
        let reason = "The simulator's proxy reaches the simulator alone: Graph, the identity \
                      platform, and the storage host.";
        refuse(stream, "403 Forbidden", reason).await?;
        return Ok(None);
    }
    stream
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await?;
    Ok(destination)
}

/// Reads the head of a request, byte by byte, because the tunnel's own bytes follow. Returns `None`
/// if it is too long.
async fn head(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LARGEST {
            return Ok(None);
        }
        head.push(stream.read_u8().await?);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

async fn refuse(stream: &mut TcpStream, status: &str, reason: &str) -> io::Result<()> {
    let length = reason.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{reason}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
