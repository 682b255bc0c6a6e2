//! A scanner of JSON text whose syntax serde_json has checked.
//!
//! It does not check the syntax again. Text that is not JSON gives an error or wrong values, and
//! never a panic or an endless loop.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use serde::de::Error as _;
use serde_json::Error;

/// A place in JSON text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Moves to the next byte that is not whitespace, and returns it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    /// Moves past the byte that [`peek`](Self::peek) has returned.
    #[inline]
    pub(super) fn pass(&mut self) {
        self.at += 1;
    }

    /// Returns the number of bytes before this place.
    #[inline]
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Returns the text from a place to this one.
    pub(super) fn since(&self, place: usize) -> &'t str {
        self.text.get(place..self.at).unwrap_or_default()
    }

    /// Moves past a string, of which [`peek`](Self::peek) has returned the first quote.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Quoted<'t>, Error> {
        let start = self.at + 1;
        let mut end = start;
        let mut is_plain = true;
        loop {
            let rest = self.text.as_bytes().get(end..).unwrap_or_default();
            let Some(found) = quote_or_backslash(rest) else {
                return Err(malformed());
            };
            end += found;
            if rest[found] == b'"' {
                break;
            }
            is_plain = false;
            end += 2;
        }
        self.at = end + 1;
        Ok(Quoted {
            inner: self.text.get(start..end).unwrap_or_default(),
            is_plain,
        })
    }

    /// Moves past a number, a Boolean or `null`, and returns it.
    #[inline]
    pub(super) fn word(&mut self) -> Result<&'t str, Error> {
        let start = self.at;
        let is_part =
            |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E');
        while self.text.as_bytes().get(self.at).is_some_and(is_part) {
            self.at += 1;
        }
        match self.since(start) {
            "" => Err(malformed()),
            word => Ok(word),
        }
    }

    /// Moves past a value, and returns its text.
    pub(super) fn value(&mut self) -> Result<&'t str, Error> {
        let mut depth = 0_usize;
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'{' | b'[') => loop {
                match self.text.as_bytes().get(self.at) {
                    Some(b'"') => {
                        self.string()?;
                        continue;
                    }
                    Some(b'{' | b'[') => depth += 1,
                    Some(b'}' | b']') => depth -= 1,
                    Some(_) => {}
                    None => return Err(malformed()),
                }
                self.at += 1;
                if depth == 0 {
                    break;
                }
            },
            Some(b'"') => {
                self.string()?;
            }
            _ => {
                self.word()?;
            }
        }
        Ok(self.since(start))
    }
}

/// Returns the place of the first quote or backslash.
#[inline]
fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST_BITS: u64 = u64::from_le_bytes([0x80; 8]);
    /// The highest bit of each byte that is zero. A byte above such a byte may have it, too.
    fn zeros(bytes: u64) -> u64 {
        bytes.wrapping_sub(ONES) & !bytes & HIGHEST_BITS
    }

    // Most strings are short, and a call of memchr costs as much as a search of four words.
    let (words, _) = text.as_chunks();
    for (number, word) in words.iter().take(4).enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let found = quotes | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(8 * number + found.trailing_zeros() as usize / 8);
        }
    }
    let start = 8 * words.len().min(4);
    memchr2(b'"', b'\\', &text[start..]).map(|place| start + place)
}

/// The error for text that is not JSON.
#[cold]
pub(super) fn malformed() -> Error {
    Error::custom("the JSON is malformed")
}

/// The inner text of a JSON string, with its escapes.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'t> {
    inner: &'t str,
    is_plain: bool,
}

impl<'t> Quoted<'t> {
    /// Returns the string, and whether it holds all of the text. Half a surrogate pair becomes
    /// U+FFFD.
    #[inline]
    pub(super) fn read(self) -> Result<(Cow<'t, str>, bool), Error> {
        match self.is_plain {
            true => Ok((Cow::Borrowed(self.inner), true)),
            false => {
                let (string, is_exact) = unescape(self.inner)?;
                Ok((Cow::Owned(string), is_exact))
            }
        }
    }
}

