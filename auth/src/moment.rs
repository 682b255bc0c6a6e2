//! Points in time that stay correct while the machine sleeps.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The furthest that a moment may lie ahead: ten years. No token lives longer, and every clock and
/// every date type can represent it.
const FURTHEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A point in time by two clocks: the steady clock and the wall clock. On many systems the steady
/// clock stands still while the machine sleeps. The wall clock may be set by the user.
///
/// The moment has come when one of the clocks has reached it. A token that is renewed early costs a
/// request. A token that is used too long costs a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// Returns the moment that is this much later, at most ten years.
    pub(super) fn after(self, time: Duration) -> Self {
        let time = time.min(FURTHEST);
        Self {
            steady: self.steady.checked_add(time).unwrap_or(self.steady),
            wall: self.wall.checked_add(time).unwrap_or(self.wall),
        }
    }

    /// Returns the moment of a wall clock time, at most ten years from this one.
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

    /// Returns the time until the first of the clocks reaches this moment.
    pub fn since(&self, now: Self) -> Duration {
        let steady = self.steady.saturating_duration_since(now.steady);
        let wall = self.wall.duration_since(now.wall).unwrap_or_default();
        steady.min(wall)
    }
}

/// Returns the time that is given in seconds since 1970. A negative number gives 1970 itself.
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
    fn moment_is_reached_by_either_clock() {
        let now = Moment::now();
        let end = now.after(HOUR);
        assert!(!end.has_come(now));
        assert_eq!(end.since(now), HOUR);

        // The machine was asleep, and the steady clock stood still.
        let awake = Moment {
            wall: now.wall + 2 * HOUR,
            ..now
        };
        assert!(end.has_come(awake));
        assert_eq!(end.since(awake), Duration::ZERO);

        // The wall clock was set back by a day, and the hour is over.
        let set_back = Moment {
            steady: now.steady + HOUR,
            wall: now.wall - 24 * HOUR,
        };
        assert!(end.has_come(set_back));
    }

    #[test]
    fn wall_clock_time_is_kept() {
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
