//! JSON values that have no field: their text, and the value that they read as.
//!
//! `serde_json::Value` cannot hold every JSON text: numbers beyond `f64`, more digits than `f64`
//! has, and half a surrogate pair. In these cases, and where `Value` would write a number in
//! another form, the text is kept beside the value. The JSON that was read is therefore written
//! again unchanged.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::Ref;
use super::edm::is_read_from;
use super::scan::{Scanner, malformed};

/// The name by which serde_json returns the text of a value instead of the value.
///
/// serde_json does not export it. `&RawValue` reads from borrowed input only and `Box<RawValue>`
/// always copies, so [`Text`] uses the name directly. A deserializer that does not know the name is
/// read as a [`Value`].
pub const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The limit for the nesting of values, as in serde_json.
pub const MAX_DEPTH: usize = 128;

/// The JSON text of one value, borrowed where possible.
pub struct Text<'de>(Cow<'de, str>);

impl Text<'_> {
    #[doc(hidden)]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_VALUE, TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
        map.next_key::<de::IgnoredAny>()?;
        map.next_value_seed(self)
    }

    #[inline]
    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text)))
    }

    /// Reads from a deserializer that has no text, such as serde's buffer for flattened structs.
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Text<'de>, D::Error> {
        self.visit_string(Value::deserialize(deserializer)?.to_string())
    }
}

impl<'de> de::DeserializeSeed<'de> for TextVisitor {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// A value without a field, with its text if the value is not exact.
#[derive(Clone, Debug)]
pub struct Kept {
    pub value: Value,
    /// The original text, or `None` if `value` holds all of it.
    exact: Option<Box<RawValue>>,
}

impl Kept {
    /// Reads the text of one value.
    ///
    /// A number that `Value` cannot hold reads as a string of its digits, and half a surrogate pair
    /// as U+FFFD.
    ///
    /// # Errors
    ///
    /// Returns an error when the value is nested too deeply.
    #[doc(hidden)]
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        if let Some(string) = plain_string(text) {
            return Ok(Value::from(string).into());
        }
        let (value, is_exact) = match serde_json::from_str(text) {
            Ok(value @ Value::String(_)) => (value, true),
            Ok(value) => (value, has_exact_numbers(text)),
            Err(_) => (lossy(text, 0)?, false),
        };
        let exact = match is_exact {
            true => None,
            false => Some(RawValue::from_string(text.to_owned())?),
        };
        Ok(Self { value, exact })
    }

    /// Returns the JSON text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match &self.exact {
            Some(text) => Cow::Borrowed(text.get()),
            None => Cow::Owned(self.value.to_string()),
        }
    }

    /// Checks whether the value holds all of the text.
    pub(super) fn is_exact(&self) -> bool {
        self.exact.is_none()
    }

    /// Returns the value to be changed. The original text is dropped, so the value decides what is
    /// written.
    pub(super) fn value_mut(&mut self) -> &mut Value {
        self.exact = None;
        &mut self.value
    }

    /// Checks whether a field still has the value that was read from this text. The text is then
    /// written, because the field does not hold all of it.
    pub(super) fn is_source_of(&self, field: Ref<'_>) -> bool {
        reads_as(&self.text(), &self.value, field)
    }
}

/// Checks whether a field has the value of a text. The digits of a number are compared in the text,
/// because a [`Value`] may lose some of them.
fn reads_as(text: &str, value: &Value, field: Ref<'_>) -> bool {
    match (field, value) {
        (Ref::String(field), Value::String(value)) if text.starts_with('"') => field == value,
        (Ref::String(field), Value::Number(_) | Value::Bool(_) | Value::String(_)) => field == text,
        (Ref::Scalar(field), Value::String(value)) => is_read_from(field, value),
        (Ref::Untyped(field), value) => field == value,
        (Ref::List(list), Value::Array(values)) => {
            let texts: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            let pairs = texts.iter().map(|text| text.get()).zip(values);
            let mut pairs = pairs.filter(|(_, value)| !value.is_null());
            let mut items = (0..list.len()).map(|number| list.item(number));
            items.all(|item| {
                pairs
                    .next()
                    .is_some_and(|(text, value)| reads_as(text, value, item))
            }) && pairs.next().is_none()
        }
        _ => false,
    }
}

impl From<Value> for Kept {
    fn from(value: Value) -> Self {
        Self { value, exact: None }
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        let text = |kept: &Self| kept.exact.as_ref().map(|text| text.get().to_owned());
        self.value == other.value && text(self) == text(other)
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.exact {
            Some(text) => text.serialize(serializer),
            None => self.value.serialize(serializer),
        }
    }
}

/// The name of a property. Half a surrogate pair in it reads as U+FFFD.
pub struct Name(pub String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a property")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
                Ok(Name(name.to_owned()))
            }

            fn visit_bytes<E: de::Error>(self, name: &[u8]) -> Result<Name, E> {
                from_wtf8(name).map(Name)
            }
        }

        // serde_json checks surrogate pairs in strings, but not in bytes.
        deserializer.deserialize_bytes(Reader)
    }
}

