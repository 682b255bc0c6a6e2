//! Requests to other servers of this machine. The simulator sends none to any other machine.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The number of bytes of a response that are read.
const LARGEST: usize = 64 * 1024;

/// Returns the host and port of a URL of this machine, and its path with query. Returns `None` for
/// all other URLs, because the simulator does not call other machines.
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

/// Sends a request to the address, and ignores the request's own target. Returns `None` if there is
/// no response.
pub(crate) async fn send(url: &str, mut request: Request<Bytes>) -> Option<Response<Bytes>> {
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
    *request.uri_mut() = target.parse().ok()?;
    let host = HeaderValue::from_str(host).ok()?;
    request.headers_mut().insert(HOST, host);
    let response = sender.send_request(request.map(Full::new)).await.ok()?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.ok()?.to_bytes();
    Some(Response::from_parts(head, body))
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_loopback_addresses_are_local() {
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
