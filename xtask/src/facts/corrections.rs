//! Entries of Graph's list of permissions that are not taken: those of a table, and permissions to
//! read that a list has for writes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use msgraph_codegen::Address;
use serde::Deserialize;

const TABLE: &str = include_str!("../../assets/permissions.toml");

/// The methods that change something at their own path.
const WRITES: [&str; 3] = ["PATCH", "PUT", "DELETE"];

/// A correction of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    permission: String,
    methods: Vec<String>,
    paths: Vec<String>,
    #[serde(rename = "reason")]
    _reason: String,
}

/// An operation for which the table does not take a permission.
#[derive(Debug)]
struct Line {
    permission: String,
    method: String,
    path: String,
    address: Address,
}

/// The corrections, and which of them were used.
#[derive(Debug)]
pub struct Corrections {
    lines: Vec<Line>,
    used: BTreeSet<usize>,
    /// The number of permissions to read that were not taken for a write.
    pub read_only_writes: usize,
}

impl Corrections {
    /// Reads the table.
    pub fn read() -> Result<Corrections> {
        #[derive(Deserialize)]
        struct File {
            correction: Vec<Correction>,
        }
        let file: File = toml::from_str(TABLE).context("assets/permissions.toml")?;
        let lines = file.correction.into_iter().flat_map(|correction| {
            let Correction {
                permission,
                methods,
                paths,
                ..
            } = correction;
            paths.into_iter().flat_map(move |path| {
                let permission = permission.clone();
                let lines: Vec<_> = methods
                    .iter()
                    .map(|method| Line {
                        permission: permission.clone(),
                        method: method.clone(),
                        address: Address::new(&path),
                        path: path.clone(),
                    })
                    .collect();
                lines
            })
        });
        Ok(Corrections {
            lines: lines.collect(),
            used: BTreeSet::new(),
            read_only_writes: 0,
        })
    }

    /// Returns whether a permission is taken for an operation. `methods` are those of its entry.
    pub fn takes(
        &mut self,
        permission: &str,
        method: &str,
        address: &Address,
        methods: &[String],
    ) -> bool {
        let found = self.lines.iter().position(|line| {
            line.permission == permission && line.method == method && line.address == *address
        });
        if let Some(found) = found {
            self.used.insert(found);
            return false;
        }
        let reads = methods.iter().any(|method| method == "GET");
        if reads && WRITES.contains(&method) && only_reads(permission) {
            self.read_only_writes += 1;
            return false;
        }
        true
    }

    /// Returns the lines of the table that no entry of the list has met.
    ///
    /// A correction may name more methods than Graph's list has for one of its paths, so a path is
    /// returned if none of its methods was met.
    pub fn unused(&self) -> Vec<String> {
        let met: BTreeSet<_> = self
            .used
            .iter()
            .map(|at| (&self.lines[*at].permission, &self.lines[*at].path))
            .collect();
        let unused: BTreeSet<_> = self
            .lines
            .iter()
            .map(|line| (&line.permission, &line.path))
            .filter(|line| !met.contains(line))
            .collect();
        let unused = unused.into_iter();
        unused
            .map(|(permission, path)| format!("{permission} for {path}"))
            .collect()
    }

    /// Returns the number of operations for which the table did not take a permission.
    pub fn used(&self) -> usize {
        self.used.len()
    }
}

/// Returns whether a permission only reads: `Mail.Read`, `User.ReadBasic.All`.
fn only_reads(permission: &str) -> bool {
    let action = permission.split('.').nth(1).unwrap_or_default();
    action.starts_with("Read") && !action.contains("Write")
}
