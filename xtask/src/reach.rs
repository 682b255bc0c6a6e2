//! The schemas that operations lead to, and the removal of all others.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::schema::{Component, Property};
use crate::trimmed::{Content, Description, ParameterUse, PathItem};

/// Types that no operation leads to, because they travel in the other direction. Graph posts them
/// to the application that subscribed to change notifications.
const ROOTS: &[&str] = &[
    // The body that Graph posts, with the notifications in it and the encrypted content of a rich
    // notification.
    "microsoft.graph.changeNotificationCollection",
    "microsoft.graph.changeNotification",
    "microsoft.graph.changeNotificationEncryptedContent",
    "microsoft.graph.resourceData",
    // The words of a notification: the change of the resource, and the change of the subscription.
    "microsoft.graph.changeType",
    "microsoft.graph.lifecycleEventType",
];

/// Open types, and the type of the values that Graph documents for their dynamic properties.
///
/// The second type is not declared for any property, because a dynamic property has no declaration.
/// The table matters only for a part of a description, because the whole description keeps each of
/// these types.
const OPEN_TYPES: &[(&str, &str)] = &[
    (
        "microsoft.graph.plannerAssignments",
        "microsoft.graph.plannerAssignment",
    ),
    (
        "microsoft.graph.plannerChecklistItems",
        "microsoft.graph.plannerChecklistItem",
    ),
    (
        "microsoft.graph.plannerExternalReferences",
        "microsoft.graph.plannerExternalReference",
    ),
    (
        "microsoft.graph.fileStorageContainerCustomPropertyDictionary",
        "microsoft.graph.fileStorageContainerCustomPropertyValue",
    ),
    (
        "microsoft.graph.resultTemplateDictionary",
        "microsoft.graph.resultTemplate",
    ),
];

/// The counts of dropped and kept schemas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The number of dropped schemas, which cannot be reached.
    pub unreachable: usize,
    /// The number of schemas that only the list of roots keeps.
    pub kept_by_roots: usize,
    /// The number of schemas that are kept only because a dynamic property may hold them.
    pub kept_for_open_types: usize,
}

/// The properties that lead from a schema to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edges {
    /// All properties.
    All,
    /// The properties that a value has by itself. A navigation property is a weak edge: it exists
    /// if its target does, and keeps nothing.
    Structural,
}

/// The base of all entities. A value that is declared as such is not every entity of Graph.
const ENTITY: &str = "microsoft.graph.entity";

/// Keeps the schemas that an operation or a root leads to. A type that derives from a kept type is
/// kept too, because Graph may send it in its place.
///
/// A whole description also keeps each of Graph's objects. A dynamic property of an open type may
/// hold any of them, and OpenAPI does not state which types are open.
///
/// A part must contain no more than it needs. It keeps those of `OPEN_TYPES`, and loses the
/// navigation properties that lead out of it.
pub fn keep_reachable(description: &mut Description, is_whole: bool) -> Result<Reach> {
    let edges = match is_whole {
        true => Edges::All,
        false => Edges::Structural,
    };
    let mut reached = Reached::new(description, edges);
    reached.add(description.paths.values().flat_map(named))?;
    let by_operations = reached.names.len();
    let roots = ROOTS.iter().copied();
    reached.add(roots.filter(|&root| description.schemas.contains_key(root)))?;
    let by_roots = reached.names.len();
    if is_whole {
        let objects = description.schemas.iter();
        let objects = objects.filter(|(name, component)| may_be_dynamic(name, component));
        reached.add(objects.map(|(name, _)| name.as_str()))?;
    } else {
        reached.add_held()?;
    }
    let reached: BTreeSet<String> = reached.names.iter().map(|&name| name.to_owned()).collect();
    let reach = Reach {
        unreachable: description.schemas.len() - reached.len(),
        kept_by_roots: by_roots - by_operations,
        kept_for_open_types: reached.len() - by_roots,
    };
    description.schemas.retain(|name, _| reached.contains(name));
    for component in description.schemas.values_mut() {
        if let Component::Object(object) = component {
            object.properties.retain(|property| {
                let target = property.schema.component();
                !property.navigation || target.is_none_or(|target| reached.contains(target))
            });
        }
    }
    Ok(reach)
}

