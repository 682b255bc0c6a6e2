//! The words of a `$filter`.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

use crate::ids::is_guid;

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

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    Number(f64),
    /// An integer that fits 64 bits, kept exactly.
    Integer(i64),
    String(String),
    Guid(String),
    DateTime(DateTime<FixedOffset>),
    Date(NaiveDate),
    Time(NaiveTime),
    Duration(String),
}

/// Splits the text into words. `Err` is the position of the first invalid character, counted in
/// characters.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, usize> {
    let characters: Vec<char> = text.chars().collect();
    let (mut at, mut tokens) = (0, Vec::new());
    while let Some(character) = characters.get(at) {
        let start = at;
        let token = match character {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            ':' => Token::Colon,
            '\'' => {
                let (string, end) = string(&characters, at).ok_or(start)?;
                at = end;
                tokens.push((start, Token::Literal(Literal::String(string))));
                continue;
            }
            _ => {
                let starts_with_digit = character.is_ascii_digit() || *character == '-';
                while characters
                    .get(at)
                    .is_some_and(|c| is_word(*c, starts_with_digit))
                {
                    at += 1;
                }
                let word: String = characters
                    .get(start..at)
                    .unwrap_or_default()
                    .iter()
                    .collect();
                if word == "duration" && characters.get(at) == Some(&'\'') {
                    let (duration, end) = string(&characters, at).ok_or(start)?;
                    at = end;
                    tokens.push((start, Token::Literal(Literal::Duration(duration))));
                    continue;
                }
                tokens.push((start, classify(&word).ok_or(start)?));
                continue;
            }
        };
        tokens.push((start, token));
        at += 1;
    }
    Ok(tokens)
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

fn classify(word: &str) -> Option<Token> {
    let literal = match word {
        "null" => Some(Literal::Null),
        "true" => Some(Literal::Boolean(true)),
        "false" => Some(Literal::Boolean(false)),
        _ if is_guid(word) => Some(Literal::Guid(word.to_ascii_lowercase())),
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            Some(number_or_time(word)?)
        }
        _ => None,
    };
    match literal {
        Some(literal) => Some(Token::Literal(literal)),
        // Names have no hyphen. It is a word character only because GUIDs hold it.
        None if word.is_empty() || word.contains('-') => None,
        None => Some(Token::Word(word.to_owned())),
    }
}

fn number_or_time(word: &str) -> Option<Literal> {
    if let Ok(integer) = word.parse() {
        return Some(Literal::Integer(integer));
    }
    if let Ok(number) = word.parse() {
        return Some(Literal::Number(number));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(word) {
        return Some(Literal::DateTime(time));
    }
    if let Ok(date) = word.parse() {
        return Some(Literal::Date(date));
    }
    word.parse().ok().map(Literal::Time)
}
