//! The first words of doc comments.

use super::source::Source;
use super::{Rule, Violation};

/// Words that begin a bare clause or a phrase without a subject. A noun phrase or a verb in the
/// third person begins with none of them.
const BARE: &[&str] = &[
    "As",
    "At",
    "Because",
    "By",
    "For",
    "From",
    "How",
    "If",
    "In",
    "Like",
    "None",
    "Nothing",
    "Of",
    "On",
    "Since",
    "So",
    "That",
    "There",
    "To",
    "Until",
    "What",
    "When",
    "Where",
    "Wherever",
    "Whether",
    "Which",
    "Whichever",
    "Who",
    "Whom",
    "Whose",
    "Why",
    "With",
    "Without",
];

/// Checks that no doc comment begins with a bare clause.
pub fn check(source: &Source<'_>) -> Vec<Violation> {
    let docs = source.passages.iter().filter(|passage| passage.is_doc);
    docs.filter_map(|passage| {
        let mut lines = passage.lines.iter();
        let first = lines.find(|line| !line.text.trim().is_empty())?;
        let text = first.text.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        let word = text.get(..end.unwrap_or(text.len()))?;
        let is_bare = !first.is_code && BARE.contains(&word);
        is_bare.then(|| {
            let advice = format!(
                "the doc comment begins with `{word}`: begin with a verb in the third person \
                 (`Returns`, `Checks whether`) or, on types and modules, with a noun phrase"
            );
            source.violation(first.number, Rule::Opening, advice)
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::Language;
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let source = Source::parse("x.rs", Language::Rust, text);
        check(&source).iter().map(|found| found.line).collect()
    }

    #[test]
    fn bare_clauses_are_violations() {
        assert_eq!(lines("/// What a call sends.\nfn a() {}\n"), [1]);
        assert_eq!(
            lines("//! None of the calls.\n\n///\n/// For tests.\nfn a() {}\n"),
            [1, 4]
        );
        assert_eq!(
            lines("struct A {\n    /// Whether it is set.\n    a: bool,\n}\n"),
            [2]
        );
    }

    #[test]
    fn verbs_and_noun_phrases_are_allowed() {
        assert!(lines("/// Returns what a call sends.\n/// For tests.\nfn a() {}\n").is_empty());
        assert!(lines("//! Formats.\n// What a comment says is free.\n").is_empty());
        assert!(lines("/// ```\n/// For::new();\n/// ```\nfn a() {}\n").is_empty());
        assert!(lines("const A: &str = \"/// What it is\";\n").is_empty());
    }
}
