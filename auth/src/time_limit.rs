//! The time limit of token providers.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use crate::error::{SignInError, TransportError};

/// The time that a provider may take, unless it extends its limit or the client's timeout is
/// shorter.
const LIMIT: Duration = Duration::from_secs(60);

/// The time that one attempt at an endpoint may take: first when another attempt follows, then when
/// none does.
const FIRST_ATTEMPT: Duration = Duration::from_secs(10);
const LAST_ATTEMPT: Duration = Duration::from_secs(30);

/// The least time that a first attempt gets, even if its call has less time left.
const LEAST_ATTEMPT: Duration = Duration::from_secs(1);

/// The time for the steps between two attempts: pauses, and the store of a refresh token.
const BETWEEN: Duration = Duration::from_secs(10);

/// The time by which a limit may be overrun before its runtime is considered stopped.
const OVERRUN: Duration = Duration::from_secs(5);

/// The furthest that a limit may be extended. Users do not get more time than this.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The time at which a token request is given up. Each attempt at an endpoint extends it, and so
/// does each provider that waits for its user.
#[derive(Clone, Debug)]
pub(super) struct TimeLimit {
    /// The timeout of the client, if it has one.
    timeout: Option<Duration>,
    /// The time that the call which began the request had left, if it has a limit.
    call: Option<Duration>,
    end: Arc<Mutex<Instant>>,
}

impl TimeLimit {
    /// Starts a limit now: the timeout of the client, at most a minute.
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        let limit = timeout.map_or(LIMIT, |timeout| timeout.min(LIMIT));
        Self {
            timeout,
            call: None,
            end: Arc::new(Mutex::new(later(limit))),
        }
    }

    /// Limits the first attempt to the time that its call has left. A later call should not time
    /// out for the same attempt.
    pub(super) fn of_call(self, deadline: Option<Instant>) -> Self {
        let left = |end: Instant| end.saturating_duration_since(Instant::now());
        Self {
            call: deadline.map(left),
            ..self
        }
    }

    /// Extends the limit to this time from now. It never shortens the limit.
    pub(super) fn extend(&self, time: Duration) {
        let mut end = self.lock();
        *end = later(time).max(*end);
    }

    /// Returns the time that the next attempt at an endpoint may take, and extends the limit for
    /// it.
    pub(super) fn attempt(&self, is_last: bool) -> Duration {
        let limit = match (is_last, self.call) {
            (true, _) => LAST_ATTEMPT,
            (false, Some(call)) => FIRST_ATTEMPT.min(call.max(LEAST_ATTEMPT)),
            (false, None) => FIRST_ATTEMPT,
        };
        let limit = self.timeout.map_or(limit, |timeout| timeout.min(limit));
        self.extend(limit + BETWEEN);
        limit
    }

    /// Awaits a provider until the limit is over.
    ///
    /// # Errors
    ///
    /// Returns an error if the provider takes longer.
    pub(super) async fn enforce<F: Future>(
        &self,
        provider: F,
    ) -> Result<F::Output, Box<SignInError>> {
        if Handle::try_current().is_err() {
            // There is no Tokio timer here. A provider that needs none may run without Tokio.
            return Ok(provider.await);
        }
        let started = Instant::now();
        let mut provider = pin!(provider);
        loop {
            let end = *self.lock();
            match timeout_at(end, &mut provider).await {
                Ok(outcome) => return Ok(outcome),
                // The limit was extended meanwhile.
                Err(_) if *self.lock() > end => {}
                Err(_) => return Err(over(started.elapsed())),
            }
        }
    }

    /// Checks whether this limit is over and was not enforced, because its runtime has stopped.
    pub(super) fn is_overrun(&self) -> bool {
        self.lock()
            .checked_add(OVERRUN)
            .is_some_and(|end| end <= Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time.min(LONGEST)).unwrap_or(now)
}

fn over(taken: Duration) -> Box<SignInError> {
    let seconds = taken.as_secs_f64().ceil();
    let error = SignInError::from_transport(TransportError::out_of_time());
    Box::new(error.with_message(format!(
        "the token provider timed out after {seconds} s; if it waits for a user, call \
         `TokenRequest::extend_time_limit`"
    )))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn provider_without_progress_times_out() {
        for (timeout, taken) in [(None, 60), (Some(5), 5), (Some(600), 60)] {
            let before = Instant::now();
            let limit = TimeLimit::new(timeout.map(Duration::from_secs));
            let error = limit.enforce(pending::<()>()).await.unwrap_err();
            assert_eq!(before.elapsed().as_secs(), taken);
            assert!(error.is_timeout() && error.is_retryable());
            assert!(
                error.to_string().contains(&format!("after {taken} s")),
                "{error}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn extended_limit_lets_provider_finish() {
        let limit = TimeLimit::new(None);
        let provider = async {
            for _ in 0..10 {
                sleep(Duration::from_secs(50)).await;
                limit.extend(Duration::from_secs(60));
            }
            7
        };
        assert_eq!(limit.enforce(provider).await.unwrap(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn limit_is_never_shortened_and_is_bounded() {
        let limit = TimeLimit::new(None);
        limit.extend(Duration::ZERO);
        limit.extend(Duration::MAX);
        assert_eq!(limit.enforce(ready(7)).await.unwrap(), 7);
        let before = Instant::now();
        assert!(limit.enforce(pending::<()>()).await.is_err());
        assert_eq!(before.elapsed(), LONGEST);
        assert!(!limit.is_overrun());
        sleep(OVERRUN).await;
        assert!(limit.is_overrun());
    }

    #[test]
    fn attempt_never_takes_longer_than_client_timeout() {
        let attempts = |timeout: Option<u64>| {
            let limit = TimeLimit::new(timeout.map(Duration::from_secs));
            [false, true].map(|is_last| limit.attempt(is_last).as_secs())
        };
        assert_eq!(attempts(None), [10, 30]);
        assert_eq!(attempts(Some(20)), [10, 20]);
        assert_eq!(attempts(Some(3)), [3, 3]);
        assert_eq!(attempts(Some(600)), [10, 30]);
    }

    #[tokio::test(start_paused = true)]
    async fn first_attempt_never_takes_longer_than_call() {
        for (left, attempts) in [(0, [1, 30]), (3, [3, 30]), (60, [10, 30])] {
            let deadline = Instant::now() + Duration::from_secs(left);
            let limit = TimeLimit::new(None).of_call(Some(deadline));
            assert_eq!(
                [false, true].map(|is_last| limit.attempt(is_last).as_secs()),
                attempts
            );
        }
    }
}
