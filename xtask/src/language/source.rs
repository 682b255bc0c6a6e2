//! A file as the rules read it: its lines, its prose and, in Rust, its tokens.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::rust::{self, Token};
use super::{Rule, Violation};

/// The language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    Markdown,
    /// A language whose comments begin with `#`: TOML, YAML, shell.
    Hash,
}

impl Language {
    /// Returns the language of a file that people write, by its path. A `pin.toml` is written by
    /// `trim`.
    fn of(path: &str) -> Option<Language> {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("rs") => Some(Language::Rust),
            Some("md") => Some(Language::Markdown),
            Some("toml") if name != crate::pin::FILE => Some(Language::Hash),
            Some("yml" | "sh") => Some(Language::Hash),
            None if path.starts_with(".ci/") => Some(Language::Hash),
            _ => None,
        }
    }
}

/// A run of prose without a break: a comment, or a paragraph of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    pub is_doc: bool,
    pub lines: Vec<Line>,
}

impl Passage {
    /// Returns the lines that are not a part of a code block.
    pub fn prose(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.is_code)
    }
}

/// A line of prose, without the marker of the comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: usize,
    pub text: String,
    /// `true` for a part of a code block, and for its fences.
    pub is_code: bool,
}

/// The text of a file that is checked.
#[derive(Debug)]
pub struct Text {
    path: String,
    language: Language,
    text: String,
}

/// Reads the files that people write.
pub fn read(root: &Path, files: &[String]) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    for path in files {
        if let Some(language) = Language::of(path) {
            let text = fs::read_to_string(root.join(path))
                .with_context(|| format!("cannot read {path}"))?;
            texts.push(Text {
                path: path.clone(),
                language,
                text,
            });
        }
    }
    Ok(texts)
}

/// A file that is checked.
#[derive(Debug)]
pub struct Source<'t> {
    pub path: &'t str,
    pub language: Language,
    pub text: &'t str,
    pub passages: Vec<Passage>,
    /// The tokens of Rust code. Empty for other languages.
    pub tokens: Vec<Token<'t>>,
}

impl<'t> Source<'t> {
    pub fn new(file: &'t Text) -> Self {
        Source::parse(&file.path, file.language, &file.text)
    }

    /// Parses a text of a language. `path` stands for its file in violations.
    pub fn parse(path: &'t str, language: Language, text: &'t str) -> Self {
        let (passages, tokens) = match language {
            Language::Rust => {
                let (tokens, comments) = rust::split(text);
                (in_rust(&comments), tokens)
            }
            Language::Markdown => (in_markdown(text), Vec::new()),
            Language::Hash => (in_hash_comments(text), Vec::new()),
        };
        Source {
            path,
            language,
            text,
            passages,
            tokens,
        }
    }

    pub fn violation(&self, line: usize, rule: Rule, advice: String) -> Violation {
        Violation {
            file: self.path.to_owned(),
            line,
            rule,
            advice,
        }
    }
}

/// Joins lines to passages and marks the code blocks in them.
#[derive(Default)]
struct Passages {
    done: Vec<Passage>,
    open: Passage,
    in_code: bool,
}

impl Passages {
    fn add(&mut self, number: usize, text: &str) {
        let is_fence = text.trim_start().starts_with("```");
        self.open.lines.push(Line {
            number,
            text: text.to_owned(),
            is_code: self.in_code || is_fence,
        });
        self.in_code ^= is_fence;
    }

    fn end(&mut self) {
        if !self.open.lines.is_empty() {
            self.done.push(std::mem::take(&mut self.open));
        }
    }

    fn finish(mut self) -> Vec<Passage> {
        self.end();
        self.done
    }
}

fn in_rust(comments: &[rust::Comment<'_>]) -> Vec<Passage> {
    let mut passages = Passages::default();
    let mut last: Option<&rust::Comment<'_>> = None;
    for comment in comments {
        let continues = last.is_some_and(|last| {
            last.marker == comment.marker && last.line + 1 == comment.line && !comment.is_trailing
        });
        if !continues {
            passages.end();
            passages.in_code = false;
            passages.open.is_doc = comment.is_doc;
        }
        passages.add(comment.line, comment.text);
        last = Some(comment);
    }
    passages.finish()
}

fn in_markdown(text: &str) -> Vec<Passage> {
    let mut passages = Passages::default();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() && !passages.in_code {
            passages.end();
        } else {
            passages.add(at + 1, line);
        }
    }
    passages.finish()
}

/// Finds the comments of TOML, YAML or shell: from a `#` at the start of a line or after a space.
/// A `#` inside quotes begins none.
fn in_hash_comments(text: &str) -> Vec<Passage> {
    let mut passages = Passages::default();
    for (at, line) in text.lines().enumerate() {
        match comment_of(line) {
            Some(comment) => passages.add(at + 1, comment),
            None => passages.end(),
        }
    }
    passages.finish()
}

fn comment_of(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, char) in line.char_indices() {
        match (quote, char) {
            (None, '#') if before.is_whitespace() => return line.get(at + 1..),
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), _) if open == char && before != '\\' => quote = None,
            _ => {}
        }
        before = char;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(language: Language, text: &str) -> Vec<Vec<String>> {
        let source = Source::parse("x", language, text);
        let lines = |passage: &Passage| passage.prose().map(|l| l.text.clone()).collect();
        source.passages.iter().map(lines).collect()
    }

    #[test]
    fn comments_of_one_marker_are_one_passage() {
        let text = "//! a\n//! b\n\n// c\n/// d\nfn e() {} // f\n// g\n";
        let found = prose(Language::Rust, text);
        let found: Vec<_> = found.iter().map(|lines| lines.join("|")).collect();
        assert_eq!(found, [" a| b", " c", " d", " f| g"]);
    }

    #[test]
    fn code_blocks_are_not_prose() {
        let text = "/// a\n///\n/// ```\n/// b();\n/// ```\n/// c\n";
        assert_eq!(prose(Language::Rust, text), [[" a", "", " c"]]);
        let text = "a\n\n```sh\nb\n\nc\n```\n\nd\n";
        let found = prose(Language::Markdown, text);
        assert_eq!(found.concat(), ["a", "d"]);
    }

    #[test]
    fn hash_in_quotes_begins_no_comment() {
        let text = "a = \"#b\" # c\nd = '''e#f'''\n# g\n";
        assert_eq!(prose(Language::Hash, text), [[" c"], [" g"]]);
    }

    #[test]
    fn files_that_tools_write_have_no_language() {
        for path in ["Cargo.lock", "openapi/pin.toml", "a/b.snap", "x.json"] {
            assert_eq!(Language::of(path), None, "{path}");
        }
        assert_eq!(Language::of(".ci/run"), Some(Language::Hash));
        assert_eq!(Language::of("Cargo.toml"), Some(Language::Hash));
    }
}
