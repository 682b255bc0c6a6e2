//! Errors of the network between the client and Graph.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{Attempts, RequestContext, Source};
use crate::redact::OneLine;
use crate::redact::text;
use TransportErrorKind as Kind;

/// A request that did not reach Graph, or a response that did not arrive completely.
#[derive(Clone)]
pub struct TransportError {
    context: Option<RequestContext>,
    kind: TransportErrorKind,
    /// `true` if the call may have been sent although no connection was made: by an earlier
    /// attempt, or by another request of a middleware.
    may_have_been_sent: bool,
    message: String,
    source: Option<Source>,
}

/// The kinds of failure of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The time limit for the response was exceeded.
    Timeout,
    /// No connection was made.
    Connect,
    /// The time limit for the connection was exceeded.
    ConnectTimeout,
    /// A connection that can never succeed, because TLS refuses a certificate or a proxy requires
    /// credentials.
    ConnectRefused,
    /// The connection broke during the transfer.
    Broken,
    /// The call was not sent, because Graph throttles its service for this time.
    HeldBack(Duration),
    /// The fault is permanent: a repeat would not fix it.
    Final,
}

impl TransportError {
    /// Creates the error for a failure of the HTTP client. `cause` says what happened; it must not
    /// contain the URL.
    #[doc(hidden)]
    pub fn from_cause(kind: TransportErrorKind, cause: String, source: Source) -> Self {
        let message = match kind {
            Kind::Timeout => "timed out waiting for the response".to_owned(),
            Kind::ConnectTimeout => "timed out connecting".to_owned(),
            Kind::ConnectRefused | Kind::Connect => format!("cannot connect: {cause}"),
            Kind::Broken | Kind::HeldBack(_) | Kind::Final => cause,
        };
        Self {
            context: None,
            kind,
            may_have_been_sent: false,
            message: text(message),
            source: Some(source),
        }
    }

    /// Creates a permanent error that this crate raises itself.
    #[doc(hidden)]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            context: None,
            kind: Kind::Final,
            may_have_been_sent: false,
            message: text(message),
            source: None,
        }
    }

    /// Creates an error for a transfer that broke off without an error of its own.
    #[doc(hidden)]
    pub fn broken(message: &str) -> Self {
        Self {
            kind: Kind::Broken,
            ..Self::new(message)
        }
    }

    /// Creates an error for a call that exceeded its time limit.
    #[doc(hidden)]
    pub fn out_of_time() -> Self {
        Self {
            kind: Kind::Timeout,
            ..Self::new("timed out waiting for the response")
        }
    }

    /// Creates an error for a call that was not sent, or not repeated, because Graph throttles its
    /// service for longer than the call may wait.
    #[doc(hidden)]
    pub fn held_back(time: Duration, limit: Duration, attempts: u32) -> Self {
        let seconds = time.as_secs_f64().ceil();
        let limit = limit.as_secs();
        let again = if attempts == 0 { "" } else { " again" };
        Self {
            kind: Kind::HeldBack(time),
            ..Self::new(format!(
                "not sent{again}: throttled by Graph for another {seconds} s, longer than this \
                 call's limit of {limit} s"
            ))
        }
    }

    /// Creates an error for a long-running operation that was still running when the monitor's time
    /// limit ended.
    #[doc(hidden)]
    pub fn still_running(limit: Duration, wait: Duration, status: &str) -> Self {
        Self {
            kind: Kind::Timeout,
            ..Self::new(format!(
                "the operation is still `{status}`, and the next status request, in {} s, would \
                 exceed the time limit of {} s: the operation continues, use `Graph::monitor` to \
                 wait for it again",
                wait.as_secs_f64().ceil(),
                limit.as_secs_f64(),
            ))
        }
    }

    #[doc(hidden)]
    pub fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// Checks whether the time limit for the connection or the response was exceeded.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout | Kind::ConnectTimeout)
    }

    /// Checks whether no attempt made a connection, so that Graph did nothing.
    ///
    /// It is `false` if a middleware of the caller failed to connect, or if an earlier attempt may
    /// have reached Graph.
    pub fn is_connect(&self) -> bool {
        let is_connect = matches!(
            self.kind,
            Kind::Connect | Kind::ConnectTimeout | Kind::ConnectRefused
        );
        is_connect && !self.may_have_been_sent
    }

    /// Marks the call as possibly sent.
    #[doc(hidden)]
    pub fn that_may_have_been_sent(mut self) -> Self {
        self.may_have_been_sent = true;
        self
    }

    /// Returns the attempts that were made before this error.
    pub fn attempts(&self) -> Option<&Attempts> {
        Some(&self.context.as_ref()?.attempts)
    }

    /// Returns how long Graph asked to wait, if the call was not sent for that reason.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            Kind::HeldBack(time) => Some(time),
            _ => None,
        }
    }

    #[doc(hidden)]
    pub fn is_held_back(&self) -> bool {
        matches!(self.kind, Kind::HeldBack(_))
    }

    #[doc(hidden)]
    pub fn is_retryable(&self) -> bool {
        !matches!(self.kind, Kind::Final | Kind::ConnectRefused)
    }

    /// Returns the name of the error in traces.
    #[doc(hidden)]
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }
}

impl TransportErrorKind {
    /// Returns the name of the error in traces.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Timeout | Kind::ConnectTimeout => "timeout",
            Kind::Connect | Kind::ConnectRefused => "connect",
            Kind::Broken => "broken",
            Kind::HeldBack(_) => "held_back",
            Kind::Final => "failed",
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context} → ")?;
        }
        write!(f, "{}", OneLine(&self.message))?;
        match self.attempts() {
            Some(attempts) => write!(f, "{attempts}"),
            None => Ok(()),
        }
    }
}

/// Omits the cause. The cause of a middleware may contain the address, and with it values of the
/// caller.
impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("context", &self.context)
            .field("kind", &self.kind)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_deref()? as &(dyn Error + 'static))
    }
}
