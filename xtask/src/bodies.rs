//! Names for the bodies of actions.
//!
//! An action declares its arguments as an inline object. Each such object becomes a schema
//! `actions.<name>`, for which the crate has a struct: `actions.sendMail`. The name is a function
//! of the path alone, so that an upgrade cannot rename an item that a program uses. It is the
//! action's own name, unless the tables below state that several actions have that name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Result, bail};

use crate::path::own_name;
use crate::schema::{Component, Object, Property, Schema};
use crate::trimmed::{Content, Description};

/// Actions of one name whose arguments depend on the type that they are bound to. For each of them,
/// that type comes first in the body's name: `actions.messageReply`.
pub const QUALIFIED: &[&str] = &[
    // Workflows take subjects, sensor candidates take servers, and backup services take a start
    // time.
    "activate",
    // Members and sites take the object to add. Six kinds of objects in a workbook take the
    // properties of the new one.
    "add",
    // Review sets of the older eDiscovery take a source collection, and those of the newer one a
    // search. Beta only.
    "addToReviewSet",
    // A workbook's filter takes criteria, and its sort takes fields. In beta, a management action
    // takes its target.
    "apply",
    // Queries of the older and the newer eDiscovery have tags of different types. Beta only.
    "applyTags",
    // Service messages take message ids. Teams and channels take a setting for the site.
    "archive",
    // Ten kinds of objects in device management, apps and policies have assignments of different
    // types and names.
    "assign",
    // Events take `Comment`, and booking appointments take `cancellationMessage`.
    "cancel",
    // A tenant's status and a step's deployment take different keys. Beta only.
    "changeDeploymentStatus",
    // Sign-ins, service principals and users take ids under three names.
    "confirmCompromised",
    // Sign-ins and users take ids under two names.
    "confirmSafe",
    // Drive items take a parent and a name. Messages and mail folders take `DestinationId`.
    "copy",
    // In beta, list items lack the message that drive items take.
    "createLink",
    // Drive items, two kinds of attachments and print documents each describe the upload by a type
    // of their own.
    "createUploadSession",
    // Events take a response and whether to send it. Requests of a schedule take a message.
    "decline",
    // Sign-ins, service principals and users take ids under three names. In beta, recommendations
    // take a reason.
    "dismiss",
    // Conditional access takes a sign-in. In beta, labels and data loss prevention policies take
    // content.
    "evaluate",
    // The older and the newer information protection have different types of content and label.
    // Beta only.
    "evaluateApplication",
    "evaluateClassificationResults",
    "evaluateRemoval",
    // Managed devices and driver update profiles take different targets and actions. Beta only.
    "executeAction",
    // Billed and unbilled usage take an invoice or a period. Review sets take the form and the
    // content of the export.
    "export",
    // Messages include the message itself. Events and posts do not.
    "forward",
    // Certificate connectors and tunnel servers take a time series as one argument or as three.
    // Beta only.
    "getHealthMetricTimeSeries",
    // A call's participants and drive items take different invitees and rights.
    "invite",
    // Workbook functions have it, and in beta also data stores.
    "lookup",
    // Calls take a target. Print jobs take a printer.
    "redirect",
    // Members and sites each take a type of their own.
    "remove",
    // Messages take a message and a comment. Threads and posts take `Post`.
    "reply",
    // Drive items take a parent and a name. Cloud PCs take a snapshot.
    "restore",
    // Access package requests and lifecycle workflows take data of types of their own.
    "resume",
    // Chats and teams take a recipient. A user's teamwork does not.
    "sendActivityNotification",
    // One device, or groups of devices. Beta only.
    "sendCustomNotificationToCompanyPortal",
    // Policies take apps. Configurations take apps and a group of apps.
    "targetApps",
];

/// Actions of one name that differ in whether they are bound to one entity or to a collection. For
/// one entity, its type comes first in the body's name (`actions.groupValidateProperties`). For a
/// collection, the body has the action's own name, independent of the collection's type.
pub const QUALIFIED_OF_ENTITIES: &[&str] = &[
    // For one group, the rule is known. For groups, the rule is an argument. Beta only.
    "evaluateDynamicMembership",
    // A group takes its names. Directory objects also take the type that they will have.
    "validateProperties",
];

/// The namespace of the names of bodies.
const NAMESPACE: &str = "actions.";

