//! Functions that read response bodies.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use msgraph_core::error::TransportError;
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::network_error;

/// The largest part of an error response's body that is read, in bytes.
///
/// Errors of Graph and of the identity platform have some kilobytes. A longer body is a page of a
/// gateway or an attack, and its status is sufficient.
const LARGEST_ERROR_BODY: usize = 1024 * 1024;

/// The largest success body that describes a state, in bytes: an upload session, a monitor, the
/// signing keys of the identity platform.
const LARGEST_STATE: usize = 16 * 1024 * 1024;

/// The longest time in which the body of an error response or of a state is read.
///
/// The read timeout of a connection starts anew with each byte, so it does not end a body that
/// arrives byte by byte.
const LONGEST_READ: Duration = Duration::from_secs(100);

/// Reads a body of any size. Returns the data that arrived, and the fault that cut it off.
pub async fn read(response: &mut Response) -> (Bytes, Option<TransportError>) {
    read_within(response, usize::MAX, None).await
}

/// Reads a body that is not expected to be longer than `most` bytes.
///
/// A longer body is cut off after `most` bytes, and the fault says so.
pub async fn read_at_most(response: &mut Response, most: usize) -> (Bytes, Option<TransportError>) {
    read_within(response, most, None).await
}

/// Reads the body of an error response, or its beginning.
///
/// An error response is useful even if its body is cut off, so the fault is left out.
pub async fn read_error(response: &mut Response) -> Bytes {
    let deadline = Instant::now() + LONGEST_READ;
    let (body, _) = read_within(response, LARGEST_ERROR_BODY, Some(deadline)).await;
    body
}

/// Reads a success that describes a state.
pub async fn read_state(response: &mut Response) -> (Bytes, Option<TransportError>) {
    let deadline = Instant::now() + LONGEST_READ;
    read_within(response, LARGEST_STATE, Some(deadline)).await
}

async fn read_within(
    response: &mut Response,
    most: usize,
    deadline: Option<Instant>,
) -> (Bytes, Option<TransportError>) {
    let mut body = Bytes::new();
    loop {
        let next = response.chunk();
        let next = match deadline {
            Some(deadline) => Box::pin(timeout_at(deadline, next)).await,
            None => Ok(next.await),
        };
        let fault = match next {
            Ok(Ok(Some(mut piece))) => {
                let room = most - body.len();
                if piece.len() <= room {
                    body = join(body, piece);
                    continue;
                }
                piece.truncate(room);
                body = join(body, piece);
                let message = format!("the response is longer than {most} bytes");
                Some(TransportError::new(message))
            }
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some(network_error::from_reqwest(error)),
            Err(_) => Some(TransportError::out_of_time()),
        };
        return (body, fault);
    }
}

/// Appends a piece to a body. Most bodies arrive in one piece, which is then not copied.
fn join(body: Bytes, piece: Bytes) -> Bytes {
    if body.is_empty() {
        return piece;
    }
    // This copies the body once, when its second piece arrives.
    let mut joined = BytesMut::from(body);
    joined.extend_from_slice(&piece);
    joined.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(length: usize) -> Response {
        http::Response::new(vec![b'a'; length]).into()
    }

    #[tokio::test]
    async fn error_body_is_limited() {
        for (length, read) in [
            (0, 0),
            (5, 5),
            (LARGEST_ERROR_BODY, LARGEST_ERROR_BODY),
            (LARGEST_ERROR_BODY + 1, LARGEST_ERROR_BODY),
        ] {
            let body = read_error(&mut response(length)).await;
            assert_eq!(body.len(), read, "{length}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn endless_error_body_ends_with_time_limit() {
        let dripping = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"a")), ()))
        });
        let body = reqwest::Body::wrap_stream(dripping);
        let body = read_error(&mut http::Response::new(body).into()).await;
        assert_eq!(body, "a");
    }

    #[tokio::test]
    async fn body_in_pieces_is_read_in_order() {
        let response = || {
            let pieces = ["ab", "", "cd", "ef"].map(Ok::<_, std::io::Error>);
            let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
            Response::from(http::Response::new(body))
        };
        let (body, fault) = read(&mut response()).await;
        assert!(body == "abcdef" && fault.is_none());
        let (body, fault) = read_at_most(&mut response(), 3).await;
        assert!(body == "abc" && fault.is_some());
    }

    #[tokio::test]
    async fn body_over_limit_is_an_error() {
        let (body, fault) = read_at_most(&mut response(11), 10).await;
        assert_eq!(body.len(), 10);
        let fault = fault.map(|fault| fault.to_string());
        assert_eq!(
            fault.as_deref(),
            Some("the response is longer than 10 bytes")
        );
        let (body, fault) = read(&mut response(11)).await;
        assert!(body.len() == 11 && fault.is_none());
    }
}
