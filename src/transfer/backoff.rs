//! Retries of a piece of a file.
//!
//! `transport::retry::classify` explains the meaning of an outcome. A piece may be sent again after
//! any outcome, because the session or the range says where to continue.

use std::time::Duration;

use crate::{Error, Result};

/// The maximum number of retries of one piece without any success in between.
const MOST_TRIES: u32 = 5;

/// The longest wait. If a service asks for more, the caller gets the error and decides.
const LONGEST: Duration = Duration::from_secs(180);

/// The waits between attempts. A wait is as long as the service asks for. Without such a request it
/// doubles each time, and a random part of up to half is added. The random part keeps clients that
/// failed together from retrying together.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    tries: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::starting_with(Duration::from_secs(1))
    }
}

impl Backoff {
    pub(crate) fn starting_with(first: Duration) -> Self {
        Self { first, tries: 0 }
    }

    /// Resets the count of attempts, because bytes have arrived.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// Returns the wait before another attempt.
    ///
    /// # Errors
    ///
    /// Returns the given error, where another attempt is useless or the maximum is reached.
    pub(crate) fn after(&mut self, error: Error) -> Result<Duration> {
        if !error.is_retryable() || self.tries >= MOST_TRIES {
            return Err(error);
        }
        let doubled = self.first.saturating_mul(1 << self.tries);
        self.tries += 1;
        match error.retry_after() {
            Some(asked) if asked > LONGEST => Err(error),
            Some(asked) => Ok(asked),
            None => Ok(with_chance(doubled).min(LONGEST)),
        }
    }

    /// Waits before another attempt.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`after`](Self::after).
    pub(crate) async fn wait(&mut self, error: Error) -> Result<()> {
        tokio::time::sleep(self.after(error)?).await;
        Ok(())
    }
}

fn with_chance(wait: Duration) -> Duration {
    wait.saturating_add(wait.mul_f64(fastrand::f64() / 2.0))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method, StatusCode};

    use super::*;
    use crate::error::RequestContext;

    fn answer(status: u16, retry_after: Option<&'static str>) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", HeaderValue::from_static(value));
        }
        let context = RequestContext::new(Method::PUT, "{uploadUrl}".to_owned());
        let status = StatusCode::from_u16(status).unwrap();
        Error::from_response(&context, status, &headers, &Bytes::new(), None)
    }

    #[test]
    fn waits_double_with_some_chance_and_end() {
        let mut backoff = Backoff::default();
        for seconds in [1, 2, 4, 8, 16] {
            let wait = backoff.after(answer(503, None)).unwrap();
            let least = Duration::from_secs(seconds);
            assert!(
                (least..least + least / 2).contains(&wait),
                "{wait:?} for {least:?}"
            );
        }
        assert!(backoff.after(answer(503, None)).is_err());
        backoff.reset();
        assert!(backoff.after(answer(503, None)).unwrap() < Duration::from_secs(2));
    }

    #[test]
    fn what_the_service_asks_for_counts_up_to_a_limit() {
        let mut backoff = Backoff::default();
        assert_eq!(
            backoff.after(answer(429, Some("7"))).unwrap(),
            Duration::from_secs(7)
        );
        assert!(backoff.after(answer(429, Some("181"))).is_err());
        assert!(backoff.after(answer(400, Some("1"))).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_takes_that_long() {
        let before = tokio::time::Instant::now();
        let mut backoff = Backoff::default();
        backoff.wait(answer(429, Some("30"))).await.unwrap();
        assert_eq!(before.elapsed(), Duration::from_secs(30));
    }
}
