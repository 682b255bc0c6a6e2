//! Checks that the committed description is the output of `trim` for the pinned document.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::document::{Document, METHODS, digest};
use crate::facts::{self, Kind, Operations, Original};
use crate::folder::{self, FactsFrom, Trimmed};
use crate::json::Json;
use crate::part::Part;
use crate::path::workload;
use crate::pin::{self, Pin};

/// The checks that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub files: usize,
    /// The document that it was compared with, and the number of operations that were checked.
    /// `None` if the document is not available.
    pub document: Option<(PathBuf, usize)>,
}

/// Checks `folder` against its pin and, if it is available, against the pinned document.
///
/// `strict` has the same meaning as in `folder::make`.
pub fn check(
    folder: &Path,
    document: Option<&Path>,
    originals: &[Original],
    strict: bool,
) -> Result<Checked> {
    let pin = Pin::read(folder)?;
    files_are_pinned(folder, &pin)?;
    for original in originals {
        facts_are_whole(folder, &pin, original)?;
    }
    let document = match document {
        None => None,
        Some(path) => Some((
            path.to_owned(),
            document_is_whole(folder, &pin, path, strict)?,
        )),
    };
    Ok(Checked {
        files: pin.files.len(),
        document,
    })
}

/// Checks that each file has its pinned digest, and that none is missing and none is extra. This
/// detects manual changes.
fn files_are_pinned(folder: &Path, pin: &Pin) -> Result<()> {
    let mut wrong = Vec::new();
    let found = folder::list(folder)?;
    for name in &found {
        if name != pin::FILE && !pin.files.contains_key(name) {
            wrong.push(format!("{name} was not written by trim"));
        }
    }
    for (name, sha256) in &pin.files {
        if !found.contains(name) {
            wrong.push(format!("{name} is missing"));
            continue;
        }
        let path = folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if digest(&bytes) != *sha256 {
            wrong.push(format!("{name} was changed after trim wrote it"));
        }
    }
    ensure!(
        wrong.is_empty(),
        "{} does not match its pin (run `cargo xtask trim` to write it again):\n  {}",
        folder.display(),
        wrong.join("\n  ")
    );
    Ok(())
}

/// Trims the document again and compares each byte. Then looks for each operation of the document,
/// without using any of trim's own code.
fn document_is_whole(folder: &Path, pin: &Pin, path: &Path, strict: bool) -> Result<usize> {
    let document = Document::read(path)?;
    ensure!(
        document.sha256 == pin.document.sha256,
        "{} is not the pinned document: its SHA-256 is {}, but that of {} is {}",
        path.display(),
        document.sha256,
        pin.document.file,
        pin.document.sha256
    );
    let part = Part::new(&pin.document.only)?;
    let operations = operations_are_there(folder, &document.json, &part)?;
    // The name comes from the pin, because a copy of the document under another name is the same
    // document.
    let document = Document {
        file: pin.document.file.clone(),
        ..document
    };
    let mut facts = Vec::new();
    for kind in Kind::ALL {
        let kept = facts::kept(kind, folder)?.map(FactsFrom::Kept);
        facts.extend(kept.map(|kept| (kind, kept)));
    }
    let Trimmed { files, .. } =
        folder::make(document, Some(&pin.document.source), &part, facts, strict)?;
    let found = folder::list(folder)?;
    for (name, content) in &files {
        let path = folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if let Some(line) = first_difference(&bytes, content.as_bytes()) {
            bail!(
                "{} does not match the output of trim for {}: line {line} differs",
                path.display(),
                pin.document.file
            );
        }
    }
    for name in found {
        ensure!(files.contains_key(&name), "trim does not write {name}");
    }
    Ok(operations)
}

/// Creates the file of an additional document again, and compares it and its entry in the pin.
fn facts_are_whole(folder: &Path, pin: &Pin, original: &Original) -> Result<()> {
    let operations = Operations::new(&msgraph_codegen::Description::read(folder)?)?;
    let made = facts::make(original, &operations)?;
    let Some(pinned) = pin.facts(original.kind) else {
        bail!("the pin has no entry for {}", made.name);
    };
    ensure!(
        made.pin.sha256 == pinned.sha256,
        "{} is not the pinned document: its SHA-256 is {}, but that of {} is {}",
        original.file,
        made.pin.sha256,
        pinned.file,
        pinned.sha256
    );
    let path = folder.join(made.name);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if let Some(line) = first_difference(&bytes, made.text.as_bytes()) {
        bail!(
            "{} does not match the output of trim for {}: line {line} differs",
            path.display(),
            original.file
        );
    }
    ensure!(
        made.pin.figures == pinned.figures,
        "the pin's figures for {} differ from those of {}",
        made.name,
        original.file
    );
    Ok(())
}

/// Returns the first line (from 1) in which the two differ.
fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    if left == right {
        return None;
    }
    let same = left.iter().zip(right).take_while(|(l, r)| l == r).count();
    let before = left.iter().take(same);
    Some(before.filter(|byte| **byte == b'\n').count() + 1)
}

fn operations_are_there(folder: &Path, document: &Json, part: &Part) -> Result<usize> {
    let mut count = 0;
    let mut missing = Vec::new();
    let mut files = std::collections::BTreeMap::new();
    let paths = document.get("paths").and_then(Json::as_object);
    let paths = paths.into_iter().flatten();
    for (path, item) in paths.filter(|(path, _)| part.has(path)) {
        let workload = workload(path);
        if !files.contains_key(workload) {
            let file = folder.join("paths").join(format!("{workload}.json"));
            let json: Json = match fs::read(&file) {
                Ok(bytes) => serde_json::from_slice(&bytes)
                    .with_context(|| format!("{} is not JSON", file.display()))?,
                Err(_) => Json::Null,
            };
            files.insert(workload.to_owned(), json);
        }
        let there = files
            .get(workload)
            .and_then(|file| file.get("paths")?.get(path));
        if there.is_none() {
            missing.push(path.clone());
        }
        for method in METHODS {
            if item.get(method).is_some() {
                count += 1;
                if there.and_then(|there| there.get(method)).is_none() {
                    missing.push(format!("{} {path}", method.to_uppercase()));
                }
            }
        }
    }
    ensure!(
        missing.is_empty(),
        "{} lacks operations of the document:\n  {}",
        folder.display(),
        missing.join("\n  ")
    );
    Ok(count)
}
