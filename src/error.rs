//! The details of errors.
//!
//! Every fallible function of this crate returns an [`Error`]. Its variants name the source of the
//! failure:
//!
//! - Graph: [`Error::Api`].
//! - The identity platform: [`Error::SignIn`].
//! - The network: [`Error::Transport`].
//! - This crate, before anything was sent: [`Error::Host`], [`Error::Request`],
//!   [`Error::Configuration`].
//! - This crate, when it could not read a response: [`Error::Decode`], [`Error::EmptyResponse`],
//!   [`Error::Paging`].
//! - A file transfer: [`Error::Transfer`].
//!
//! A 2xx status alone is not a success. An error in the body of such a response is an
//! [`Error::Api`] as well. A truncated JSON body or a missing body counts as lost in transit. This
//! crate then repeats the call if a repeat is safe, and the error is
//! [`is_retryable`](Error::is_retryable) in that case. If Graph only accepted a call that should
//! return an entity, the error is [`Error::EmptyResponse`]; see
//! [`Call::monitor`](crate::call::Call::monitor).
//!
//! Each error prints as one line. Ids and other values of the caller appear in it under their names
//! in Graph's reference:
//!
//! ```text
//! GET /users/{user-id} → 404 Request_ResourceNotFound: Resource 'adele' does not exist …,
//! request-id 327f7bf0-…
//! ```

pub(crate) mod any;
mod api;
mod attempts;
mod batch;
mod head;
mod local;
#[cfg(feature = "notifications")]
mod notification;
mod operation;
mod refused_connection;
mod response;
mod retry_after;
mod sign_in;
mod sign_in_reason;
mod text;
mod throttle;
mod transfer;
mod transport;

use std::fmt;

use http::{Method, StatusCode};

pub(crate) use any::{Error, Result};
pub use api::{ApiError, ErrorDetail};
pub use attempts::{Attempts, RetryStopReason};
pub use batch::{BatchError, BatchErrorKind};
pub(crate) use local::HostRefusal;
pub use local::{ConfigurationError, HostError, RequestError};
#[cfg(feature = "notifications")]
pub use notification::{NotificationError, NotificationErrorKind};
pub use operation::LongRunningOperationError;
pub use response::{DecodeError, EmptyResponseError, PagingError};
pub(crate) use retry_after::{response_date, retry_after};
pub use sign_in::SignInError;
pub use sign_in_reason::SignInReason;
pub(crate) use text::OneLine;
pub use throttle::Throttle;
pub use transfer::{TransferError, TransferErrorKind};
pub use transport::TransportError;
pub(crate) use transport::{causes, kind_of_loss};

use crate::call::OperationMetadata;
use crate::transport::Verdict;

/// The cause of an error. It is shared, so that [`Error`] stays cheap to clone: each call that
/// waited for one failed sign-in receives a copy.
pub(crate) type Source = std::sync::Arc<dyn std::error::Error + Send + Sync>;

/// Checks whether a status indicates a temporary fault.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    Verdict::of_status(status).is_passing()
}

/// The request that an error is about, reduced to what may be printed. It contains no value of the
/// caller.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub(crate) method: Method,
    /// The path with names instead of values: `/users/{user-id}`.
    pub(crate) template: String,
    /// The known facts about the operation.
    pub(crate) facts: Option<&'static OperationMetadata>,
    /// The `client-request-id` that was sent.
    pub(crate) client_request_id: Option<String>,
    pub(crate) attempts: Attempts,
    /// `true` if making the call twice has the same effect as making it once.
    pub(crate) is_idempotent: bool,
}

impl RequestContext {
    pub(crate) fn new(method: Method, template: String) -> Self {
        Self {
            is_idempotent: method.is_idempotent(),
            method,
            template,
            facts: None,
            client_request_id: None,
            attempts: Attempts::default(),
        }
    }
}

/// Prints `GET /users/{user-id}`.
impl fmt::Display for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}
