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
        }
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
