//! The state of a call that the layers of the stack share.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Extensions;

use super::buffer_body::BodyMode;
use super::retry::Trying;
use crate::auth::AuthContext;
use crate::error::Attempts;

/// The state of a call that the layers of the stack share.
///
/// It is one entry in the [`Extensions`] of the call's requests. Outer layers pass settings inwards
/// in it, and inner layers report in it. A middleware of the caller's that goes on with other
/// extensions leaves it behind. The layers further in then begin with an empty one.
#[derive(Clone, Default)]
pub(crate) struct CallState {
    pub(crate) trying: Trying,
    /// The way to read the body of the response.
    pub(crate) body: BodyMode,
    /// The template of the call, if its requests are traced.
    pub(crate) template: Option<Arc<str>>,
    /// The body of the response, if it was read and is not in the response.
    pub(crate) buffered: Option<Bytes>,
    /// The number of requests that were sent for the call.
    pub(super) requests: u32,
    /// The time that the call waited before the current attempt.
    pub(super) wait: Duration,
    /// The attempts that were made, once the last one has ended.
    pub(crate) attempts: Attempts,
    /// Set to `true` if the address of the call is a secret itself, so that no token is sent.
    pub(crate) is_elsewhere: bool,
    /// The part that the token middleware knows.
    pub(crate) auth: AuthContext,
}

impl CallState {
    pub(crate) fn new(trying: Trying, body: BodyMode) -> Self {
        Self {
            trying,
            body,
            template: None,
            buffered: None,
            requests: 0,
            wait: Duration::ZERO,
            attempts: Attempts::default(),
            is_elsewhere: false,
            auth: AuthContext::default(),
        }
    }

    /// Returns the state of the call that these extensions belong to.
    pub(crate) fn of(extensions: &mut Extensions) -> &mut Self {
        extensions.get_or_insert_with(Self::default)
    }
}
