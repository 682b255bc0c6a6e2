//! The error type of all crates of this workspace, and its details.

mod any;
mod api;
mod attempts;
mod batch;
mod head;
mod local;
mod notification;
mod operation;
mod response;
mod retry_after;
mod sign_in;
mod sign_in_reason;
mod throttle;
mod transfer;
mod transport;

use std::fmt;

use http::{Method, StatusCode};

pub use any::{Error, Result};
pub use api::{ApiError, ErrorDetail};
pub use attempts::{Attempts, RetryStopReason};
pub use batch::{BatchError, BatchErrorKind};
#[doc(hidden)]
pub use head::ErrorOrigin;
#[doc(hidden)]
pub use local::HostRefusal;
pub use local::{ConfigurationError, HostError, RequestError};
pub use notification::{NotificationError, NotificationErrorKind};
pub use operation::LongRunningOperationError;
pub use response::{DecodeError, EmptyResponseError, PagingError};
#[doc(hidden)]
pub use retry_after::{response_date, retry_after};
pub use sign_in::SignInError;
pub use sign_in_reason::SignInReason;
pub use throttle::Throttle;
pub use transfer::{TransferError, TransferErrorKind};
pub use transport::TransportError;
#[doc(hidden)]
pub use transport::TransportErrorKind;

use crate::operation_metadata::OperationMetadata;
use crate::verdict::Verdict;

/// The cause of an error. It is shared, so that [`Error`] stays cheap to clone: each call that
/// waited for one failed sign-in receives a copy.
#[doc(hidden)]
pub type Source = std::sync::Arc<dyn std::error::Error + Send + Sync>;

/// Checks whether a status indicates a temporary fault.
#[doc(hidden)]
pub fn is_passing(status: StatusCode) -> bool {
    Verdict::of_status(status).is_passing()
}

/// The request that an error is about, reduced to what may be printed. It contains no value of the
/// caller.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub method: Method,
    /// The path with names instead of values: `/users/{user-id}`.
    pub template: String,
    /// The known facts about the operation.
    pub facts: Option<&'static OperationMetadata>,
    /// The `client-request-id` that was sent.
    pub client_request_id: Option<String>,
    pub attempts: Attempts,
    /// `true` if making the call twice has the same effect as making it once.
    pub is_idempotent: bool,
}

impl RequestContext {
    pub fn new(method: Method, template: String) -> Self {
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
