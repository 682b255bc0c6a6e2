//! `Edm.DateTimeOffset`

use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Timelike, Utc,
};

use super::{ParseError, clock, fraction, text, write_fraction};

/// `Edm.DateTimeOffset`: a point in time.
///
/// Reading is lenient: a missing offset means UTC, and a fraction may have any number of digits.
/// The value is written as RFC 3339 in UTC, with as many digits as were read and at most seven,
/// which is what Graph keeps. Two values are equal when they are the same point in time.
///
/// ```
/// use msgraph::model::edm::DateTimeOffset;
///
/// let time: DateTimeOffset = "2026-01-02T05:04:05.50+02:00".parse()?;
/// assert_eq!(time.to_string(), "2026-01-02T03:04:05.50Z");
/// assert_eq!(time.utc().timestamp(), 1_767_323_045);
/// # Ok::<(), msgraph::model::edm::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct DateTimeOffset {
    moment: NaiveDateTime,
    digits: u8,
}

impl DateTimeOffset {
    /// Returns the point in time, in UTC.
    pub fn utc(&self) -> DateTime<Utc> {
        self.moment.and_utc()
    }

    /// Checks whether this value, which was read from the text, is the point in time of the text.
    ///
    /// The value has no leap seconds. Digits after the seventh do not count, because Graph has
    /// none: they are dropped, as documented.
    pub(super) fn is_of(&self, text: &str) -> bool {
        // Text that was read has a date of ten characters, if it has a time.
        text.as_bytes().get(17..19) != Some(b"60")
    }
}

impl FromStr for DateTimeOffset {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| ParseError::new("date and time", text))
    }
}

fn parse(text: &str) -> Option<DateTimeOffset> {
    parse_utc(text.as_bytes()).or_else(|| parse_any(text))
}

/// Reads the form in which Graph sends nearly every time, `2026-08-20T10:11:12.1234567Z`. It is
/// read in a tenth of the time of the others.
fn parse_utc(text: &[u8]) -> Option<DateTimeOffset> {
    /// The number in a part of the text. Returns `None` if it has other characters than digits.
    fn number(digits: &[u8]) -> Option<u32> {
        digits.iter().try_fold(0, |number, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit < 10).then(|| number * 10 + u32::from(digit))
        })
    }

    let (text, after) = text.strip_suffix(b"Z")?.split_at_checked(19)?;
    let signs = [text[4], text[7], text[10], text[13], text[16]];
    if signs != *b"--T::" {
        return None;
    }
    let (nanos, digits) = match after {
        [] => (0, 0),
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            let unit = 10_u32.pow(9 - digits.len() as u32);
            (number(digits)? * unit, digits.len() as u8)
        }
        _ => return None,
    };
    let year = number(&text[..4])?.try_into().ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&text[5..7])?, number(&text[8..10])?)?;
    let (hour, minute) = (number(&text[11..13])?, number(&text[14..16])?);
    let time = NaiveTime::from_hms_nano_opt(hour, minute, number(&text[17..])?, nanos)?;
    let moment = date.and_time(time);
    Some(DateTimeOffset { moment, digits })
}

/// Reads any form.
fn parse_any(text: &str) -> Option<DateTimeOffset> {
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00"));
    // Other lengths are dates that chrono guesses, and that would be written otherwise.
    let date: NaiveDate = date
        .parse()
        .ok()
        .filter(|_| date.len() == "2026-08-20".len())?;
    let (time, offset) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, 0),
        None => match time.rfind(['+', '-']) {
            Some(sign) => (&time[..sign], offset(&time[sign..])?),
            None => (time, 0),
        },
    };
    let (time, nanos, digits) = match time.split_once('.') {
        Some((time, digits)) => {
            let (nanos, digits) = fraction(digits)?;
            (time, nanos, digits)
        }
        None => (time, 0, 0),
    };
    let (hour, minute, second) = clock(time)?;
    // A leap second counts as the last moment of the second before it.
    let second = second.min(if second == 60 { 59 } else { second });
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
    let moment = date
        .and_time(time)
        .checked_sub_offset(FixedOffset::east_opt(offset)?)?;
    Some(DateTimeOffset { moment, digits })
}

/// Reads an offset such as `+02:00`, `-0530` or `+02`, in seconds.
fn offset(text: &str) -> Option<i32> {
    let (sign, text) = text.split_at_checked(1)?;
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = match digits.len() {
        2 => (digits.parse().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    let seconds = hours * 3600 + minutes * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.moment.date(), self.moment.time());
        match date.year() {
            // chrono's own formatting takes several times as long.
            year @ 0..=9999 => write!(
                f,
                "{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                date.month(),
                date.day(),
                time.hour(),
                time.minute(),
                time.second(),
            )?,
            _ => write!(f, "{}", self.moment.format("%Y-%m-%dT%H:%M:%S"))?,
        }
        write_fraction(f, self.moment.nanosecond() % 1_000_000_000, self.digits)?;
        f.write_char('Z')
    }
}

