//! The one error type. Its public path is the root of the crate.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::NotificationError;
use super::{
    ApiError, Attempts, BatchError, ConfigurationError, DecodeError, EmptyResponseError, HostError,
    LongRunningOperationError, PagingError, RequestContext, RequestError, SignInError,
    TransferError, TransportError, is_passing,
};
use crate::granted::Granted;
use crate::verdict::{Verdict, is_throttling};

/// The result type of every fallible function in this crate.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// The reason why a call failed.
///
/// Most programs need only the predicates; the variants have the details.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use http::Method;
///
/// match graph.request(Method::GET, "/users/adele@contoso.com").await {
///     Ok(_) => println!("there"),
///     Err(error) if error.is_not_found() => println!("no user has that name"),
///     Err(error) if error.is_retryable() => println!("later, maybe: {error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Graph refused the call. Either the status is not a success, or the body of a success
    /// contains an error.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// Graph's response was a success, but its body does not have the expected type.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// No token is available: the identity platform refused, or the token provider failed.
    #[error(transparent)]
    SignIn(Box<SignInError>),
    /// The request did not reach Graph, or the response did not arrive completely.
    #[error(transparent)]
    Transport(Box<TransportError>),
    /// The call, a link or a redirect leads to a host that this client may not contact. Nothing was
    /// sent there.
    #[error(transparent)]
    Host(Box<HostError>),
    /// A link does not lead to a next page, or a page lacks a requested part.
    #[error(transparent)]
    Paging(Box<PagingError>),
    /// The response was a success, but the expected entity is missing.
    #[error(transparent)]
    EmptyResponse(Box<EmptyResponseError>),
    /// The call contains something that no request can express. Nothing was sent.
    #[error(transparent)]
    Request(Box<RequestError>),
    /// The client cannot be built with the requested settings.
    #[error(transparent)]
    Configuration(Box<ConfigurationError>),
    /// A call in a batch did not run, or its outcome is unknown.
    #[error(transparent)]
    Batch(Box<BatchError>),
    /// A long-running operation of Graph has failed.
    #[error(transparent)]
    LongRunningOperation(Box<LongRunningOperationError>),
    /// An upload or a download cannot continue.
    #[error(transparent)]
    Transfer(Box<TransferError>),
    /// A received message is not a valid change notification, or cannot be read.
    #[error(transparent)]
    Notification(Box<NotificationError>),
}

macro_rules! boxed {
    ($($variant:ident: $error:ty,)*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Error::$variant(Box::new(error))
            }
        })*
    };
}

boxed! {
    Api: ApiError,
    Decode: DecodeError,
    SignIn: SignInError,
    Transport: TransportError,
    Host: HostError,
    Paging: PagingError,
    EmptyResponse: EmptyResponseError,
    Request: RequestError,
    Configuration: ConfigurationError,
    Batch: BatchError,
    LongRunningOperation: LongRunningOperationError,
    Transfer: TransferError,
}

impl From<Box<SignInError>> for Error {
    fn from(error: Box<SignInError>) -> Self {
        Error::SignIn(error)
    }
}

boxed! {
    Notification: NotificationError,
}

impl Error {
    /// Builds the error for a response of Graph whose status is not a success. It is always
    /// [`Error::Api`], regardless of the body.
    #[doc(hidden)]
    pub fn from_response(
        request: &RequestContext,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
        granted: Option<Granted>,
    ) -> Self {
        let error = ApiError::from_response(request, status, headers, body);
        error.with_granted(granted).into()
    }

    /// Adds the call that the error belongs to, unless the error already has one.
    #[doc(hidden)]
    pub fn of(self, context: &RequestContext) -> Self {
        match self {
            Error::Decode(error) => error.of(context).into(),
            Error::Host(error) => error.of(context).into(),
            Error::Transport(error) => error.of(context).into(),
            Error::EmptyResponse(error) => error.of(context).into(),
            error => error,
        }
    }

