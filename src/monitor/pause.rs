//! The pauses between two polls of a long-running operation.

use std::time::Duration;

use crate::transport::Backoff;

/// The first pause at a dedicated monitor address. Each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause that this crate chooses, and the pause at Graph itself. Graph's documentation
/// asks for it.
const LONGEST_OWN: Duration = Duration::from_secs(30);

/// The shortest pause, even if the service asks for less: some services send `Retry-After: 0` or
/// dates in the past.
const LEAST: Duration = Duration::from_secs(1);

/// The longest pause, even if the service asks for more.
const LARGEST: Duration = Duration::from_secs(600);

/// The shortest pause that the caller can set.
const LEAST_INTERVAL: Duration = Duration::from_millis(100);

/// The host that is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Graph itself, whose limits each poll counts against.
    Graph,
    /// A dedicated monitor address.
    Monitor,
}

/// The pauses of one wait.
#[derive(Debug)]
pub(super) struct Pauses {
    backoff: Backoff,
    count: u32,
}

impl Pauses {
    pub(super) fn new(place: Place) -> Self {
        let first = match place {
            Place::Graph => LONGEST_OWN,
            Place::Monitor => FIRST,
        };
        Self {
            backoff: Backoff::new(first, LONGEST_OWN),
            count: 0,
        }
    }

    /// Returns the next pause. It is as long as `asked` by the service, and at least as long as the
    /// caller's `interval`. Without either, this crate chooses it.
    pub(super) fn next(&mut self, asked: Option<Duration>, interval: Option<Duration>) -> Duration {
        self.count = self.count.saturating_add(1);
        let asked = asked.map(|asked| asked.clamp(LEAST, LARGEST));
        let interval = interval.map(|interval| interval.max(LEAST_INTERVAL));
        self.backoff.wait(self.count, asked.max(interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn own_pauses_double_up_to_thirty_seconds() {
        let mut pauses = Pauses::new(Place::Monitor);
        let own: Vec<_> = (0..7).map(|_| pauses.next(None, None).as_secs()).collect();
        assert_eq!(own, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(Pauses::new(Place::Graph).next(None, None), seconds(30));
    }

    #[test]
    fn requested_pauses_have_minimum_and_maximum() {
        let mut pauses = Pauses::new(Place::Graph);
        for (asked, pause) in [(0, 1), (1, 1), (77, 77), (600, 600), (31_536_000, 600)] {
            assert_eq!(pauses.next(Some(seconds(asked)), None), seconds(pause));
        }
        assert_eq!(pauses.next(Some(Duration::MAX), None), LARGEST);
    }

    #[test]
    fn interval_is_never_shorter_than_requested() {
        let mut pauses = Pauses::new(Place::Monitor);
        assert_eq!(pauses.next(Some(seconds(5)), Some(seconds(2))), seconds(5));
        assert_eq!(pauses.next(Some(seconds(0)), Some(seconds(9))), seconds(9));
        assert_eq!(pauses.next(None, Some(Duration::ZERO)), LEAST_INTERVAL);
        assert_eq!(pauses.next(None, Some(Duration::MAX)), Duration::MAX);
    }
}
