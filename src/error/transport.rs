//! What got lost between here and Graph.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::refused_connection;
use super::text::OneLine;
use super::{RequestContext, Source, Tries};
use crate::redact::text;

/// A request that did not get through, or an answer that did not arrive whole.
#[derive(Clone)]
pub struct TransportError {
    context: Option<RequestContext>,
    kind: Kind,
    /// Where no connection was made: whether the call may have been sent all the same, by an
    /// earlier attempt or by another request of a middleware.
    may_have_been_sent: bool,
    message: String,
    source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Timeout,
    Connect,
    ConnectTimeout,
    /// A connection that cannot come about: a certificate that TLS refuses, a proxy that wants
    /// credentials.
    ConnectRefused,
    /// Broken off underway.
    Broken,
    /// Not sent, as Graph throttles what it is for, so long.
    HeldBack(Duration),
    /// Nothing that a repeat would mend.
    Final,
}

impl TransportError {
    /// What reqwest could not do. The URL, which may hold ids and tokens, is taken out.
    pub(crate) fn from_reqwest(error: reqwest::Error) -> Self {
        let error = error.without_url();
        Self::from_cause(Kind::of(&error), Arc::new(error))
    }

    /// What a middleware of the user's gave up on.
    pub(crate) fn from_middleware(error: Box<dyn Error + Send + Sync>) -> Self {
        let source: Source = Arc::from(error);
        let kind = causes(&*source)
            .find_map(|cause| cause.downcast_ref())
            .map_or(Kind::Final, Kind::of);
        Self::from_cause(kind, source)
    }

    fn from_cause(kind: Kind, source: Source) -> Self {
        // reqwest's own text says only that something failed, the end of the chain says what.
        let cause = causes(&*source)
            .last()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = match kind {
            Kind::Timeout => "no answer in time".to_owned(),
            Kind::ConnectTimeout => "no connection in time".to_owned(),
            Kind::ConnectRefused => {
                let reason = refused_connection::reason(&*source).unwrap_or(cause);
                format!("no connection: {reason}")
            }
            Kind::Connect => format!("no connection: {cause}"),
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

    /// What this crate gives up on.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            context: None,
            kind: Kind::Final,
            may_have_been_sent: false,
            message: text(message),
            source: None,
        }
    }

    /// What was broken off without anybody saying so.
    pub(crate) fn broken(message: &str) -> Self {
        Self {
            kind: Kind::Broken,
            ..Self::new(message)
        }
    }

    /// The call's own time was over.
    pub(crate) fn out_of_time() -> Self {
        Self {
            kind: Kind::Timeout,
            ..Self::new("no answer in time")
        }
    }

    /// The call was not sent, or not once more, as Graph throttles the service that it is for.
    pub(crate) fn held_back(time: Duration, attempts: u32) -> Self {
        let seconds = time.as_secs_f64().ceil();
        let sent = if attempts == 0 { "sent" } else { "sent again" };
        Self {
            kind: Kind::HeldBack(time),
            ..Self::new(format!(
                "not {sent}: Graph throttles, and asks for {seconds} s more, for which this call \
                 does not wait"
            ))
        }
    }

    /// The work that a monitor waits for was not over when the time of the wait was.
    pub(crate) fn still_running(limit: Duration, wait: Duration, status: &str) -> Self {
        Self {
            kind: Kind::Timeout,
            ..Self::new(format!(
                "the operation is still `{status}`, and the next look, in {} s, would be later \
                 than the time limit of {} s allows: the operation goes on, and \
                 `Graph::monitor` waits for it again",
                wait.as_secs_f64().ceil(),
                limit.as_secs_f64(),
            ))
        }
    }

    pub(crate) fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// Whether the time was over, be it for the connection or the answer.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout | Kind::ConnectTimeout)
    }

    /// Checks whether there was no connection, in any attempt, so that Graph did nothing.
    ///
    /// It is `false` where a middleware of the caller's failed to connect, and where an attempt
    /// before may have arrived.
    pub fn is_connect(&self) -> bool {
        let is_connect = matches!(
            self.kind,
            Kind::Connect | Kind::ConnectTimeout | Kind::ConnectRefused
        );
        is_connect && !self.may_have_been_sent
    }

    /// Takes back that nothing was sent.
    pub(crate) fn that_may_have_been_sent(mut self) -> Self {
        self.may_have_been_sent = true;
        self
    }

    /// What was tried until this came out.
    pub fn tries(&self) -> Option<&Tries> {
        Some(&self.context.as_ref()?.tries)
    }

    /// How long Graph asked to be left alone, where the call was not sent for that.
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

    /// What it is called in traces.
    pub(crate) fn name(&self) -> &'static str {
        self.kind.name()
    }
}

/// What something that got lost is called in traces, as far as reqwest is behind it.
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

/// The error and its causes, from the outermost to the innermost.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| match error
        .downcast_ref()
    {
        // This one gives the causes of what it wraps for its own, so that what it wraps would be left out.
        Some(reqwest_middleware::Error::Middleware(wrapped)) => Some(wrapped.as_ref()),
        Some(reqwest_middleware::Error::Reqwest(wrapped)) => Some(wrapped),
        // This one does so as well, and TLS wraps what it refuses in one.
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
        match self.tries() {
            Some(tries) => write!(f, "{tries}"),
            None => Ok(()),
        }
    }
}

/// Without the cause: a middleware's may show the address, and with it values of the caller's.
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
