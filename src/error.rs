//! What can go wrong, in one type.
//!
//! Every fallible function of this crate gives an [`Error`]. Its variants say who refused: Graph ([`Error::Api`]), the
//! identity platform ([`Error::SignIn`]), the network ([`Error::Transport`]), or this crate, before anything was sent
//! ([`Error::Host`], [`Error::Request`], [`Error::Configuration`]) or after something came that it could not read
//! ([`Error::Decode`], [`Error::EmptyResponse`], [`Error::Paging`]), or while a file was on its way
//! ([`Error::Transfer`]).
//!
//! A status of 2xx alone does not make a success. An error in the body of one is [`Error::Api`] as well. JSON that is cut, or a
//! body that is missing, counts as lost on the way: the call is made again where that does no harm, and the error
//! [`is_retryable`](Error::is_retryable) then. Where Graph has only accepted a call whose entity was expected,
//! [`Error::EmptyResponse`] says so: see [`Call::monitor`](crate::Call::monitor).
//!
//! Each prints as one line, in which ids and other values of the caller's stand as the names of Graph's reference:
//!
//! ```text
//! GET /users/{user-id} → 404 Request_ResourceNotFound: Resource 'adele' does not exist …, request-id 327f7bf0-…
//! ```

mod answer;
mod api;
mod batch;
mod head;
mod local;
#[cfg(feature = "notifications")]
mod notification;
mod operation;
mod refused_connection;
mod retry_after;
mod sign_in;
mod sign_in_reason;
mod text;
mod throttle;
mod transfer;
mod transport;
mod tries;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

pub use answer::{DecodeError, EmptyResponseError, PagingError};
pub use api::{ApiError, ErrorDetail};
pub use batch::{BatchError, BatchErrorKind};
pub(crate) use local::HostRefusal;
pub use local::{ConfigurationError, HostError, RequestError};
#[cfg(feature = "notifications")]
pub use notification::{NotificationError, NotificationErrorKind};
pub use operation::OperationError;
pub(crate) use retry_after::retry_after;
pub use sign_in::SignInError;
pub use sign_in_reason::SignInReason;
pub(crate) use text::OneLine;
pub use throttle::Throttle;
pub use transfer::{TransferError, TransferErrorKind};
pub use transport::TransportError;
pub(crate) use transport::{causes, kind_of_loss};
pub use tries::{NotRetried, Tries};

use crate::auth::Granted;
use crate::call::Facts;
use crate::transport::{BANDWIDTH_LIMIT_EXCEEDED, Verdict};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// The cause of an error, kept so that [`Error`] stays cheap to clone: the calls that waited for one failed sign-in
/// each get a copy.
pub(crate) type Source = std::sync::Arc<dyn std::error::Error + Send + Sync>;

/// Why a call failed.
///
/// Most programs need the predicates only; the variants have the details.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use http::Method;
///
/// match graph.request(Method::GET, "/users/adele@contoso.com").await {
///     Ok(_) => println!("there"),
///     Err(error) if error.is_not_found() => println!("nobody of that name"),
///     Err(error) if error.is_retryable() => println!("later, maybe: {error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Graph refused: with a status that is not a success, or with an error in the body of a success.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// Graph's answer was a success, but not of the type that it should be.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// There is no token: the identity platform refused, or the token provider failed.
    #[error(transparent)]
    SignIn(Box<SignInError>),
    /// The request did not get through, or the answer did not arrive whole.
    #[error(transparent)]
    Transport(Box<TransportError>),
    /// The call, a link or a redirect would have left the hosts that this client may speak to. Nothing was sent there.
    #[error(transparent)]
    Host(Box<HostError>),
    /// A link does not lead on, or a page lacks what was asked for.
    #[error(transparent)]
    Paging(Box<PagingError>),
    /// An entity was expected, and the answer was a success without one.
    #[error(transparent)]
    EmptyResponse(Box<EmptyResponseError>),
    /// The call holds what no request can. Nothing was sent.
    #[error(transparent)]
    Request(Box<RequestError>),
    /// The client cannot be built the way it was asked for.
    #[error(transparent)]
    Configuration(Box<ConfigurationError>),
    /// A part of a batch was not done, or nobody knows whether it was.
    #[error(transparent)]
    Batch(Box<BatchError>),
    /// Work that Graph had begun has failed.
    #[error(transparent)]
    Operation(Box<OperationError>),
    /// An upload or a download cannot go on.
    #[error(transparent)]
    Transfer(Box<TransferError>),
    /// What came as a change notification is none, or cannot be read.
    #[cfg(feature = "notifications")]
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
    Operation: OperationError,
    Transfer: TransferError,
}

