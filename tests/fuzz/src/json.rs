//! JSON text: instances of Graph's types, damaged if an input requests it.

use std::fmt::Write;

use arbitrary::Unstructured;

use crate::description::{Shape, Types};
use crate::input::Choices;

/// The maximum nesting of an instance, which then ends in `null`.
const DEPTH: usize = 6;

/// The damage that is done to instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Every value has the type of its property.
    None,
    /// The text is JSON, with values of any type in any place.
    Values,
    /// The text is cut, changed or repeated at any position.
    Bytes,
}

/// A writer of instances.
pub(crate) struct Writer<'w, 'a> {
    pub(crate) types: &'w Types,
    pub(crate) input: &'w mut Unstructured<'a>,
    pub(crate) damage: Damage,
}

impl Writer<'_, '_> {
    /// Writes an object of a type.
    pub(crate) fn object(&mut self, name: &str) -> String {
        let mut text = String::new();
        self.write_object(&mut text, name, 0);
        text
    }

    fn write_object(&mut self, out: &mut String, name: &str, depth: usize) {
        let properties = self.types.properties(name);
        out.push('{');
        let mut first = true;
        let mut comma = |out: &mut String| {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
        };
        let wanted = self.input.below(9);
        for _ in 0..wanted.min(properties.len()) {
            let (name, shape) = self.input.pick(properties).clone();
            comma(out);
            string(out, &name);
            out.push(':');
            self.value(out, &shape, depth + 1);
        }
        if self.damage == Damage::Values && self.input.once_in(3) {
            comma(out);
            let name = self.input.text();
            string(out, &name);
            out.push(':');
            self.odd(out, depth + 1);
        }
        if self.input.once_in(8) {
            comma(out);
            let _ = write!(out, "\"@odata.type\":");
            string(out, &format!("#{name}"));
        }
        out.push('}');
    }

    fn value(&mut self, out: &mut String, shape: &Shape, depth: usize) {
        if self.damage == Damage::Values && self.input.once_in(4) {
            return self.odd(out, depth);
        }
        match shape {
            _ if depth > DEPTH => out.push_str("null"),
            Shape::Text | Shape::Untyped => {
                let text = self.input.text();
                string(out, &text);
            }
            Shape::DateTime => out.push_str(self.input.word(&[
                "\"2026-08-20T10:11:12Z\"",
                "\"2026-08-20T10:11:12.1234567Z\"",
                "\"0001-01-01T00:00:00Z\"",
                "\"9999-12-31T23:59:59.9999999Z\"",
                "\"2026-08-20T10:11:12+05:30\"",
            ])),
            Shape::Date => out.push_str(self.input.word(&["\"2026-08-20\"", "\"0001-01-01\""])),
            Shape::Time => {
                out.push_str(
                    self.input
                        .word(&["\"08:00:00.0000000\"", "\"23:59:59.9999999\""]),
                );
            }
            Shape::Duration => {
                out.push_str(
                    self.input
                        .word(&["\"PT1H\"", "\"P1DT2H3M4.5S\"", "\"-P10675199D\""]),
                );
            }
            Shape::Guid => out.push_str("\"6e7b768e-07e2-4810-8459-485f84f8f204\""),
            Shape::Binary => out.push_str(self.input.word(&["\"\"", "\"aGVsbG8=\"", "\"-_8=\""])),
            Shape::Bool => out.push_str(self.input.word(&["true", "false"])),
            Shape::Integer(width) => {
                let all: &[&str] = match *width {
                    "uint8" => &["0", "255"],
                    "int16" => &["0", "-32768", "32767"],
                    "int32" => &["0", "-2147483648", "2147483647"],
                    _ => &["0", "-9223372036854775808", "9223372036854775807"],
                };
                out.push_str(self.input.word(all));
            }
            Shape::Number("float") => out.push_str(self.input.word(&["0.5", "-1.5", "3.25e10"])),
            Shape::Number(_) => {
                out.push_str(self.input.word(&["0.1", "-1e300", "1.7976931348e308"]))
            }
            Shape::Decimal => {
                out.push_str(self.input.word(&["0.1", "79228162514264337593543950335"]))
            }
            Shape::Word(words) => {
                let word = self.input.pick(words).clone();
                string(out, &word);
            }
            Shape::Object(name) => self.write_object(out, name, depth),
            Shape::List(items) => {
                out.push('[');
                for number in 0..self.input.below(4) {
                    if number > 0 {
                        out.push(',');
                    }
                    self.value(out, items, depth + 1);
                }
                out.push(']');
            }
        }
    }

    /// Writes a value that the description does not allow.
    fn odd(&mut self, out: &mut String, depth: usize) {
        const ODD: &[&str] = &[
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1",
            "-1",
            "3.0",
            "1.5",
            "1e39",
            "1e308",
            "1e999",
            "-1e999",
            "1e-999",
            "255",
            "256",
            "32768",
            "2147483648",
            "9223372036854775808",
            "18446744073709551616",
            "123456789012345678901234567890.5",
            "\"\"",
            "\" \"",
            "\"5\"",
            "\"-5\"",
            "\"1.5\"",
            "\"true\"",
            "\"INF\"",
            "\"NaN\"",
            "\"n/a\"",
            "\"soon\"",
            "\"2026-08-20\"",
            "\"2026-13-45T99:99:99Z\"",
            "\"0000-00-00T00:00:00Z\"",
            "\"PT\"",
            "\"P99999999999999999999D\"",
            "\"24:00:00\"",
            "\"not-a-guid\"",
            "\"====\"",
            "\"#x\"",
            "\"half \\ud83d\"",
            "\"\\udc00\\ud83d\"",
            "\"\\ud83e\\udd80\"",
            "\"\\u0000\"",
            "[]",
            "[null]",
            "[[]]",
            "[1,\"a\",null,{}]",
            "{}",
            "{\"\":null}",
            "{\"error\":{\"code\":\"x\"}}",
            "{\"@odata.type\":\"#microsoft.graph.user\"}",
            "{\"a\":1,\"a\":2}",
        ];
        if depth < DEPTH && self.input.once_in(10) {
            let deep = self.input.below(60);
            for _ in 0..deep {
                out.push_str(if deep % 2 == 0 { "[" } else { "{\"a\":" });
            }
            out.push('1');
            for _ in 0..deep {
                out.push(if deep % 2 == 0 { ']' } else { '}' });
            }
            return;
        }
        out.push_str(self.input.word(ODD));
    }
}

/// Writes a string.
pub(crate) fn string(out: &mut String, text: &str) {
    // `Value` has one way to write a string, and it cannot fail.
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Cuts, changes or repeats bytes at any position.
pub(crate) fn damage(text: String, input: &mut Unstructured<'_>) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    for _ in 0..=input.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = input.below(bytes.len());
        match input.below(6) {
            0 => bytes.truncate(at),
            1 => bytes[at] = *input.pick(b"\"\\{}[],:\x00\xff\xc3n0e- "),
            2 => {
                bytes.remove(at);
            }
            3 => bytes.insert(at, *input.pick(b"\"\\{}[],:\x00\xff\xc3n0e- ")),
            4 => {
                let end = (at + 1 + input.below(32)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let html = b"<!DOCTYPE html><html><body>Service Unavailable</body></html>";
                bytes.splice(at..at, html.iter().copied());
            }
        }
    }
    bytes
}
