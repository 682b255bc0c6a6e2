//! Checks the language of the repository: the rules of CONTRIBUTING.md that a program can check.
//!
//! A rule is here if it has no false positives. Everything else is left to reviewers. Each rule is
//! a file of its own, reads one `Source`, and reports violations with the text to write instead.

mod columns;
mod openings;
mod paths;
mod phrases;
mod renamed;
mod rust;
mod source;
mod terms;
mod test_names;
mod tracked;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Result;

use self::paths::Tree;
use self::source::{Language, Source};
use self::terms::Terms;

/// A rule of language. Its name is the name in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A doc comment begins with a verb or a noun phrase.
    Opening,
    /// A line has at most 100 columns.
    Columns,
    /// A text names the actor, and uses the words of the table.
    Words,
    /// Code uses the current name of each item.
    Renamed,
    /// A comment or document names only files and modules that exist.
    Paths,
    /// A test name has at most eight words and no number of a case.
    Tests,
}

impl Rule {
    const ALL: [Rule; 6] = [
        Rule::Opening,
        Rule::Columns,
        Rule::Words,
        Rule::Renamed,
        Rule::Paths,
        Rule::Tests,
    ];

    const fn name(self) -> &'static str {
        match self {
            Rule::Opening => "opening",
            Rule::Columns => "columns",
            Rule::Words => "words",
            Rule::Renamed => "renamed",
            Rule::Paths => "paths",
            Rule::Tests => "tests",
        }
    }
}

/// A place where the repository breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the file, relative to the root of the repository.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    pub rule: Rule,
    /// The text that was found, and the text to write instead.
    pub advice: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { file, line, .. } = self;
        write!(f, "{file}:{line}: {}: {}", self.rule.name(), self.advice)
    }
}

/// The result of the check.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The number of files that were read.
    pub files: usize,
    pub violations: Vec<Violation>,
}

impl Report {
    /// Returns one line with the number of violations of each rule.
    pub fn line(&self) -> String {
        let mut counts: BTreeMap<Rule, usize> = Rule::ALL.map(|rule| (rule, 0)).into();
        for violation in &self.violations {
            *counts.entry(violation.rule).or_default() += 1;
        }
        let counts: Vec<_> = counts
            .iter()
            .map(|(rule, count)| format!("{} {count}", rule.name()))
            .collect();
        format!("language: files {} {}", self.files, counts.join(" "))
    }
}

/// Checks each file below `root` that Git tracks or would add.
///
/// # Errors
///
/// Fails if a file cannot be read. A violation is a part of the report.
pub fn check(root: &Path) -> Result<Report> {
    let files = tracked::files(root)?;
    let terms = Terms::read()?;
    let texts = source::read(root, &files)?;
    let sources: Vec<_> = texts.iter().map(Source::new).collect();
    let tree = Tree::new(&files, &sources);
    let mut violations = Vec::new();
    for source in &sources {
        violations.extend(openings::check(source));
        violations.extend(columns::check(source));
        violations.extend(terms.check(source));
        violations.extend(phrases::check(source));
        violations.extend(renamed::check(source, &terms));
        violations.extend(tree.check(source));
        violations.extend(test_names::check(source));
    }
    violations.sort_by(|a, b| (&a.file, a.line, a.rule).cmp(&(&b.file, b.line, b.rule)));
    Ok(Report {
        files: sources.len(),
        violations,
    })
}

/// Checks the doc comments of generated code, which is not a file of the repository.
///
/// `name` stands for the file in the violations.
pub fn check_generated(name: &str, text: &str) -> Vec<Violation> {
    openings::check(&Source::parse(name, Language::Rust, text))
}
