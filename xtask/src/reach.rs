//! Drops the schemas that cannot be reached.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::schema::Component;
use crate::trimmed::{Content, Description, ParameterUse};

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

/// Keeps the schemas that an operation or a root leads to. A type that derives from a kept type is
/// kept too, because Graph may send it in its place.
///
/// A whole description also keeps each of Graph's objects. A dynamic property of an open type may
/// hold any of them, and OpenAPI does not state which types are open. A part keeps only those of
/// `OPEN_TYPES`, because it must contain no more than it needs.
pub fn keep_reachable(description: &mut Description, is_whole: bool) -> Result<Reach> {
    let mut reached = BTreeSet::new();
    follow(description, named(description), &mut reached)?;
    let by_operations = reached.len();
    let roots = ROOTS
        .iter()
        .copied()
        .filter(|&root| description.schemas.contains_key(root))
        .collect();
    follow(description, roots, &mut reached)?;
    let by_roots = reached.len();
    if is_whole {
        let objects = description
            .schemas
            .iter()
            .filter(|(name, component)| may_be_dynamic(name, component))
            .map(|(name, _)| name.as_str());
        follow(description, objects.collect(), &mut reached)?;
    } else {
        let held = held(&reached, description);
        follow(description, held, &mut reached)?;
    }
    let reach = Reach {
        unreachable: description.schemas.len() - reached.len(),
        kept_by_roots: by_roots - by_operations,
        kept_for_open_types: reached.len() - by_roots,
    };
    description.schemas.retain(|name, _| reached.contains(name));
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

/// Returns the schemas of [`OPEN_TYPES`] that belong to the types reached so far.
fn held(reached: &BTreeSet<String>, description: &Description) -> Vec<&'static str> {
    OPEN_TYPES
        .iter()
        .filter(|(open, held)| reached.contains(*open) && description.schemas.contains_key(*held))
        .map(|(_, held)| *held)
        .collect()
}

/// Returns the schemas that operations name.
fn named(description: &Description) -> Vec<&str> {
    let mut named = Vec::new();
    for item in description.paths.values() {
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

/// Adds to `reached` everything that `open` leads to.
fn follow<'d>(
    description: &'d Description,
    open: Vec<&'d str>,
    reached: &mut BTreeSet<String>,
) -> Result<()> {
    let mut derived: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, component) in &description.schemas {
        if let Some(base) = component.base() {
            derived.entry(base).or_default().push(name);
        }
    }
    let mut values = BTreeSet::new();
    let mut open: Vec<_> = open.into_iter().map(|name| (name, As::Value)).collect();
    while let Some((name, reached_as)) = open.pop() {
        let Some(component) = description.schemas.get(name) else {
            bail!("/components/schemas: {name} is referenced but does not exist");
        };
        if reached.insert(name.to_owned()) {
            let values = component.values().map(|name| (name, As::Value));
            open.extend(values.chain(component.base().map(|name| (name, As::Base))));
        }
        if reached_as == As::Value && values.insert(name) {
            let derived = derived.get(name).into_iter().flatten();
            open.extend(derived.map(|name| (*name, As::Value)));
        }
    }
    Ok(())
}
