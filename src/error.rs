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

#[cfg(feature = "files")]
pub(crate) use msgraph_core::error::response_date;
#[doc(inline)]
pub use msgraph_core::error::{
    ApiError, Attempts, BatchError, BatchErrorKind, ConfigurationError, DecodeError,
    EmptyResponseError, ErrorDetail, HostError, LongRunningOperationError, NotificationError,
    NotificationErrorKind, PagingError, RequestError, RetryStopReason, SignInError, SignInReason,
    Throttle, TransferError, TransferErrorKind, TransportError,
};
pub(crate) use msgraph_core::error::{
    Error, ErrorOrigin, HostRefusal, RequestContext, Result, retry_after,
};
