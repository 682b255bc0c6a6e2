//! JSON decoding, with errors that say where the JSON did not fit.

mod tolerant;

use std::fmt::Write;

use serde::de::DeserializeOwned;

use crate::error::{DecodeError, Error, Result};
use crate::json::{open_string, without_bom};
use crate::model::place;

/// Decodes JSON as `T`. Errors name the type `name`.
///
/// An error says where in the JSON the fault is. Decoding tracks nothing for this: the path is
/// computed from the position of the error, when there is one.
pub fn decode<T: DeserializeOwned>(body: &[u8], name: &'static str) -> Result<T, Box<DecodeError>> {
    let body = without_bom(body);
    serde_json::from_slice(body)
        .or_else(|error| tolerant::read(body).ok_or(error))
        .map_err(|error| decode_error(body, name, &error))
}

/// Decodes JSON that is not a response to a call.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    decode(body, type_name::<T>()).map_err(Error::Decode)
}

/// Returns the name of a type without its modules.
pub fn type_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    // Each call asks for a name, so this looks at bytes.
    if name.bytes().any(|byte| b"<[(&".contains(&byte)) {
        return name;
    }
    let start = memchr::memrchr(b':', name.as_bytes()).map_or(0, |colon| colon + 1);
    &name[start..]
}

pub fn decode_error(
    body: &[u8],
    name: &'static str,
    error: &serde_json::Error,
) -> Box<DecodeError> {
    let path = offset(body, error).map_or_else(String::new, |offset| path(body, offset));
    DecodeError::new(path, name, message(error)).into()
}

/// Returns the error for JSON that ends too early, without parsing the JSON. The error names the
/// path at which the JSON ends.
pub fn cut_error(body: &[u8], name: &'static str) -> DecodeError {
    let body = without_bom(body);
    // A key that is cut off does not name a value.
    let end = open_string(body).map_or(body.len(), |start| start.saturating_sub(1));
    let message = "the JSON is truncated".to_owned();
    DecodeError::new(path(body, end), name, message)
}

/// Returns the message of a serde error, shortened. The position and the place in a model are left
/// out, because the path shows them better. The value that serde found is left out, because it may
/// be private and errors end up in logs.
fn message(error: &serde_json::Error) -> String {
    let mut message = place::split(&error.to_string()).1.to_owned();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if message.ends_with(&position) {
        message.truncate(message.len() - position.len());
    }
    if message.starts_with("unknown variant `")
        && let Some((_, expected)) = message.rsplit_once("`, expected ")
    {
        return format!("unknown variant, expected {expected}");
    }
    for prefix in ["invalid type: ", "invalid value: "] {
        let Some((found, expected)) = message
            .strip_prefix(prefix)
            .and_then(|rest| rest.rsplit_once(", expected "))
        else {
            continue;
        };
        let kind = found
            .split(['"', '`'])
            .next()
            .unwrap_or_default()
            .trim_end();
        return format!("{prefix}{kind}, expected {expected}");
    }
    message
}

/// Returns the number of bytes read before the error, or `None` for an error without a position.
fn offset(body: &[u8], error: &serde_json::Error) -> Option<usize> {
    let lines_before = error.line().checked_sub(1)?;
    let line: usize = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(lines_before)
        .map(<[u8]>::len)
        .sum();
    Some(line + error.column())
}

/// One step into a JSON value.
enum Step<'b> {
    /// A step into an object, with the key as written, once the key was read.
    Key(Option<&'b [u8]>),
    /// A step into an array, with the index.
    Index(usize),
}

