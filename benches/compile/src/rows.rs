//! The rows of the table, and the builds behind them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tempfile::TempDir;

use crate::build::{self, Build};
use crate::options::Options;
use crate::{description, package, report};

/// The features of a dependency on three areas alone.
const AREAS: &str =
    r#", default-features = false, features = ["rustls-ring", "mail", "users", "files"]"#;

/// A row of the table. Rows that are compared stand together, and are built in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Row {
    Everything,
    Peer,
    Areas,
    Check,
    Progenitor,
    Quickstart,
}

impl Row {
    pub const ALL: &[Row] = &[
        Row::Everything,
        Row::Peer,
        Row::Areas,
        Row::Check,
        Row::Progenitor,
        Row::Quickstart,
    ];

    /// Finds a row by its name.
    pub fn named(name: &str) -> Option<Row> {
        Self::ALL.iter().copied().find(|row| row.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Row::Everything => "everything",
            Row::Peer => "peer",
            Row::Areas => "areas",
            Row::Check => "check",
            Row::Progenitor => "progenitor",
            Row::Quickstart => "quickstart",
        }
    }

    /// Describes the build.
    pub fn what(self) -> &'static str {
        match self {
            Row::Everything => "cold debug build of an application with msgraph",
            Row::Peer => "cold debug build of an application with graph-rs-sdk 3.0.1",
            Row::Areas => {
                "cold debug build of an application with `mail`, `users` and `files` of msgraph"
            }
            Row::Check => "`cargo check` of an application with msgraph",
            Row::Progenitor => "`cargo check` of progenitor's unchanged output, without models",
            Row::Quickstart => "the first `cargo build --example quickstart`",
        }
    }

    /// Names the libraries whose cost is of interest beside that of the whole build.
    pub fn own(self) -> Option<&'static str> {
        match self {
            Row::Everything | Row::Areas | Row::Check => Some("msgraph's crates alone"),
            Row::Progenitor => Some("progenitor's output alone"),
            Row::Peer | Row::Quickstart => None,
        }
    }

    /// Writes the package that is built, if the repository does not have it.
    fn prepare(self, work: &Path, root: &Path) -> Result<Target> {
        let folder = work.join(self.name());
        match self {
            Row::Everything | Row::Check => package::application(&folder, root, "")?,
            Row::Areas => package::application(&folder, root, AREAS)?,
            Row::Peer => package::peer(&folder)?,
            Row::Progenitor => package::progenitor(&folder, root)?,
            Row::Quickstart => {}
        }
        Ok(Target {
            package: match self {
                Row::Quickstart => root.to_owned(),
                _ => folder.clone(),
            },
            arguments: match self {
                Row::Everything | Row::Peer | Row::Areas => &["build"],
                Row::Check | Row::Progenitor => &["check"],
                Row::Quickstart => &["build", "--example", "quickstart"],
            },
            own: match self {
                Row::Progenitor | Row::Peer => folder,
                _ => root.to_owned(),
            },
        })
    }
}

/// The build of a row.
struct Target {
    package: PathBuf,
    arguments: &'static [&'static str],
    /// The folder that has the libraries of interest.
    own: PathBuf,
}

/// The builds of a row, one for each round.
#[derive(Debug, Serialize)]
pub struct Measured {
    pub row: Row,
    pub rounds: Vec<Build>,
    /// The reason why the row cannot be built.
    pub error: Option<String>,
}

/// Builds the selected rows in turns, and prints the table.
pub fn measure(options: &Options) -> Result<ExitCode> {
    let root = root()?;
    let work = TempDir::new().context("cannot create a temporary folder")?;
    let mut rows: Vec<_> = options
        .rows
        .iter()
        .map(|&row| Measured {
            row,
            rounds: Vec::new(),
            error: None,
        })
        .collect();
    for round in 1..=options.rounds {
        for measured in rows.iter_mut().filter(|measured| measured.error.is_none()) {
            let row = measured.row;
            eprintln!("round {round} of {}: {}", options.rounds, row.what());
            let built = row
                .prepare(work.path(), &root)
                .and_then(|target| build::cold(&target.package, target.arguments, &target.own));
            match built {
                Ok(build) => measured.rounds.push(build),
                Err(error) => measured.error = Some(format!("{error:#}")),
            }
        }
    }
    let generation = description::generation(&root.join("openapi"))?;
    report::print(&rows, &generation, options.json.as_deref())?;
    for failed in rows.iter().filter(|measured| measured.error.is_some()) {
        let (name, error) = (failed.row.name(), failed.error.as_deref());
        eprintln!(
            "error: the row `{name}` failed: {}",
            error.unwrap_or_default()
        );
    }
    let is_complete = rows.iter().all(|measured| measured.error.is_none());
    Ok(if is_complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns the root of msgraph's workspace.
pub fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.join("../..").canonicalize()?)
}
