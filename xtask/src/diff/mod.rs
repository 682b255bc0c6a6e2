//! What changes for users of the crate from one description of Graph to another.
//!
//! Both descriptions are generated in memory, and what is compared is what a Rust program sees: the expression of each
//! operation, its arguments, options and answer; models, their properties and their bases; enums and their members.
//! Each change says whether it breaks a program that compiles today, and why.
//!
//! *The same operation* (`operations`) and *the same type* (by Graph's full name) are told by Graph's names alone, never
//! by Rust's: otherwise a rename would be a removal and an addition.

mod details;
mod markdown;
mod models;
mod operations;
mod side;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use msgraph_codegen::{Generated, generate};

pub use side::Side;

/// All that differs.
#[derive(Debug)]
pub struct Diff {
    /// Where the older description is from, and where the newer one.
    pub origins: [String; 2],
    /// Operations that both have.
    pub common: usize,
    pub operations: Vec<Change>,
    pub models: Vec<Change>,
}

/// Whether a change breaks a program that compiles today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    Breaking,
    Harmless,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Removed,
    Renamed,
    Changed,
    Added,
}

/// What the change is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Operation,
    Model,
    Enum,
    Property,
    Member,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub subject: Subject,
    pub what: What,
    pub weight: Weight,
    /// Graph's name: `GET /users/{user-id}`, `microsoft.graph.user.mail`.
    pub graph: String,
    /// Rust's name: in the newer description, unless it is gone there.
    pub rust: String,
    /// What is other than it was, where that is not said by `what`.
    pub how: String,
    /// Of an operation: what it is gathered with.
    pub group: Option<Group>,
}

/// What operations have in common whose changes are one change: the same subtree came or went, or the same distinct
/// place changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The last segment of `path`, and the number of the place it leads to.
    pub key: (String, usize),
    /// The path of the highest place that came or went; of a change the path itself.
    pub path: String,
    /// The Rust expression for that place.
    pub rust: String,
}

/// Compares two descriptions.
pub fn diff(old: &Side, new: &Side) -> Result<Diff> {
    let (before, after) = (generated(old)?, generated(new)?);
    let (common, operations) = operations::compare(
        &operations::Operations::new(&old.description, &before)?,
        &operations::Operations::new(&new.description, &after)?,
    );
    let models = models::compare(&before.models()?, &after.models()?);
    Ok(Diff {
        origins: [old.origin.clone(), new.origin.clone()],
        common,
        operations,
        models,
    })
}

fn generated(side: &Side) -> Result<Generated<'_>> {
    generate(&side.description).with_context(|| format!("cannot generate from {}", side.origin))
}

impl Diff {
    /// How many operations came, went, or changed in some way.
    pub fn count(&self, what: What) -> usize {
        let of = self.operations.iter().filter(|of| of.what == what);
        let operations: BTreeSet<_> = of.map(|change| &change.graph).collect();
        operations.len()
    }

    /// How many changes break a program.
    pub fn breaking(&self) -> usize {
        let all = self.operations.iter().chain(&self.models);
        all.filter(|change| change.weight == Weight::Breaking)
            .count()
    }

    /// One line of names and values.
    pub fn line(&self) -> String {
        format!(
            "common {} renamed {} added {} removed {}",
            self.common,
            self.count(What::Renamed),
            self.count(What::Added),
            self.count(What::Removed)
        )
    }
}
