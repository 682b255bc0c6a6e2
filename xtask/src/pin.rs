//! `pin.toml`: the document of the trimmed description, and the result of trimming it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::document::digest;
use crate::facts::Kind;
use crate::json::Json;
use crate::schema::Component;
use crate::trim::Report;
use crate::trimmed::Description;
use crate::write::Files;

/// The name of the pin's file.
pub const FILE: &str = "pin.toml";

/// The document from which the crate is generated. An upgrade changes it here.
pub const PINNED: Source = Source {
    sha256: "5779c6b32f1aab7c208e2fd0247b665e1d7bce87079124afdcfc74943ca3fa6e",
    text: "microsoftgraph/msgraph-metadata, commit f54f11b6 (CSDL of 2026-08-20)",
};

/// The source of a document.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The digest of the unpacked JSON.
    pub sha256: &'a str,
    pub text: &'a str,
}

/// A pin, as it is read.
#[derive(Debug, Deserialize)]
pub struct Pin {
    pub document: Document,
    #[serde(default)]
    pub trimmed: Trimmed,
    permissions: Option<Facts>,
    clouds: Option<Facts>,
    /// The SHA-256 of each file that trim wrote.
    pub files: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Document {
    pub source: String,
    pub file: String,
    pub sha256: String,
    #[serde(default)]
    pub operations: usize,
    /// The paths that were kept, with everything below them. Empty if all paths were kept.
    #[serde(default)]
    pub only: Vec<String>,
}

/// The result of trimming. An older pin lacks some of it and can be read all the same, because
/// `trim` replaces it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Trimmed {
    pub grafts: usize,
    pub grafted_places: usize,
}

/// An additional document: its source and its counts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Facts {
    pub source: String,
    pub file: String,
    /// The digest of the unpacked JSON.
    pub sha256: String,
    #[serde(flatten)]
    pub figures: BTreeMap<String, usize>,
}

impl Pin {
    /// Returns the pin's entry for an additional document.
    pub fn facts(&self, kind: Kind) -> Option<&Facts> {
        match kind {
            Kind::Permissions => self.permissions.as_ref(),
            Kind::Clouds => self.clouds.as_ref(),
        }
    }

    /// Reads the pin in `folder`.
    pub fn read(folder: &Path) -> Result<Pin> {
        let path = folder.join(FILE);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a pin", path.display()))
    }
}

/// Returns the text of the pin.
pub fn write(
    document: &Document,
    paths_in_document: &Counts,
    description: &Description,
    report: &Report,
    facts: &[(Kind, &Facts)],
    files: &Files,
) -> String {
    let mut out = String::new();
    let text = |text: &str| Json::from(text).to_string();
    let mut line = |line: std::fmt::Arguments<'_>| {
        let _ = writeln!(out, "{line}");
    };
    line(format_args!(
        "# Written by `cargo xtask trim`. Do not edit."
    ));
    line(format_args!("[document]"));
    line(format_args!("source = {}", text(&document.source)));
    line(format_args!("file = {}", text(&document.file)));
    line(format_args!("# The digest of the unpacked JSON."));
    line(format_args!("sha256 = {}", text(&document.sha256)));
    line(format_args!("operations = {}", document.operations));
    line(format_args!("paths = {}", paths_in_document.paths));
    line(format_args!("schemas = {}", paths_in_document.schemas));

    if !document.only.is_empty() {
        line(format_args!(
            "# Only these paths, and the paths below them:"
        ));
        line(format_args!("only = ["));
        for path in &document.only {
            line(format_args!("    {},", text(path)));
        }
        line(format_args!("]"));
    }

    let kinds = Kinds::of(description);
    line(format_args!("\n[trimmed]"));
    line(format_args!("operations = {}", description.operations()));
    line(format_args!("paths = {}", description.paths.len()));
    line(format_args!(
        "parameters = {}",
        description.parameters.len()
    ));
    line(format_args!("schemas = {}", description.schemas.len()));
    line(format_args!("# Of these:"));
    line(format_args!("pages = {}", kinds.pages));
    line(format_args!("enums = {}", kinds.enums));
    line(format_args!("bodies_of_actions = {}", report.bodies));
    line(format_args!(
        "kept_by_roots = {}",
        report.reach.kept_by_roots
    ));
    line(format_args!(
        "kept_for_open_types = {}",
        report.reach.kept_for_open_types
    ));
    line(format_args!("# Removed, because nothing refers to them:"));
    line(format_args!("unreachable = {}", report.reach.unreachable));

    line(format_args!(
        "# Operations and references to other places that the document lacks:"
    ));
    line(format_args!(
        "grafts = {}",
        report.added.operations + description.grafts.len()
    ));
    line(format_args!("# New places of these operations:"));
    line(format_args!("grafted_places = {}", report.added.places));

    line(format_args!(
        "\n# The number of matches of each fixup.\n[fixups]"
    ));
    for (name, count) in &report.fixups {
        line(format_args!("{name} = {count}"));
    }

    for (kind, facts) in facts {
        line(format_args!("\n[{}]", kind.name()));
        line(format_args!("source = {}", text(&facts.source)));
        line(format_args!("file = {}", text(&facts.file)));
        line(format_args!("sha256 = {}", text(&facts.sha256)));
        for (name, count) in &facts.figures {
            line(format_args!("{name} = {count}"));
        }
    }

    line(format_args!("\n# The SHA-256 of each file.\n[files]"));
    for (name, content) in files {
        line(format_args!(
            "{} = {}",
            text(name),
            text(&digest(content.as_bytes()))
        ));
    }
    out
}

/// The counts of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub operations: usize,
    pub paths: usize,
    pub schemas: usize,
}

/// The number of schemas of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    pub pages: usize,
    pub enums: usize,
}

impl Kinds {
    pub fn of(description: &Description) -> Kinds {
        let mut kinds = Kinds::default();
        for component in description.schemas.values() {
            match component {
                Component::Enum { .. } => kinds.enums += 1,
                Component::Object(object) => kinds.pages += usize::from(object.is_page()),
            }
        }
        kinds
    }
}
