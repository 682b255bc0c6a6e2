//! Takes bodies in.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use crate::error::TransportError;

/// The body, as far as it came, and what cut it off.
///
/// An error answer is worth having though its body is broken off; a success is not.
pub(crate) async fn read(response: Response) -> (Bytes, Option<TransportError>) {
    read_at_most(response, usize::MAX).await
}

/// The body as [`read`] takes it in, of what has no business to be long.
pub(crate) async fn read_at_most(
    mut response: Response,
    most: usize,
) -> (Bytes, Option<TransportError>) {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if piece.len() > most - body.len() => {
                let error = TransportError::new(format!("the answer is longer than {most} bytes"));
                return (body.freeze(), Some(error));
            }
            // Most bodies come in one piece, which then is not copied.
            Ok(Some(piece)) if body.is_empty() => body = piece.into(),
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => return (body.freeze(), None),
            Err(error) => return (body.freeze(), Some(TransportError::from_reqwest(error))),
        }
    }
}
