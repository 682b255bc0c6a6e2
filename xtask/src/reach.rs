//! Drops the schemas that nothing leads to.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::schema::Component;
use crate::trimmed::{Content, Description, ParameterUse};

/// Types that no operation leads to, because they travel in the other direction: Graph posts them to the application
/// that subscribed to change notifications.
const ROOTS: &[&str] = &[
    // The body of what Graph posts, with the notifications in it and what a rich one carries encrypted.
    "microsoft.graph.changeNotificationCollection",
    "microsoft.graph.changeNotification",
    "microsoft.graph.changeNotificationEncryptedContent",
    "microsoft.graph.resourceData",
    // The words of a notification: what happened to the resource, and what to the subscription.
    "microsoft.graph.changeType",
    "microsoft.graph.lifecycleEventType",
];

/// Open types, and the type of the values that Graph documents for their dynamic properties.
///
/// No property is declared to be of the second type, because a dynamic property has no
/// declaration. The table matters to a part of a description: the whole keeps each of them.
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

/// What became of the schemas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Dropped: nothing leads to them.
    pub unreachable: usize,
    /// Kept by the list of roots alone.
    pub kept_by_roots: usize,
    /// Kept because a dynamic property may hold them, and for nothing else.
    pub kept_for_open_types: usize,
}

/// Keeps what an operation or a root leads to. What derives from a type that is kept is kept: Graph may send it wherever
/// that type is declared.
///
/// A whole description keeps each of Graph's objects besides. A dynamic property of an open type
/// may hold any of them, and OpenAPI does not say which types are open. A part keeps those of
/// [`OPEN_TYPES`] alone, because it is to have what it needs and no more.
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

/// Whether a dynamic property may hold a value of this schema: it is an object of Graph's own.
///
/// Pages are how Graph answers, and the types of errors are the runtime's.
fn may_be_dynamic(name: &str, component: &Component) -> bool {
    let is_graphs =
        name.starts_with("microsoft.graph.") && !name.starts_with("microsoft.graph.ODataErrors.");
    match component {
        Component::Object(object) => is_graphs && !object.is_page(),
        Component::Enum { .. } => false,
    }
}

/// The schemas of [`OPEN_TYPES`] that the types reached so far hold.
fn held(reached: &BTreeSet<String>, description: &Description) -> Vec<&'static str> {
    OPEN_TYPES
        .iter()
        .filter(|(open, held)| reached.contains(*open) && description.schemas.contains_key(*held))
        .map(|(_, held)| *held)
        .collect()
}

/// The schemas that operations name.
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

/// How a type is reached.
#[derive(Clone, Copy, PartialEq)]
enum As {
    /// Something is declared to be of it, so that it may be of a type that derives from it.
    Value,
    /// Another type derives from it: of the many that derive from `entity`, one does not lead to the others.
    Base,
}

/// Adds to `reached` all that `open` leads to.
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
            bail!("/components/schemas: {name} is referred to, and is not there");
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
