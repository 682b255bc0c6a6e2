//! `Edm.Decimal`

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::ParseError;

/// `Edm.Decimal`: a decimal number that keeps its digits exactly as written.
///
/// This type has no arithmetic; use any decimal library. [`as_str`](Self::as_str) returns the
/// digits, and `From<i64>` and `FromStr` take them.
///
/// ```
/// use msgraph::model::edm::Decimal;
///
/// let charge: Decimal = serde_json::from_str("1.50")?;
/// assert_eq!(charge.as_str(), "1.50");
/// assert_eq!(serde_json::to_string(&charge)?, "1.50");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Decimal {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        // JSON numbers have the syntax of Edm.Decimal, so the JSON reader decides whether the text
        // is a number.
        let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
        if is_number {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseError::new("decimal number", text))
        }
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// Reads a number, or text that holds a number.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get().trim_matches('"');
        // The error leaves out the text that was found, because it may be anything.
        text.parse()
            .map_err(|_| serde::de::Error::custom("expected a number (Edm.Decimal)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_keeps_its_digits() {
        for text in ["0", "-1.50", "123456789012345678901234567890.123", "1e3"] {
            let value: Decimal = serde_json::from_str(text).expect(text);
            assert_eq!(serde_json::to_string(&value).expect("JSON"), text);
        }
        let value: Decimal = serde_json::from_str("\"1.10\"").expect("a text that is a number");
        assert_eq!(value.as_str(), "1.10");
        for wrong in ["\"a\"", "true", "\"\"", "{}"] {
            assert!(serde_json::from_str::<Decimal>(wrong).is_err(), "{wrong}");
        }
    }
}
