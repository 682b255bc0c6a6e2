//! Names of the bodies of actions.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use crate::json::Json;
use crate::pointer::Pointer;
use crate::schema::{Component, Object, Schema};
use crate::trim::{Answer, Description};

/// Stands for a body until it has its name.
pub const UNNAMED: &str = "actions.";

/// Actions of one name whose bodies differ by the type that they are bound to.
const QUALIFIED: &[&str] = &[
    "activate", "add", "addToReviewSet", "apply", "applyTags", "archive", "assign", "cancel",
    "changeDeploymentStatus", "confirmCompromised", "confirmSafe", "copy", "createLink",
    "createUploadSession", "dismiss", "evaluate", "evaluateApplication",
    "evaluateClassificationResults", "evaluateRemoval", "executeAction", "export", "forward",
    "getHealthMetricTimeSeries", "invite", "lookup", "redirect", "remove", "reply", "restore",
    "resume", "sendActivityNotification", "sendCustomNotificationToCompanyPortal", "targetApps",
];

/// Actions whose bodies differ by whether they are bound to one entity or to a collection of them.
const QUALIFIED_FOR_ENTITIES: &[&str] = &["evaluateDynamicMembership", "validateProperties"];

fn is_qualified(action: &str, path: &str) -> bool {
    let of_entity = || path.rsplit('/').nth(1).is_some_and(|parent| parent.starts_with('{'));
    QUALIFIED.contains(&action) || (QUALIFIED_FOR_ENTITIES.contains(&action) && of_entity())
}

/// Makes a schema of each body that is an object in place.
pub fn hoist_bodies(description: &mut Description, document: &Json) -> Result<()> {
    let mut shapes: BTreeMap<String, (Object, String)> = BTreeMap::new();
    let root = Pointer::ROOT;
    let all = root.name("paths");
    let mut named: Vec<(String, usize, usize, String)> = Vec::new();
    let mut found: Vec<(String, usize, usize, Object)> = Vec::new();
    for (path, item) in &description.paths {
        for (at_operation, (method, operation)) in item.operations.iter().enumerate() {
            for (at_body, (media, schema)) in operation.body.iter().enumerate() {
                if *schema != Schema::Ref(UNNAMED.to_owned()) {
                    continue;
                }
                let at = all.name(path);
                let at = at.name(method);
                let at = at.name("requestBody");
                let mut body = document
                    .get("paths")
                    .and_then(|paths| paths.get(path)?.get(method)?.get("requestBody"));
                if let Some(name) = body.and_then(|body| body.reference("requestBodies")) {
                    body = document
                        .get("components")
                        .and_then(|all| all.get("requestBodies")?.get(name));
                }
                let json = body
                    .and_then(|body| body.get("content")?.get(media)?.get("schema"))
                    .with_context(|| format!("{at}: the body is gone"))?;
                found.push((path.clone(), at_operation, at_body, Object::read(json, at)?));
            }
        }
    }
    for (path, at_operation, at_body, object) in found {
        let action = action(&path);
        let name = if is_qualified(action, &path) {
            format!("actions.{}{}", bound_type(description, &path), upper(action))
        } else {
            format!("actions.{}", lower(action))
        };
        match shapes.get(&name) {
            None => {
                shapes.insert(name.clone(), (object, path.clone()));
            }
            Some((other, first)) => ensure!(
                *other == object,
                "the bodies of {first} and {path} differ, and would both be named {name}: add the action to the table of qualified names in xtask/src/names.rs"
            ),
        }
        named.push((path, at_operation, at_body, name));
    }
    for (path, at_operation, at_body, name) in named {
        let slot = description
            .paths
            .get_mut(&path)
            .and_then(|item| item.operations.get_mut(at_operation))
            .and_then(|(_, operation)| operation.body.get_mut(at_body));
        if let Some((_, schema)) = slot {
            *schema = Schema::Ref(name);
        }
    }
    for (name, (object, _)) in shapes {
        description.schemas.insert(name, Component::Object(object));
    }
    Ok(())
}

/// The action's own name: of the last segment what stands after its namespace.
fn action(path: &str) -> &str {
    own_name(path.rsplit('/').next().unwrap_or(path))
}

/// A segment's name without arguments, key and namespace.
fn own_name(segment: &str) -> &str {
    let name = segment.split('(').next().unwrap_or(segment);
    name.rsplit('.').next().unwrap_or(name)
}

/// The type that an action at `path` is bound to: that which its parent answers with.
fn bound_type(description: &Description, path: &str) -> String {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let answer = description.paths.get(parent).and_then(|item| {
        let (_, get) = item.operations.iter().find(|(method, _)| *method == "get")?;
        let (_, contents) = get.answers.first()?;
        let (_, answer) = contents.first()?;
        let name = match answer {
            Answer::Schema(schema) => schema.component()?,
            Answer::Object(properties) => {
                properties.iter().find(|p| p.name == "value")?.schema.component()?
            }
        };
        // A page is a page of its items.
        match description.schemas.get(name) {
            Some(Component::Object(page)) if name.ends_with("CollectionResponse") => {
                page.properties.iter().find(|p| p.name == "value")?.schema.component()
            }
            _ => Some(name),
        }
    });
    match answer {
        Some(name) => lower(own_name(name)),
        None => {
            let segment = parent.rsplit('/').next().unwrap_or_default();
            let key = segment
                .strip_prefix('{')
                .and_then(|key| key.strip_suffix('}'))
                .map(|key| key.trim_end_matches(|c: char| c.is_ascii_digit()))
                .map(|key| key.strip_suffix("-id").unwrap_or(key));
            lower(key.unwrap_or(own_name(segment)))
        }
    }
}

fn lower(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn upper(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