/// Replaces the escapes of a string's inner text. Also returns whether the string holds all of it.
fn unescape(text: &str) -> Result<(String, bool), Error> {
    let mut string = String::with_capacity(text.len());
    let mut is_exact = true;
    let mut rest = text;
    while let Some(place) = memchr(b'\\', rest.as_bytes()) {
        string.push_str(&rest[..place]);
        let escape = rest.as_bytes().get(place + 1).ok_or_else(malformed)?;
        rest = rest.get(place + 2..).ok_or_else(malformed)?;
        string.push(match escape {
            b'"' | b'\\' | b'/' => char::from(*escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (unit, after) = unit(rest).ok_or_else(malformed)?;
                rest = after;
                let low = rest.strip_prefix("\\u").and_then(self::unit);
                let pair = [Some(unit), low.map(|(low, _)| low)];
                match char::decode_utf16(pair.into_iter().flatten()).next() {
                    Some(Ok(character)) => {
                        if let (2, Some((_, after))) = (character.len_utf16(), low) {
                            rest = after;
                        }
                        character
                    }
                    _ => {
                        is_exact = false;
                        char::REPLACEMENT_CHARACTER
                    }
                }
            }
            _ => return Err(malformed()),
        });
    }
    string.push_str(rest);
    Ok((string, is_exact))
}

/// Reads the four hexadecimal digits of an escape. Also returns the text after them.
fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    // `from_str_radix` would accept a sign.
    let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let unit = u16::from_str_radix(digits, 16).ok()?;
    is_number.then_some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::Name;

    #[test]
    fn strings_read_as_serde_json_reads_them() {
        for text in [
            r#""""#,
            r#""plain Zoë""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""a\u0041\u00e9\u4e16\ud83d\ude00z""#,
            r#""\ud83d""#,
            r#""\ud83d\ud83d\ude00\udc00x\ud83d\u0041\ud83d\n""#,
        ] {
            let mut scanner = Scanner::new(text);
            scanner.peek();
            let (string, is_exact) = scanner.string().and_then(Quoted::read).expect(text);
            // serde_json reads names by itself, with half a surrogate pair as well.
            let Name(name) = serde_json::from_str(text).expect(text);
            assert_eq!(string, name);
            assert_eq!(
                is_exact,
                serde_json::from_str::<String>(text).is_ok(),
                "{text}"
            );
            assert_eq!(scanner.since(0), text);
        }
    }

    #[test]
    fn quote_is_found_at_any_place() {
        for count in 0..80 {
            let inner: String = "é!#[]".chars().cycle().take(count).collect();
            let text = format!("\"{inner}\"\\ ");
            let mut scanner = Scanner::new(&text);
            scanner.string().expect("a string");
            assert_eq!(scanner.since(0).len(), inner.len() + 2);
        }
    }

    #[test]
    fn values_end_where_their_text_ends() {
        for text in [
            "null",
            "-1.5E+10",
            r#"{"a":["}",{"b]":"\""}],"c":{}}"#,
            "[]",
            r#""\\""#,
        ] {
            let padded = format!(" \n{text} ,1");
            assert_eq!(Scanner::new(&padded).value().expect(text), text);
        }
    }

    #[test]
    fn malformed_text_is_an_error() {
        for text in [
            "",
            ",",
            "{",
            "[1",
            "\"",
            r#""\"#,
            r#""\q""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\u00é""#,
        ] {
            let mut scanner = Scanner::new(text);
            let read = match scanner.peek() {
                Some(b'"') => scanner.string().and_then(Quoted::read).map(|_| ()),
                _ => scanner.value().map(|_| ()),
            };
            assert!(read.is_err(), "{text}");
        }
    }
}
