//! The HTTP server of the control interface.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::respond;
use crate::answer::Answer;
use crate::request::Request;
use crate::server::accept;
use crate::simulator::Simulator;

/// The largest body that is read.
const LARGEST: usize = 256 * 1024 * 1024;

/// Serves until the runtime ends.
pub(crate) async fn serve(simulator: Simulator, listener: TcpListener) {
    let simulator = Arc::new(simulator);
    accept(listener, |stream| {
        connection(Arc::clone(&simulator), stream)
    })
    .await;
}

async fn connection(simulator: Arc<Simulator>, stream: TcpStream) {
    // A socket without this option still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&simulator, request));
    // An error here means that the client disconnected.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    simulator: &Simulator,
    request: http::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let answer = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => respond(simulator, &Request::new(head, body.to_bytes())),
        Err(_) => Answer::empty(StatusCode::PAYLOAD_TOO_LARGE),
    };
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}
