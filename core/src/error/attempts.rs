//! The attempts that were made before a call failed.

use std::fmt;
use std::time::Duration;

/// The number of attempts of a call, the total wait between them, and the reason why it was not
/// repeated.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use msgraph::error::RetryStopReason;
///
/// if let Err(error) = graph.me().get().await
///     && let Some(attempts) = error.attempts()
/// {
///     println!("{} attempts, {:?} of waiting", attempts.count(), attempts.waited());
///     if attempts.stop_reason() == Some(RetryStopReason::WaitTooLong) {
///         println!("Graph wants to be left alone for {:?}", error.retry_after());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attempts {
    count: u32,
    waited: Duration,
    stop_reason: Option<RetryStopReason>,
    may_have_succeeded: bool,
}

/// The reason why a call with a temporary fault was not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryStopReason {
    /// The call reached its limit: `RetryPolicy::max_retries`.
    MaxRetries,
    /// The call may have succeeded, and a repeat would not have the same effect as a single call.
    /// `Call::idempotent` declares that a repeat is safe.
    NotIdempotent,
    /// The body can be sent only once.
    OneShotBody,
    /// Graph asks for a wait that is longer than `RetryPolicy::max_wait`.
    WaitTooLong,
    /// The wait would end later than `RetryPolicy::max_elapsed` or the call's timeout allows.
    OutOfTime,
}

impl Attempts {
    #[doc(hidden)]
    pub fn new(count: u32, waited: Duration, stop_reason: Option<RetryStopReason>) -> Self {
        Self {
            count,
            waited,
            stop_reason,
            may_have_succeeded: false,
        }
    }

    /// Records that an attempt before the last one may have succeeded.
    #[doc(hidden)]
    pub fn with_unclear_attempt(mut self, may_have_succeeded: bool) -> Self {
        self.may_have_succeeded = may_have_succeeded;
        self
    }

    /// Returns how often the call was sent. It is zero if the call was held back because Graph
    /// throttled its service.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns the total wait before the attempts.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Returns why the call was not repeated. Returns `None` if the fault is not temporary.
    pub fn stop_reason(&self) -> Option<RetryStopReason> {
        self.stop_reason
    }

    /// Checks whether an attempt before the last one may have succeeded, because its response was
    /// lost or a gateway gave up waiting for it.
    ///
    /// The last response can be a consequence of that. A repeated `DELETE` gives 404 for an item
    /// that the first one deleted. A repeated `PUT` with `If-Match` gives 412 for an etag that the
    /// first one changed. A name is taken (409) by an item that the first one created.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// match graph.me().messages().id(id).delete().await {
    ///     Err(error)
    ///         if error.is_not_found()
    ///             && error.attempts().is_some_and(|attempts| attempts.may_have_succeeded()) =>
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

/// Prints `, after 4 attempts and 21.4 s of waiting` or `, not retried: …`. It prints nothing
/// after a single attempt with no reason to add.
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count > 1 {
            let waited = self.waited.as_secs_f64();
            write!(
                f,
                ", after {} attempts and {waited:.1} s of waiting",
                self.count
            )?;
        }
        match self.stop_reason {
            None | Some(RetryStopReason::MaxRetries) => Ok(()),
            Some(reason) => write!(f, ", not retried: {reason}"),
        }
    }
}

impl fmt::Display for RetryStopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxRetries => "the limit `RetryPolicy::max_retries` was reached",
            Self::NotIdempotent => {
                "it may have succeeded already (if a repeat is safe, use `.idempotent()`)"
            }
            Self::OneShotBody => "its body can only be sent once",
            Self::WaitTooLong => "the wait would be longer than `RetryPolicy::max_wait`",
            Self::OutOfTime => "the wait would exceed `RetryPolicy::max_elapsed` or the timeout",
        })
    }
}
