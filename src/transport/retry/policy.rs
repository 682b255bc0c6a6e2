//! What is tried again, and for how long.

use std::time::Duration;

/// How a client, or a call, tries again what failed in a way that passes.
///
/// By default a call is made anew up to three times, so up to four times in all:
///
/// - after 429 and 509 (too many calls), 503 (not available) and 408 (the request did not arrive in time): Graph has not
///   taken such a call, so this holds for every call;
/// - after 504, a lost connection, a response that was cut, or an attempt that ran out of time: Graph may have done the
///   work, so this holds for `GET`, `PUT` and `DELETE`, and for calls that say so themselves
///   ([`Call::idempotent`](crate::Call::idempotent));
/// - where no connection came about at all: nothing was sent, so this holds for every call. A
///   certificate that TLS refuses, or a proxy that wants credentials, is final.
///
/// A `PUT` that makes one more file each time (`@microsoft.graph.conflictBehavior=rename`) is not
/// idempotent at Graph, and neither is a `DELETE` of a row of a workbook's table by its position:
/// both are treated like `POST`.
///
/// A `DELETE` whose response was lost may come back as 404: the first attempt has deleted the item.
/// Likewise, a `PUT` with `If-Match` may come back as 412. The error then says that an earlier
/// attempt may have done the work
/// ([`Tries::may_have_succeeded`](crate::error::Tries::may_have_succeeded)).
///
/// A call waits for as long as Graph asks (`Retry-After`), never shorter. Where Graph does not say, it waits about 3, 6 and
/// 12 seconds, half more or less at random. It does not begin a wait of more than 180 seconds, nor one that would end
/// later than 5 minutes after the call began: then the error comes at once.
///
/// ```
/// use std::time::Duration;
/// use msgraph::auth::AccessToken;
/// use msgraph::{Graph, Retry};
///
/// # fn main() -> msgraph::Result<()> {
/// let graph = Graph::builder(AccessToken::new("eyJ0eXAi…"))
///     .retry(Retry::new().max_retries(6).budget(Duration::from_secs(1800)))
///     .build()?;
/// // A call with somebody waiting for it.
/// let me = graph.me().get().retry(Retry::never());
/// # Ok(())
/// # }
/// ```
///
/// <https://learn.microsoft.com/graph/throttling>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    max_retries: u32,
    first_wait: Duration,
    max_wait: Duration,
    budget: Duration,
    server_errors: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

impl Retry {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            max_retries: 3,
            first_wait: Duration::from_secs(3),
            max_wait: Duration::from_secs(180),
            budget: Duration::from_secs(300),
            server_errors: false,
        }
    }

    /// One try, whatever comes of it. Such a call does not wait until a service that throttles takes calls again, either.
    pub const fn never() -> Self {
        Self::new().max_retries(0)
    }

    /// How often a call is made anew. Microsoft's advice is ten times at most.
    #[must_use]
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// How long the first wait is where Graph does not say; each further one is twice as long.
    #[must_use]
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// How long a single wait may be. Where Graph asks for a longer one, its answer is the error, at once.
    #[must_use]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// How long after its beginning a call may be made anew.
    #[must_use]
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Also tries again after 500 and 502, with `GET`, `HEAD` and calls that are [`idempotent`](crate::Call::idempotent)
    /// by their own word. Not the default: most of Graph's 500s come again.
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
        self.budget
    }

    pub(crate) fn takes_server_errors(&self) -> bool {
        self.server_errors
    }

    /// The wait before try number `retry` of what began so long ago and for which Graph asked so long a wait, if it did;
    /// `None` where there is not to be another try.
    pub(crate) fn wait_before(
        &self,
        retry: u32,
        asked: Option<Duration>,
        elapsed: Duration,
    ) -> Option<Duration> {
        let wait = self.wait(retry, asked);
        let is_allowed = retry <= self.max_retries
            && wait <= self.max_wait
            && elapsed.saturating_add(wait) <= self.budget;
        is_allowed.then_some(wait)
    }

    /// How long to wait before try number `retry`: as long as Graph asked for, if it did.
    pub(super) fn wait(&self, retry: u32, asked: Option<Duration>) -> Duration {
        let chance = fastrand::f64();
        match asked {
            Some(asked) => self.after(asked, chance),
            None => self.backoff(retry, chance),
        }
    }

    /// The wait before try number `retry` (1 is the first one after the original), where nobody asked for one. `chance`
    /// is between 0 and 1.
    fn backoff(&self, retry: u32, chance: f64) -> Duration {
        let doubled = 2u32.saturating_pow(retry.saturating_sub(1));
        let middle = self.first_wait.saturating_mul(doubled).min(self.max_wait);
        // Half of the longest time there is, so that no product is longer than that.
        let middle = middle.min(Duration::MAX / 2);
        middle.mul_f64(0.5 + chance).min(self.max_wait)
    }

    /// The wait where Graph asked for one: never shorter, and a little longer, by chance, so that not everybody who was
    /// asked comes back at the same moment.
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
        let retry = Retry::new();
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
        let retry = Retry::new();
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