impl From<Box<SignInError>> for Error {
    fn from(error: Box<SignInError>) -> Self {
        Error::SignIn(error)
    }
}

#[cfg(feature = "notifications")]
boxed! {
    Notification: NotificationError,
}

impl Error {
    /// What Graph's answer says, where its status is no success. Always [`Error::Api`], whatever the body is.
    pub(crate) fn from_response(
        request: &RequestContext,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
        granted: Option<Granted>,
    ) -> Self {
        let error = ApiError::from_response(request, status, headers, body);
        error.with_granted(granted).into()
    }

    /// Adds the call that it happened to, where it is not there yet.
    pub(crate) fn of(self, context: &RequestContext) -> Self {
        match self {
            Error::Decode(error) => error.of(context).into(),
            Error::Host(error) => error.of(context).into(),
            Error::Transport(error) => error.of(context).into(),
            Error::EmptyResponse(error) => error.of(context).into(),
            error => error,
        }
    }

    /// The status of the answer, of Graph or of the identity platform, where there was one.
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

    /// The id of the request that Microsoft's support asks for. See [`ApiError::request_id`].
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Error::Api(error) => error.request_id(),
            Error::Decode(error) => error.request_id(),
            Error::EmptyResponse(error) => error.request_id(),
            Error::Transfer(error) => error.api_error()?.request_id(),
            _ => None,
        }
    }

    /// Whether Graph gave this code, as the outer code or an inner one, in whatever case. Of a response that could not be
    /// read, the code that can still be found in it counts.
    ///
    /// Graph writes one code as `SyncStateNotFound` here and `syncStateNotFound` there, and says the specific thing in
    /// the inner code of a general one.
    pub fn has_code(&self, code: &str) -> bool {
        match self {
            Error::Api(error) => error.has_code(code),
            Error::Decode(error) => error
                .error_code()
                .is_some_and(|there| there.eq_ignore_ascii_case(code)),
            _ => false,
        }
    }

    /// How long Graph asked to wait before the next try: its `Retry-After`, rounded up to whole seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Api(error) => error.retry_after(),
            Error::SignIn(error) => error.retry_after(),
            Error::Transport(error) => error.retry_after(),
            _ => None,
        }
    }

    /// The attempts that were made until this error. Each error about a response and each error of the network has them.
    pub fn tries(&self) -> Option<&Tries> {
        match self {
            Error::Api(error) => Some(error.tries()),
            Error::Decode(error) => error.tries(),
            Error::EmptyResponse(error) => error.tries(),
            Error::Transport(error) => error.tries(),
            _ => None,
        }
    }

    /// 400: Graph did not understand the call, or knows no such path.
    pub fn is_bad_request(&self) -> bool {
        self.is_api(StatusCode::BAD_REQUEST)
    }

    /// 401: Graph did not take the token, nor the new one that was tried after it. A sign-in that failed is
    /// [`Error::SignIn`] instead.
    pub fn is_unauthorized(&self) -> bool {
        self.is_api(StatusCode::UNAUTHORIZED)
    }

    /// 403: the token lacks a permission, or a licence or policy stands against the call.
    pub fn is_forbidden(&self) -> bool {
        self.is_api(StatusCode::FORBIDDEN)
    }

    /// 404: no such item, or none that the token may see, or one so new that it is not everywhere yet.
    pub fn is_not_found(&self) -> bool {
        self.is_api(StatusCode::NOT_FOUND)
    }

    /// 304: what is there is what the caller has, so Graph did not send it. See
    /// [`Call::if_none_match`](crate::Call::if_none_match).
    pub fn is_not_modified(&self) -> bool {
        self.is_api(StatusCode::NOT_MODIFIED)
    }

    /// 409 or 412: a name is taken, or what is there is not what the change was made for. Services differ in which of the
    /// two they send for an etag that is old; [`current`](crate::Call::current) gets what is there now.
    pub fn is_conflict(&self) -> bool {
        self.is_api(StatusCode::CONFLICT) || self.is_precondition_failed()
    }

    /// 410: what the link led to is gone, as the token of a delta link that is too old.
    pub fn is_gone(&self) -> bool {
        self.is_api(StatusCode::GONE)
    }

    /// 412: somebody changed the item since its etag was read. Planner and Exchange also say 409 in that case:
    /// [`is_conflict`](Error::is_conflict) is for both.
    pub fn is_precondition_failed(&self) -> bool {
        self.is_api(StatusCode::PRECONDITION_FAILED)
    }

    /// 429, or 509 for bandwidth: too many calls. [`retry_after`](Error::retry_after) tells when to come back. So do calls
    /// that were held back because others of the client were told so, and that could not wait as long.
    pub fn is_throttled(&self) -> bool {
        match self {
            Error::Transport(error) => error.is_held_back(),
            _ => {
                self.is_api(StatusCode::TOO_MANY_REQUESTS)
                    || self.is_api_number(BANDWIDTH_LIMIT_EXCEEDED)
            }
        }
    }

    /// The call did not end in time, or could not be connected in time.
    pub fn is_timeout(&self) -> bool {
        match self {
            Error::Transport(error) => error.is_timeout(),
            Error::SignIn(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// Whether the same call may succeed later, with nothing changed by the caller.
    ///
    /// Of Graph's answers these are 408, 429, 500, 502, 503, 504 and 509; of the identity platform's, its words for a
    /// passing fault; and what the network lost. Whether a repeat is *safe* is another matter: a `POST` that timed out
    /// may have done its work. A success whose JSON was cut, or that came without the body that was expected, counts as
    /// lost where a repeat is safe as well.
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

    /// Checks whether a success arrived without all of its body, so that the outcome of the call is unknown.
    pub(crate) fn is_lost_body(&self) -> bool {
        match self {
            Error::Decode(error) => error.is_truncated(),
            Error::EmptyResponse(error) => error.may_be_lost(),
            _ => false,
        }
    }

    /// What it is called in traces, where there is no status that says it.
    pub(crate) fn name(&self) -> &'static str {
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
            Error::Operation(_) => "operation",
            Error::Transfer(_) => "transfer",
            #[cfg(feature = "notifications")]
            Error::Notification(_) => "notification",
        }
    }

    fn is_api(&self, status: StatusCode) -> bool {
        self.is_api_number(status.as_u16())
    }

    fn is_api_number(&self, status: u16) -> bool {
        matches!(self, Error::Api(error) if error.status().as_u16() == status)
    }
}

/// Checks whether a status tells of a fault that passes.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    Verdict::of_status(status).is_passing()
}

/// The request that an error is about, as far as it may be printed: no value of the caller's is in it.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub(crate) method: Method,
    /// The path with names in place of values: `/users/{user-id}`.
    pub(crate) template: String,
    /// What is known of the operation.
    pub(crate) facts: Option<&'static Facts>,
    /// What was sent as `client-request-id`.
    pub(crate) client_request_id: Option<String>,
    pub(crate) tries: Tries,
    /// Whether making the call twice is the same as making it once.
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
            tries: Tries::default(),
        }
    }
}

/// `GET /users/{user-id}`
impl fmt::Display for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}
