//! Adds the operations that the description lacks.

use anyhow::{Context as _, Result, ensure};

use super::{Argument, Form, Kind, Operation, Table};
use crate::document::METHODS;
use crate::part::Part;
use crate::schema::{Property, Schema};
use crate::trimmed::{self, Content, Contents, Description, PathItem};

/// The counts of the additions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    pub operations: usize,
    /// The number of paths that the document does not have.
    pub paths: usize,
    /// The number of places that the document does not have, not even as part of longer paths.
    pub places: usize,
}

/// Adds the operations that belong to `part`, and returns their counts. With `strict`, which
/// applies to the pinned document, each line of the table must find its place, and the operation
/// must not exist yet.
pub fn add(
    description: &mut Description,
    table: &Table,
    part: &Part,
    strict: bool,
) -> Result<Added> {
    let mut added = Added::default();
    for line in table.operations {
        let before = added.operations;
        add_line(description, line, part, strict, &mut added)
            .with_context(|| format!("the graft {} {}", line.method, line.at))?;
        ensure!(
            added.operations > before || !strict,
            "the graft {} {} matches no place of the description: remove it from xtask/src/grafts",
            line.method,
            line.at
        );
    }
    Ok(added)
}

fn add_line(
    description: &mut Description,
    line: &Operation,
    part: &Part,
    strict: bool,
    added: &mut Added,
) -> Result<()> {
    let places = super::places(description, line.at);
    for path in places.into_iter().filter(|path| part.has(path)) {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let item = description.paths.get(&path);
        let there = item.is_some_and(|item| item.operation(line.method).is_some());
        ensure!(
            !there || !strict,
            "the description now has it at {path}: remove the graft from xtask/src/grafts"
        );
        // An operation below an entity needs that entity, which another description may lack.
        let has_place = item.is_some() || super::has_below(description, parent);
        if there || !has_place {
            continue;
        }
        let Some(operation) = operation(description, &path, line)? else {
            ensure!(
                !strict,
                "the description lacks the operation that the graft copies"
            );
            continue;
        };
        added.operations += 1;
        added.paths += usize::from(!description.paths.contains_key(&path));
        added.places += usize::from(!super::has_below(description, &path));
        let parameters = parameters(description, &path, line);
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

/// Returns the parameters of a path: those of the paths above it, and those that the line adds.
fn parameters(
    description: &Description,
    path: &str,
    line: &Operation,
) -> Vec<trimmed::ParameterUse> {
    let known = |name: &str| {
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            let parameters = description.paths.get(parent).map(|item| &item.parameters);
            let found = parameters
                .into_iter()
                .flatten()
                .find_map(|used| match used {
                    trimmed::ParameterUse::Inline(parameter) if parameter.name == name => {
                        Some(parameter)
                    }
                    _ => None,
                });
            if let Some(found) = found {
                return Some(found.clone());
            }
            above = parent;
        }
        None
    };
    let arguments = match line.form {
        Form::Function(arguments, _) => arguments,
        _ => &[],
    };
    let names = path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next());
    names
        .map(|name| {
            let of = arguments.iter().find(|(of, _)| *of == name);
            let parameter = known(name).unwrap_or_else(|| trimmed::Parameter {
                name: name.to_owned(),
                location: trimmed::Location::Path,
                required: true,
                schema: of.map_or(Schema::String(None), |(_, kind)| kind.schema()),
            });
            trimmed::ParameterUse::Inline(parameter)
        })
        .collect()
}

impl Kind {
    fn schema(self) -> Schema {
        match self {
            Kind::Text => Schema::String(None),
            Kind::Int32 => Schema::Integer("int32"),
        }
    }
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
            "the schema {name} does not exist"
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
        Form::Entity(name) => {
            let is_get = line.method == "get";
            let parameters = match is_get {
                true => of_related(description, path),
                false => Vec::new(),
            };
            let body = if is_get {
                Contents::new()
            } else {
                entity(name)?
            };
            Some(trimmed::Operation {
                parameters,
                body,
                answers: success(entity(name)?),
                ..Default::default()
            })
        }
        Form::Page(name) => Some(trimmed::Operation {
            parameters: of_related(description, path),
            answers: success(entity(&format!("{name}CollectionResponse"))?),
            ..Default::default()
        }),
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
        Form::Action(arguments, answer) => Some(trimmed::Operation {
            body: match arguments {
                [] => Contents::new(),
                arguments => vec![(
                    "application/json".to_owned(),
                    Content::Object(arguments.iter().map(property).collect()),
                )],
            },
            answers: success(answer.map_or(Ok(Contents::new()), entity)?),
            kind: Some("action"),
            ..Default::default()
        }),
        Form::Function(_, answer) => Some(trimmed::Operation {
            answers: success(entity(answer)?),
            kind: Some("function"),
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

fn property((name, kind): &Argument) -> Property {
    Property {
        name: (*name).to_owned(),
        schema: kind.schema(),
        navigation: false,
    }
}

/// Returns the query options of a GET of an entity, taken from the same entity as a derived type or
/// from the resource above it.
fn of_related(description: &Description, path: &str) -> Vec<trimmed::ParameterUse> {
    let below = format!("{path}/graph.");
    let derived = description
        .paths
        .range(below.clone()..)
        .take_while(|(found, _)| found.starts_with(&below));
    let above = path
        .rsplit_once('/')
        .and_then(|(parent, _)| description.paths.get(parent));
    derived
        .map(|(_, item)| item)
        .chain(above)
        .find_map(|item| item.operation("get"))
        .map(|get| get.parameters.clone())
        .unwrap_or_default()
}
