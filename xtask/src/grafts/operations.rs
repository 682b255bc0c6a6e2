//! Adds the operations that the description lacks.

use anyhow::{Context as _, Result, ensure};

use super::{Form, Operation, Table};
use crate::document::METHODS;
use crate::schema::{Property, Schema};
use crate::trimmed::{self, Content, Contents, Description, PathItem};

/// What was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    pub operations: usize,
    /// Paths that the document does not have.
    pub paths: usize,
    /// Places that the document does not have, not even on the way to others.
    pub places: usize,
}

/// Adds them and says how many there are. With `strict`, as the pinned document is held to it, each line of the table must
/// find its place, and none the operation there already.
pub fn add(description: &mut Description, table: &Table, strict: bool) -> Result<Added> {
    let mut added = Added::default();
    for line in table.operations {
        let before = added.operations;
        add_line(description, line, strict, &mut added)
            .with_context(|| format!("the graft {} {}", line.method, line.at))?;
        ensure!(
            added.operations > before || !strict,
            "the graft {} {} finds no place to stand at: take it out of xtask/src/grafts",
            line.method,
            line.at
        );
    }
    Ok(added)
}

fn add_line(
    description: &mut Description,
    line: &Operation,
    strict: bool,
    added: &mut Added,
) -> Result<()> {
    let paths: Vec<&str> = description.paths.keys().map(String::as_str).collect();
    let places = super::places(line.at, &paths);
    for path in places {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let item = description.paths.get(&path);
        let there = item.is_some_and(|item| item.operation(line.method).is_some());
        ensure!(
            !there || !strict,
            "the description has it by now at {path}: take it out of xtask/src/grafts"
        );
        // What stands below an entity needs the entity: another description may not have it.
        let has_place = item.is_some() || has_below(description, parent);
        if there || !has_place {
            continue;
        }
        let Some(operation) = operation(description, &path, line)? else {
            ensure!(!strict, "what it is like is not described");
            continue;
        };
        added.operations += 1;
        added.paths += usize::from(!description.paths.contains_key(&path));
        added.places += usize::from(!has_below(description, &path));
        let parameters = parameters(description, &path);
        let item = description.paths.entry(path).or_insert_with(|| PathItem {
            parameters,
            ..PathItem::default()
        });
        item.operations.push((line.method, operation));
        item.operations
            .sort_by_key(|(method, _)| METHODS.iter().position(|known| known == method));
    }
    Ok(())
}

/// Whether anything is described at a path or below it.
fn has_below(description: &Description, path: &str) -> bool {
    let below = format!("{path}/");
    let mut paths = description.paths.keys();
    paths.any(|found| found == path || found.starts_with(&below))
}

/// The parameters of the path: those that a path with the same keys has.
fn parameters(description: &Description, path: &str) -> Vec<trimmed::ParameterUse> {
    let mut above = Some(path);
    while let Some(path) = above {
        let below = format!("{path}/");
        let described = description.paths.iter().find(|(found, item)| {
            (*found == path || found.starts_with(&below)) && !item.parameters.is_empty()
        });
        if let Some((found, item)) = described {
            let keys = |parameter: &trimmed::ParameterUse| match parameter {
                trimmed::ParameterUse::Inline(parameter) => {
                    path.contains(&format!("{{{}}}", parameter.name))
                }
                trimmed::ParameterUse::Hoisted(_) => *found == path,
            };
            return item
                .parameters
                .iter()
                .filter(|p| keys(p))
                .cloned()
                .collect();
        }
        above = path.rsplit_once('/').map(|(parent, _)| parent);
    }
    Vec::new()
}

fn operation(
    description: &Description,
    path: &str,
    line: &Operation,
) -> Result<Option<trimmed::Operation>> {
    let json = |schema: Schema| -> Contents {
        vec![("application/json".to_owned(), Content::Schema(schema))]
    };
    let entity = |name: &str| -> Result<Contents> {
        ensure!(
            description.schemas.contains_key(name),
            "there is no schema {name}"
        );
        Ok(json(Schema::Ref(name.to_owned())))
    };
    let success = |contents: Contents| {
        let status = if contents.is_empty() { "204" } else { "2XX" };
        vec![(status.to_owned(), contents)]
    };
    let of = |place: &str, method: &str| -> Option<&trimmed::Operation> {
        description.paths.get(place)?.operation(method)
    };
    let operation = match line.form {
        Form::As(method) => of(path, method).cloned(),
        Form::Like(method, place) => of(place, method).cloned(),
        Form::Answers(name) => {
            let parameters = match line.method {
                // What a derived type can be asked for, its base can be asked for.
                "get" => of_derived(description, path),
                _ => Vec::new(),
            };
            let body = match line.method {
                "get" => Contents::new(),
                _ => entity(name)?,
            };
            Some(trimmed::Operation {
                parameters,
                body,
                answers: success(entity(name)?),
                ..Default::default()
            })
        }
        Form::Bytes => Some(trimmed::Operation {
            answers: success(vec![(
                "application/octet-stream".to_owned(),
                Content::Schema(Schema::String(Some("binary"))),
            )]),
            ..Default::default()
        }),
        Form::Reference => Some(trimmed::Operation {
            body: entity("ReferenceCreate")?,
            answers: success(Contents::new()),
            ..Default::default()
        }),
        Form::Action(texts) => Some(trimmed::Operation {
            body: match texts {
                [] => Contents::new(),
                texts => vec![(
                    "application/json".to_owned(),
                    Content::Object(texts.iter().map(|name| text(name)).collect()),
                )],
            },
            answers: success(Contents::new()),
            kind: Some("action"),
            ..Default::default()
        }),
        Form::List(name) => {
            entity(name)?;
            let list = Schema::Array(Box::new(Schema::Ref(name.to_owned())));
            Some(trimmed::Operation {
                body: json(list),
                answers: success(Contents::new()),
                ..Default::default()
            })
        }
    };
    Ok(operation)
}

fn text(name: &str) -> Property {
    Property {
        name: name.to_owned(),
        schema: Schema::String(None),
        navigation: false,
    }
}

/// The parameters of the GET of the first derived type below a path.
fn of_derived(description: &Description, path: &str) -> Vec<trimmed::ParameterUse> {
    let below = format!("{path}/graph.");
    let mut derived = description
        .paths
        .range(below.clone()..)
        .take_while(|(found, _)| found.starts_with(&below));
    derived
        .find_map(|(_, item)| item.operation("get"))
        .map(|get| get.parameters.clone())
        .unwrap_or_default()
}
