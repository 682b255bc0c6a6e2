//! Names of files, folders and modules in comments and documents.

use std::collections::{HashMap, HashSet};

use super::rust::Kind;
use super::source::{Language, Source};
use super::{Rule, Violation};

/// The endings of files that the repository has. A word with another ending is not taken for a
/// file.
const ENDINGS: &[&str] = &[
    "rs", "md", "toml", "sh", "html", "js", "css", "yml", "json", "snap",
];

/// The files and modules of the repository.
#[derive(Debug)]
pub struct Tree<'s> {
    files: &'s [String],
    /// Each file and folder by each end of its path: `src/call/mod.rs`, `call/mod.rs` and `mod.rs`.
    ends: HashSet<&'s str>,
    /// The folders at the root.
    roots: HashSet<&'s str>,
    /// The names of files that code has in a string, because it makes or reads them.
    strings: HashSet<&'s str>,
    /// Each module by its name, with the words in its file and the names of its own modules.
    modules: HashMap<&'s str, HashSet<&'s str>>,
}

impl<'s> Tree<'s> {
    pub fn new(files: &'s [String], sources: &'s [Source<'_>]) -> Self {
        let mut ends = HashSet::new();
        for file in files {
            let slashes = file.match_indices('/').map(|(at, _)| at);
            let paths = slashes.clone().filter_map(|at| file.get(..at));
            for path in paths.chain([file.as_str()]) {
                let starts = path.match_indices('/').map(|(at, _)| at + 1);
                ends.extend(
                    [0].into_iter()
                        .chain(starts)
                        .filter_map(|at| path.get(at..)),
                );
            }
        }
        let roots = files.iter().filter_map(|file| file.split_once('/'));
        let mut strings = HashSet::new();
        let mut modules: HashMap<_, HashSet<_>> = HashMap::new();
        for source in sources.iter().filter(|s| s.language == Language::Rust) {
            let (module, parent) = module_of(source.path);
            let texts = source.tokens.iter().filter(|t| t.kind == Kind::Text);
            let texts = texts.map(|t| t.text.trim_matches(['"', '/']));
            strings.extend(texts.filter(|text| has_ending(text) && !text.contains('/')));
            let words = source.tokens.iter().filter(|t| t.kind == Kind::Word);
            modules
                .entry(module)
                .or_default()
                .extend(words.map(|t| t.text));
            if let Some(parent) = parent {
                modules.entry(parent).or_default().insert(module);
            }
        }
        Tree {
            files,
            ends,
            roots: roots.map(|(root, _)| root).collect(),
            strings,
            modules,
        }
    }

    /// Checks that each file, folder and module exists that a comment or a document names.
    ///
    /// Left out by rule: paths outside of the repository (`/…`, `../…`, `~/…`, `$…`), paths below
    /// `target/`, and the names of files that code has in a string, because the program makes them.
    pub fn check(&self, source: &Source<'_>) -> Vec<Violation> {
        let mut found = Vec::new();
        for passage in &source.passages {
            for line in passage.prose() {
                let row = Row::new(self, source, &line.text);
                for word in path_words(&line.text) {
                    if self.is_path(&word)
                        && !row.exists(&word)
                        && !self.strings.contains(word.as_str())
                    {
                        let advice = format!(
                            "`{word}` is not in the repository: name a file or folder that exists"
                        );
                        found.push(source.violation(line.number, Rule::Paths, advice));
                    }
                }
                for span in code_spans(&line.text) {
                    if let Some(missing) = self.missing_module(span) {
                        let advice = format!("`{span}` names `{missing}`, which does not exist");
                        found.push(source.violation(line.number, Rule::Paths, advice));
                    }
                }
            }
        }
        found
    }

    /// Returns whether a word is meant as a path inside of the repository.
    fn is_path(&self, word: &str) -> bool {
        let is_outside = word.starts_with(['/', '~', '$']) || word.starts_with("target/");
        let first = word.split_once('/').map(|(first, _)| first);
        !is_outside && (has_ending(word) || first.is_some_and(|first| self.roots.contains(first)))
    }

    /// Returns whether a path exists: from the root, from `folder`, or as the end of a path.
    fn exists(&self, folder: &str, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let Some(relative) = join(folder, path) else {
            return true;
        };
        let is_end = |path: &str| match path.contains('*') {
            false => self.ends.contains(path),
            true => self.ends.iter().any(|end| matches(path, end)),
        };
        is_end(path) || is_end(&relative)
    }

    /// Returns the first segment of a module path that its module does not have. A path whose first
    /// segment is not a module of the repository belongs to another crate.
    fn missing_module<'w>(&self, path: &'w str) -> Option<&'w str> {
        let segments: Vec<_> = path.split("::").collect();
        let is_module = |segment: &&str| {
            let mut chars = segment.chars();
            !segment.is_empty() && chars.all(|c| c.is_ascii_lowercase() || c == '_')
        };
        if segments.len() < 2 || !segments.iter().all(is_module) {
            return None;
        }
        let pairs = segments.windows(2);
        let mut pairs = pairs.map_while(|pair| Some((self.modules.get(pair[0])?, pair[1])));
        let missing = pairs.find(|(module, name)| !module.contains(name));
        missing.map(|(_, name)| name)
    }
}

