//! Points of time that hold when the machine sleeps.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

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

    /// So much later; `None` beyond what the clocks can count.
    pub(super) fn after(self, time: Duration) -> Option<Self> {
        Some(Self {
            steady: self.steady.checked_add(time)?,
            wall: self.wall.checked_add(time)?,
        })
    }

    /// A time of the wall's.
    pub(super) fn at(self, wall: SystemTime) -> Option<Self> {
        let left = wall.duration_since(self.wall).unwrap_or_default();
        let steady = self.steady.checked_add(left)?;
        Some(Self { steady, wall })
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

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn it_has_come_when_one_of_the_clocks_says_so() {
        let now = Moment::now();
        let end = now.after(HOUR).unwrap();
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
        let past = now.at(now.wall - HOUR).unwrap();
        assert!(past.has_come(now));
        assert_eq!(past.wall, now.wall - HOUR);
    }

    #[test]
    fn what_no_clock_can_count_is_no_moment() {
        assert_eq!(Moment::now().after(Duration::MAX), None);
    }
}
