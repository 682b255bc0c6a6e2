//! Points of time that hold when the machine sleeps.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// How far ahead a moment may be: ten years. No token lives longer, and every clock and every
/// type for dates can count it.
const FURTHEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A point of time by two clocks: the steady one, which on many systems stands still while the machine sleeps, and the wall's, which
/// somebody may set. It has come when one of them says so: a token that is renewed early costs a request, one that is used too
/// long costs a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// Returns the moment so much later, at most ten years.
    pub(super) fn after(self, time: Duration) -> Self {
        let time = time.min(FURTHEST);
        Self {
            steady: self.steady.checked_add(time).unwrap_or(self.steady),
            wall: self.wall.checked_add(time).unwrap_or(self.wall),
        }
    }

    /// Returns the moment of a time by the wall's clock, at most ten years from this one.
    pub(super) fn at(self, wall: SystemTime) -> Self {
        let left = wall.duration_since(self.wall).unwrap_or_default();
        let after = self.after(left);
        Self {
            wall: wall.min(after.wall),
            ..after
        }
    }

    pub(super) fn steady(self) -> Instant {
        self.steady
    }

    pub(super) fn has_come(&self, now: Self) -> bool {
        self.steady <= now.steady || self.wall <= now.wall
    }

    /// How long until one of the clocks says that it has come.
    pub(super) fn since(&self, now: Self) -> Duration {
        let steady = self.steady.saturating_duration_since(now.steady);
        let wall = self.wall.duration_since(now.wall).unwrap_or_default();
        steady.min(wall)
    }
}

/// Returns a time that is given in seconds since 1970; 1970 itself for an earlier one.
pub(super) fn since_1970(seconds: i64) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let time = SystemTime::UNIX_EPOCH.checked_add(since);
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn it_has_come_when_one_of_the_clocks_says_so() {
        let now = Moment::now();
        let end = now.after(HOUR);
        assert!(!end.has_come(now));
        assert_eq!(end.since(now), HOUR);

        // The machine has slept: the steady clock stood still.
        let awake = Moment {
            wall: now.wall + 2 * HOUR,
            ..now
        };
        assert!(end.has_come(awake));
        assert_eq!(end.since(awake), Duration::ZERO);

        // Somebody has set the clock back by a day, and the hour is over.
        let set_back = Moment {
            steady: now.steady + HOUR,
            wall: now.wall - 24 * HOUR,
        };
        assert!(end.has_come(set_back));
    }

    #[test]
    fn a_time_of_the_wall_is_kept_as_it_is() {
        let now = Moment::now();
        let wall = now.wall + HOUR;
        assert_eq!(now.at(wall), now.after(HOUR));
        let past = now.at(now.wall - HOUR);
        assert!(past.has_come(now));
        assert_eq!(past.wall, now.wall - HOUR);
    }

    #[test]
    fn moment_beyond_ten_years_is_clamped() {
        let now = Moment::now();
        assert_eq!(now.after(Duration::MAX).since(now), FURTHEST);
        let far = now.wall + 2 * FURTHEST;
        assert_eq!(now.at(far), now.after(FURTHEST));
    }
}
