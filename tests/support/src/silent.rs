//! A server that accepts connections and never responds.

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server that accepts each connection, and sends nothing. It stops when it is dropped.
pub struct SilentServer {
    url: String,
    server: JoinHandle<()>,
}

impl SilentServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let server = tokio::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.push(stream);
            }
        });
        Self {
            url: format!("http://{address}"),
            server,
        }
    }

    /// Returns the address `http://127.0.0.1:…`, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for SilentServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}