/// Returns whether a dynamic property may hold a value of this schema, which is then an object of
/// Graph's own.
///
/// Pages are the form of Graph's responses, and the types of errors belong to the runtime.
fn may_be_dynamic(name: &str, component: &Component) -> bool {
    let is_graphs =
        name.starts_with("microsoft.graph.") && !name.starts_with("microsoft.graph.ODataErrors.");
    match component {
        Component::Object(object) => is_graphs && !object.is_page(),
        Component::Enum { .. } => false,
    }
}

/// Returns the schemas that the operations at a path name.
pub fn named(item: &PathItem) -> Vec<&str> {
    let mut named = Vec::new();
    for (_, operation) in &item.operations {
        let answers = operation.answers.iter().flat_map(|(_, contents)| contents);
        for (_, content) in operation.body.iter().chain(answers) {
            named.extend(Content::components(content));
        }
    }
    let operations = item.operations.iter();
    let parameters = operations.flat_map(|(_, operation)| &operation.parameters);
    for parameter in item.parameters.iter().chain(parameters) {
        if let ParameterUse::Inline(parameter) = parameter {
            named.extend(parameter.schema.component());
        }
    }
    named
}

/// The way in which a type is reached.
#[derive(Clone, Copy, PartialEq)]
enum As {
    /// The type is declared for a value, which may also be of a derived type.
    Value,
    /// Another type derives from it. One of the many types that derive from `entity` does not lead
    /// to the others.
    Base,
}

/// The schemas that some schemas lead to.
pub struct Reached<'d> {
    schemas: &'d BTreeMap<String, Component>,
    derived: BTreeMap<&'d str, Vec<&'d str>>,
    edges: Edges,
    /// The names of the schemas that were reached.
    pub names: BTreeSet<&'d str>,
    /// The names of those that were reached as the type of a value.
    values: BTreeSet<&'d str>,
}

impl<'d> Reached<'d> {
    /// Returns an empty set of schemas of a description.
    pub fn new(description: &'d Description, edges: Edges) -> Self {
        let mut derived: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, component) in &description.schemas {
            if let Some(base) = component.base() {
                derived.entry(base).or_default().push(name);
            }
        }
        Self {
            schemas: &description.schemas,
            derived,
            edges,
            names: BTreeSet::new(),
            values: BTreeSet::new(),
        }
    }

    /// Adds the types of values, and everything that they lead to.
    ///
    /// # Errors
    ///
    /// Fails if a schema is missing.
    pub fn add<'n>(&mut self, values: impl IntoIterator<Item = &'n str>) -> Result<()> {
        let mut open = Vec::new();
        for name in values {
            open.push((self.known(name)?, As::Value));
        }
        while let Some((name, reached_as)) = open.pop() {
            let name = self.known(name)?;
            let component = &self.schemas[name];
            if self.names.insert(name) {
                let properties = component.properties().iter();
                let properties = properties.filter(|property| self.leads(property));
                let values = properties.filter_map(|property| property.schema.component());
                open.extend(values.map(|name| (name, As::Value)));
                open.extend(component.base().map(|name| (name, As::Base)));
            }
            if reached_as == As::Value && self.values.insert(name) && self.has_derived(name) {
                let derived = self.derived.get(name).into_iter().flatten();
                open.extend(derived.map(|name| (*name, As::Value)));
            }
        }
        Ok(())
    }

    /// Adds the schemas of `OPEN_TYPES` that belong to those reached so far.
    ///
    /// # Errors
    ///
    /// Fails if a schema is missing.
    pub fn add_held(&mut self) -> Result<()> {
        let held: Vec<_> = OPEN_TYPES
            .iter()
            .filter(|(open, held)| self.names.contains(open) && self.schemas.contains_key(*held))
            .map(|(_, held)| *held)
            .collect();
        self.add(held)
    }

    fn leads(&self, property: &Property) -> bool {
        self.edges == Edges::All || !property.navigation
    }

    /// Returns whether a value that is declared as this type may be of any derived type.
    fn has_derived(&self, name: &str) -> bool {
        self.edges == Edges::All || name != ENTITY
    }

    fn known(&self, name: &str) -> Result<&'d str> {
        match self.schemas.get_key_value(name) {
            Some((name, _)) => Ok(name),
            None => bail!("/components/schemas: {name} is referenced but does not exist"),
        }
    }
}
