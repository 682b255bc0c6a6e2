//! Generator of `msgraph`: turns the trimmed OpenAPI description of Microsoft Graph into typed
//! endpoints and models.
//!
//! The data passes through four steps. [`Description::read`] reads `openapi/`, [`Tree::new`] folds
//! its paths, [`Types::new`] analyzes its schemas, and [`generate`] writes Rust. The package
//! `msgraph-description` does the first three, and writes the models. [`build`] does all
//! of this in a build script: in that of `msgraph`, and in that of any other crate that has its own
//! description. `msgraph::generated!` includes the code that it writes.

#![deny(missing_docs)]

mod baseline;
mod build_script;
mod coverage;
mod error;
mod expression;
mod facts;
mod nodes;
mod operations;
mod options;
mod outline;
mod segments;

use std::path::Path;

use msgraph_description::models;
use msgraph_description::names::Collisions;

use coverage::Written;
use nodes::Plan;

pub use baseline::baseline;
pub use build_script::{build, build_enabled_calls, build_with};
pub use error::{Error, Result};
pub use expression::{Expression, Walk};
pub use facts::{
    Address, Cloud, CloudSet, Facts, Permission, PermissionScheme, Permissions, Scheme, by_prefix,
};
pub use msgraph_description::models::{Model, Models, Property};
pub use msgraph_description::{
    AreaSet, Areas, Argument, Description, Kind, Place, RustName, Schema, Segment, Selection, Tree,
    Type, Types, secrets,
};
pub use nodes::MethodName;
pub use outline::{Call, Node, Outline, Route, Step};

/// The generated code of calls, and the data that it was generated from. The models are written
/// when they are needed: [`Generated::write_models`].
#[derive(Debug)]
pub struct Generated<'d> {
    /// Nodes and their calls: `nodes.rs`.
    pub nodes: String,
    /// Markers of the options that operations have: `options.rs`.
    pub options: String,
    /// Facts about operations besides their form: `facts.rs`.
    pub facts: String,
    /// The names of path segments: `segments.rs`.
    pub segments: String,
    tree: Tree<'d>,
    types: Types<'d>,
    plan: Plan,
    selection: Selection,
}

/// The size of the description, before and after the fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stats {
    pub operations: usize,
    pub places: usize,
    pub distinct_places: usize,
    pub distinct_operations: usize,
    pub models: usize,
    pub enums: usize,
    pub properties: usize,
}

/// Generates the code of all calls, without facts about operations.
///
/// # Errors
///
/// Fails if two names collide, if the description has an unknown element, or if progenitor refuses
/// an operation.
pub fn generate(description: &Description) -> Result<Generated<'_>> {
    Generator::new(description).generate()
}

/// The input of the generator.
#[derive(Debug)]
pub struct Generator<'d> {
    description: &'d Description,
    facts: Facts,
    selection: Selection,
}

impl<'d> Generator<'d> {
    /// Returns a generator for a description, without facts about its operations.
    pub fn new(description: &'d Description) -> Self {
        Self {
            description,
            facts: Facts::default(),
            selection: Selection::default(),
        }
    }

    /// Adds facts about operations, which become documentation and constants.
    pub fn with_facts(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }

    /// Generates only a part of the code. All names are those of the whole.
    pub fn with_selection(self, selection: Selection) -> Self {
        Self { selection, ..self }
    }

    /// Generates the code of calls.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`generate`].
    pub fn generate(self) -> Result<Generated<'d>> {
        let description = self.description;
        let tree = Tree::new(description)?;
        let collisions = Collisions::default();
        let types = Types::new(&description.schemas, &collisions)?;
        let written_places = Written::new(description, &tree, &self.selection);
        let nodes = nodes::write(
            description,
            &self.facts,
            &tree,
            &types,
            &written_places,
            &collisions,
        )?;
        collisions.finish()?;
        Ok(Generated {
            nodes: nodes.nodes,
            options: nodes.options,
            facts: nodes.facts,
            segments: segments::write(description.paths.keys()),
            plan: nodes.plan,
            tree,
            types,
            selection: self.selection,
        })
    }
}

impl Generated<'_> {
    /// Returns one expression for each distinct operation, by its shortest path.
    pub fn expressions(&self) -> Vec<Expression> {
        expression::all(&self.tree, &self.plan)
    }

    /// Returns the expression for an operation, by method and path in the description. Returns
    /// `None` if there is no such operation.
    pub fn expression(&self, method: &str, path: &str) -> Option<Expression> {
        expression::of(&self.tree, &self.plan, method, path)
    }

    /// Writes the structs and enums of the selection: `models.rs`.
    ///
    /// # Errors
    ///
    /// Fails if two names collide, or if a property has a type that the generator does not know.
    pub fn write_models(&self) -> Result<Models> {
        let collisions = Collisions::default();
        let models = models::write(&self.types, &self.selection, &collisions)?;
        collisions.finish()?;
        Ok(models)
    }

    /// Returns the size of the description. This writes the models to count them.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`write_models`](Self::write_models).
    pub fn stats(&self) -> Result<Stats> {
        let models = self.write_models()?;
        Ok(Stats {
            operations: self.tree.described_operations,
            places: self.tree.described_places,
            distinct_places: self.tree.places.len(),
            distinct_operations: self.tree.operations(),
            models: models.models,
            enums: models.enums,
            properties: models.properties,
        })
    }

    /// Returns all structs and enums.
    ///
    /// # Errors
    ///
    /// Fails if a property has a type that the generator does not know.
    pub fn models(&self) -> Result<Vec<Model<'_>>> {
        Ok(models::list(&self.types)?)
    }

    /// Returns Graph's tree after the fold.
    pub fn tree(&self) -> &Tree<'_> {
        &self.tree
    }

    /// Returns the methods that follow the given steps from the root and call the operation with
    /// this number at the end. Each step is a place and the index of one of its children. Returns
    /// `None` if these steps do not exist.
    pub fn methods(&self, steps: &[(usize, usize)], operation: usize) -> Option<Vec<&MethodName>> {
        expression::methods(&self.tree, &self.plan, steps, operation)
    }

    /// Returns the walk to an operation, by method and path in the description. Returns `None` if
    /// there is no such operation.
    pub fn walk(&self, method: &str, path: &str) -> Option<Walk<'_>> {
        expression::walk(&self.tree, &self.plan, method, path)
    }

    /// Returns the nodes as data: the calls of each node, and the nodes that it leads to.
    pub fn outline(&self) -> Outline {
        outline::outline(&self.tree, &self.plan)
    }

    /// Writes `models.rs`, `nodes.rs`, `options.rs`, `facts.rs` and `segments.rs` into a folder.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`write_models`](Self::write_models), or if a file cannot be
    /// written. The error names the file.
    pub fn write_to(&self, folder: &Path) -> Result<()> {
        self.write_models()?.write_to(folder)?;
        self.write_calls_to(folder)
    }

    /// Writes all files except `models.rs`, for a package whose models are in another package.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be written. The error names the file.
    pub fn write_calls_to(&self, folder: &Path) -> Result<()> {
        for (name, text) in [
            ("nodes.rs", &self.nodes),
            ("options.rs", &self.options),
            ("facts.rs", &self.facts),
            ("segments.rs", &self.segments),
        ] {
            write_file(folder, name, text)?;
        }
        Ok(())
    }
}

fn write_file(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    Ok(std::fs::write(&path, text).map_err(|error| msgraph_description::Error::Io(path, error))?)
}
