//! `Edm.TimeOfDay`

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use chrono::{NaiveTime, Timelike};

use super::{ParseError, clock, fraction, text, write_fraction};

/// `Edm.TimeOfDay`: a time of day, without date and zone.
///
/// ```
/// use msgraph::model::edm::TimeOfDay;
///
/// let time: TimeOfDay = "08:00:00.0000000".parse()?;
/// assert_eq!(time.to_string(), "08:00:00.0000000");
/// # Ok::<(), msgraph::model::edm::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct TimeOfDay {
    time: NaiveTime,
    digits: u8,
}

impl TimeOfDay {
    /// Returns the time.
    pub fn time(&self) -> NaiveTime {
        self.time
    }
}

impl FromStr for TimeOfDay {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| ParseError::new("time of day", text))
    }
}

fn parse(text: &str) -> Option<TimeOfDay> {
    let (time, nanos, digits) = match text.split_once('.') {
        Some((time, digits)) => {
            let (nanos, digits) = fraction(digits)?;
            (time, nanos, digits)
        }
        None => (text, 0, 0),
    };
    let (hour, minute, second) = clock(time)?;
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
    Some(TimeOfDay { time, digits })
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time;
        write!(
            f,
            "{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )?;
        write_fraction(f, time.nanosecond() % 1_000_000_000, self.digits)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for TimeOfDay {
    fn eq(&self, other: &Self) -> bool {
        self.time == other.time
    }
}

impl Eq for TimeOfDay {}

impl PartialOrd for TimeOfDay {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimeOfDay {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time)
    }
}

impl Hash for TimeOfDay {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.time.hash(state);
    }
}

impl From<NaiveTime> for TimeOfDay {
    fn from(time: NaiveTime) -> Self {
        Self { time, digits: 0 }
    }
}

impl From<TimeOfDay> for NaiveTime {
    fn from(time: TimeOfDay) -> Self {
        time.time
    }
}

text!(TimeOfDay);

#[cfg(test)]
mod tests {
    use super::*;

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#244.
    #[test]
    fn times_are_read_leniently() {
        for text in ["08:00:00.0000000", "23:59:59.9999999", "08:00:00"] {
            let time: TimeOfDay = text.parse().expect(text);
            assert_eq!(time.to_string(), text);
        }
        let time: TimeOfDay = "08:00".parse().expect("a time");
        assert_eq!(
            time,
            NaiveTime::from_hms_opt(8, 0, 0).expect("a time").into()
        );
        for wrong in ["", "8", "24:00", "08:60", "08:00:00:00", "a:b"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
    }
}
