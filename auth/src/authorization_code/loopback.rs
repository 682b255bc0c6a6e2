//! The local address to which a browser returns ([RFC 8252,
//! 7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::super::Secret;
use super::PendingSignIn;
use super::authorization_response::AuthorizationResponse;

/// The maximum length of a request head, in bytes. A code has about two kilobytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// The time that a connection may stay silent. Browsers open some connections in advance.
const PATIENCE: Duration = Duration::from_secs(10);

/// The maximum number of open connections. A browser opens a few, but each program on this machine
/// may open any number. A new connection then closes the oldest one.
const CONNECTIONS: usize = 64;

/// The pause when the system has no room for another connection.
const SYSTEM_PAUSE: Duration = Duration::from_millis(100);

/// A listener on 127.0.0.1 for one browser.
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    /// Listens on this port, or on any free one.
    pub(super) async fn bind(port: Option<u16>) -> io::Result<Self> {
        let address = (Ipv4Addr::LOCALHOST, port.unwrap_or_default());
        let listener = TcpListener::bind(address).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// Returns the redirect URI for the platform. The registration of `http://localhost` allows any
    /// port (<https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions>).
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the response to this sign-in. Other requests are rejected, because other pages may
    /// find the port as well.
    pub(super) async fn response(
        self,
        pending: &PendingSignIn,
    ) -> io::Result<AuthorizationResponse> {
        let mut connections = JoinSet::new();
        let mut by_age = VecDeque::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let stream = match accepted {
                        Ok((stream, _)) => stream,
                        // The connection was closed before it was accepted.
                        Err(error) if is_of_the_peer(&error) => continue,
                        // The process has most likely no more file descriptors.
                        Err(_) if close_oldest(&mut by_age) => {
                            sleep(SYSTEM_PAUSE).await;
                            continue;
                        }
                        Err(error) => return Err(error),
                    };
                    by_age.retain(|connection: &AbortHandle| !connection.is_finished());
                    // Closes the oldest silent connection for the new one: a browser sends its
                    // request at once.
                    if by_age.len() >= CONNECTIONS {
                        close_oldest(&mut by_age);
                    }
                    let pending = pending.clone();
                    let heard = async move { timeout(PATIENCE, hear(stream, &pending)).await };
                    by_age.push_back(connections.spawn(heard));
                }
                Some(heard) = connections.join_next() => {
                    // Ignores a connection that broke or stayed silent, because the browser has
                    // another one.
                    if let Ok(Ok(Ok(Some(response)))) = heard {
                        return Ok(response);
                    }
                }
            }
        }
    }
}

/// Closes the oldest connection. Returns `false` if there is none.
fn close_oldest(by_age: &mut VecDeque<AbortHandle>) -> bool {
    let oldest = by_age.pop_front();
    let is_there = oldest.is_some();
    if let Some(oldest) = oldest {
        oldest.abort();
    }
    is_there
}

fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

/// Reads one request and responds to it. Returns its content if it is the expected response.
async fn hear(
    mut stream: TcpStream,
    pending: &PendingSignIn,
) -> io::Result<Option<AuthorizationResponse>> {
    let Some(target) = target(&mut stream).await? else {
        reply(
            &mut stream,
            "400 Bad Request",
            "This is not a valid HTTP request.",
        )
        .await?;
        return Ok(None);
    };
    let Some(("/", query)) = target.expose().split_once('?') else {
        reply(&mut stream, "404 Not Found", "This page does not exist.").await?;
        return Ok(None);
    };
    let response = AuthorizationResponse::read(query);
    if !response.is_of(pending) {
        let text = "This redirect does not belong to the current sign-in. Go back to the program \
                    and sign in again.";
        reply(&mut stream, "400 Bad Request", text).await?;
        return Ok(None);
    }
    let text = "You can close this window and go back to the program.";
    // A browser that has closed the connection has already sent its response.
    let _ = reply(&mut stream, "200 OK", text).await;
    Ok(Some(response))
}

/// Reads the target of a GET request. Returns `None` for any other request.
async fn target(stream: &mut TcpStream) -> io::Result<Option<Secret<String>>> {
    let mut head = zeroize::Zeroizing::new(Vec::with_capacity(LONGEST_HEAD));
    loop {
        if head.len() >= LONGEST_HEAD || stream.read_buf(&mut *head).await? == 0 {
            return Ok(None);
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Complete(_)) if request.method == Some("GET") => {
                return Ok(request.path.map(Secret::from));
            }
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) | Err(_) => return Ok(None),
        }
    }
}

async fn reply(stream: &mut TcpStream, status: &str, text: &str) -> io::Result<()> {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta \
         charset=\"utf-8\"><title>Sign-in</title><p>{text}</p></html>"
    );
    // The address in the browser contains the code. The headers keep it from other pages, and
    // forbid framing and loading of resources.
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\r\n",
        page.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::super::pending::tests::pending;
    use super::*;

    async fn get(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    #[tokio::test]
    async fn silent_connections_do_not_hold_up_the_browser() {
        let (pending, state) = pending();
        let loopback = Loopback::bind(None).await.unwrap();
        let port = loopback.port;
        let waiting = {
            let pending = pending.clone();
            tokio::spawn(async move { loopback.response(&pending).await })
        };
        let mut silent = Vec::new();
        for _ in 0..2 * CONNECTIONS + 2 {
            let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            silent.push(connected.unwrap());
        }
        let request = format!("GET /?code=0.AX&state={state} HTTP/1.1\r\n\r\n");
        // Half of the time limit of a silent connection.
        let response = timeout(PATIENCE / 2, get(port, &request)).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        let heard = waiting.await.unwrap().unwrap();
        assert_eq!(heard.code(&pending).unwrap().expose(), "0.AX");
    }

    #[tokio::test]
    async fn listener_accepts_only_the_right_state() {
        let (pending, state) = pending();
        let loopback = Loopback::bind(None).await.unwrap();
        let port = loopback.port;
        assert_eq!(loopback.redirect_uri(), format!("http://localhost:{port}"));
        assert!(loopback.listener.local_addr().unwrap().ip().is_loopback());
        let waiting = {
            let pending = pending.clone();
            tokio::spawn(async move { loopback.response(&pending).await })
        };
        // A silent connection, as browsers open them in advance.
        let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        for (request, status) in [
            ("GET /favicon.ico HTTP/1.1\r\n\r\n".to_owned(), "404"),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), "404"),
            ("GET /?code=x&state=y HTTP/1.1\r\n\r\n".to_owned(), "400"),
            (
                format!("POST /?code=x&state={state} HTTP/1.1\r\n\r\n"),
                "400",
            ),
            (
                format!("GET /other?code=x&state={state} HTTP/1.1\r\n\r\n"),
                "404",
            ),
            ("nonsense\r\n\r\n".to_owned(), "400"),
        ] {
            let response = get(port, &request).await;
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status} ")),
                "{request}: {response}"
            );
            assert!(!waiting.is_finished(), "{request}");
        }
        let response = get(
            port,
            &format!("GET /?code=0.AX&state={state} HTTP/1.1\r\nHost: x\r\n\r\n"),
        )
        .await;
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(
            response.contains("Referrer-Policy: no-referrer"),
            "{response}"
        );
        let heard = waiting.await.unwrap().unwrap();
        assert_eq!(heard.code(&pending).unwrap().expose(), "0.AX");
        // The listener is closed after one response.
        assert!(
            TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .await
                .is_err()
        );
    }
}
