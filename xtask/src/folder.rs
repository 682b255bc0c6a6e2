//! The steps from a document to the files of its trimmed description, and access to these files in
//! a folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::document::{Document, METHODS};
use crate::facts::{self, FactsFile, Kind, Operations, Original};
use crate::part::Part;
use crate::pin::{self, PINNED, Pin};
use crate::trim::{self, Report};
use crate::trimmed::Description;
use crate::write::{self, Files};

/// The maximum total size of the files, so that the crate's package stays small.
pub const MOST_BYTES: usize = 11_000_000;

const README: &str = include_str!("../assets/openapi-readme.md");

/// All files that trimming creates, including the pin.
pub struct Trimmed {
    pub description: Description,
    pub files: Files,
    pub report: Report,
    pub facts: Vec<FactsFile>,
}

/// The source of the facts besides the description.
pub enum FactsFrom {
    /// The facts are generated from a document.
    Original(Original),
    /// The facts of an earlier trim stay unchanged.
    Kept(FactsFile),
}

/// Trims `document` to `part` of it. `strict` has the same meaning as in `trim`. With `strict`, the
/// files must also not exceed `MOST_BYTES`, because the crate is generated from them.
pub fn make(
    mut document: Document,
    source: Option<&str>,
    part: &Part,
    facts: Vec<(Kind, FactsFrom)>,
    strict: bool,
) -> Result<Trimmed> {
    let is_pinned = document.sha256 == PINNED.sha256;
    let source = match source {
        Some(source) => source,
        None if is_pinned => PINNED.text,
        None => "unknown",
    };
    let strict = strict || is_pinned;
    let counts = counts(&document, part);
    let (description, report) = trim::trim(&mut document.json, part, strict)?;
    let mut files = write::files(&description);
    files.insert("README.md".to_owned(), README.to_owned());
    let facts = add_facts(&mut files, facts)?;
    let origin = pin::Document {
        source: source.to_owned(),
        file: document.file,
        sha256: document.sha256,
        operations: counts.operations,
        only: part.paths().to_vec(),
    };
    let pinned: Vec<_> = facts.iter().map(|(kind, of)| (*kind, &of.pin)).collect();
    let pin = pin::write(&origin, &counts, &description, &report, &pinned, &files);
    files.insert(pin::FILE.to_owned(), pin);
    let bytes: usize = files.values().map(String::len).sum();
    ensure!(
        !strict || bytes <= MOST_BYTES,
        "the trimmed description has {bytes} bytes, more than the limit of {MOST_BYTES}"
    );
    names_are_distinct(&files)?;
    Ok(Trimmed {
        description,
        files,
        report,
        facts: facts.into_iter().map(|(_, facts)| facts).collect(),
    })
}

/// Trims `document` without recording its source.
pub fn trim(mut document: Document) -> Result<Files> {
    let (description, _) = trim::trim(&mut document.json, &Part::default(), false)?;
    Ok(write::files(&description))
}

/// Adds the files of facts for the operations of the description in `files`.
fn add_facts(files: &mut Files, facts: Vec<(Kind, FactsFrom)>) -> Result<Vec<(Kind, FactsFile)>> {
    if facts.is_empty() {
        return Ok(Vec::new());
    }
    let operations = {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        write_into(files, folder.path())?;
        Operations::new(&msgraph_codegen::Description::read(folder.path())?)?
    };
    facts
        .into_iter()
        .map(|(kind, from)| {
            let file = match from {
                FactsFrom::Original(original) => facts::make(&original, &operations)?,
                FactsFrom::Kept(file) => file,
            };
            files.insert(file.name.to_owned(), file.text.clone());
            Ok((kind, file))
        })
        .collect()
}

fn counts(document: &Document, part: &Part) -> pin::Counts {
    let members = |json: Option<&crate::json::Json>| {
        json.and_then(crate::json::Json::as_object)
            .map_or(0, indexmap::IndexMap::len)
    };
    let paths = document
        .json
        .get("paths")
        .and_then(crate::json::Json::as_object);
    let paths = paths.into_iter().flatten();
    let paths: Vec<_> = paths.filter(|(path, _)| part.has(path)).collect();
    let operations = paths.iter().map(|(_, item)| {
        let methods = METHODS.iter();
        methods.filter(|method| item.get(method).is_some()).count()
    });
    pin::Counts {
        operations: operations.sum(),
        paths: paths.len(),
        schemas: members(
            document
                .json
                .get("components")
                .and_then(|all| all.get("schemas")),
        ),
    }
}

/// Fails if two names of the description would become one name of the crate. The generator applies
/// its naming rule for this check.
fn names_are_distinct(files: &Files) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    write_into(files, folder.path())?;
    let description = msgraph_codegen::Description::read(folder.path())?;
    msgraph_codegen::generate(&description)
        .and_then(|generated| generated.write_models())
        .context("cannot generate code from the trimmed description")?;
    Ok(())
}

/// Writes `files` into `folder`, and removes the files of an earlier trim that are no longer
/// needed.
pub fn replace(files: &Files, folder: &Path) -> Result<()> {
    if folder.join(pin::FILE).exists() {
        for name in Pin::read(folder)?.files.keys() {
            let path = path_in(folder, name)?;
            if !files.contains_key(name) && path.exists() {
                fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
    }
    write_into(files, folder)
}

fn write_into(files: &Files, folder: &Path) -> Result<()> {
    for (name, content) in files {
        let path = path_in(folder, name)?;
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Returns the path of the file `name` of a pin. It must be a file that trim could have written.
fn path_in(folder: &Path, name: &str) -> Result<PathBuf> {
    let plain =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':']);
    let parts: Vec<_> = name.split('/').collect();
    match parts[..] {
        [file] | ["paths", file] if plain(file) => Ok(folder.join(name)),
        _ => bail!("{name:?} is not a file name of a trimmed description"),
    }
}

/// Returns the names of the files in `folder`, relative to it.
pub fn list(folder: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for (prefix, folder) in [("", folder.to_owned()), ("paths/", folder.join("paths"))] {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if (prefix, name.as_str()) != ("", "paths") {
                found.insert(format!("{prefix}{name}"));
            }
        }
    }
    Ok(found)
}
