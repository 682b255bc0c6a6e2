//! Pieces of Rust, and the imports that they need.

use std::collections::{BTreeMap, BTreeSet};

/// The names that a snippet uses, and their modules.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    uses: BTreeSet<String>,
    /// The path of each model, by its name.
    models: BTreeMap<String, String>,
}

impl Scope {
    /// Returns the name of a model in the snippet: `User` for `models::User`. If two have one name,
    /// the second keeps its path.
    pub fn model(&mut self, path: &str) -> String {
        let name = path.rsplit("::").next().unwrap_or(path);
        let known = self
            .models
            .entry(name.to_owned())
            .or_insert_with(|| path.to_owned());
        if known == path {
            self.bring(&format!("msgraph::{path}"));
            name.to_owned()
        } else {
            self.bring("msgraph::models");
            path.to_owned()
        }
    }

    /// Brings a path into scope.
    pub fn bring(&mut self, path: &str) {
        self.uses.insert(path.to_owned());
    }

    /// Returns the `use` lines, with one line for each parent.
    pub fn lines(&self) -> String {
        let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in &self.uses {
            let (parent, name) = path.rsplit_once("::").unwrap_or(("", path));
            parents.entry(parent).or_default().push(name);
        }
        parents
            .into_iter()
            .map(|(parent, names)| match names.as_slice() {
                [name] => format!("use {parent}::{name};\n"),
                names => format!("use {parent}::{{{}}};\n", names.join(", ")),
            })
            .collect()
    }
}

/// Returns a text as a string literal.
pub fn string(text: &str) -> String {
    let has_quotes = text.contains('"') && !text.contains("\"#");
    let is_plain = text.chars().all(|sign| !sign.is_control() && sign != '\\');
    if has_quotes && is_plain {
        return format!("r#\"{text}\"#");
    }
    format!("{text:?}")
}

/// Formats a statement as rustfmt would.
pub fn formatted(statement: &str) -> anyhow::Result<String> {
    let text = format!("async fn snippet() {{ {statement} }}");
    let file = syn::parse_file(&text)
        .map_err(|error| anyhow::anyhow!("{error} in the generated snippet: {statement}"))?;
    let text = prettyplease::unparse(&file);
    let lines = text.lines();
    let inside: Vec<_> = lines
        .skip(1)
        .take_while(|line| *line != "}")
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .collect();
    Ok(inside.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_items_are_imported_once() {
        let mut scope = Scope::default();
        assert_eq!(scope.model("models::User"), "User");
        assert_eq!(scope.model("models::User"), "User");
        assert_eq!(scope.model("models::Alert"), "Alert");
        assert_eq!(
            scope.model("models::security::Alert"),
            "models::security::Alert"
        );
        scope.bring("msgraph::Model");
        assert_eq!(
            scope.lines(),
            "use msgraph::{Model, models};\nuse msgraph::models::{Alert, User};\n"
        );
    }

    #[test]
    fn texts_are_written_as_literals() {
        assert_eq!(string("a b"), "\"a b\"");
        assert_eq!(string(r#"say "hi""#), r##"r#"say "hi""#"##);
        assert_eq!(string("a\nb\\"), r#""a\nb\\""#);
        assert_eq!(string("\"#"), r##""\"#""##);
    }
}
