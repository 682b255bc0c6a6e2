//! The option `$search`: the directory's `"displayName:ada" AND "mail:bar"`, and the quoted words
//! of mail and files.

use serde_json::Value;

use crate::description::schema::{Schemas, Type};
use crate::refusal::Refusal;
use crate::service::Service;

/// The largest length of a search.
const LONGEST: usize = 2_048;

/// The largest depth of nested parentheses.
const DEPTH: u8 = 32;

/// The condition of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// A word, in one property or in any.
    Term {
        property: Option<String>,
        text: String,
    },
    All(Vec<Search>),
    Any(Vec<Search>),
    Not(Box<Search>),
}

impl Search {
    /// Parses a search. Each term stands in double quotes; inside, `\"` and `\\` are a quote and a
    /// backslash.
    pub(crate) fn read(schemas: &Schemas, item: &Type, text: &str) -> Result<Self, Refusal> {
        let type_name = match item {
            Type::Named(name) => Some(name.as_str()),
            _ => None,
        };
        let directory =
            type_name.is_some_and(|name| Service::of(schemas, name) == Service::Directory);
        if text.len() > LONGEST {
            return Err(Refusal::bad_request(format!(
                "The search is longer than {LONGEST} characters."
            )));
        }
        let mut parser = Parser {
            text,
            characters: text.chars().collect(),
            at: 0,
            schemas,
            type_name,
            directory,
            depth: 0,
        };
        let search = parser.or()?;
        parser.space();
        if parser.at < parser.characters.len() {
            Err(parser.error())
        } else {
            Ok(search)
        }
    }

    /// Reads free text: all of its words must be found. `*` finds everything.
    pub(crate) fn free(text: &str) -> Self {
        let words = text.split_whitespace().filter(|word| *word != "*");
        Self::All(
            words
                .map(|word| Self::Term {
                    property: None,
                    text: word.trim_end_matches('*').trim_matches('"').to_owned(),
                })
                .collect(),
        )
    }

    /// Checks whether an item is found; `read` returns the value of a property, or the whole item
    /// if no name is given.
    pub(crate) fn finds(&self, read: &dyn Fn(Option<&str>) -> Value) -> bool {
        match self {
            Self::Term { property, text } => {
                let text = text.to_lowercase();
                let value = read(property.as_deref());
                text.split_whitespace().all(|word| contains(&value, word))
            }
            Self::All(parts) => parts.iter().all(|part| part.finds(read)),
            Self::Any(parts) => parts.iter().any(|part| part.finds(read)),
            Self::Not(inner) => !inner.finds(read),
        }
    }
}

/// Checks whether any text in the value has a word that begins with `word`.
fn contains(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => {
            let text = text.to_lowercase();
            text.starts_with(word)
                || text
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|part| !part.is_empty() && part.starts_with(word))
        }
        Value::Array(items) => items.iter().any(|item| contains(item, word)),
        Value::Object(entries) => entries.values().any(|value| contains(value, word)),
        _ => false,
    }
}

struct Parser<'a> {
    text: &'a str,
    characters: Vec<char>,
    at: usize,
    schemas: &'a Schemas,
    type_name: Option<&'a str>,
    directory: bool,
    depth: u8,
}

impl Parser<'_> {
    fn error(&self) -> Refusal {
        let text = self.text;
        match self.characters.get(self.at) {
            Some(character) => Refusal::bad_request(format!(
                "Syntax error: character '{character}' is not valid at position {} in '{text}'.",
                self.at
            )),
            None => Refusal::bad_request(format!(
                "Syntax error: unterminated string literal in '{text}'."
            )),
        }
    }

    fn space(&mut self) {
        while self
            .characters
            .get(self.at)
            .is_some_and(|c| c.is_whitespace())
        {
            self.at += 1;
        }
    }

    /// Checks whether the operator stands here. Operators are in upper case.
    fn word(&mut self, word: &str) -> bool {
        self.space();
        let here = self.characters.get(self.at..).is_some_and(|rest| {
            let rest: String = rest.iter().take(word.len() + 1).collect();
            rest.strip_prefix(word)
                .is_some_and(|after| after.starts_with([' ', '"', '(']))
        });
        if here {
            self.at += word.len();
        }
        here
    }

    fn or(&mut self) -> Result<Search, Refusal> {
        let mut parts = vec![self.and()?];
        while self.word("OR") {
            parts.push(self.and()?);
        }
        Ok(Search::Any(parts))
    }

    fn and(&mut self) -> Result<Search, Refusal> {
        let mut parts = vec![self.term()?];
        while self.word("AND") {
            parts.push(self.term()?);
        }
        Ok(Search::All(parts))
    }

    fn term(&mut self) -> Result<Search, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Refusal::bad_request(format!(
                "The search is nested deeper than {DEPTH} levels."
            )));
        }
        let term = self.nested();
        self.depth -= 1;
        term
    }

    fn nested(&mut self) -> Result<Search, Refusal> {
        if self.word("NOT") {
            return Ok(Search::Not(Box::new(self.term()?)));
        }
        self.space();
        match self.characters.get(self.at) {
            Some('(') => {
                self.at += 1;
                let inner = self.or()?;
                self.space();
                if self.characters.get(self.at) != Some(&')') {
                    return Err(self.error());
                }
                self.at += 1;
                Ok(inner)
            }
            Some('"') => {
                self.at += 1;
                let quoted = self.quoted()?;
                self.clause(&quoted)
            }
            _ => Err(self.error()),
        }
    }

    fn quoted(&mut self) -> Result<String, Refusal> {
        let mut text = String::new();
        loop {
            match self.characters.get(self.at) {
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => {
                    self.at += 1;
                    match self.characters.get(self.at) {
                        Some(character @ ('"' | '\\')) => text.push(*character),
                        _ => return Err(self.error()),
                    }
                }
                Some(character) => text.push(*character),
                None => return Err(self.error()),
            }
            self.at += 1;
        }
    }

    /// Parses a clause: `displayName:ada`, or one or several words for mail and files.
    fn clause(&self, text: &str) -> Result<Search, Refusal> {
        if self.directory {
            let (property, text) = text.split_once(':').ok_or_else(|| {
                Refusal::unsupported_query(
                    "Unrecognized search clause: a clause is '\"property:value\"'.",
                )
            })?;
            let type_name = self.type_name.unwrap_or_default();
            if self.schemas.family_property(type_name, property).is_none() {
                return Err(Refusal::unsupported_query(format!(
                    "Property '{property}' does not exist as a declared property or extension \
                     property."
                )));
            }
            return Ok(Search::Term {
                property: Some(property.to_owned()),
                text: text.to_owned(),
            });
        }
        let words = text
            .split_whitespace()
            .map(|word| match word.split_once(':') {
                Some((property, text)) if !property.is_empty() && !text.is_empty() => {
                    let property = Some(property.to_owned());
                    Search::Term {
                        property,
                        text: text.to_owned(),
                    }
                }
                _ => Search::Term {
                    property: None,
                    text: word.to_owned(),
                },
            });
        Ok(Search::All(words.collect()))
    }
}
