//! The HTTP server around the simulator: connections, and their faults.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

use crate::core::{Core, Reply};
use crate::fault::{Effect, Quirk};
use crate::recorder::Host;
use crate::request::Request;
use crate::tls::Tls;

/// The largest body that is read.
const LARGEST: usize = 256 * 1024 * 1024;

/// The answer to a client that speaks http where the simulator speaks https.
const SPEAKS_HTTPS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n\
    connection: close\r\n\r\nThis port speaks https. Use an address with `https://`.\n";

/// The first byte of a TLS handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// One of the two hosts, as it serves a connection.
#[derive(Clone)]
pub(crate) struct Server {
    core: Arc<Core>,
    host: Host,
    tls: Option<Tls>,
}

/// Serves the connections to a port.
pub(crate) async fn serve(server: Server, listener: TcpListener) {
    accept(listener, |stream| server.clone().connection(stream)).await;
}

/// Accepts connections, and serves each in its own task.
pub(crate) async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream));
            }
            // The connection was closed before it was accepted. The server continues with the next
            // one.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

impl Server {
    pub(crate) fn new(core: Arc<Core>, host: Host, tls: Option<Tls>) -> Self {
        Self { core, host, tls }
    }

    /// Serves one connection until its end.
    pub(crate) async fn connection(self, stream: TcpStream) {
        // Responses are sent at once, because they are small and tests wait for them. A socket
        // without this option still works.
        let _ = stream.set_nodelay(true);
        let reset = Arc::new(AtomicBool::new(false));
        let mut stream = Stream {
            stream,
            reset: Arc::clone(&reset),
        };
        let Some(tls) = self.tls.clone() else {
            return self.http(stream, reset).await;
        };
        if !stream.begins_with(HANDSHAKE).await {
            // The client may have disconnected.
            let _ = stream.stream.write_all(SPEAKS_HTTPS).await;
            let _ = stream.stream.shutdown().await;
            return;
        }
        if let Some(stream) = tls.accept(stream).await {
            self.http(stream, reset).await;
        }
    }

    async fn http<S>(self, stream: S, reset: Arc<AtomicBool>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Self { core, host, .. } = self;
        let service =
            service_fn(move |request| answer(Arc::clone(&core), host, Arc::clone(&reset), request));
        // An error here means that the client disconnected, or that a test requested a fault.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }
}

async fn answer(
    core: Arc<Core>,
    host: Host,
    reset: Arc<AtomicBool>,
    request: http::Request<Incoming>,
) -> Result<Response<Payload>, Broken> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST).collect().await else {
        let mut response = Response::new(Payload::default());
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    };
    let request = Request::new(head, body.to_bytes());
    let Reply { effect, answer } = core.handle(host, &request, true).await;
    let mut payload = Payload {
        length: answer.body.len() as u64,
        rest: answer.body,
        pauses: None,
        broken: false,
        flushed: false,
    };
    match effect {
        Some(Effect::Reset | Effect::Lost) => {
            reset.store(true, Ordering::Relaxed);
            return Err(Broken);
        }
        Some(Effect::Slow(delay)) => tokio::time::sleep(delay).await,
        Some(Effect::SlowBody(pause)) => payload.pauses = Some(Pauses::new(pause, payload.length)),
        Some(Effect::Truncated | Effect::Quirk(Quirk::ChangedContent)) => payload.truncate(),
        Some(
            Effect::Answer(_)
            | Effect::CutJson
            | Effect::ErrorInSuccess { .. }
            | Effect::Late(_)
            | Effect::ClockJump(_)
            | Effect::Unheard(_)
            | Effect::Quirk(_),
        )
        | None => {}
    }
    let mut response = Response::new(payload);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// The error that ends a connection because a test requested it.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection was closed by a simulated fault")
    }
}

impl std::error::Error for Broken {}

/// A body that can be slow, or can end before its announced length.
#[derive(Default)]
struct Payload {
    length: u64,
    rest: Bytes,
    pauses: Option<Pauses>,
    broken: bool,
    /// `true` after the bytes so far were sent, before the connection breaks.
    flushed: bool,
}

impl Payload {
    /// Removes the second half. A body that is too short for two halves stays as it is.
    fn truncate(&mut self) {
        if self.rest.len() > 1 {
            self.rest.truncate(self.rest.len() / 2);
            self.broken = true;
        }
    }
}

/// The pauses in a slow body.
struct Pauses {
    each: Duration,
    /// The largest number of bytes between two pauses.
    piece: usize,
    sleep: Pin<Box<Sleep>>,
}

impl Pauses {
    fn new(each: Duration, length: u64) -> Self {
        Self {
            each,
            piece: usize::try_from(length.div_ceil(4)).unwrap_or(usize::MAX),
            sleep: Box::pin(tokio::time::sleep(each)),
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let payload = &mut *self;
        if !payload.rest.is_empty() {
            let mut piece = payload.rest.len();
            if let Some(pauses) = &mut payload.pauses {
                ready!(pauses.sleep.as_mut().poll(context));
                pauses.sleep = Box::pin(tokio::time::sleep(pauses.each));
                piece = piece.min(pauses.piece);
            }
            return Poll::Ready(Some(Ok(Frame::data(payload.rest.split_to(piece)))));
        }
        if payload.broken && !payload.flushed {
            // hyper writes its buffer when a body is not ready.
            payload.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if payload.broken {
            payload.broken = false;
            return Poll::Ready(Some(Err(Broken)));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        !self.broken && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

/// A connection that is reset instead of closed, if a test requested that.
struct Stream {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Stream {
    /// Checks the first byte that arrives, and leaves it unread.
    async fn begins_with(&self, byte: u8) -> bool {
        let mut first = [0];
        matches!(self.stream.peek(&mut first).await, Ok(1)) && first == [byte]
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Closing without lingering sends a RST. If that option cannot be set, the client sees
            // the end of the stream.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
