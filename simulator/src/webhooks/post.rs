//! POST to a webhook, with no more patience than Graph has.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How much of an answer is read.
const LARGEST: usize = 64 * 1024;

/// What a webhook answered.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) media_type: String,
    pub(crate) body: Bytes,
}

/// The host and port of a URL of this machine, and its path with query. `None` for all others: the simulator goes nowhere.
pub(crate) fn local(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let loopback = name == "localhost"
        || name == "[::1]"
        || name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback());
    loopback.then_some((host, target))
}

/// Sends a body, and waits so long for the answer.
pub(crate) async fn post(
    url: &str,
    media_type: &str,
    body: Bytes,
    patience: Duration,
) -> Option<Answered> {
    tokio::time::timeout(patience, send(url, media_type, body))
        .await
        .ok()?
}

async fn send(url: &str, media_type: &str, body: Bytes) -> Option<Answered> {
    let (host, target) = local(url)?;
    let target = match target {
        "" => "/".to_owned(),
        query if query.starts_with('?') => format!("/{query}"),
        path => path.to_owned(),
    };
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri(target)
        .header(HOST, host)
        .header(CONTENT_TYPE, media_type)
        .header(CONTENT_LENGTH, body.len())
        .body(Full::new(body))
        .ok()?;
    let (head, body) = sender.send_request(request).await.ok()?.into_parts();
    let media_type = head
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().split(';').next();
    let body = Limited::new(body, LARGEST).collect().await.ok()?.to_bytes();
    Some(Answered {
        status: head.status,
        media_type: media_type.unwrap_or_default().trim().to_ascii_lowercase(),
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_this_machine() {
        assert_eq!(
            local("http://127.0.0.1:5000/a?b=c"),
            Some(("127.0.0.1:5000", "/a?b=c"))
        );
        assert_eq!(local("http://localhost?b"), Some(("localhost", "?b")));
        assert_eq!(local("http://[::1]:80/"), Some(("[::1]:80", "/")));
        for url in [
            "https://127.0.0.1/",
            "http://contoso.com/",
            "http://127.0.0.1.contoso.com/",
            "ftp://localhost",
        ] {
            assert_eq!(local(url), None, "{url}");
        }
    }
}