/// A line with the folders that its names are relative to.
struct Row<'a, 's> {
    tree: &'a Tree<'s>,
    /// The folder of the file.
    folder: &'a str,
    /// The folders that the first cell of a table's row names. File names in the other cells are
    /// names of files in these.
    cell: Vec<String>,
}

impl<'a, 's> Row<'a, 's> {
    fn new(tree: &'a Tree<'s>, source: &'a Source<'_>, line: &str) -> Self {
        let folder = source
            .path
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let mut cells = line.trim().split('|');
        let first = match (source.language, cells.next(), cells.next()) {
            (Language::Markdown, Some(""), Some(first)) => first,
            _ => "",
        };
        let cell = path_words(first).filter(|word| word.ends_with('/') && tree.is_path(word));
        Row {
            tree,
            folder,
            cell: cell.collect(),
        }
    }

    fn exists(&self, word: &str) -> bool {
        if self.cell.is_empty() || !word.ends_with(".rs") || self.tree.is_in_a_root(word) {
            return self.tree.exists(self.folder, word);
        }
        let end = format!("/{word}");
        let mut files = self.tree.files.iter();
        files.any(|file| file.ends_with(&end) && self.cell.iter().any(|c| file.starts_with(c)))
    }
}

impl Tree<'_> {
    fn is_in_a_root(&self, word: &str) -> bool {
        let first = word.split_once('/').map(|(first, _)| first);
        first.is_some_and(|first| self.roots.contains(first))
    }
}

/// Returns the name of a file's module, and that of the module or package that it belongs to.
fn module_of(path: &str) -> (&str, Option<&str>) {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let mut segments = path.rsplit('/').filter(|segment| *segment != "src");
    (segments.next().unwrap_or(path), segments.next())
}

/// Joins a path to a folder. Returns `None` if it leads out of the repository.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut joined: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                joined.pop()?;
            }
            part => joined.push(part),
        }
    }
    Some(joined.join("/"))
}

/// Returns whether a path has the form of a pattern, in which `*` is any part of a name.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((start, rest)) => path.strip_prefix(start).is_some_and(|path| {
            let end = path.find('/').unwrap_or(path.len());
            let mut ends = path.char_indices().map(|(at, _)| at).chain([path.len()]);
            ends.any(|at| at <= end && path.get(at..).is_some_and(|path| matches(rest, path)))
        }),
    }
}

/// Returns whether a word ends as the name of a file. `Node.js` is a product, and docs.rs a web
/// site.
fn has_ending(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        let is_a_product = ending == "js" && stem.starts_with(char::is_uppercase);
        !stem.is_empty() && ENDINGS.contains(&ending) && !is_a_product && name != "docs.rs"
    })
}

/// Returns the words of a text that may be paths, with braces expanded and without addresses. A
/// placeholder (`<name>`) becomes `*`.
fn path_words(text: &str) -> impl Iterator<Item = String> {
    let without = without_addresses(text);
    let words: Vec<_> = without
        .split(|c: char| !c.is_alphanumeric() && !"._-$<>{},*/~@%".contains(c))
        .flat_map(|word| match word.contains('{') {
            true => vec![word.to_owned()],
            false => word.split(',').map(str::to_owned).collect(),
        })
        .map(|word| word.trim_end_matches(['.', ',']).to_owned())
        .filter(|word| !word.is_empty())
        .flat_map(|word| expand(&word))
        .map(|word| without_placeholders(&word))
        .collect();
    words.into_iter()
}

