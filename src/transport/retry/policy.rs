//! The retry policy: the failures that are retried, and the time limits.

use std::time::Duration;

/// The retry policy of a client or a call, for failures that may pass.
///
/// By default a call is retried up to three times, so there are up to four attempts in all:
///
/// - After 429 and 509 (too many calls), 503 (not available) and 408 (the request did not arrive in
///   time), every call is retried. Graph has not processed such a call.
/// - After 504, a lost connection, a response that was cut off, or an attempt that timed out, Graph
///   may have processed the request. Then only `GET`, `PUT`, `DELETE` and calls that are declared
///   idempotent ([`Call::idempotent`](crate::Call::idempotent)) are retried.
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// [`idempotent`](crate::Call::idempotent). This is not the default, because most of Graph's
    /// 500s occur again.
    #[must_use]
    pub const fn server_errors(mut self, retry: bool) -> Self {
        self.server_errors = retry;
        self
    }

    pub(super) fn retries(&self) -> u32 {
        self.max_retries
    }

    pub(super) fn longest_wait(&self) -> Duration {
        self.max_wait
    }

    pub(super) fn whole_time(&self) -> Duration {
        self.max_elapsed
    }

    pub(crate) fn takes_server_errors(&self) -> bool {
        self.server_errors
    }

    /// Returns the wait before retry number `retry`, or `None` if there is not to be another
    /// attempt. The other arguments are the time since the call began and the wait that Graph asked
    /// for, if any.
    pub(crate) fn wait_before(
        &self,
        retry: u32,
        asked: Option<Duration>,
        elapsed: Duration,
    ) -> Option<Duration> {
        let wait = self.wait(retry, asked);
        let is_allowed = retry <= self.max_retries
            && wait <= self.max_wait
            && elapsed.saturating_add(wait) <= self.max_elapsed;
        is_allowed.then_some(wait)
    }

    /// Returns the wait before retry number `retry`: as long as Graph asked for, if it did.
    pub(super) fn wait(&self, retry: u32, asked: Option<Duration>) -> Duration {
        let chance = fastrand::f64();
        match asked {
            Some(asked) => self.after(asked, chance),
            None => self.backoff(retry, chance),
        }
    }

    /// Returns the wait before retry number `retry` (1 is the first retry) if Graph did not name
    /// one. `chance` is between 0 and 1.
    fn backoff(&self, retry: u32, chance: f64) -> Duration {
        let doubled = 2u32.saturating_pow(retry.saturating_sub(1));
        let middle = self.first_wait.saturating_mul(doubled).min(self.max_wait);
        // Half of the largest duration, so that the product does not overflow.
        let middle = middle.min(Duration::MAX / 2);
        middle.mul_f64(0.5 + chance).min(self.max_wait)
    }

    /// Returns the wait if Graph asked for one. It is never shorter, and randomly a little longer,
    /// so that throttled callers do not all come back at the same moment.
    fn after(&self, asked: Duration, chance: f64) -> Duration {
        let more = asked.min(self.max_wait).mul_f64(0.1 * chance);
        asked.saturating_add(more).min(self.max_wait.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn case_6_4_waits_double_up_to_a_ceiling() {
        let retry = RetryPolicy::new();
        let middle: Vec<_> = (1..=8).map(|n| retry.backoff(n, 0.5).as_secs()).collect();
        assert_eq!(middle, [3, 6, 12, 24, 48, 96, 180, 180]);
        assert_eq!(retry.backoff(1, 0.0), Duration::from_millis(1500));
        assert_eq!(retry.backoff(1, 1.0), Duration::from_millis(4500));
        assert_eq!(retry.backoff(u32::MAX, 1.0), seconds(180));
        let endless = retry.max_wait(Duration::MAX);
        assert!(endless.backoff(u32::MAX, 1.0) > seconds(180));
    }

    #[test]
    fn case_6_2_a_wait_that_was_asked_for_is_never_shorter() {
        let retry = RetryPolicy::new();
        for asked in [0, 1, 10, 179, 180, 181, 99_999] {
            for chance in [0.0, 0.5, 1.0] {
                let wait = retry.after(seconds(asked), chance);
                assert!(wait >= seconds(asked), "{asked} {chance}: {wait:?}");
                assert!(
                    wait <= seconds(asked.max(180)),
                    "{asked} {chance}: {wait:?}"
                );
            }
        }
        assert_eq!(retry.after(seconds(10), 1.0), seconds(11));
        assert_eq!(retry.after(Duration::MAX, 1.0), Duration::MAX);
    }
}