impl fmt::Debug for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for DateTimeOffset {
    fn eq(&self, other: &Self) -> bool {
        self.moment == other.moment
    }
}

impl Eq for DateTimeOffset {}

impl PartialOrd for DateTimeOffset {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTimeOffset {
    fn cmp(&self, other: &Self) -> Ordering {
        self.moment.cmp(&other.moment)
    }
}

impl Hash for DateTimeOffset {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.moment.hash(state);
    }
}

impl<Z: TimeZone> From<DateTime<Z>> for DateTimeOffset {
    fn from(time: DateTime<Z>) -> Self {
        Self {
            moment: time.naive_utc(),
            digits: 0,
        }
    }
}

impl From<DateTimeOffset> for DateTime<Utc> {
    fn from(time: DateTimeOffset) -> Self {
        time.utc()
    }
}

impl From<DateTimeOffset> for DateTime<FixedOffset> {
    fn from(time: DateTimeOffset) -> Self {
        time.utc().fixed_offset()
    }
}

/// Converts a system time. A time outside of the calendar's range becomes the earliest or the
/// latest value.
impl From<SystemTime> for DateTimeOffset {
    fn from(time: SystemTime) -> Self {
        let date = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => TimeDelta::from_std(since)
                .ok()
                .and_then(|since| DateTime::UNIX_EPOCH.checked_add_signed(since))
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            Err(before) => TimeDelta::from_std(before.duration())
                .ok()
                .and_then(|before| DateTime::UNIX_EPOCH.checked_sub_signed(before))
                .unwrap_or(DateTime::<Utc>::MIN_UTC),
        };
        date.into()
    }
}

/// Converts a date into its midnight in UTC.
impl From<NaiveDate> for DateTimeOffset {
    fn from(date: NaiveDate) -> Self {
        date.and_time(NaiveTime::MIN).and_utc().into()
    }
}

impl From<&DateTimeOffset> for DateTimeOffset {
    fn from(time: &DateTimeOffset) -> Self {
        *time
    }
}

text!(DateTimeOffset);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(text: &str) -> DateTimeOffset {
        text.parse().expect(text)
    }

    #[test]
    fn system_time_beyond_calendar_is_clamped() {
        let far = Duration::from_secs(1_000_000_000_000_000);
        let (after, before) = (
            SystemTime::UNIX_EPOCH.checked_add(far),
            SystemTime::UNIX_EPOCH.checked_sub(far),
        );
        // Some systems cannot represent times this far away.
        if let (Some(after), Some(before)) = (after, before) {
            assert_eq!(DateTimeOffset::from(after).utc(), DateTime::<Utc>::MAX_UTC);
            assert_eq!(DateTimeOffset::from(before).utc(), DateTime::<Utc>::MIN_UTC);
        }
        let earlier = SystemTime::UNIX_EPOCH - Duration::from_millis(1500);
        let earlier = DateTimeOffset::from(earlier).utc();
        assert_eq!(earlier.timestamp_millis(), -1500);
    }

    // Reported: microsoftgraph/msgraph-sdk-java#1785, microsoftgraph/msgraph-sdk-java#1815.
    #[test]
    fn date_without_offset_is_utc() {
        assert_eq!(read("2026-01-02T03:04:05"), read("2026-01-02T03:04:05Z"));
        assert_eq!(
            read("2026-01-02T03:04:05.1234567Z").to_string(),
            "2026-01-02T03:04:05.1234567Z"
        );
        assert_eq!(
            read("2026-01-02T03:04:05+02:00"),
            read("2026-01-02T01:04:05Z")
        );
        assert_eq!(
            read("0001-01-01T00:00:00Z").to_string(),
            "0001-01-01T00:00:00Z"
        );
        assert_eq!(
            read("2026-01-02T03:04:05.123456789012Z").to_string(),
            "2026-01-02T03:04:05.1234567Z"
        );
        for wrong in [
            "",
            "tomorrow",
            "2026-13-01T00:00:00Z",
            "2026-01-02T25:00:00Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T3:04:05Z",
            "2026-01-02T03:04:05:06Z",
            "026-01-02T03:04:05Z",
        ] {
            assert!(wrong.parse::<DateTimeOffset>().is_err(), "{wrong}");
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#865.
    #[test]
    fn date_is_written_as_rfc_3339_utc() {
        let time = read("2026-03-29T02:30:00.0000000+02:00");
        assert_eq!(time.to_string(), "2026-03-29T00:30:00.0000000Z");
        let chrono = DateTime::parse_from_rfc3339("2021-04-14T14:11:27+02:00").expect("a time");
        assert_eq!(
            DateTimeOffset::from(chrono).to_string(),
            "2021-04-14T12:11:27Z"
        );
        assert_eq!(size_of::<DateTimeOffset>(), 16);
    }
}