/// Returns the path of the value that ends at an offset or is being read there:
/// `value[3].createdDateTime`.
///
/// The JSON before the offset was already parsed, so this only counts brackets and commas.
fn path(body: &[u8], offset: usize) -> String {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut start = 0;
    while let Some(&sign) = body.get(start).filter(|_| start < offset) {
        let end = token_end(body, start);
        match sign {
            b'}' | b']' => {
                steps.pop();
            }
            // The content of this value has not been read yet.
            b'{' | b'[' if end >= offset => {}
            b'{' => steps.push(Step::Key(None)),
            b'[' => steps.push(Step::Index(0)),
            b',' => match steps.last_mut() {
                Some(Step::Key(key)) => *key = None,
                Some(Step::Index(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                if let Some(Step::Key(key @ None)) = steps.last_mut() {
                    *key = body.get(start + 1..end.saturating_sub(1));
                }
            }
            _ => {}
        }
        start = end;
    }
    written(&steps)
}

/// Returns the end of the token that starts at a position: a whole string, or one character of
/// anything else.
fn token_end(body: &[u8], start: usize) -> usize {
    let rest = body.get(start + 1..).unwrap_or_default();
    if body.get(start) != Some(&b'"') {
        return start + 1;
    }
    let mut escaped = false;
    let length = rest.iter().position(|sign| {
        let ends = *sign == b'"' && !escaped;
        escaped = *sign == b'\\' && !escaped;
        ends
    });
    start + 1 + length.map_or(rest.len(), |length| length + 1)
}

fn written(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
            Step::Key(None) => {}
            Step::Key(Some(key)) => {
                let key = String::from_utf8_lossy(key);
                if key
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(&key);
                } else {
                    let _ = write!(path, "[\"{key}\"]");
                }
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Item {
        id: String,
        size: Option<i64>,
        children: Option<Vec<Item>>,
        flags: Option<HashMap<String, bool>>,
    }

    fn fault(text: &str) -> (String, String) {
        let error = decode::<Item>(text.as_bytes(), "Item").expect_err(text);
        (error.path().to_owned(), error.message().to_owned())
    }

    #[test]
    fn decode_error_has_the_path() {
        for (text, wanted) in [
            (r#"{"id":1}"#, "id"),
            (r#"{ "id" : {} }"#, "id"),
            (r#"{"id":{"a":[1]}}"#, "id"),
            (r#"{"id":[]}"#, "id"),
            (r#"{"id": [ 1, 2 ] }"#, "id"),
            (r#"{"id":"a","size":"b"}"#, "size"),
            ("{\"id\":\"a\",\n\n  \"size\": 1.5\n}", "size"),
            (r#"{"id":"a","size":true,"more":1}"#, "size"),
            (
                r#"{"id":"a","children":[{"id":"b"},{"id":"c","size":[]}]}"#,
                "children[1].size",
            ),
            (
                r#"{"id":"a","children":[{"id":"b","children":[{"id":null}]}]}"#,
                "children[0].children[0].id",
            ),
            (
                r#"{"id":"a\"}],{","more":{"x":[{},[1,{"y":"]"}]]},"size":{}}"#,
                "size",
            ),
            (r#"{"id":"a","children":[{"size":1}]}"#, "children[0]"),
            (r#"{"id":"a","children":{}}"#, "children"),
            (
                r#"{"id":"a","flags":{"b":true,"@c.d":1}}"#,
                r#"flags["@c.d"]"#,
            ),
            (r#"{"size":1}"#, ""),
            ("[]", ""),
            ("", ""),
            (
                r#"{"id":"a","children":[{"id":"b"},{"id""#,
                "children[1].id",
            ),
            (r#"{"id":"a","size":12"#, "size"),
        ] {
            assert_eq!(fault(text).0, wanted, "{text}");
        }
    }

    #[test]
    fn decode_error_names_found_type_without_value() {
        let (_, message) = fault(r#"{"id":"a","size":"hunter2, expected \"x"}"#);
        assert_eq!(message, "invalid type: string, expected i64");
        let (_, message) = fault(r#"{"id":4711}"#);
        assert_eq!(message, "invalid type: integer, expected a string");
        let (_, message) = fault(r#"{"id":null}"#);
        assert_eq!(message, "invalid type: null, expected a string");
        let (_, message) = fault(r#"{"id":"a","size":18446744073709551615}"#);
        assert_eq!(message, "invalid value: integer, expected i64");
        let (_, message) = fault(r#"{"size":1}"#);
        assert_eq!(message, "missing field `id`");
    }

    #[test]
    fn invisible_characters_of_keys_are_escaped() {
        let key = "a\u{202e}b\u{7f}\u{9b}c";
        let text = format!(r#"{{"id":"a","flags":{{"{key}":1,"x\u0007":true}}}}"#);
        let (path, _) = fault(&text);
        assert_eq!(path, r#"flags["a\u{202e}b\u{7f}\u{9b}c"]"#);
        let text = r#"{"id":"a","flags":{"x\u0007\u202e":1}}"#;
        assert_eq!(fault(text).0, r#"flags["x\u0007\u202e"]"#);
    }

    #[test]
    fn decode_error_does_not_print_unknown_variant() {
        #[derive(Debug, Deserialize)]
        enum Colour {
            Red,
        }
        let error = decode::<Colour>(br#""hunter2""#, "Colour").unwrap_err();
        assert_eq!(error.message(), "unknown variant, expected `Red`");
        assert!(matches!(decode(br#""Red""#, "Colour"), Ok(Colour::Red)));
    }

    #[test]
    fn truncated_text_error_has_its_end_position() {
        for (text, path) in [
            (r#"{"value":[{"id":"1"}"#, "value[0]"),
            (r#"{"value":[{"id":"1"},{"na"#, "value[1]"),
            (r#"{"value":[{"id":"1"},{"name":"a","#, "value[1]"),
            (r#"{"value":[{"id":"1"},{"name":"a"#, "value[1].name"),
            ("{", ""),
        ] {
            assert_eq!(cut_error(text.as_bytes(), "User").path(), path, "{text}");
        }
    }

    #[test]
    fn every_error_position_can_be_named() {
        let text =
            r#"{"id":"a\\\"","children":[{"id":"é","flags":{"x":true}},{"id":"\u00e9"}],"size":1}"#;
        for end in 0..text.len() {
            let error = decode::<Item>(&text.as_bytes()[..end], "Item");
            assert!(error.is_err(), "{end}");
        }
        assert!(decode::<Item>(text.as_bytes(), "Item").is_ok());
    }

    #[test]
    fn types_are_named_without_their_modules() {
        assert_eq!(type_name::<Item>(), "Item");
        assert_eq!(type_name::<String>(), "String");
        assert_eq!(type_name::<i64>(), "i64");
        assert_eq!(type_name::<serde_json::Value>(), "Value");
        assert!(type_name::<Vec<Item>>().contains("Item"));
    }
}
