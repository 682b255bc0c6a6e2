//! A simulator without the feature `tls`, which serves http alone.

use tokio::io::{AsyncRead, AsyncWrite};

/// The server's side of TLS, which cannot exist.
#[derive(Clone)]
pub(crate) enum Tls {}

impl Tls {
    /// Does the handshake of a connection.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, _: S) -> Option<S> {
        match *self {}
    }
}
