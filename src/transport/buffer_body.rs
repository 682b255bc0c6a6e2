//! Reads the body of a response within its attempt, so that a response that breaks off can be
//! requested again.

use bytes::Bytes;
use reqwest::{Response, ResponseBuilderExt};

use super::ExpectedBody;
use super::{read, read_error, read_state};
use crate::Result;
use crate::error::TransportError;

/// The way to read the body of a success. `None` for a body means that any body is a success.
#[derive(Clone, Copy)]
pub(crate) enum BodyMode {
    /// The whole body is read into memory.
    Buffered(Option<ExpectedBody>),
    /// The body describes a state, so that its size is limited.
    State(Option<ExpectedBody>),
    /// The call reads the body piece by piece.
    Streamed,
}

impl Default for BodyMode {
    fn default() -> Self {
        Self::Buffered(None)
    }
}

/// Reads the whole body into memory. Returns `None` if the call reads its body piece by piece.
///
/// This happens inside of the retries. A connection that is lost while a page arrives is therefore
/// a failed attempt like any other. So is a body that ends too early although it was framed as if
/// it were complete. A response that does not end the call does not hold its connection while the
/// call waits.
pub(super) async fn buffer(response: &mut Response, mode: BodyMode) -> Result<Option<Bytes>> {
    if !response.status().is_success() {
        return Ok(Some(Box::pin(read_error(response)).await));
    }
    let (expected, (body, fault)) = match mode {
        BodyMode::Streamed => return Ok(None),
        BodyMode::Buffered(expected) => (expected, read(response).await),
        BodyMode::State(expected) => (expected, Box::pin(read_state(response)).await),
    };
    if let Some(fault) = fault {
        return Err(fault.into());
    }
    // A service that fails in the middle of a body may end the body as if it were complete.
    match expected.and_then(|body_of| body_of.lost(response.status(), response.headers(), &body)) {
        Some(lost) => Err(lost),
        None => Ok(Some(body)),
    }
}

/// Returns the response with this body in place of its own, for the caller's middleware.
///
/// # Errors
///
/// Returns an error if the response cannot be built.
pub(super) fn with_body(mut response: Response, body: Bytes) -> Result<Response> {
    let head = http::Response::builder()
        .status(response.status())
        .version(response.version())
        .url(response.url().clone());
    let mut built = head
        .body(body)
        .map_err(|error| TransportError::new(format!("cannot build the response: {error}")))?;
    *built.headers_mut() = std::mem::take(response.headers_mut());
    let extensions = std::mem::take(response.extensions_mut());
    built.extensions_mut().extend(extensions);
    Ok(built.into())
}
