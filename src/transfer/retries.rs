//! Retries of a piece of a file.
//!
//! `core/src/verdict.rs` explains the meaning of an outcome. A piece may be sent again after any
//! outcome, because the session or the range says where to continue.

use std::time::Duration;

use crate::transport::Backoff;
use crate::{Error, Result};

/// The maximum number of retries of one piece without any success in between.
const MOST_RETRIES: u32 = 5;

/// The longest wait. If a service asks for more, the caller gets the error and decides.
const LONGEST: Duration = Duration::from_secs(180);

/// A limited number of retries without progress. The waits double, and a random part of up to half
/// is added.
#[derive(Clone, Debug)]
pub(crate) struct BoundedRetries {
    backoff: Backoff,
    made: u32,
}

impl Default for BoundedRetries {
    fn default() -> Self {
        Self::starting_with(Duration::from_secs(1))
    }
}

impl BoundedRetries {
    /// Creates retries of which the first comes after this wait.
    pub(crate) fn starting_with(first: Duration) -> Self {
        Self {
            backoff: Backoff::new(first, LONGEST).with_jitter(1.0, 1.5),
            made: 0,
        }
    }

    /// Resets the count of attempts, because bytes have arrived.
    pub(crate) fn reset(&mut self) {
        self.made = 0;
    }

    /// Returns the wait before another attempt.
    ///
    /// # Errors
    ///
    /// Returns the given error, where another attempt is useless or the maximum is reached.
    pub(crate) fn after(&mut self, error: Error) -> Result<Duration> {
        let asked = error.retry_after();
        if !error.is_retryable() || self.made >= MOST_RETRIES || asked > Some(LONGEST) {
            return Err(error);
        }
        self.made += 1;
        Ok(self.backoff.wait(self.made, asked))
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method, StatusCode};

    use super::*;
    use crate::error::RequestContext;

    fn response(status: u16, retry_after: Option<&'static str>) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", HeaderValue::from_static(value));
        }
        let context = RequestContext::new(Method::PUT, "{uploadUrl}".to_owned());
        let status = StatusCode::from_u16(status).unwrap();
        Error::from_response(&context, status, &headers, &Bytes::new(), None)
    }

    #[test]
    fn retries_end_without_progress() {
        let mut retries = BoundedRetries::default();
        for seconds in [1, 2, 4, 8, 16] {
            let wait = retries.after(response(503, None)).unwrap();
            let least = Duration::from_secs(seconds);
            assert!(
                (least..least + least / 2).contains(&wait),
                "{wait:?} for {least:?}"
            );
        }
        assert!(retries.after(response(503, None)).is_err());
        retries.reset();
        assert!(retries.after(response(503, None)).unwrap() < Duration::from_secs(2));
    }

    #[test]
    fn requested_wait_beyond_limit_is_an_error() {
        let mut retries = BoundedRetries::default();
        assert_eq!(
            retries.after(response(429, Some("7"))).unwrap(),
            Duration::from_secs(7)
        );
        assert!(retries.after(response(429, Some("181"))).is_err());
        assert!(retries.after(response(400, Some("1"))).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn wait_takes_the_requested_time() {
        let before = tokio::time::Instant::now();
        let mut retries = BoundedRetries::default();
        retries.wait(response(429, Some("30"))).await.unwrap();
        assert_eq!(before.elapsed(), Duration::from_secs(30));
    }
}
