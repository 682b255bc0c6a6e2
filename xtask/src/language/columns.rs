//! The width of lines.

use super::source::{Language, Source};
use super::{Rule, Violation};

/// The largest number of columns, as rustfmt's `max_width`.
const WIDTH: usize = 100;

/// Checks that each line fits. Tables, link definitions and headers of TOML may be wider. So may a
/// line with a word that does not fit alone, such as an address.
pub fn check(source: &Source<'_>) -> Vec<Violation> {
    let lines = source.text.lines().enumerate();
    let wide = lines.filter(|(_, line)| line.chars().count() > WIDTH && !may_be_wide(source, line));
    wide.map(|(at, line)| {
        let advice = format!(
            "the line has {} columns: wrap it at {WIDTH} (a string literal, with `\\` at the end)",
            line.chars().count()
        );
        source.violation(at + 1, Rule::Columns, advice)
    })
    .collect()
}

fn may_be_wide(source: &Source<'_>, line: &str) -> bool {
    let text = line.trim_start();
    let prose = match source.language {
        Language::Rust => ["///", "//!", "//"]
            .iter()
            .find_map(|m| text.strip_prefix(m)),
        Language::Markdown => Some(text),
        Language::Hash => text.strip_prefix('#'),
    };
    let is_header = source.language == Language::Hash && text.starts_with('[');
    let is_exempt = prose.map(str::trim_start).is_some_and(|prose| {
        prose.starts_with('|') || prose.starts_with('[') && prose.contains("]: ")
    });
    // A word comes after the indentation, and after the marker of a comment.
    let words = prose.map_or(text, str::trim_start);
    let before = line.chars().count() - words.chars().count();
    let fits = |word: &str| before + word.chars().count() <= WIDTH;
    is_exempt || is_header || !words.split_whitespace().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wide(language: Language, line: &str) -> bool {
        !check(&Source::parse("x", language, line)).is_empty()
    }

    #[test]
    fn wide_lines_are_violations() {
        let words = "four ".repeat(25);
        for (language, line) in [
            (Language::Rust, format!("// {words}")),
            (Language::Rust, format!("const A: &str = \"{words}\";")),
            (Language::Markdown, format!("- {words}")),
            (Language::Hash, format!("a = \"{words}\"")),
        ] {
            assert!(is_wide(language, &line), "{line}");
        }
    }

    #[test]
    fn columns_are_characters() {
        assert!(!is_wide(Language::Markdown, &"ä ".repeat(50)));
        assert!(is_wide(
            Language::Markdown,
            &format!("{}bc", "ä ".repeat(50))
        ));
    }

    #[test]
    fn tables_links_and_addresses_may_be_wide() {
        let words = "four ".repeat(25);
        let address = format!("<https://example.com/{}>", "a".repeat(90));
        // With the marker, the line has 103 columns.
        let short = format!("//! <https://example.com/{}>", "a".repeat(77));
        assert!(!is_wide(Language::Rust, &short));
        for (language, line) in [
            (Language::Markdown, format!("| {words} |")),
            (Language::Rust, format!("/// | {words} |")),
            (Language::Rust, format!("/// [a]: {words}")),
            (Language::Hash, format!("[a.'{words}']")),
            (Language::Rust, format!("    // see {address}")),
            (Language::Rust, format!("    \"{address}\",")),
        ] {
            assert!(!is_wide(language, &line), "{line}");
        }
    }
}
