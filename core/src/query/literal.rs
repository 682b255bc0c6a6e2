//! Values in the syntax of OData's filters.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use chrono::{DateTime, TimeZone, Utc};

use crate::model::edm::{Binary, Date, DateTimeOffset, Decimal, Duration, Guid, TimeOfDay};
use crate::model::{Flags, OpenEnum};

/// Formats text as an OData literal: in single quotes, with each quote inside doubled.
///
/// ```
/// use msgraph::query::literal;
///
/// assert_eq!(literal("O'Brien"), "'O''Brien'");
/// ```
///
/// [OData 4.01, URL Conventions,
/// 2](https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html)
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value that a property of type `T` can be compared with.
///
/// It is a value of the type itself, or a value that is read as one (`&str`, a `DateTime` of
/// chrono, a `SystemTime`, a date for its midnight in UTC). References to the type itself count as
/// well. It can also be an `Option` (`None` is `null`) or [`Null`]. A program's own type that
/// represents one of Graph's types can implement the trait too:
///
/// ```
/// use msgraph::models::User;
/// use msgraph::query::Literal;
///
/// struct EmployeeId(u32);
///
/// impl Literal<String> for EmployeeId {
///     fn literal(&self) -> String {
///         self.0.to_string().literal()
///     }
/// }
///
/// let filter = User::EMPLOYEE_ID.eq(EmployeeId(7));
/// assert_eq!(filter.to_string(), "employeeId eq '7'");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compared with a property of type `{T}`",
    note = "a filter can also be text: `.filter(\"…\")`"
)]
pub trait Literal<T> {
    /// Returns the value in OData's syntax, not encoded for a URL.
    ///
    /// ```
    /// use msgraph::query::Literal;
    ///
    /// assert_eq!("O'Brien".literal(), "'O''Brien'");
    /// ```
    fn literal(&self) -> String;
}

/// `null`, for conditions that find entities without a value, or with any value.
///
/// ```
/// use msgraph::models::User;
/// use msgraph::query::Null;
///
/// assert_eq!(User::MAIL.ne(Null).to_string(), "mail ne null");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Null;

impl<T> Literal<T> for Null {
    fn literal(&self) -> String {
        "null".to_owned()
    }
}

impl<T, V: Literal<T>> Literal<T> for Option<V> {
    fn literal(&self) -> String {
        match self {
            Some(value) => value.literal(),
            None => Literal::<T>::literal(&Null),
        }
    }
}

macro_rules! text {
    ($($type:ty)*) => {$(
        impl Literal<String> for $type {
            fn literal(&self) -> String {
                literal(self)
            }
        }
    )*};
}

