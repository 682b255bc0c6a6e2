//! The trimmed description: what is left of a document, and all that `write` lays out.

use std::collections::BTreeMap;

use crate::schema::{Component, Property, Schema};

/// A trimmed description.
#[derive(Debug, Default)]
pub struct Description {
    /// The document's own version.
    pub version: String,
    pub parameters: BTreeMap<String, Parameter>,
    pub schemas: BTreeMap<String, Component>,
    pub paths: BTreeMap<String, PathItem>,
    /// Places that stand for others.
    pub grafts: Grafts,
}

/// Which places stand for others, so that they have all that is described there.
#[derive(Debug, Default)]
pub struct Grafts {
    /// The place, and the one that it stands for.
    pub subtrees: BTreeMap<String, String>,
    /// A place below which others are found by their path, and what these are.
    pub paths: BTreeMap<String, String>,
}

impl Description {
    pub fn operations(&self) -> usize {
        let operations = |item: &PathItem| item.operations.len();
        self.paths.values().map(operations).sum()
    }
}

impl Grafts {
    pub fn len(&self) -> usize {
        self.subtrees.len() + self.paths.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What stands at one path.
#[derive(Debug, Default)]
pub struct PathItem {
    pub parameters: Vec<ParameterUse>,
    /// By method, in the order of `METHODS`.
    pub operations: Vec<(&'static str, Operation)>,
}

impl PathItem {
    pub fn operation(&self, method: &str) -> Option<&Operation> {
        let mut operations = self.operations.iter();
        operations.find_map(|(of, operation)| (*of == method).then_some(operation))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Operation {
    pub parameters: Vec<ParameterUse>,
    pub body: Contents,
    /// Contents by status.
    pub answers: Vec<(String, Contents)>,
    pub deprecated: bool,
    /// `action` or `function`.
    pub kind: Option<&'static str>,
}

/// What is sent or answered, by media type.
pub type Contents = Vec<(String, Content)>;

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Schema(Schema),
    /// An object without a name. A body gets one (`bodies`); an answer is the `value` of a function or action, with or
    /// without links to more of it, and stays as it is.
    Object(Vec<Property>),
}

impl Content {
    /// The components that this names.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        let (schema, properties) = match self {
            Content::Schema(schema) => (Some(schema), &[][..]),
            Content::Object(properties) => (None, properties.as_slice()),
        };
        let of_properties = properties.iter().map(|property| &property.schema);
        schema
            .into_iter()
            .chain(of_properties)
            .filter_map(Schema::component)
    }
}

/// A parameter as it stands at a path or an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterUse {
    /// One of `Description::parameters`.
    Hoisted(String),
    Inline(Parameter),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub location: Location,
    pub required: bool,
    pub schema: Schema,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Location {
    Query,
    Header,
    Path,
}
