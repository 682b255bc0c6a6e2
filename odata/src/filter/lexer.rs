//! The words of a `$filter`.

use chrono::DateTime;

use super::{Literal, Value};

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A path, operator, function name or keyword.
    Word(String),
    Literal(Literal),
    Open,
    Close,
    Comma,
    Colon,
}

/// Splits the text into words. `Err` is the position of the first invalid character, counted in
/// characters.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, usize> {
    let characters: Vec<char> = text.chars().collect();
    let (mut at, mut tokens) = (0, Vec::new());
    while let Some(character) = characters.get(at) {
        let start = at;
        at += 1;
        let token = match character {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            ':' => Token::Colon,
            '\'' => {
                let (string, end) = string(&characters, start).ok_or(start)?;
                at = end;
                literal(&characters, start, end, Value::String(string))
            }
            _ => {
                let starts_with_digit = character.is_ascii_digit() || *character == '-';
                let rest = characters.iter().skip(start);
                let length = rest.take_while(|c| is_word(**c, starts_with_digit)).count();
                at = start + length;
                let word = written(&characters, start, at);
                if word == "duration" && characters.get(at) == Some(&'\'') {
                    let (duration, end) = string(&characters, at).ok_or(start)?;
                    at = end;
                    literal(&characters, start, end, Value::Duration(duration))
                } else {
                    classify(word).ok_or(start)?
                }
            }
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

fn written(characters: &[char], start: usize, end: usize) -> String {
    let written = characters.get(start..end).unwrap_or_default();
    written.iter().collect()
}

fn literal(characters: &[char], start: usize, end: usize, value: Value) -> Token {
    let text = written(characters, start, end);
    Token::Literal(Literal { text, value })
}

fn is_word(character: char, literal: bool) -> bool {
    character.is_alphanumeric()
        || "_./@$*-".contains(character)
        || (literal && ":+".contains(character))
}

/// Reads a quoted string. A quote inside is doubled.
fn string(characters: &[char], start: usize) -> Option<(String, usize)> {
    let (mut text, mut at) = (String::new(), start + 1);
    loop {
        match (characters.get(at)?, characters.get(at + 1)) {
            ('\'', Some('\'')) => {
                text.push('\'');
                at += 2;
            }
            ('\'', _) => return Some((text, at + 1)),
            (character, _) => {
                text.push(*character);
                at += 1;
            }
        }
    }
}

fn classify(word: String) -> Option<Token> {
    let value = match word.as_str() {
        "null" => Value::Null,
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ if is_guid(&word) => Value::Guid(word.to_ascii_lowercase()),
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => number_or_time(&word)?,
        // Names have no hyphen. It is a word character only because GUIDs hold it.
        "" => return None,
        _ if word.contains('-') => return None,
        _ => return Some(Token::Word(word)),
    };
    Some(Token::Literal(Literal { text: word, value }))
}

fn number_or_time(word: &str) -> Option<Value> {
    if let Ok(integer) = word.parse() {
        return Some(Value::Integer(integer));
    }
    if let Ok(number) = word.parse() {
        return Some(Value::Number(number));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(word) {
        return Some(Value::DateTime(time));
    }
    if let Ok(date) = word.parse() {
        return Some(Value::Date(date));
    }
    word.parse().ok().map(Value::Time)
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, character)| match at {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Value> {
        match tokens(text).ok()?.as_slice() {
            [(0, Token::Literal(literal))] => {
                assert_eq!(literal.text, text);
                Some(literal.value.clone())
            }
            _ => None,
        }
    }

    #[test]
    fn literals_keep_their_text_and_have_a_value() {
        let guid = "8E460676-AE3F-4B1E-8790-EE0FB5D6148F";
        for (text, expected) in [
            ("null", Value::Null),
            ("true", Value::Boolean(true)),
            ("-5", Value::Integer(-5)),
            ("9223372036854775807", Value::Integer(i64::MAX)),
            ("1.50", Value::Number(1.5)),
            ("'O''Brien'", Value::String("O'Brien".to_owned())),
            ("duration'PT1H'", Value::Duration("PT1H".to_owned())),
            (guid, Value::Guid(guid.to_lowercase())),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        let is_time = |text| matches!(value(text), Some(Value::DateTime(_)));
        assert!(is_time("2019-03-11T00:00:00.000Z") && is_time("2019-03-11T00:00:00+01:00"));
        assert!(matches!(value("2019-03-11"), Some(Value::Date(_))));
        assert!(matches!(value("08:30:00"), Some(Value::Time(_))));
    }

    #[test]
    fn invalid_character_has_a_position() {
        for (text, at) in [
            ("a eq #", 5),
            ("ä eq 'b", 5),
            ("a-b eq 1", 0),
            ("a eq 1x", 5),
        ] {
            assert_eq!(tokens(text), Err(at), "{text}");
        }
    }
}
