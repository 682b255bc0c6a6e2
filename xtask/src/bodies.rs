//! Names for the bodies of actions.
//!
//! An action declares its arguments as an object in place. Each becomes a schema `actions.<name>`, which the crate makes a
//! struct: `actions.sendMail`. The name is a function of the path alone, so that an upgrade cannot rename what a program
//! uses; it is the action's own name, unless the tables below say that there are several actions of that name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Result, bail};

use crate::path::own_name;
use crate::schema::{Component, Object, Property, Schema};
use crate::trimmed::{Content, Description};

/// Actions of one name with different arguments, depending on the type they are bound to. The body's name has that type
/// before it, for each of them: `actions.messageReply`.
pub const QUALIFIED: &[&str] = &[
    // Of workflows: subjects; of sensor candidates: servers; of backup services: the time from which on.
    "activate",
    // Of members and of sites: whom or what to add; of six kinds of things in a workbook: what the new one is made of.
    "add",
    // Of review sets of the older and of the newer eDiscovery: a source collection against a search. Beta alone.
    "addToReviewSet",
    // Of a workbook's filter: criteria; of its sort: fields; in beta of a management action: whom it is for.
    "apply",
    // Of the queries of the older and the newer eDiscovery: each has tags of its own type. Beta alone.
    "applyTags",
    // Of service messages: which; of teams and channels: what happens to the site.
    "archive",
    // Of ten kinds of things in device management, apps and policies: assignments of their own types and names.
    "assign",
    // Of events: `Comment`; of booking appointments: `cancellationMessage`.
    "cancel",
    // Of a tenant's status and of a step's deployment: other keys. Beta alone.
    "changeDeploymentStatus",
    // Of sign-ins, service principals and users: ids under three names.
    "confirmCompromised",
    // Of sign-ins and users: ids under two names.
    "confirmSafe",
    // Of drive items: parent and name; of messages and mail folders: `DestinationId`.
    "copy",
    // Of list items, in beta, without the message that a drive item's has.
    "createLink",
    // Of drive items, attachments of two kinds and print documents: what is to be uploaded, each by its own type.
    "createUploadSession",
    // Of events: whether and what to answer; of requests of a schedule: a message.
    "decline",
    // Of sign-ins, service principals and users: ids under three names; of recommendations in beta: a reason.
    "dismiss",
    // Of conditional access: a sign-in; in beta of labels and of policies against data loss: content.
    "evaluate",
    // Of the older and the newer information protection: each has its own types of content and label. Beta alone.
    "evaluateApplication",
    "evaluateClassificationResults",
    "evaluateRemoval",
    // Of managed devices and of driver update profiles: which and what to do. Beta alone.
    "executeAction",
    // Of billed and unbilled usage: an invoice or a period; of review sets: how and what.
    "export",
    // Of messages with the message itself, of events and posts without.
    "forward",
    // Of certificate connectors and of tunnel servers: a time series as one argument or as three. Beta alone.
    "getHealthMetricTimeSeries",
    // Of a call's participants and of drive items: who, with what rights.
    "invite",
    // Of workbook functions; in beta also of data stores.
    "lookup",
    // Of calls: to whom; of print jobs: to which printer.
    "redirect",
    // Of members and of sites: each by its own type.
    "remove",
    // Of messages: message and comment; of threads and posts: `Post`.
    "reply",
    // Of drive items: parent and name; of cloud PCs: a snapshot.
    "restore",
    // Of access package requests and of lifecycle workflows: data of their own types.
    "resume",
    // Of chats and teams with a recipient, of a user's teamwork without.
    "sendActivityNotification",
    // Of one device, or of groups of devices. Beta alone.
    "sendCustomNotificationToCompanyPortal",
    // Of policies: apps; of configurations: apps and a group of apps.
    "targetApps",
];

/// Actions of one name that differ by whether they are bound to one entity or to a collection. Of one entity the body's
/// name has its type before it (`actions.groupValidateProperties`); of a collection it is the action's own, whatever the
/// collection holds.
pub const QUALIFIED_OF_ENTITIES: &[&str] = &[
    // Of a group: its rule is known; of groups: the rule is an argument. Beta alone.
    "evaluateDynamicMembership",
    // Of a group: its names; of directory objects: also of which type they are to be.
    "validateProperties",
];

/// What the names of bodies begin with.
const NAMESPACE: &str = "actions.";

/// How many bodies of actions there are.
pub fn count(description: &Description) -> usize {
    let names = description.schemas.keys();
    names.filter(|name| name.starts_with(NAMESPACE)).count()
}

/// Makes a schema of each body that is an object in place.
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
                        "the bodies of {} and {path} differ, and both would be named {name}: add the action to a table \
                         of xtask/src/bodies.rs",
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
            bail!("the body of {path} would be named {name}, and there is such a schema");
        }
    }
    Ok(())
}

/// A body that has its name, and the path that it was first seen at.
struct Hoisted {
    properties: Vec<Property>,
    path: String,
}

/// The name of the body of the action at `path`.
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

/// The type that actions below `path` are bound to: what it answers with, or holds. Where it cannot be read, its segment.
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

/// The type that `content` is, or is a page or collection of.
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
