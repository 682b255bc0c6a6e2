//! The retry policy: the failures that are retried, and the time limits.

use std::time::Duration;

use tokio::time::Instant;

use super::Backoff;
use crate::error::RetryStopReason;

/// The retry policy of a client or a call, for failures that may pass.
///
/// By default a call is retried up to three times, so there are up to four attempts in all:
///
/// - After 429 and 509 (too many calls), 503 (not available) and 408 (the request did not arrive in
///   time), every call is retried. Graph has not processed such a call.
/// - After 504, a lost connection, a response that was cut off, or an attempt that timed out, Graph
///   may have processed the request. Then only `GET`, `PUT`, `DELETE` and calls that are declared
///   idempotent ([`Call::idempotent`](crate::call::Call::idempotent)) are retried.
/// - If no connection was made at all, nothing was sent, so every call is retried. A certificate
///   that TLS refuses, or a proxy that requires credentials, is final.
///
/// A `PUT` that creates one more file each time (`@microsoft.graph.conflictBehavior=rename`) is not
/// idempotent at Graph. Neither is a `DELETE` of a row of a workbook's table by its position. Both
/// are treated like `POST`.
///
/// A retried `DELETE` whose response was lost may return 404, because the first attempt has deleted
/// the item. Likewise, a `PUT` with `If-Match` may return 412. The error then says that an earlier
/// attempt may have succeeded
/// ([`Attempts::may_have_succeeded`](crate::error::Attempts::may_have_succeeded)).
///
/// A call waits as long as Graph asks for (`Retry-After`), never less. If Graph does not say, the
/// call waits about 3, 6 and 12 seconds, each up to half more or less at random. It does not start
/// a wait of more than 180 seconds, or one that would end later than 5 minutes after the call
/// began. In these cases the error is returned at once.
///
/// ```
/// use std::time::Duration;
/// use msgraph::auth::AccessTokenCredential;
/// use msgraph::{Graph, RetryPolicy};
///
/// # fn main() -> msgraph::Result<()> {
/// let graph = Graph::builder(AccessTokenCredential::new("eyJ0eXAi…"))
///     .retry(RetryPolicy::new().max_retries(6).max_elapsed(Duration::from_secs(1800)))
///     .build()?;
/// // A call that a person waits for.
/// let me = graph.me().get().retry(RetryPolicy::none());
/// # Ok(())
/// # }
/// ```
///
/// <https://learn.microsoft.com/graph/throttling>
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetryPolicy {
    max_retries: u32,
    first_wait: Duration,
    max_wait: Duration,
    max_elapsed: Duration,
    server_errors: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy {
    /// Creates the default policy.
    pub const fn new() -> Self {
        Self {
            max_retries: 3,
            first_wait: Duration::from_secs(3),
            max_wait: Duration::from_secs(180),
            max_elapsed: Duration::from_secs(300),
            server_errors: false,
        }
    }

    /// Creates a policy with a single attempt, without retries. Such a call does not wait for a
    /// throttling service either.
    pub const fn none() -> Self {
        Self::new().max_retries(0)
    }

    /// Sets how often a call is retried. Microsoft's advice is ten times at most.
    #[must_use]
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the first wait, used if Graph does not name one. Each further wait is twice as long.
    #[must_use]
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// Sets the longest single wait. If Graph asks for a longer one, its response is returned as
    /// the error at once.
    #[must_use]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets how long after its beginning a call may be retried.
    #[must_use]
    pub const fn max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = elapsed;
        self
    }

    /// Also retries after 500 and 502, for `GET`, `HEAD` and calls that are declared
    /// [`idempotent`](crate::call::Call::idempotent). This is not the default, because most of
    /// Graph's 500s occur again.
    #[must_use]
    pub const fn server_errors(mut self, retry: bool) -> Self {
        self.server_errors = retry;
        self
    }

    pub(super) fn longest_wait(&self) -> Duration {
        self.max_wait
    }

    pub(crate) fn takes_server_errors(&self) -> bool {
        self.server_errors
    }

    /// Returns the time after which a call that begins now is not retried; `None` for never.
    pub(crate) fn end(&self) -> Option<Instant> {
        Instant::now().checked_add(self.max_elapsed)
    }

    /// Checks whether there may be a retry of this number. 1 is the first retry.
    pub(super) fn allows(&self, retry: u32) -> bool {
        retry <= self.max_retries
    }

    /// Returns the wait before retry number `retry`. The wait must be over by `end`.
    ///
    /// # Errors
    ///
    /// Returns the reason why there is no such retry.
    pub(crate) fn wait_before(
        &self,
        retry: u32,
        asked: Option<Duration>,
        end: Option<Instant>,
    ) -> Result<Duration, RetryStopReason> {
        if !self.allows(retry) {
            return Err(RetryStopReason::MaxRetries);
        }
        let wait = self.wait(retry, asked);
        if wait > self.max_wait {
            return Err(RetryStopReason::WaitTooLong);
        }
        let over = Instant::now().checked_add(wait);
        match end {
            Some(end) if over.is_none_or(|over| over > end) => Err(RetryStopReason::OutOfTime),
            _ => Ok(wait),
        }
    }

    /// Returns the wait before retry number `retry`, without the policy's limits.
    pub(super) fn wait(&self, retry: u32, asked: Option<Duration>) -> Duration {
        Backoff::new(self.first_wait, self.max_wait)
            .with_jitter(0.5, 1.5)
            .with_margin(0.1)
            .wait(retry, asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#301, microsoftgraph/msgraph-sdk-java-core#97.
    #[test]
    fn own_waits_have_half_more_or_less() {
        let policy = RetryPolicy::new();
        for (retry, middle) in [(1, 3.0), (2, 6.0), (3, 12.0)] {
            for _ in 0..100 {
                let wait = policy.wait(retry, None).as_secs_f64();
                assert!((middle * 0.5..=middle * 1.5).contains(&wait), "{wait}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retry_stops_at_the_first_limit() {
        let policy = RetryPolicy::new();
        let end = policy.end();
        let asked = |retry, asked| policy.wait_before(retry, Some(seconds(asked)), end);
        assert_eq!(asked(4, 1), Err(RetryStopReason::MaxRetries));
        assert_eq!(asked(3, 181), Err(RetryStopReason::WaitTooLong));
        assert_eq!(asked(3, 180), Ok(seconds(180)));
        tokio::time::advance(seconds(121)).await;
        assert_eq!(asked(3, 180), Err(RetryStopReason::OutOfTime));
        assert!(policy.wait_before(3, Some(seconds(180)), None).is_ok());
        let endless = policy.max_elapsed(Duration::MAX);
        assert_eq!(endless.end(), None);
    }
}
