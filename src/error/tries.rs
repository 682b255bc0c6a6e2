//! What was tried before a call failed.

use std::fmt;
use std::time::Duration;

/// How often a call was made, how long it waited in between, and why it was not made once more.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use msgraph::error::NotRetried;
///
/// if let Err(error) = graph.me().get().await
///     && let Some(tries) = error.tries()
/// {
///     println!("{} tries, {:?} of waiting", tries.count(), tries.waited());
///     if tries.not_retried() == Some(NotRetried::WaitTooLong) {
///         println!("Graph wants to be left alone for {:?}", error.retry_after());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    count: u32,
    waited: Duration,
    not_retried: Option<NotRetried>,
    may_have_succeeded: bool,
}

/// Why a call that failed in a way that may pass was not made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotRetried {
    /// It was made as often as it may be: [`Retry::max_retries`](crate::Retry::max_retries).
    MaxRetries,
    /// It may have done its work, and doing that twice is not the same as once: [`Call::idempotent`](crate::Call::idempotent)
    /// says that it is.
    NotIdempotent,
    /// Its body can be sent only once.
    OneShotBody,
    /// Graph asks for a wait that is longer than [`Retry::max_wait`](crate::Retry::max_wait).
    WaitTooLong,
    /// The wait would end later than [`Retry::budget`](crate::Retry::budget) or the call's timeout allows.
    OutOfTime,
}

impl Tries {
    pub(crate) fn new(count: u32, waited: Duration, not_retried: Option<NotRetried>) -> Self {
        Self {
            count,
            waited,
            not_retried,
            may_have_succeeded: false,
        }
    }

    /// Notes that an attempt before the last one may have done the work.
    pub(crate) fn with_unclear_attempt(mut self, may_have_succeeded: bool) -> Self {
        self.may_have_succeeded = may_have_succeeded;
        self
    }

    /// How often the call was sent. None at all where it was held back, as Graph throttled the service that it is for.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How long it waited in all, before its tries.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Why it was not made again; `None` where the error is not one that passes.
    pub fn not_retried(&self) -> Option<NotRetried> {
        self.not_retried
    }

    /// Checks whether an attempt before the last one may have done the work: its response was lost,
    /// or a gateway gave up waiting for it.
    ///
    /// The last response can be a consequence of that. A repeated `DELETE` gives 404 for what the
    /// first one deleted, a repeated `PUT` with `If-Match` gives 412 for the etag that the first
    /// one changed, and a name is taken (409) by what the first one created.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// match graph.me().messages().id(id).delete().await {
    ///     Err(error)
    ///         if error.is_not_found()
    ///             && error.tries().is_some_and(|tries| tries.may_have_succeeded()) =>
    ///     {
    ///         println!("deleted, most likely by the attempt whose response was lost");
    ///     }
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn may_have_succeeded(&self) -> bool {
        self.may_have_succeeded
    }
}

/// `, tried 4 times with 21.4 s of waiting`, `, not tried again: …`; nothing where there was one try and no more to say.
impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count > 1 {
            let waited = self.waited.as_secs_f64();
            write!(
                f,
                ", tried {} times with {waited:.1} s of waiting",
                self.count
            )?;
        }
        match self.not_retried {
            None | Some(NotRetried::MaxRetries) => Ok(()),
            Some(reason) => write!(f, ", not tried again: {reason}"),
        }
    }
}

impl fmt::Display for NotRetried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxRetries => "it was tried as often as it may be",
            Self::NotIdempotent => "it may have done its work already",
            Self::OneShotBody => "its body can be sent only once",
            Self::WaitTooLong => "it would have to wait for too long",
            Self::OutOfTime => "there is no time left for another wait",
        })
    }
}