/// Returns the text with U+FFFD for each half of a surrogate pair.
fn from_wtf8<E: de::Error>(bytes: &[u8]) -> Result<String, E> {
    let mut bytes = bytes.to_vec();
    for start in 0..bytes.len().saturating_sub(2) {
        // A surrogate encoded in the manner of UTF-8 is as long as U+FFFD.
        if bytes[start] == 0xed && bytes[start + 1] >= 0xa0 {
            bytes[start..start + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8(bytes).map_err(|_| E::custom("invalid unicode code point"))
}

/// Returns the string that a JSON text holds, if it is a string without an escape.
fn plain_string(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.as_bytes().contains(&b'\\')).then_some(inner)
}

/// Returns the string that a JSON text holds, with U+FFFD for each half of a surrogate pair.
pub fn lossy_string(text: &str) -> Result<String, serde_json::Error> {
    let mut scanner = Scanner::new(text);
    match scanner.peek() {
        Some(b'"') => Ok(scanner.string()?.read()?.0.into_owned()),
        _ => Err(malformed()),
    }
}

/// Reads JSON that `Value` cannot hold as the nearest possible value.
fn lossy(text: &str, depth: usize) -> Result<Value, serde_json::Error> {
    if depth >= MAX_DEPTH {
        return Err(de::Error::custom("recursion limit exceeded"));
    }
    match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text)?;
            let members = members
                .into_iter()
                .map(|(name, value)| Ok((name, lossy(value.get(), depth + 1)?)));
            members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items = items.into_iter().map(|item| lossy(item.get(), depth + 1));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        Some(b'"') => lossy_string(text).map(Value::String),
        Some(b'-' | b'0'..=b'9') => Ok(match text.parse::<Number>() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text.to_owned()),
        }),
        _ => serde_json::from_str(text),
    }
}

/// The members of an object, with the text of each.
pub struct Members<'de>(pub Vec<(String, &'de RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// Checks whether `Value` holds all numbers of a text exactly.
fn has_exact_numbers(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| matches!(sign, '"' | '-' | '0'..='9')) {
        rest = &rest[start..];
        if rest.starts_with('"') {
            rest = rest.get(string_end(rest.as_bytes())..).unwrap_or_default();
            continue;
        }
        let is_part = |sign: char| matches!(sign, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        let end = rest.find(|sign| !is_part(sign)).unwrap_or(rest.len());
        if !is_exact(&rest[..end]) {
            return false;
        }
        rest = &rest[end..];
    }
    true
}

/// Returns the end of the string at the beginning of a text.
fn string_end(text: &[u8]) -> usize {
    let mut end = 1;
    while let Some(byte) = text.get(end) {
        match byte {
            b'"' => return end + 1,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    text.len()
}

fn is_exact(number: &str) -> bool {
    /// The number of digits up to which `i64` holds every number.
    const KEPT_DIGITS: usize = 18;
    let is_digits = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if number.len() <= KEPT_DIGITS && is_digits(number) {
        return true;
    }
    let read = number.parse::<Number>().map(|read| read.to_string());
    read.is_ok_and(|read| read == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Kept {
        Kept::read(text).expect(text)
    }

    /// Guards against a change of serde_json's private name that `Text` uses.
    #[test]
    fn json_text_is_borrowed_unchanged() {
        let text = r#" {"a" : 1e999, "b":"\ud83d"} "#;
        let read: Text<'_> = serde_json::from_str(text).expect("JSON");
        assert!(matches!(&read.0, Cow::Borrowed(read) if *read == text.trim()));
        let value = serde_json::json!({"a": [1, "b"]});
        let read = Text::deserialize(&value).expect("JSON");
        assert_eq!(read.as_str(), value.to_string());
    }

    #[test]
    fn inexact_values_keep_their_text() {
        for (text, value) in [
            ("1e999", r#""1e999""#),
            ("-1E+400", r#""-1E+400""#),
            (r#""half \ud83d""#, "\"half \u{fffd}\""),
            (
                r#""\udc00\ud83d\ud83d\ude00""#,
                "\"\u{fffd}\u{fffd}\u{1f600}\"",
            ),
            (
                r#"{"a":[1e999,{"b":"\ud83d"}],"c":1}"#,
                "{\"a\":[\"1e999\",{\"b\":\"\u{fffd}\"}],\"c\":1}",
            ),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("1.50", "1.5"),
            ("-0", "-0.0"),
            ("1e39", "1e+39"),
            ("[0.12345678901234567890123]", "[0.12345678901234568]"),
        ] {
            let kept = kept(text);
            assert_eq!(kept.value.to_string(), value, "{text}");
            assert_eq!(kept.text(), text);
            assert_eq!(serde_json::to_string(&kept).expect("JSON"), text);
        }
    }

    #[test]
    fn exact_values_keep_no_text() {
        for text in [
            "0",
            "-1.5",
            "0.1",
            "18446744073709551615",
            "-9223372036854775808",
            "true",
            r#"{"a":"12345678901234567890123 \" 1e999","b":[0.1,null]}"#,
            r#""\ud83d\ude00""#,
        ] {
            assert!(kept(text).exact.is_none(), "{text}");
        }
    }

    #[test]
    fn depth_has_a_limit_with_inexact_values_too() {
        let nested = |depth: usize, inner: &str| {
            format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth))
        };
        for inner in ["1", "1e999", r#""\ud83d""#] {
            assert!(Kept::read(&nested(100, inner)).is_ok());
            let error = Kept::read(&nested(100_000, inner)).expect_err("too deep");
            assert!(error.to_string().contains("recursion limit"), "{error}");
        }
    }
}
