//! A webhook that receives requests of a simulator, and responds as a test sets.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// A received request: the path with its query, the media type, and the body.
#[derive(Clone, Debug)]
pub struct Got {
    pub target: String,
    pub media_type: String,
    pub body: Bytes,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// The behavior of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It returns the validation token, and accepts notifications.
    Good,
    /// It returns the token as it was received, still encoded.
    Encoded,
    /// It returns the token as HTML.
    Html,
    /// It responds with an error.
    Failing,
}

pub struct Webhook {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Webhook {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let (got, manner) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(Manner::Good)),
        );
        let (seen, how) = (Arc::clone(&got), Arc::clone(&manner));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, how) = (Arc::clone(&seen), Arc::clone(&how));
                let service =
                    service_fn(move |request| answer(request, Arc::clone(&seen), Arc::clone(&how)));
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ = connection
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { url, got, manner }
    }

    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Returns all requests that were received so far.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Returns the received notifications, as soon as there are this many requests with them.
    pub async fn notified(&self, requests: usize) -> Vec<Value> {
        loop {
            let got = self.got();
            let bodies: Vec<_> = got.iter().filter(|got| !got.body.is_empty()).collect();
            if bodies.len() >= requests {
                return bodies.into_iter().map(Got::json).collect();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn forget(&self) {
        self.got.lock().unwrap().clear();
    }
}

async fn answer(
    request: http::Request<Incoming>,
    seen: Arc<Mutex<Vec<Got>>>,
    how: Arc<Mutex<Manner>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let target = head
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str())
        .to_owned();
    let media_type = head
        .headers
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().to_owned();
    seen.lock().unwrap().push(Got {
        target: target.clone(),
        media_type,
        body,
    });
    let manner = *how.lock().unwrap();
    let encoded = target.split("validationToken=").nth(1);
    let decoded = encoded.map(|token| {
        let token = token.replace('+', " ");
        percent_encoding::percent_decode_str(&token)
            .decode_utf8_lossy()
            .into_owned()
    });
    let (status, media_type, body) = match (manner, decoded) {
        (Manner::Failing, _) => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", String::new()),
        (Manner::Encoded, _) => (
            StatusCode::OK,
            "text/plain",
            encoded.unwrap_or_default().to_owned(),
        ),
        (Manner::Html, Some(token)) => (StatusCode::OK, "text/html", token),
        (_, Some(token)) => (StatusCode::OK, "text/plain; charset=utf-8", token),
        (_, None) => (StatusCode::ACCEPTED, "text/plain", String::new()),
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", media_type);
    Ok(response.body(Full::new(body.into())).expect("an answer"))
}
