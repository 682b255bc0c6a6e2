//! Numbers of seconds in responses.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::SignInError;

/// More seconds than any lifetime or date has: ten thousand years.
const MOST: f64 = 315_576_000_000.0;

/// A number of seconds in a response, given as a number or as text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Seconds {
    /// The response has no value.
    #[default]
    Absent,
    Given(Duration),
    Negative(f64),
    /// The value is not a number.
    Unreadable,
}

impl Seconds {
    pub(super) fn of(value: &Value) -> Self {
        let number = match value {
            Value::Null => return Self::Absent,
            Value::Number(number) => number.as_f64(),
            // App Service sends an empty text for an unknown value.
            Value::String(text) if text.trim().is_empty() => return Self::Absent,
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number.is_nan() => Self::Unreadable,
            Some(number) if number < 0.0 => Self::Negative(number),
            Some(number) => {
                Duration::try_from_secs_f64(number.min(MOST)).map_or(Self::Unreadable, Self::Given)
            }
            None => Self::Unreadable,
        }
    }

    /// Returns the time, if the response has a readable one.
    pub(super) fn time(self) -> Option<Duration> {
        match self {
            Self::Given(time) => Some(time),
            Self::Absent | Self::Negative(_) | Self::Unreadable => None,
        }
    }

    /// Returns the time, if the response has one.
    ///
    /// # Errors
    ///
    /// Returns an error if the value in the response is not a number of seconds. `whose` names the
    /// response.
    pub(super) fn checked(
        self,
        whose: &str,
        name: &str,
    ) -> Result<Option<Duration>, Box<SignInError>> {
        let wrong = match self {
            Self::Absent => return Ok(None),
            Self::Given(time) => return Ok(Some(time)),
            Self::Negative(number) => format!("it is negative ({number})"),
            Self::Unreadable => "it is not a number of seconds".to_owned(),
        };
        let message = format!("{whose} has an invalid `{name}`: {wrong}");
        Err(Box::new(SignInError::new(message)))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::of(&value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn seconds_come_as_numbers_or_as_text() {
        let given = |seconds| Seconds::Given(Duration::from_secs_f64(seconds));
        for (written, read) in [
            (json!(3599), given(3599.0)),
            (json!("3599"), given(3599.0)),
            (json!(" 3599 "), given(3599.0)),
            (json!(3599.5), given(3599.5)),
            (json!(0), given(0.0)),
            (json!(null), Seconds::Absent),
            (json!(""), Seconds::Absent),
            (json!(-5), Seconds::Negative(-5.0)),
            (json!("-inf"), Seconds::Negative(f64::NEG_INFINITY)),
            (json!("soon"), Seconds::Unreadable),
            (json!("NaN"), Seconds::Unreadable),
            (json!(true), Seconds::Unreadable),
            (json!([3599]), Seconds::Unreadable),
            (json!(1e300), given(MOST)),
            (json!("inf"), given(MOST)),
            (json!(u64::MAX), given(MOST)),
        ] {
            assert_eq!(Seconds::of(&written), read, "{written}");
        }
    }

    #[test]
    fn invalid_seconds_are_named_in_the_error() {
        let says = |seconds: Seconds| {
            let error = seconds
                .checked("the token response", "expires_in")
                .unwrap_err();
            error.to_string()
        };
        assert_eq!(
            says(Seconds::Negative(-5.0)),
            "sign-in failed: the token response has an invalid `expires_in`: it is negative (-5)"
        );
        assert_eq!(
            says(Seconds::Unreadable),
            "sign-in failed: the token response has an invalid `expires_in`: \
             it is not a number of seconds"
        );
    }
}
