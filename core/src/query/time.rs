//! Points in time in addresses.

use std::fmt;

use crate::model::edm::DateTimeOffset;

/// A point in time in an address, such as the beginning of a calendar view.
///
/// Anything that converts into a [`DateTimeOffset`] converts into it: a `DateTime` of chrono, a
/// `SystemTime`, a date, which means its midnight in UTC. Text is sent as it is.
///
/// ```
/// use std::time::SystemTime;
///
/// use msgraph::query::Time;
///
/// assert_eq!(Time::from(SystemTime::UNIX_EPOCH).as_str(), "1970-01-01T00:00:00Z");
/// assert_eq!(Time::from("2026-12-01T09:00:00+01:00").as_str(), "2026-12-01T09:00:00+01:00");
/// ```
///
/// <https://learn.microsoft.com/graph/api/user-list-calendarview>
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Time(String);

impl Time {
    /// Returns the text, not encoded for a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Time")
            .field(&crate::redact::Text(&self.0))
            .finish()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Time {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Time {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&String> for Time {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl<T: Into<DateTimeOffset>> From<T> for Time {
    fn from(time: T) -> Self {
        Self(time.into().to_string())
    }
}
