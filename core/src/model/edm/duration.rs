//! `Edm.Duration`

use std::fmt;
use std::str::FromStr;

use super::{ParseError, fraction, text, write_fraction};

/// `Edm.Duration`: a length of time, in the units in which it was written.
///
/// Days stay days. Years and months, which OData does not have and Graph sends, stay as they are
/// too, because they have no fixed length. The text that was read is therefore the text that is
/// written.
///
/// ```
/// use msgraph::model::edm::Duration;
///
/// let quarter: Duration = "PT15M".parse()?;
/// assert_eq!(std::time::Duration::try_from(quarter)?.as_secs(), 900);
/// assert_eq!("-P1DT2H".parse::<Duration>()?.to_string(), "-P1DT2H");
/// # Ok::<(), msgraph::model::edm::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Duration {
    negative: bool,
    digits: u8,
    years: u16,
    months: u16,
    weeks: u16,
    days: u32,
    hours: u32,
    minutes: u32,
    seconds: u32,
    nanos: u32,
    /// The units that were written, so that `PT0S` and `P0D` stay distinct.
    written: u8,
}

/// The units in the order in which they are written, with their bits in [`Duration::written`].
const UNITS: [(char, bool, u8); 7] = [
    ('Y', false, 1),
    ('M', false, 2),
    ('W', false, 4),
    ('D', false, 8),
    ('H', true, 16),
    ('M', true, 32),
    ('S', true, 64),
];

impl FromStr for Duration {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| ParseError::new("duration", text))
    }
}

