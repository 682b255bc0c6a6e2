//! A tolerant reader that returns the values before the damage in JSON text.

use std::fmt;

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::open_string;

/// The longest text of one error that is read, in bytes. Graph's errors take some hundred bytes.
const LONGEST_ERROR: usize = 64 * 1024;

/// The number of `error` members that the reader examines before it gives up.
const MOST_ERRORS: usize = 32;

/// Checks whether any member `error` of a JSON text is an object.
///
/// This is a search for bytes. It returns `false` for nearly every success of Graph's, at the speed
/// of memory.
pub fn has_error_object(text: &[u8]) -> bool {
    error_objects(text).next().is_some()
}

/// Returns the first error of Graph's form in JSON text that may be damaged: an object `error` with
/// a code or a message.
pub fn error_in(text: &[u8]) -> Option<Map<String, Value>> {
    let is_text = |error: &Map<String, Value>, name| error.get(name).is_some_and(Value::is_string);
    error_objects(text)
        .take(MOST_ERRORS)
        .filter_map(prefix)
        .find(|error| is_text(error, "code") || is_text(error, "message"))
}

/// Returns the parts of the text that begin with an object which is the value of a member `error`.
fn error_objects(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    const KEY: &[u8] = b"\"error\"";
    // Each response is searched, and preparing the search takes longer than most searches.
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(KEY));
    FINDER.find_iter(text).filter_map(|at| {
        let after = text.get(at + KEY.len()..)?.trim_ascii_start();
        let value = after.strip_prefix(b":")?.trim_ascii_start();
        value.starts_with(b"{").then_some(value)
    })
}

/// Reads an object as far as it is intact. Returns `None` if the text does not begin with one.
///
/// If the end of the text cuts a string off, only a `message` is read up to that point. Half a
/// sentence is still useful to a person, but half a code is a different code.
pub fn prefix(text: &[u8]) -> Option<Map<String, Value>> {
    let text = super::trimmed(text);
    let text = text.get(..LONGEST_ERROR).unwrap_or(text);
    // If a character is cut off in the middle, it is the last one and is left out.
    let text = String::from_utf8_lossy(text);
    let mut text = text.trim_end_matches('\u{fffd}').to_owned();
    if let Some(start) = open_string(text.as_bytes()).filter(|start| is_message(&text, *start)) {
        close_string(&mut text, start);
    }
    let mut value = Value::Null;
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    // The damage is expected. `value` has the data that was read before it.
    let _ = Prefix(&mut value).deserialize(&mut deserializer);
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// Checks whether the string whose content begins at `start` is the value of a member `message`.
fn is_message(text: &str, start: usize) -> bool {
    let before = text
        .get(..start)
        .and_then(|before| before.strip_suffix('"'));
    let name = before.and_then(|before| before.trim_end().strip_suffix(':'));
    name.is_some_and(|name| name.trim_end().ends_with("\"message\""))
}

/// Closes the string whose content begins at `start`, without an escape that was cut off.
fn close_string(text: &mut String, start: usize) {
    text.push('"');
    let is_string = |text: &str| serde_json::from_str::<String>(&format!("\"{text}")).is_ok();
    while !text.get(start..).is_some_and(is_string) {
        match text.rfind('\\').filter(|at| *at >= start) {
            Some(at) => text.truncate(at),
            // The string holds a character that strings cannot hold, so it is damaged and not just
            // cut off.
            None => return,
        }
        text.push('"');
    }
}

/// A seed that reads a value in place, so that the data before an error stays.
struct Prefix<'v>(&'v mut Value);

impl<'de> DeserializeSeed<'de> for Prefix<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Prefix<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        *self.0 = Value::Object(Map::new());
        let Value::Object(object) = self.0 else {
            return Ok(());
        };
        while let Some(name) = map.next_key::<String>()? {
            map.next_value_seed(Prefix(object.entry(name).or_insert(Value::Null)))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        *self.0 = Value::Array(Vec::new());
        let Value::Array(array) = self.0 else {
            return Ok(());
        };
        loop {
            let mut item = Value::Null;
            match items.next_element_seed(Prefix(&mut item)) {
                Ok(Some(())) => array.push(item),
                Ok(None) => return Ok(()),
                Err(error) => {
                    array.push(item);
                    return Err(error);
                }
            }
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.0 = text.into();
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        *self.0 = value.into();
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        *self.0 = value.into();
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        *self.0 = value.into();
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        *self.0 = value.into();
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = concat!(
        r#"{"value":[{"id":"1"},{"error":{"code":"ErrorInvalidIdMalformed","#,
        r#""message":"Id \"ü\" \u00e9 is \ud83d\ude00 bad.","innerError":{"code":"x"}}}]}"#,
    );

    fn text_of<'e>(error: &'e Map<String, Value>, name: &str) -> &'e str {
        error.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    #[test]
    fn every_prefix_gives_its_readable_members() {
        let message = "Id \"ü\" é is 😀 bad.";
        let code_ends = TEXT.find(r#"","message"#).unwrap();
        let message_ends = TEXT.find(r#"","innerError"#).unwrap();
        for length in 0..=TEXT.len() {
            let error = error_in(&TEXT.as_bytes()[..length]).unwrap_or_default();
            if length > code_ends {
                assert_eq!(
                    text_of(&error, "code"),
                    "ErrorInvalidIdMalformed",
                    "{length}"
                );
            }
            let read = text_of(&error, "message");
            assert!(message.starts_with(read), "{length}: {read}");
            if length > message_ends {
                assert_eq!(read, message, "{length}");
            }
        }
    }

    #[test]
    fn text_after_the_object_is_ignored() {
        for after in ["", "}", "<html>", "\u{0}"] {
            let text = format!(r#"<p> "error" : {{"code":"a","message":"b"}}{after}"#);
            let error = error_in(text.as_bytes()).unwrap();
            assert_eq!(Value::Object(error), json!({"code":"a","message":"b"}));
        }
    }

    #[test]
    fn members_before_the_damage_are_kept() {
        let read = |text: &str| prefix(text.as_bytes()).map(Value::Object);
        assert_eq!(
            read(r#"{"a":1,"b":[true,{"code":"c","message" : "d"#),
            Some(json!({"a":1,"b":[true,{"code":"c","message":"d"}]}))
        );
        assert_eq!(read(r#"{"a":1,"b":<html>"#), Some(json!({"a":1,"b":null})));
        assert_eq!(read(r#"{"a":-1.5,"b"#), Some(json!({"a":-1.5})));
        assert_eq!(read(r#"{"code":"half a co"#), Some(json!({"code":null})));
        assert_eq!(read("<html>"), None);
        assert_eq!(read(r#"["a"]"#), None);
    }

    #[test]
    fn only_objects_with_code_or_message_are_errors() {
        for text in [
            "",
            r#"{"error":null}"#,
            r#"{"error":"text","licenses":[{"error":"None"}]}"#,
            r#"{"error":{}}"#,
            r#"{"error":{"code":1}}"#,
            r#"{"message":"the word \"error\": {\"code\":\"x\"}"}"#,
        ] {
            assert_eq!(error_in(text.as_bytes()), None, "{text}");
        }
        assert!(!has_error_object(
            br#"{"error":"None","message":"\"error\":{"}"#
        ));
        assert!(has_error_object(b"{\"error\" :\n{"));
    }
}