fn without_addresses(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, address) = rest.split_at(at);
        let scheme = before.trim_end_matches(|c: char| c.is_alphanumeric());
        left.push_str(scheme);
        let end = address.find(|c: char| c.is_whitespace() || ")>]`\"'".contains(c));
        rest = address
            .get(end.unwrap_or(address.len())..)
            .unwrap_or_default();
    }
    left + rest
}

/// Expands `src/{lib,runtime}.rs` to both.
fn expand(word: &str) -> Vec<String> {
    let parts = word.split_once('{').and_then(|(before, rest)| {
        let (inner, after) = rest.split_once('}')?;
        Some((before, inner, after))
    });
    let Some((before, inner, after)) = parts else {
        return vec![word.to_owned()];
    };
    let one = |part: &str| expand(&format!("{before}{part}{after}"));
    inner.split(',').flat_map(one).collect()
}

fn without_placeholders(word: &str) -> String {
    match word
        .split_once('<')
        .and_then(|(before, rest)| Some((before, rest.split_once('>')?)))
    {
        Some((before, (_, after))) => format!("{before}*{}", without_placeholders(after)),
        None => word.trim_matches(['<', '>']).to_owned(),
    }
}

/// Returns the parts of a text between backticks.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &[(&str, &str)] = &[
        ("README.md", ""),
        ("src/call/mod.rs", "mod success;"),
        ("src/call/success.rs", "fn check() {}"),
        ("src/auth/answer.rs", "const FILE: &str = \"session.json\";"),
        ("codegen/src/models.rs", ""),
        ("codegen/src/nodes.rs", ""),
        ("openapi/paths/me.json", ""),
    ];

    /// Returns the number of names in a text that do not exist.
    fn missing(path: &str, text: &str) -> usize {
        let files: Vec<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        let language = |path: &str| match path.ends_with(".md") {
            true => Language::Markdown,
            false => Language::Rust,
        };
        let sources: Vec<_> = FILES
            .iter()
            .map(|(path, text)| Source::parse(path, language(path), text))
            .collect();
        let tree = Tree::new(&files, &sources);
        tree.check(&Source::parse(path, language(path), text)).len()
    }

    #[test]
    fn existing_files_and_modules_are_allowed() {
        for text in [
            "`src/call/mod.rs`, src/call/ and call/success.rs.",
            "In `success.rs`, see [the rest](src/auth/answer.rs#there).",
            "`codegen/src/{models,nodes}.rs`, `paths/<workload>.json` and `openapi/paths/*.json`",
            "`call::success` and `call::success::check`",
            "| `src/auth/` | the response (`answer.rs`) |",
        ] {
            assert_eq!(missing("ARCHITECTURE.md", text), 0, "{text}");
        }
        assert_eq!(
            missing(
                "src/call/a.rs",
                "// Like `success.rs` and ../auth/answer.rs.\n"
            ),
            0
        );
    }

    #[test]
    fn missing_files_and_modules_are_violations() {
        for text in [
            "`src/call/nothing.rs`",
            "`src/calls/`",
            "nothing.rs.",
            "[the rest](CHANGES.md)",
            "`codegen/src/{models,facts}.rs`",
            "`call::failure`",
            "| `src/auth/` | the checks (`success.rs`) |",
        ] {
            assert_eq!(missing("ARCHITECTURE.md", text), 1, "{text}");
        }
        assert_eq!(
            missing("src/call/a.rs", "/// As in `nothing.rs`.\nfn a() {}\n"),
            1
        );
    }

    #[test]
    fn paths_outside_of_the_repository_are_left_out() {
        for text in [
            "`target/doc/index.html`, /etc/a.json, ~/b.toml, `../before/openapi/pin.toml`",
            "<https://example.com/a/b.md>, Node.js, `.json`, $OUT_DIR/models2.rs",
            "`tokio::time`, `Call::success`, a/b",
        ] {
            assert_eq!(missing("ARCHITECTURE.md", text), 0, "{text}");
        }
    }

    #[test]
    fn files_that_code_names_are_left_out() {
        assert_eq!(missing("examples/a.rs", "//! Writes `session.json`.\n"), 0);
        assert_eq!(missing("examples/a.rs", "//! Writes `sessions.json`.\n"), 1);
    }

    #[test]
    fn code_blocks_are_left_out() {
        assert_eq!(missing("README.md", "```sh\ncat nothing.rs\n```\n"), 0);
    }
}
