//! Middleware of the caller, dropped calls, proxies and TLS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Extensions, Method};
use msgraph::Error;
use reqwest_middleware::{Middleware, Next};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, advance};

use super::{builder, client, one_at_a_time, request, seconds, throttled};
use crate::support::recorder::{Answer, Recorder};

/// A middleware that records the requests that it sees, per call or per attempt.
struct Sees(Arc<Mutex<Vec<String>>>);

#[msgraph::async_trait]
impl Middleware for Sees {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        assert!(!request.headers().contains_key("authorization"));
        let attempt = request.headers().get("retry-attempt").cloned();
        let response = next.run(request, extensions).await?;
        assert_eq!(response.url().path(), "/v1.0/me");
        let attempt = attempt.as_ref().map(|attempt| attempt.to_str().unwrap());
        let seen = format!("{:?} {}", attempt, response.status().as_u16());
        self.0.lock().unwrap().push(seen);
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn caller_middleware_runs_per_call_or_attempt() {
    let recorder = Recorder::in_turn([Answer::status(503), Answer::json("{}")]).await;
    let (calls, attempts) = (Arc::default(), Arc::default());
    let graph = builder(recorder.url())
        .per_call_middleware(Sees(Arc::clone(&calls)))
        .per_try_middleware(Sees(Arc::clone(&attempts)))
        .build()
        .unwrap();
    graph.request(Method::GET, "/me").await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["None 200"]);
    assert_eq!(*attempts.lock().unwrap(), ["None 503", "Some(\"1\") 200"]);
}

#[tokio::test(start_paused = true)]
async fn dropped_call_sends_no_more_attempts() {
    let recorder = Recorder::always(throttled("10")).await;
    let call = client(recorder.url())
        .request(Method::GET, "/me")
        .into_future();
    let call = tokio::spawn(call);
    while recorder.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    advance(seconds(3600)).await;
    tokio::task::yield_now().await;
    assert_eq!(recorder.requests().len(), 1);
}

#[tokio::test]
async fn dropped_call_closes_its_connection() {
    let (came, coming) = tokio::sync::oneshot::channel();
    let (closed, closing) = tokio::sync::oneshot::channel();
    let mut senders = Some((came, closed));
    let url = one_at_a_time(move |mut stream, _| {
        let senders = senders.take();
        async move {
            let (came, closed) = senders.expect("one connection");
            request(&mut stream).await;
            let _ = came.send(());
            let _ = closed.send(stream.read_u8().await.is_err());
        }
    })
    .await;
    let call = tokio::spawn(client(&url).request(Method::GET, "/me").into_future());
    coming.await.unwrap();
    call.abort();
    assert!(closing.await.unwrap(), "the connection was closed");
}

#[tokio::test(start_paused = true)]
async fn proxy_authentication_error_is_not_retried() {
    let proxy = one_at_a_time(|mut stream, _| async move {
        request(&mut stream).await;
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(refusal.as_bytes()).await;
    })
    .await;
    let graph = builder("https://gateway.contoso.example")
        .allow_host("gateway.contoso.example")
        .configure_http(move |http| http.proxy(reqwest::Proxy::all(proxy).unwrap()))
        .build()
        .unwrap();
    let start = Instant::now();
    let error = graph.request(Method::GET, "/me").await.unwrap_err();
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(!error.is_retryable());
    let text = error.to_string();
    let said = "cannot connect: the proxy requires authentication (407)";
    assert!(text.contains(said), "{text}");
    assert!(matches!(&error, Error::Transport(lost) if lost.is_connect()));
}

#[tokio::test(start_paused = true)]
async fn certificate_refused_by_tls_is_not_retried() {
    use std::io::Read as _;

    use rustls::crypto::ring;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let tls = Arc::new(tls);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
            // The client breaks off the handshake.
            let _ = StreamOwned::new(connection, stream).read(&mut [0]);
        }
    });
    let graph = builder(&format!("https://{host}"))
        .allow_host(host)
        .configure_http(reqwest::ClientBuilder::no_proxy)
        .build()
        .unwrap();
    let start = Instant::now();
    let error = graph.request(Method::GET, "/me").await.unwrap_err();
    assert_eq!(error.attempts().unwrap().count(), 1, "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(!error.is_retryable());
    let text = error.to_string();
    assert!(
        text.contains("cannot connect: invalid TLS certificate of the server: "),
        "{text}"
    );
}
