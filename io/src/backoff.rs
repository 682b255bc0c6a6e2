//! The waits between attempts.
//!
//! Every part of this crate that repeats a request computes its waits here. The parts differ in
//! their parameters only: see the constants and functions that call [`Backoff::new`]. The service's
//! `Retry-After` reaches a [`Backoff`] as `asked`. A part with a limit for it compares before it
//! waits, or shortens `asked`.

use std::time::Duration;

/// Waits that double from retry to retry, unless the service asks for another wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    /// The least and the greatest random factor of a wait that the service did not ask for.
    factors: [f64; 2],
    /// The greatest random part by which a wait is longer than the service asked for.
    margin: f64,
}

impl Backoff {
    /// Creates waits that begin with `first` and double up to `longest`, without randomness.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            factors: [1.0, 1.0],
            margin: 0.0,
        }
    }

    /// Multiplies each wait that the service did not ask for by a random factor from this range.
    /// Clients that failed together then do not come back together.
    pub const fn with_jitter(mut self, least: f64, greatest: f64) -> Self {
        self.factors = [least, greatest];
        self
    }

    /// Extends each wait that the service asked for by a random part of it, up to this one.
    pub const fn with_margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// Returns the wait before retry number `retry`, where 1 is the first retry. If the service
    /// `asked` for a wait, it is that long and never shorter, even beyond the longest own wait.
    pub fn wait(&self, retry: u32, asked: Option<Duration>) -> Duration {
        let chance = fastrand::f64();
        match asked {
            Some(asked) => self.extended(asked, chance),
            None => self.doubled(retry, chance),
        }
    }

    fn doubled(&self, retry: u32, chance: f64) -> Duration {
        let [least, greatest] = self.factors;
        let doublings = 2u32.saturating_pow(retry.saturating_sub(1));
        let middle = self.first.saturating_mul(doublings).min(self.longest);
        // Half of the largest duration, so that the product does not overflow.
        let middle = middle.min(Duration::MAX / 2);
        let wait = middle.mul_f64(least + (greatest - least) * chance);
        wait.min(self.longest)
    }

    /// Extends a wait at random, but not beyond the longest own wait.
    fn extended(&self, asked: Duration, chance: f64) -> Duration {
        let more = asked.min(self.longest).min(Duration::MAX / 2);
        let more = more.mul_f64(self.margin * chance);
        asked.saturating_add(more).min(self.longest.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff::new(seconds(3), seconds(180));
        let waits: Vec<_> = (1..=8).map(|n| backoff.wait(n, None).as_secs()).collect();
        assert_eq!(waits, [3, 6, 12, 24, 48, 96, 180, 180]);
        assert_eq!(backoff.wait(0, None), seconds(3));
        assert_eq!(backoff.wait(u32::MAX, None), seconds(180));
        let endless = Backoff::new(seconds(3), Duration::MAX).with_jitter(0.5, 1.5);
        assert!(endless.wait(u32::MAX, None) > seconds(180));
    }

    #[test]
    fn jitter_stays_within_its_factors() {
        let backoff = Backoff::new(seconds(4), seconds(9)).with_jitter(0.5, 1.5);
        assert_eq!(backoff.doubled(1, 0.0), seconds(2));
        assert_eq!(backoff.doubled(1, 0.5), seconds(4));
        assert_eq!(backoff.doubled(1, 1.0), seconds(6));
        assert_eq!(backoff.doubled(2, 1.0), seconds(9));
        for _ in 0..100 {
            let wait = backoff.wait(1, None);
            assert!((seconds(2)..=seconds(6)).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn asked_wait_is_never_shorter() {
        for margin in [0.0, 0.1] {
            let backoff = Backoff::new(seconds(3), seconds(180)).with_margin(margin);
            for asked in [0, 1, 10, 179, 180, 181, 99_999] {
                for chance in [0.0, 0.5, 1.0] {
                    let wait = backoff.extended(seconds(asked), chance);
                    assert!(wait >= seconds(asked), "{asked} {chance}: {wait:?}");
                    let most = seconds(asked.max(180));
                    assert!(wait <= most, "{asked} {chance}: {wait:?}");
                }
            }
            assert_eq!(backoff.wait(1, Some(Duration::MAX)), Duration::MAX);
        }
        let backoff = Backoff::new(seconds(3), seconds(180));
        assert_eq!(
            backoff.with_margin(0.1).extended(seconds(10), 1.0),
            seconds(11)
        );
        assert_eq!(backoff.wait(1, Some(seconds(10))), seconds(10));
        let endless = Backoff::new(seconds(3), Duration::MAX).with_margin(0.1);
        assert_eq!(endless.extended(Duration::MAX, 1.0), Duration::MAX);
    }
}
