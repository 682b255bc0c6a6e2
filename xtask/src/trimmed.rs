//! The trimmed description: the rest of a document, with everything that `write` lays out.

use std::collections::BTreeMap;

use crate::areas::Areas;
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
    /// The areas. Only the whole description from which the crate is generated has them.
    pub areas: Option<Areas>,
}

/// The places that stand for others, and so have everything that is described at those.
#[derive(Debug, Default)]
pub struct Grafts {
    /// Each place, with the place that it stands for.
    pub subtrees: BTreeMap<String, String>,
    /// Places below which other items are addressed by their path, with the place that such a path
    /// leads to.
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

/// The operations and parameters at one path.
#[derive(Debug, Default)]
pub struct PathItem {
    pub parameters: Vec<ParameterUse>,
    /// The operations by method, in the order of `METHODS`.
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
    /// The contents by status.
    pub answers: Vec<(String, Contents)>,
    pub deprecated: bool,
    /// `action` or `function`.
    pub kind: Option<&'static str>,
}

/// The content of a request or response, by media type.
pub type Contents = Vec<(String, Content)>;

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Schema(Schema),
    /// An object without a name. A request body gets one (`bodies`). A response is the `value` of a
    /// function or action, with or without links to more of it, and stays as it is.
    Object(Vec<Property>),
}

impl Content {
    /// Returns the components that this names.
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

/// A parameter as it is used at a path or an operation.
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