/// Returns the number of bodies of actions.
pub fn count(description: &Description) -> usize {
    let names = description.schemas.keys();
    names.filter(|name| name.starts_with(NAMESPACE)).count()
}

/// Creates a schema for each body that is an inline object.
pub fn hoist(description: &mut Description) -> Result<()> {
    let mut hoisted: BTreeMap<String, Hoisted> = BTreeMap::new();
    let mut uses = Vec::new();
    for (path, item) in &description.paths {
        for (method, operation) in &item.operations {
            for (media, content) in &operation.body {
                let Content::Object(properties) = content else {
                    continue;
                };
                let name = body_name(description, path);
                match hoisted.entry(name.clone()) {
                    Entry::Vacant(free) => {
                        free.insert(Hoisted {
                            properties: properties.clone(),
                            path: path.clone(),
                        });
                    }
                    Entry::Occupied(other) if other.get().properties != *properties => bail!(
                        "the bodies of {} and {path} differ, but both would be named {name}: add \
                         the action to a table in xtask/src/bodies.rs",
                        other.get().path
                    ),
                    Entry::Occupied(_) => {}
                }
                uses.push((path.clone(), *method, media.clone(), name));
            }
        }
    }
    for (path, method, media, name) in uses {
        let contents = description
            .paths
            .get_mut(&path)
            .into_iter()
            .flat_map(|item| &mut item.operations)
            .filter(|(of, _)| *of == method)
            .flat_map(|(_, operation)| &mut operation.body);
        for (of, content) in contents {
            if *of == media {
                *content = Content::Schema(Schema::Ref(name.clone()));
            }
        }
    }
    for (name, Hoisted { properties, path }) in hoisted {
        let object = Object {
            properties,
            ..Object::default()
        };
        if description
            .schemas
            .insert(name.clone(), Component::Object(object))
            .is_some()
        {
            bail!(
                "the body of {path} would be named {name}, but a schema already has that name: add \
                 the action to a table in xtask/src/bodies.rs"
            );
        }
    }
    Ok(())
}

/// A body that has its name, and the path at which it was first seen.
struct Hoisted {
    properties: Vec<Property>,
    path: String,
}

/// Returns the name of the body of the action at `path`.
fn body_name(description: &Description, path: &str) -> String {
    let (parent, action) = path.rsplit_once('/').unwrap_or_default();
    let action = own_name(action);
    let of_entity = parent.ends_with('}');
    if QUALIFIED.contains(&action) || (QUALIFIED_OF_ENTITIES.contains(&action) && of_entity) {
        let bound = bound_type(description, parent);
        format!(
            "{NAMESPACE}{bound}{}",
            with_first(action, char::to_ascii_uppercase)
        )
    } else {
        format!(
            "{NAMESPACE}{}",
            with_first(action, char::to_ascii_lowercase)
        )
    }
}

/// Returns the type that actions below `path` are bound to: the type that the path returns, or the
/// item type of its collection. If that type cannot be read, returns the path's segment.
fn bound_type(description: &Description, path: &str) -> String {
    let answered = description.paths.get(path).and_then(|item| {
        let (_, contents) = item.operation("get")?.answers.first()?;
        let (_, content) = contents.first()?;
        item_type(description, content)
    });
    let name = match answered {
        Some(name) => own_name(name),
        None => {
            let segment = path.rsplit('/').next().unwrap_or_default();
            match segment
                .strip_prefix('{')
                .and_then(|key| key.strip_suffix('}'))
            {
                Some(key) => {
                    let key = key.trim_end_matches(|digit: char| digit.is_ascii_digit());
                    key.strip_suffix("-id").unwrap_or(key)
                }
                None => own_name(segment),
            }
        }
    };
    with_first(name, char::to_ascii_lowercase)
}

/// Returns the type of `content`, or the item type if it is a page or collection.
fn item_type<'d>(description: &'d Description, content: &'d Content) -> Option<&'d str> {
    let name = content.components().next()?;
    match description.schemas.get(name) {
        Some(Component::Object(page)) if page.is_page() => {
            let value = page
                .properties
                .iter()
                .find(|property| property.name == "value");
            value?.schema.component()
        }
        _ => Some(name),
    }
}

fn with_first(name: &str, change: fn(&char) -> char) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| change(&first));
    first.into_iter().chain(characters).collect()
}
