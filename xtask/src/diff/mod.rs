//! The changes for users of the crate from one description of Graph to another.
//!
//! Both descriptions are generated in memory. The comparison covers everything that a Rust program
//! uses. For operations, that is the expression, the arguments, the options and the response. For
//! models, it is the properties and the bases. For enums, it is the members. Each change states
//! whether it breaks a program that compiles today, and why.
//!
//! *The same operation* (`operations`) and *the same type* (by Graph's full name) are identified by
//! Graph's names alone, never by Rust's. Otherwise a rename would be a removal and an addition.

mod details;
mod markdown;
mod models;
mod operations;
mod side;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use msgraph_codegen::{Generated, generate};

pub use side::Side;

/// All differences.
#[derive(Debug)]
pub struct Diff {
    /// The sources of the older and of the newer description.
    pub origins: [String; 2],
    /// The number of operations that both have.
    pub common: usize,
    pub operations: Vec<Change>,
    pub models: Vec<Change>,
}

/// The effect of a change on a program that compiles today.
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

/// The kind of item that changed.
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
    /// The Rust name in the newer description, or in the older one if the item was removed.
    pub rust: String,
    /// The difference, if `what` does not state it.
    pub how: String,
    /// The group of an operation.
    pub group: Option<Group>,
}

/// The common part of operations whose changes count as one change: the same subtree was added or
/// removed, or the same distinct place changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The last segment of `path`, and the number of the place that it leads to.
    pub key: (String, usize),
    /// The path of the highest place that was added or removed. For other changes, the path itself.
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
    /// Returns the number of operations that were added or removed, or that changed in some way.
    pub fn count(&self, what: What) -> usize {
        let of = self.operations.iter().filter(|of| of.what == what);
        let operations: BTreeSet<_> = of.map(|change| &change.graph).collect();
        operations.len()
    }

    /// Returns the number of changes that break a program.
    pub fn breaking(&self) -> usize {
        let all = self.operations.iter().chain(&self.models);
        all.filter(|change| change.weight == Weight::Breaking)
            .count()
    }

    /// Returns one line of names and values.
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
