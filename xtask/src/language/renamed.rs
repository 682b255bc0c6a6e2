//! Old names of items.

use super::rust::Kind;
use super::source::{Language, Source};
use super::terms::Terms;
use super::{Rule, Violation};

/// The folders with the code of the library.
const LIBRARY: [&str; 5] = ["auth/src/", "core/src/", "io/src/", "models/src/", "src/"];

/// Checks that the library's code has no old name, be it an identifier or a string that is the name
/// alone (as `Debug` prints it).
pub fn check(source: &Source<'_>, terms: &Terms) -> Vec<Violation> {
    let is_of_library = LIBRARY.iter().any(|folder| source.path.starts_with(folder));
    if source.language != Language::Rust || !is_of_library {
        return Vec::new();
    }
    let names = source.tokens.iter().filter_map(|token| {
        let name = match token.kind {
            Kind::Word => token.text,
            Kind::Text => token.text.trim_matches('"').trim(),
            Kind::Other => return None,
        };
        let new = terms.new_name(name)?;
        let advice = format!("`{name}` is an old name: write `{new}`");
        Some(source.violation(token.line, Rule::Renamed, advice))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let terms = Terms::read().expect("the table");
        let source = Source::parse(path, Language::Rust, text);
        let found = check(&source, &terms);
        found.iter().map(|found| found.line).collect()
    }

    #[test]
    fn old_names_in_code_are_violations() {
        assert_eq!(
            lines("src/a.rs", "fn a() {\n    model.misfits();\n}\n"),
            [2]
        );
        assert_eq!(lines("auth/src/a.rs", "f.debug_struct(\"Proof\")"), [1]);
    }

    #[test]
    fn old_names_elsewhere_are_allowed() {
        assert!(lines("src/a.rs", "// Proof that it misfits.\n").is_empty());
        assert!(lines("src/a.rs", "let a = \"Proof of a thing\";\n").is_empty());
        assert!(lines("src/a.rs", "struct ManagedIdentityCredential;\n").is_empty());
        assert!(lines("xtask/src/a.rs", "struct Proof;\n").is_empty());
    }
}