text!(str &str &&str String &String Cow<'_, str>);

/// Implements the literal form for a type and for references to it.
///
/// One implementation for all references would conflict with that for all enums.
macro_rules! values {
    ($({$bound:ident: $trait:ident})? $type:ty: |$value:ident| $written:expr) => {
        impl $(<$bound: $trait>)? Literal<$type> for $type {
            fn literal(&self) -> String {
                let $value = self;
                $written
            }
        }

        impl $(<$bound: $trait>)? Literal<$type> for &$type {
            fn literal(&self) -> String {
                let $value = *self;
                $written
            }
        }
    };
}

/// Implements the literal form of types whose `Display` text is the literal.
macro_rules! plain {
    ($($type:ty)*) => {$(values!($type: |value| value.to_string());)*};
}

plain!(bool i16 i32 i64 u8 DateTimeOffset Date TimeOfDay Guid Decimal);

values!(f32: |value| floating(f64::from(*value), value));
values!(f64: |value| floating(*value, value));
values!(Duration: |value| typed("duration", value));
values!(Binary: |value| typed("binary", BASE64_URL_SAFE.encode(value)));
// A member is written as a quoted word. Graph accepts it without the name of its enum.
values!({E: OpenEnum} E: |value| literal(&value.to_string()));
values!({E: OpenEnum} Flags<E>: |value| literal(&value.to_string()));

impl<E: OpenEnum> Literal<Flags<E>> for E {
    fn literal(&self) -> String {
        literal(&self.to_string())
    }
}

impl<Z: TimeZone> Literal<DateTimeOffset> for DateTime<Z> {
    fn literal(&self) -> String {
        DateTimeOffset::from(self.with_timezone(&Utc)).literal()
    }
}

/// Implements the literal form of what converts into a point in time.
macro_rules! times {
    ($($type:ty)*) => {$(
        impl Literal<DateTimeOffset> for $type {
            fn literal(&self) -> String {
                DateTimeOffset::from(*self).to_string()
            }
        }
    )*};
}

times!(SystemTime Date);

#[cfg(feature = "jiff")]
times!(jiff::Timestamp);

#[cfg(feature = "jiff")]
impl Literal<DateTimeOffset> for jiff::ZonedDateTime {
    fn literal(&self) -> String {
        self.timestamp().literal()
    }
}

#[cfg(feature = "jiff")]
impl Literal<Date> for jiff::civil::Date {
    fn literal(&self) -> String {
        self.to_string()
    }
}

#[cfg(feature = "time")]
times!(time::OffsetDateTime);

/// Formats a floating point number. Rust's names for infinity differ from OData's.
fn floating(value: f64, shown: impl Display) -> String {
    if value == f64::INFINITY {
        "INF".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-INF".to_owned()
    } else {
        shown.to_string()
    }
}

fn typed(of: &str, value: impl Display) -> String {
    format!("{of}'{value}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T>(value: impl Literal<T>) -> String {
        value.literal()
    }

    #[test]
    fn each_edm_type_is_an_odata_literal() {
        assert_eq!(of::<String>("it's"), "'it''s'");
        assert_eq!(of::<String>(String::new()), "''");
        assert_eq!(of::<bool>(true), "true");
        assert_eq!(of::<i64>(i64::MIN), "-9223372036854775808");
        assert_eq!(of::<f64>(1.5), "1.5");
        assert_eq!(of::<f64>(f64::NEG_INFINITY), "-INF");
        assert_eq!(of::<f32>(f32::INFINITY), "INF");
        assert_eq!(of::<f64>(f64::NAN), "NaN");
        let time: DateTimeOffset = "2026-01-02T05:04:05.5+02:00".parse().unwrap();
        assert_eq!(of::<DateTimeOffset>(time), "2026-01-02T03:04:05.5Z");
        assert_eq!(of::<DateTimeOffset>(time.utc()), "2026-01-02T03:04:05.5Z");
        assert_eq!(
            of::<DateTimeOffset>(SystemTime::UNIX_EPOCH),
            "1970-01-01T00:00:00Z"
        );
        assert_eq!(
            of::<DateTimeOffset>("2026-01-02".parse::<Date>().unwrap()),
            "2026-01-02T00:00:00Z"
        );
        assert_eq!(
            of::<Date>("2026-01-02".parse::<Date>().unwrap()),
            "2026-01-02"
        );
        assert_eq!(
            of::<TimeOfDay>("08:00:00".parse::<TimeOfDay>().unwrap()),
            "08:00:00"
        );
        assert_eq!(
            of::<Duration>("PT1H".parse::<Duration>().unwrap()),
            "duration'PT1H'"
        );
        assert_eq!(
            of::<Binary>(Binary::from_static(b"\xfb\xff\xfe")),
            "binary'-__-'"
        );
        let id = "184efa21-98c3-4e5d-95ab-d07053a96e67";
        assert_eq!(of::<Guid>(id.parse::<Guid>().unwrap()), id);
    }

    #[test]
    fn none_is_written_as_null() {
        assert_eq!(of::<String>(None::<&str>), "null");
        assert_eq!(of::<String>(Some("null")), "'null'");
        assert_eq!(of::<i32>(Null), "null");
    }
}
