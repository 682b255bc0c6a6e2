//! A check for JSON text that ends too early.

use memchr::memchr2;

/// Checks whether JSON text ends before its brackets and strings are closed.
///
/// The scan skips strings with SIMD and builds no values, so its cost is a fraction of a parse.
/// Text that does not begin with a bracket or a quotation mark never counts as cut off. A number,
/// or HTML, does not show where it should end.
pub fn is_cut(text: &[u8]) -> bool {
    let text = super::trimmed(text);
    match text.first() {
        Some(b'{' | b'[' | b'"') => !matches!(end_of(text), End::Closed),
        _ => false,
    }
}

/// Returns the start of the content of the string in which the text ends.
pub fn open_string(text: &[u8]) -> Option<usize> {
    match end_of(text) {
        End::InString(start) => Some(start),
        End::Closed | End::InBrackets => None,
    }
}

/// The state in which text ends.
enum End {
    /// The first value is complete. The text after it is not examined.
    Closed,
    InBrackets,
    /// The text ends inside a string whose content begins here.
    InString(usize),
}

fn end_of(text: &[u8]) -> End {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => match string_end(text, at) {
                Some(end) => at = end,
                None => return End::InString(at),
            },
            _ => continue,
        }
        if depth == 0 {
            return End::Closed;
        }
    }
    match depth {
        0 => End::Closed,
        _ => End::InBrackets,
    }
}

/// Returns the end of the string whose content begins at `start`, after its quotation mark.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = text.get(at..)?;
        let found = at + memchr2(b'"', b'\\', rest)?;
        match text.get(found) {
            Some(b'"') => return Some(found + 1),
            // The escaped character is skipped, because it may be a quotation mark.
            _ => at = found + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const SAMPLES: [&str; 9] = [
        r#"{"value":[{"id":"1"},{"id":"2","tags":["a","b"]}],"@odata.count":2}"#,
        r#"{"a":"\"","b":"\\","c":"\\\"","d":"\u005c\"}"}"#,
        r#"{"a":"{[","b":"]}","c":{"d":[[[]]]}}"#,
        r#"["é","\ud83d\ude00",{"x":null},true,-1.5e3]"#,
        "\u{feff} {\n  \"id\" : \"1\" ,\r\n\t\"size\" : 0\n}\n",
        r#""a \"quoted\" text""#,
        "{}",
        "[]",
        r#"{"":{"":{"":""}}}"#,
    ];

    #[test]
    fn every_prefix_of_document_is_truncated() {
        for sample in SAMPLES {
            let text = sample.as_bytes();
            let end = sample.trim_end().len();
            assert!(!is_cut(text), "{sample}");
            let first = sample.find(['{', '[', '"']).unwrap();
            for length in first + 1..end {
                assert!(is_cut(&text[..length]), "{length} of {sample}");
            }
            for length in end..=text.len() {
                assert!(!is_cut(&text[..length]), "{length} of {sample}");
            }
        }
    }

    #[test]
    fn scan_agrees_with_parser_on_every_prefix() {
        for sample in SAMPLES {
            let sample = sample.trim_start_matches('\u{feff}');
            for (length, _) in sample.char_indices().skip(1) {
                let parsed = serde_json::from_str::<Value>(&sample[..length]);
                let is_eof = parsed.is_err_and(|error| error.is_eof());
                let text = sample[..length].trim_start();
                assert_eq!(
                    is_cut(text.as_bytes()),
                    is_eof && !text.is_empty(),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn text_without_json_is_never_truncated() {
        for text in ["", " ", "<html>{", "12", "true", "nul", "not \"json"] {
            assert!(!is_cut(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn text_after_first_value_is_ignored() {
        for text in ["{}{", "[]\"", r#""a" {"#] {
            assert!(!is_cut(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn unterminated_string_is_found() {
        assert_eq!(open_string(br#"{"a":"b"#), Some(6));
        assert_eq!(open_string(br#"{"a":"b\""#), Some(6));
        assert_eq!(open_string(br#"{"a":"b""#), None);
        assert_eq!(open_string(b"{}"), None);
    }
}
