//! Words that no text of the repository uses.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::source::Source;
use super::{Rule, Violation};

/// The file of the tables. It is the one file that may have the words.
const FILE: &str = "xtask/assets/language.toml";

/// The tables of words and of names that are not used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    words: Vec<Words>,
    names: Vec<Names>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Vec<String>,
    /// The text to write instead.
    instead: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    old: Vec<String>,
    new: String,
}

impl Terms {
    pub fn read() -> Result<Terms> {
        toml::from_str(include_str!("../../assets/language.toml"))
            .with_context(|| format!("{FILE} is damaged"))
    }

    /// Returns the new name of an item, by its old one.
    pub fn new_name(&self, old: &str) -> Option<&str> {
        let mut names = self.names.iter();
        let names = names.find(|names| names.old.iter().any(|name| name == old))?;
        Some(&names.new)
    }

    /// Checks that no line has a word of the table, be it a comment, a string or a part of a name.
    pub fn check(&self, source: &Source<'_>) -> Vec<Violation> {
        if source.path == FILE {
            return Vec::new();
        }
        let table: HashMap<&str, &str> = self.words.iter().flat_map(Words::entries).collect();
        let mut found = Vec::new();
        for (at, line) in source.text.lines().enumerate() {
            for word in line.split(|c: char| !c.is_alphabetic()) {
                if let Some(instead) = table.get(word.to_lowercase().as_str()) {
                    let advice = format!("`{word}`: {instead}");
                    found.push(source.violation(at + 1, Rule::Words, advice));
                }
            }
        }
        found
    }
}

impl Words {
    fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        let words = self.words.iter();
        words.map(|word| (word.as_str(), self.instead.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Language;
    use super::*;

    #[test]
    fn each_word_of_the_table_is_found() {
        let terms = Terms::read().expect("the table");
        let words: Vec<_> = terms.words.iter().flat_map(|w| &w.words).collect();
        assert!(words.len() > 10);
        for word in words {
            for text in [
                format!("// Sent to {word}.\n"),
                format!("fn {word}_waits() {{}}\n"),
                format!("const A: &str = \"{}@contoso.com\";\n", word.to_uppercase()),
            ] {
                let source = Source::parse("x.rs", Language::Rust, &text);
                let found = terms.check(&source);
                assert_eq!(found.len(), 1, "{text}");
                assert_eq!((found[0].line, found[0].rule), (1, Rule::Words));
            }
        }
    }

    #[test]
    fn other_words_are_allowed() {
        let terms = Terms::read().expect("the table");
        let text = "Sent to any body: the amendment recommends what ever body there is.\n";
        let source = Source::parse("x.md", Language::Markdown, text);
        assert!(terms.check(&source).is_empty());
    }
}
