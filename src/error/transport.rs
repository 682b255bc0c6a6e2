//! Errors of the network between the client and Graph.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::refused_connection;
use super::text::OneLine;
use super::{Attempts, RequestContext, Source};
use crate::redact::text;

/// A request that did not reach Graph, or a response that did not arrive completely.
#[derive(Clone)]
pub struct TransportError {
    context: Option<RequestContext>,
    kind: Kind,
    /// `true` if the call may have been sent although no connection was made: by an earlier
    /// attempt, or by another request of a middleware.
    may_have_been_sent: bool,
    message: String,
    source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Timeout,
    Connect,
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
    /// Converts an error of reqwest. It removes the URL, which may hold ids and tokens.
    pub(crate) fn from_reqwest(error: reqwest::Error) -> Self {
        let error = error.without_url();
        Self::from_cause(Kind::of(&error), Arc::new(error))
    }

    /// Converts an error of a middleware of the caller.
    pub(crate) fn from_middleware(error: Box<dyn Error + Send + Sync>) -> Self {
        let source: Source = Arc::from(error);
        let kind = causes(&*source)
            .find_map(|cause| cause.downcast_ref())
            .map_or(Kind::Final, Kind::of);
        Self::from_cause(kind, source)
    }

    fn from_cause(kind: Kind, source: Source) -> Self {
        // reqwest's own text says only that something failed. The end of the chain contains the
        // cause.
        let cause = causes(&*source)
            .last()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = match kind {
            Kind::Timeout => "timed out waiting for the response".to_owned(),
            Kind::ConnectTimeout => "timed out connecting".to_owned(),
            Kind::ConnectRefused => {
                let reason = refused_connection::reason(&*source).unwrap_or(cause);
                format!("cannot connect: {reason}")
            }
            Kind::Connect => format!("cannot connect: {cause}"),
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
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            context: None,
            kind: Kind::Final,
            may_have_been_sent: false,
            message: text(message),
            source: None,
        }
    }

    /// Creates an error for a transfer that broke off without an error of its own.
    pub(crate) fn broken(message: &str) -> Self {
        Self {
            kind: Kind::Broken,
            ..Self::new(message)
        }
    }

    /// Creates an error for a call that exceeded its time limit.
    pub(crate) fn out_of_time() -> Self {
        Self {
            kind: Kind::Timeout,
            ..Self::new("timed out waiting for the response")
        }
    }

    /// Creates an error for a call that was not sent, or not repeated, because Graph throttles its
    /// service for longer than the call may wait.
    pub(crate) fn held_back(time: Duration, limit: Duration, attempts: u32) -> Self {
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
    pub(crate) fn still_running(limit: Duration, wait: Duration, status: &str) -> Self {
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

    pub(crate) fn of(mut self, context: &RequestContext) -> Self {
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
    pub(crate) fn that_may_have_been_sent(mut self) -> Self {
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

    pub(crate) fn is_held_back(&self) -> bool {
        matches!(self.kind, Kind::HeldBack(_))
    }

    pub(crate) fn is_retryable(&self) -> bool {
        !matches!(self.kind, Kind::Final | Kind::ConnectRefused)
    }

    /// Returns the name of the error in traces.
    pub(crate) fn name(&self) -> &'static str {
        self.kind.name()
    }
}

/// Returns the name of a network error in traces, if reqwest caused it.
pub(crate) fn kind_of_loss(error: &(dyn Error + 'static)) -> &'static str {
    let cause = causes(error).find_map(|cause| cause.downcast_ref());
    cause.map_or(Kind::Final, Kind::of).name()
}

impl Kind {
    fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() && error.is_timeout() {
            Kind::ConnectTimeout
        } else if error.is_connect() && refused_connection::reason(error).is_some() {
            Kind::ConnectRefused
        } else if error.is_connect() {
            Kind::Connect
        } else if error.is_timeout() {
            Kind::Timeout
        } else if error.is_builder() || error.is_redirect() {
            Kind::Final
        } else {
            Kind::Broken
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Timeout | Kind::ConnectTimeout => "timeout",
            Kind::Connect | Kind::ConnectRefused => "connect",
            Kind::Broken => "broken",
            Kind::HeldBack(_) => "held_back",
            Kind::Final => "failed",
        }
    }
}

/// Iterates over the error and its causes, from the outermost to the innermost.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| match error
        .downcast_ref()
    {
        // This error reports the causes of the wrapped error as its own, which would skip the
        // wrapped error.
        Some(reqwest_middleware::Error::Middleware(wrapped)) => Some(wrapped.as_ref()),
        Some(reqwest_middleware::Error::Reqwest(wrapped)) => Some(wrapped),
        // An I/O error does the same, and TLS wraps its refusals in one.
        None => match error
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::get_ref)
        {
            Some(Some(wrapped)) => Some(wrapped as &(dyn Error + 'static)),
            _ => (*error).source(),
        },
    })
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