    /// Returns the status of the response, from Graph or the identity platform, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Error::Api(error) => Some(error.status()),
            Error::Decode(error) => error.status(),
            Error::EmptyResponse(error) => Some(error.status()),
            Error::SignIn(error) => error.status(),
            Error::Transfer(error) => error.status(),
            _ => None,
        }
    }

    /// Returns the id of the request that Microsoft's support asks for. See
    /// [`ApiError::request_id`].
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Error::Api(error) => error.request_id(),
            Error::Batch(error) => error.request_id(),
            Error::Decode(error) => error.request_id(),
            Error::EmptyResponse(error) => error.request_id(),
            Error::LongRunningOperation(error) => error.request_id(),
            Error::Paging(error) => error.request_id(),
            Error::Transfer(error) => error.request_id(),
            _ => None,
        }
    }

    /// Checks whether Graph returned this code, as the outer code or an inner one, ignoring case.
    /// If a response could not be decoded, a code that can still be found in it counts.
    ///
    /// Graph writes the same code as `SyncStateNotFound` in one service and `syncStateNotFound` in
    /// another. The outer code is often general, and the inner code is the specific one.
    pub fn has_code(&self, code: &str) -> bool {
        match self {
            Error::Api(error) => error.has_code(code),
            Error::Decode(error) => error
                .error_code()
                .is_some_and(|there| there.eq_ignore_ascii_case(code)),
            _ => false,
        }
    }

    /// Returns how long Graph asked to wait before the next attempt: its `Retry-After`, rounded up
    /// to whole seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Api(error) => error.retry_after(),
            Error::SignIn(error) => error.retry_after(),
            Error::Transport(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Returns the attempts that were made before this error. Each error about a response and each
    /// error of the network has them.
    pub fn attempts(&self) -> Option<&Attempts> {
        match self {
            Error::Api(error) => Some(error.attempts()),
            Error::Batch(error) => error.attempts(),
            Error::Decode(error) => error.attempts(),
            Error::EmptyResponse(error) => error.attempts(),
            Error::LongRunningOperation(error) => Some(error.attempts()),
            Error::Paging(error) => Some(error.attempts()),
            Error::Transfer(error) => error.attempts(),
            Error::Transport(error) => error.attempts(),
            _ => None,
        }
    }

    /// Checks for status 400: Graph did not understand the call, or does not know the path.
    pub fn is_bad_request(&self) -> bool {
        self.is_api(StatusCode::BAD_REQUEST)
    }

    /// Checks for status 401: Graph rejected the token, and also the new token of the second
    /// attempt. A sign-in that failed is [`Error::SignIn`] instead.
    pub fn is_unauthorized(&self) -> bool {
        self.is_api(StatusCode::UNAUTHORIZED)
    }

    /// Checks for status 403: the token lacks a permission, or a licence or policy forbids the
    /// call.
    pub fn is_forbidden(&self) -> bool {
        self.is_api(StatusCode::FORBIDDEN)
    }

    /// Checks for status 404: the item does not exist, or the token may not see it. An item that is
    /// very new may not be available everywhere yet.
    pub fn is_not_found(&self) -> bool {
        self.is_api(StatusCode::NOT_FOUND)
    }

    /// Checks for status 304: the caller already has the current version, so Graph did not send it.
    /// See `Call::if_none_match`.
    pub fn is_not_modified(&self) -> bool {
        self.is_api(StatusCode::NOT_MODIFIED)
    }

    /// Checks for status 409 or 412: a name is taken, or the item is not in the state that the
    /// change expected. Services differ in which of the two they send for an outdated etag.
    /// `Call::refetch_on_conflict` fetches the current state of the item.
    pub fn is_conflict(&self) -> bool {
        self.is_api(StatusCode::CONFLICT) || self.is_precondition_failed()
    }

    /// Checks for status 410: the target of the link is gone. An expired token of a delta link is
    /// an example.
    pub fn is_gone(&self) -> bool {
        self.is_api(StatusCode::GONE)
    }

    /// Checks for status 412: the item was changed since its etag was read. Planner and Exchange
    /// also send 409 in that case; [`is_conflict`](Error::is_conflict) covers both.
    pub fn is_precondition_failed(&self) -> bool {
        self.is_api(StatusCode::PRECONDITION_FAILED)
    }

    /// Checks for throttling: status 429, or 509 for bandwidth. [`retry_after`](Error::retry_after)
    /// returns when to call again. This also covers calls that the client held back because Graph
    /// throttled its other calls, and that could not wait as long.
    pub fn is_throttled(&self) -> bool {
        match self {
            Error::Transport(error) => error.is_held_back(),
            Error::Api(error) => is_throttling(error.status()),
            _ => false,
        }
    }

    /// Checks whether the call did not end in time, or could not connect in time.
    pub fn is_timeout(&self) -> bool {
        match self {
            Error::Transport(error) => error.is_timeout(),
            Error::SignIn(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// Checks whether the same call may succeed later, with nothing changed by the caller.
    ///
    /// Retryable are Graph's responses 408, 429, 500, 502, 503, 504 and 509, the identity
    /// platform's codes for a temporary fault, and responses that the network lost. It is a
    /// separate question whether a repeat is *safe*: a `POST` that timed out may have succeeded. A
    /// success with truncated JSON, or without the expected body, is retryable only if a repeat is
    /// safe as well.
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::Api(error) => is_passing(error.status()),
            Error::SignIn(error) => error.is_retryable(),
            Error::Transport(error) => error.is_retryable(),
            Error::Decode(error) => error.is_retryable(),
            Error::EmptyResponse(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Checks whether a success arrived without all of its body, so that the outcome of the call is
    /// unknown.
    #[doc(hidden)]
    pub fn is_lost_body(&self) -> bool {
        match self {
            Error::Decode(error) => error.is_truncated(),
            Error::EmptyResponse(error) => error.may_be_lost(),
            _ => false,
        }
    }

    /// Returns the meaning of an error that ended an attempt. `did_nothing` says whether the
    /// innermost layer proves that the attempt had no effect at Graph.
    #[doc(hidden)]
    pub fn verdict(&self, did_nothing: bool) -> Verdict {
        let is_passing = match self {
            Error::Transport(lost) => lost.is_retryable(),
            // The token layer has already repeated a token request whose response names no time.
            Error::SignIn(error) => error.is_retryable() && error.retry_after().is_some(),
            // The request has arrived at Graph, and the response has not arrived here.
            error => error.is_lost_body(),
        };
        // A failed connection or sign-in alone does not show what the attempt did before it.
        let is_before_sending = match self {
            Error::Transport(lost) => lost.is_connect(),
            Error::SignIn(_) => true,
            _ => false,
        };
        match (is_passing, is_before_sending && did_nothing) {
            (false, _) => Verdict::Final,
            (true, true) => Verdict::NotDone,
            (true, false) => Verdict::Unclear,
        }
    }

    /// Returns the name of the error in traces, for use when no status describes it.
    #[doc(hidden)]
    pub fn name(&self) -> &'static str {
        match self {
            Error::Api(_) => "api",
            Error::Decode(_) => "decode",
            Error::SignIn(_) => "sign_in",
            Error::Transport(error) => error.name(),
            Error::Host(_) => "host",
            Error::Paging(_) => "paging",
            Error::EmptyResponse(_) => "empty",
            Error::Request(_) => "request",
            Error::Configuration(_) => "configuration",
            Error::Batch(_) => "batch",
            Error::LongRunningOperation(_) => "operation",
            Error::Transfer(_) => "transfer",
            Error::Notification(_) => "notification",
        }
    }

    fn is_api(&self, status: StatusCode) -> bool {
        matches!(self, Error::Api(error) if error.status() == status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_unclear_unless_nothing_was_sent() {
        let broken = Error::from(TransportError::broken("gone"));
        assert_eq!(broken.verdict(true), Verdict::Unclear);
        let refused = Error::from(TransportError::new("refused"));
        assert_eq!(refused.verdict(true), Verdict::Final);
        let sign_in = Error::from(SignInError::new("wrong secret"));
        assert_eq!(sign_in.verdict(true), Verdict::Final);
    }
}
