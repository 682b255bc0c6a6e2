//! The check that a value holds all of the text that it was read from.
//!
//! Reading is lenient, so some texts say more than their value: a leap second, or a form that the
//! value is not written in. A model keeps such a text beside the value and writes it
//! again.

use std::fmt::{self, Display, Write};

use super::{Date, DateTimeOffset, Duration, Guid, TimeOfDay};
use crate::model::slot::Scalar;

/// A type that is text in JSON.
pub trait Exact {
    /// Checks whether the value, which was read from the text, holds all of it.
    fn holds_all_of(&self, text: &str) -> bool;
}

macro_rules! as_written {
    ($($type:ty)*) => {$(
        impl Exact for $type {
            fn holds_all_of(&self, text: &str) -> bool {
                is_written(self, text)
            }
        }
    )*};
}

as_written! { Date Duration Guid TimeOfDay }

impl Exact for DateTimeOffset {
    /// Checks whether the value is the same point in time. The text may have another offset, and
    /// more digits than Graph has.
    fn holds_all_of(&self, text: &str) -> bool {
        self.is_of(text)
    }
}

/// Checks whether a value is written as this text. Letters may differ in case, because Graph reads
/// both.
fn is_written(value: &impl Display, text: &str) -> bool {
    /// The part of the text that has not been written yet.
    struct Rest<'t>(&'t str);

    impl Write for Rest<'_> {
        fn write_str(&mut self, written: &str) -> fmt::Result {
            let (start, rest) = self.0.split_at_checked(written.len()).ok_or(fmt::Error)?;
            self.0 = rest;
            match start.eq_ignore_ascii_case(written) {
                true => Ok(()),
                false => Err(fmt::Error),
            }
        }
    }

    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// Checks whether a value is the one that the text is read as.
pub fn is_read_from(value: &dyn Scalar, text: &str) -> bool {
    macro_rules! of_any {
        ($($type:ty)*) => {
            false $(|| {
                let value = value.as_any().downcast_ref::<$type>();
                value.is_some_and(|value| text.parse::<$type>().is_ok_and(|read| read == *value))
            })*
        };
    }
    of_any!(Date DateTimeOffset Duration Guid TimeOfDay) || is_written(&value, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn is_held<T: FromStr + Exact>(text: &str) -> bool {
        let value = T::from_str(text).ok().expect(text);
        value.holds_all_of(text)
    }

    #[test]
    fn texts_that_say_more_are_not_held() {
        for text in [
            "2026-08-20T10:11:12.1234567Z",
            "2026-08-20T10:11:12.123456789012Z",
            "2026-08-20T10:11:12+05:30",
            "2026-08-20",
        ] {
            assert!(is_held::<DateTimeOffset>(text), "{text}");
        }
        for text in ["2016-12-31T23:59:60Z", "2017-01-01T01:59:60.5+02:00"] {
            assert!(!is_held::<DateTimeOffset>(text), "{text}");
        }
        assert!(is_held::<Duration>("P1DT2H3M4.5000000S"));
        for text in ["P1DT2H3M.5S", "PT01H", "+PT1H", "PT0.12345678S"] {
            assert!(!is_held::<Duration>(text), "{text}");
        }
        assert!(is_held::<TimeOfDay>("08:00:00.0000000"));
        for text in ["08:00", "08:00:00.123456789"] {
            assert!(!is_held::<TimeOfDay>(text), "{text}");
        }
        assert!(is_held::<Guid>("6E7B768E-07e2-4810-8459-485f84f8f204"));
        assert!(!is_held::<Guid>("6e7b768e07e248108459485f84f8f204"));
        assert!(is_held::<Date>("2026-08-20"));
        assert!(!is_held::<Date>("2026-8-20"));
    }
}
