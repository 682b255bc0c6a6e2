//! OData's primitive types that have no equivalent in Rust.
//!
//! <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html>

pub mod binary;
mod date_time_offset;
mod decimal;
mod duration;
mod exact;
mod local_time;
#[cfg(any(feature = "jiff", feature = "time"))]
mod other_crates;
mod time_of_day;
mod time_zone_name;

use std::fmt;

pub use date_time_offset::DateTimeOffset;
pub use decimal::Decimal;
pub use duration::Duration;
#[doc(hidden)]
pub use exact::{Exact, is_read_from};
pub use local_time::LocalTime;
pub use time_of_day::TimeOfDay;
pub use time_zone_name::TimeZoneName;

/// `Edm.Date`: a day of the calendar.
pub type Date = chrono::NaiveDate;

/// `Edm.Guid`.
pub type Guid = uuid::Uuid;

/// `Edm.Binary` and `Edm.Stream`: raw bytes. JSON has them as base64, and here they are decoded.
pub type Binary = bytes::Bytes;

/// The error for text that is not of the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    of: &'static str,
    text: String,
}

impl ParseError {
    fn new(of: &'static str, text: &str) -> Self {
        Self {
            of,
            text: text.to_owned(),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a {}", self.text, self.of)
    }
}

impl std::error::Error for ParseError {}

/// The number of digits of a second that are written. Graph keeps time in units of 100 nanoseconds.
const MOST_DIGITS: u8 = 7;

/// Reads the digits of a fraction of a second. Returns nanoseconds, and the number of digits that
/// were written.
///
/// Digits after the ninth are dropped.
fn fraction(digits: &str) -> Option<(u32, u8)> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let kept = &digits[..digits.len().min(9)];
    let mut nanos: u32 = kept.parse().ok()?;
    for _ in kept.len()..9 {
        nanos *= 10;
    }
    Some((nanos, kept.len() as u8))
}

/// Writes a fraction of a second with as many digits as were read, or as many as it needs. It never
/// writes more digits than Graph takes.
fn write_fraction(f: &mut impl fmt::Write, nanos: u32, digits: u8) -> fmt::Result {
    let needed = {
        let mut digits = 9;
        let mut rest = nanos;
        while digits > 0 && rest.is_multiple_of(10) {
            rest /= 10;
            digits -= 1;
        }
        digits
    };
    let digits = digits.max(needed).min(MOST_DIGITS);
    if digits == 0 {
        return Ok(());
    }
    let value = nanos / 10_u32.pow(u32::from(9 - digits));
    write!(f, ".{value:0width$}", width = usize::from(digits))
}

/// Implements `Serialize` and `Deserialize` for a type that is text in JSON.
macro_rules! text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
use text;
/// Reads hours, minutes and, where they are given, seconds, of two digits each.
fn clock(text: &str) -> Option<(u32, u32, u32)> {
    let two_digits = |part: &str| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse().ok())?
    };
    let mut parts = text.split(':').map(two_digits);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    parts.next().is_none().then_some((hour, minute, second))
}
