//! Phrases that have a plainer form.

use super::rust::Kind;
use super::source::Source;
use super::{Rule, Violation};

/// Words after which the phrase is not about what a thing is: `is no longer`.
const AFTER: &[&str] = &[
    "longer",
    "more",
    "less",
    "fewer",
    "different",
    "better",
    "worse",
];

/// Words shortly before the phrase that make it a statement about a number: `there is no limit`.
const BEFORE: &[&str] = &["there", "default"];

/// Checks that no comment, document or string says `is no X` of a thing that is not an X.
pub fn check(source: &Source<'_>) -> Vec<Violation> {
    let mut lines = Vec::new();
    for passage in &source.passages {
        let words = passage
            .prose()
            .flat_map(|line| words(line.number, &line.text));
        lines.extend(phrases(&words.collect::<Vec<_>>()));
    }
    for token in source.tokens.iter().filter(|t| t.kind == Kind::Text) {
        let text = token.text.lines().enumerate();
        let words = text.flat_map(|(at, line)| words(token.line + at, line));
        lines.extend(phrases(&words.collect::<Vec<_>>()));
    }
    lines.sort_unstable();
    let advice = "`is no …`: write `is not a …`";
    let violation = |line| source.violation(line, Rule::Words, advice.to_owned());
    lines.into_iter().map(violation).collect()
}

fn words(line: usize, text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |word| (line, word))
}

/// Returns the line of each phrase.
fn phrases(words: &[(usize, &str)]) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, three) in words.windows(3).enumerate() {
        let [(line, is), (_, no), (_, after)] = three else {
            continue;
        };
        let before = words.get(at.saturating_sub(3)..at).unwrap_or_default();
        let mut before = before.iter().map(|(_, word)| bare(word));
        if *is == "is"
            && *no == "no"
            && !AFTER.contains(&bare(after).as_str())
            && !before.any(|word| BEFORE.contains(&word.as_str()))
        {
            found.push(*line);
        }
    }
    found
}

fn bare(word: &str) -> String {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    bare.to_lowercase()
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
    fn is_no_is_a_violation() {
        assert_eq!(lines("/// The text is no\n/// URL.\nfn a() {}\n"), [1]);
        let text = format!("const A: &str = \"`{{}}` is {} URL\";\n", "no");
        assert_eq!(lines(&text), [1]);
    }

    #[test]
    fn no_longer_and_there_is_no_are_allowed() {
        assert!(lines("// The token is no\n// longer valid.\n").is_empty());
        assert!(lines("// There is no limit, and there really is no other way.\n").is_empty());
        assert!(lines("// The default is no limit.\n").is_empty());
        assert!(lines("// The response is no.\n").is_empty());
    }
}
