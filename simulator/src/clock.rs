//! The simulator's own time, which a test can move ahead.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

/// The system's clock, plus the time that a test has added to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    ahead: Duration,
}

impl Clock {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from(SystemTime::now() + self.ahead)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }
}

/// Formats a time as the directory writes it.
pub(crate) fn timestamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Formats a time for a `Date` header.
pub(crate) fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