fn parse(text: &str) -> Option<Duration> {
    let mut duration = Duration::default();
    let rest = match text.strip_prefix('-') {
        Some(rest) => {
            duration.negative = true;
            rest
        }
        None => text.strip_prefix('+').unwrap_or(text),
    };
    let mut rest = rest.strip_prefix('P')?;
    let mut in_time = false;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            if in_time || time.is_empty() {
                return None;
            }
            in_time = true;
            rest = time;
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at(end);
        let mut characters = unit.chars();
        let unit = characters.next()?;
        rest = characters.as_str();
        // Each unit occurs once, and in this order.
        let (_, _, bit) = units.find(|(of, time, _)| *of == unit && *time == in_time)?;
        duration.written |= bit;
        let number = match number.split_once('.') {
            Some((number, digits)) if *bit == 64 => {
                (duration.nanos, duration.digits) = fraction(digits)?;
                if number.is_empty() { "0" } else { number }
            }
            Some(_) => return None,
            None => number,
        };
        match bit {
            1 => duration.years = number.parse().ok()?,
            2 => duration.months = number.parse().ok()?,
            4 => duration.weeks = number.parse().ok()?,
            8 => duration.days = number.parse().ok()?,
            16 => duration.hours = number.parse().ok()?,
            32 => duration.minutes = number.parse().ok()?,
            _ => duration.seconds = number.parse().ok()?,
        }
    }
    (duration.written != 0).then_some(duration)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        f.write_str("P")?;
        let values = [
            self.years.into(),
            self.months.into(),
            self.weeks.into(),
            self.days,
            self.hours,
            self.minutes,
            self.seconds,
        ];
        let mut in_time = false;
        for ((unit, time, bit), value) in UNITS.into_iter().zip(values) {
            if self.written & bit == 0 {
                continue;
            }
            if time && !in_time {
                f.write_str("T")?;
                in_time = true;
            }
            write!(f, "{value}")?;
            if bit == 64 {
                write_fraction(f, self.nanos, self.digits)?;
            }
            write!(f, "{unit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Duration {
    /// Returns the length in seconds and nanoseconds, without the sign. Returns `None` with years
    /// or months, which have no fixed length.
    fn fixed(&self) -> Option<(u64, u32)> {
        if self.years != 0 || self.months != 0 {
            return None;
        }
        let days = u64::from(self.weeks) * 7 + u64::from(self.days);
        let hours = days * 24 + u64::from(self.hours);
        let minutes = hours * 60 + u64::from(self.minutes);
        Some((minutes * 60 + u64::from(self.seconds), self.nanos))
    }
}

impl From<std::time::Duration> for Duration {
    /// Converts into hours, minutes and seconds. A duration of more than `u32::MAX` hours (about
    /// four billion) is written with `u32::MAX` hours.
    fn from(duration: std::time::Duration) -> Self {
        let seconds = duration.as_secs();
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let nanos = duration.subsec_nanos();
        let mut written = 0;
        for (bit, is_written) in [
            (16, hours != 0),
            (32, minutes != 0),
            (64, rest != 0 || nanos != 0 || seconds == 0),
        ] {
            if is_written {
                written |= bit;
            }
        }
        Self {
            hours: hours.try_into().unwrap_or(u32::MAX),
            minutes: minutes as u32,
            seconds: rest as u32,
            nanos,
            written,
            ..Self::default()
        }
    }
}

impl TryFrom<Duration> for std::time::Duration {
    type Error = ParseError;

    /// # Errors
    ///
    /// Returns an error when the duration is negative, or has years or months.
    fn try_from(duration: Duration) -> Result<Self, ParseError> {
        match duration.fixed() {
            Some((seconds, nanos)) if !duration.negative => Ok(Self::new(seconds, nanos)),
            _ => Err(ParseError::new(
                "duration of a fixed length that is not negative",
                &duration.to_string(),
            )),
        }
    }
}

impl TryFrom<Duration> for chrono::TimeDelta {
    type Error = ParseError;

    /// # Errors
    ///
    /// Returns an error when the duration has years or months, or is beyond chrono's range.
    fn try_from(duration: Duration) -> Result<Self, ParseError> {
        duration
            .fixed()
            .and_then(|(seconds, nanos)| Self::new(seconds.try_into().ok()?, nanos))
            .map(|delta| if duration.negative { -delta } else { delta })
            .ok_or_else(|| ParseError::new("duration of a fixed length", &duration.to_string()))
    }
}

text!(Duration);

#[cfg(test)]
mod tests {
    use super::*;

    // Reported: microsoftgraph/msgraph-sdk-python#552, microsoft/kiota-ts#1169.
    #[test]
    fn durations_are_written_as_read() {
        for text in [
            "-PT15M",
            "P365D",
            "PT0S",
            "P1DT2H3M4.5S",
            "P7D",
            "P1Y2M",
            "PT0.03S",
            "P10D",
            "P0D",
            "P2W",
            "PT5.0000000S",
        ] {
            let duration: Duration = text.parse().expect(text);
            assert_eq!(duration.to_string(), text);
        }
        for wrong in [
            "",
            "P",
            "PT",
            "15M",
            "P1H",
            "PT1D",
            "P1M1Y",
            "PT1.5M",
            "P1D2",
            "PT1S1S",
            "P99999999999D",
        ] {
            assert!(wrong.parse::<Duration>().is_err(), "{wrong}");
        }
        assert!(size_of::<Duration>() <= 32);
    }

    #[test]
    fn durations_convert_to_std_and_chrono() {
        let duration: Duration = "-P1DT1S".parse().expect("a duration");
        assert_eq!(
            chrono::TimeDelta::try_from(duration),
            Ok(chrono::TimeDelta::seconds(-86_401))
        );
        assert!(std::time::Duration::try_from(duration).is_err());
        assert!(
            chrono::TimeDelta::try_from("P1M".parse::<Duration>().expect("a duration")).is_err()
        );
        assert_eq!(
            Duration::from(std::time::Duration::from_millis(5_400_500)).to_string(),
            "PT1H30M0.5S"
        );
        assert_eq!(
            Duration::from(std::time::Duration::ZERO).to_string(),
            "PT0S"
        );
    }
}
