//! Makes the trimmed description of a document: fixups, normal form, hoisting, reachability.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};

use crate::document::METHODS;
use crate::fixups::{self, Needed};
use crate::json::Json;
use crate::names;
use crate::pointer::Pointer;
use crate::schema::{Component, Object, Property, Schema, members};

/// Types that no operation refers to, because they travel in the other direction: Graph posts them to the application
/// that subscribed to change notifications.
const ROOTS: [&str; 7] = [
    "microsoft.graph.changeNotification",
    "microsoft.graph.changeNotificationCollection",
    "microsoft.graph.changeNotificationEncryptedContent",
    "microsoft.graph.changeType",
    "microsoft.graph.lifecycleEventType",
    "microsoft.graph.resourceData",
    "microsoft.graph.subscription",
];

/// The trimmed description.
#[derive(Debug, Default)]
pub struct Description {
    pub version: String,
    pub parameters: BTreeMap<String, Parameter>,
    pub schemas: BTreeMap<String, Component>,
    pub paths: BTreeMap<String, PathItem>,
    pub report: Report,
}

/// What trimming did, for the pin and for whoever looks on.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How often each fixup matched.
    pub fixups: Vec<(&'static str, usize)>,
    /// Schemas of the document that nothing reaches.
    pub unreachable: usize,
    /// Schemas that only the list of roots keeps.
    pub kept_by_roots: usize,
    /// Schemas made of the bodies of actions.
    pub bodies: usize,
}

#[derive(Debug, Default)]
pub struct PathItem {
    pub parameters: Vec<ParameterUse>,
    /// By method, in the order of `METHODS`.
    pub operations: Vec<(&'static str, Operation)>,
}

#[derive(Debug)]
pub struct Operation {
    pub parameters: Vec<ParameterUse>,
    /// Schemas by media type.
    pub body: Vec<(String, Schema)>,
    /// Contents by status.
    pub answers: Vec<(String, Vec<(String, Answer)>)>,
    pub deprecated: bool,
    pub kind: Option<&'static str>,
}

/// What an operation answers with.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Schema(Schema),
    /// An object that has no name: the `value` of a function or action, with or without links to more of it.
    Object(Vec<Property>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParameterUse {
    /// One of `Description::parameters`.
    Hoisted(String),
    Inline(Parameter),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Copy)]
pub enum Location {
    Path,
    Query,
    Header,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub location: Location,
    pub required: bool,
    pub schema: Schema,
}

/// Trims `json`. `strict` for the document that is (or becomes) the pinned one: there each fixup must have matched.
pub fn trim(json: &mut Json, strict: bool) -> Result<Description> {
    let mut report = Report::default();
    for fixup in fixups::ALL {
        let count = (fixup.apply)(json).with_context(|| format!("fixup {}", fixup.name))?;
        ensure!(
            count > 0 || !strict || fixup.needed != Needed::Pinned,
            "fixup {} matched nothing: the description no longer needs it, so take it out of xtask/src/fixups",
            fixup.name
        );
        report.fixups.push((fixup.name, count));
    }
    let mut description = Reader { json }.read()?;
    description.report = report;
    let described = description.schemas.len();
    names::hoist_bodies(&mut description, json)?;
    description.report.bodies = description.schemas.len() - described;
    keep_reachable(&mut description)?;
    hoist_parameters(&mut description);
    Ok(description)
}

/// Reads a document whose fixups have run.
struct Reader<'a> {
    json: &'a Json,
}

impl Reader<'_> {
    fn read(&self) -> Result<Description> {
        let mut description = Description {
            version: self
                .json
                .get("info")
                .and_then(|info| info.text("version"))
                .context("/info/version: missing")?
                .to_owned(),
            ..Description::default()
        };
        let root = Pointer::ROOT;
        let components = root.name("components");
        let at = components.name("schemas");
        for (name, json) in self.components("schemas") {
            // The count of a collection: a number, not an object. Its only use is the answer of `$count`.
            if json.text("type") == Some("integer") {
                continue;
            }
            let component = Component::read(json, at.name(name))?;
            description.schemas.insert(name.clone(), component);
        }
        let at = root.name("paths");
        let paths = self.json.get("paths").context("/paths: missing")?;
        for (path, json) in members(paths, at)? {
            ensure!(path.starts_with('/'), "{}: not a path", at.name(path));
            let item = self.path_item(json, at.name(path))?;
            description.paths.insert(path.clone(), item);
        }
        Ok(description)
    }

    fn components(&self, kind: &str) -> impl Iterator<Item = (&String, &Json)> {
        let members = self.json.get("components").and_then(|all| all.get(kind));
        members.and_then(Json::as_object).into_iter().flatten()
    }

    /// What `json` refers to, where it is a reference to a component of `kind`; else itself.
    fn resolve<'j>(&'j self, json: &'j Json, kind: &str, at: Pointer<'_>) -> Result<&'j Json> {
        if json.get("$ref").is_none() {
            return Ok(json);
        }
        let components = self.json.get("components").and_then(|all| all.get(kind));
        json.reference(kind)
            .and_then(|name| components?.get(name))
            .with_context(|| format!("{at}: leads to none of /components/{kind}: {json}"))
    }

    fn path_item(&self, json: &Json, at: Pointer<'_>) -> Result<PathItem> {
        let mut item = PathItem::default();
        for (name, json) in members(json, at)? {
            let at = at.name(name);
            match name.as_str() {
                "parameters" => item.parameters = self.parameters(json, at)?,
                "description" | "summary" | "x-ms-docs-grouped-path" => {}
                method if METHODS.contains(&method) => {}
                _ => bail!("{at}: not expected in a path item"),
            }
        }
        for method in METHODS {
            if let Some(json) = json.get(method) {
                let operation = self.operation(json, at.name(method))?;
                item.operations.push((method, operation));
            }
        }
        Ok(item)
    }

    fn operation(&self, json: &Json, at: Pointer<'_>) -> Result<Operation> {
        let mut operation = Operation {
            parameters: Vec::new(),
            body: Vec::new(),
            answers: Vec::new(),
            deprecated: false,
            kind: None,
        };
        for (name, json) in members(json, at)? {
            let at = at.name(name);
            match name.as_str() {
                "parameters" => operation.parameters = self.parameters(json, at)?,
                "requestBody" => {
                    let body = self.resolve(json, "requestBodies", at)?;
                    operation.body = self.body(body, at)?;
                }
                "responses" => operation.answers = self.answers(json, at)?,
                "deprecated" => operation.deprecated = json.is_true(),
                "x-ms-docs-operation-type" => {
                    operation.kind = match json.as_str() {
                        Some("operation") => None,
                        Some("action") => Some("action"),
                        Some("function") => Some("function"),
                        _ => bail!("{at}: unknown type of operation: {json}"),
                    }
                }
                "description" | "externalDocs" | "operationId" | "security" | "summary" | "tags"
                | "x-ms-deprecation" | "x-ms-pageable" => {}
                _ => bail!("{at}: not expected in an operation"),
            }
        }
        ensure!(!operation.answers.is_empty(), "{at}: answers with nothing that is a success");
        Ok(operation)
    }

    fn parameters(&self, json: &Json, at: Pointer<'_>) -> Result<Vec<ParameterUse>> {
        let list = json
            .as_array()
            .with_context(|| format!("{at}: not a list of parameters"))?;
        list.iter()
            .enumerate()
            .map(|(index, json)| {
                let at = at.at(index);
                let json = self.resolve(json, "parameters", at)?;
                Ok(ParameterUse::Inline(parameter(json, at)?))
            })
            .collect()
    }

    /// The contents of a body, by media type. The objects that it may have in place are hoisted later, from the document.
    fn body(&self, json: &Json, at: Pointer<'_>) -> Result<Vec<(String, Schema)>> {
        let mut found = Vec::new();
        self.contents(json, at, &mut |media, json, at| {
            let schema = if json.get("properties").is_some() {
                Schema::Ref(names::UNNAMED.to_owned())
            } else {
                Schema::read(json, at)?
            };
            found.push((media.to_owned(), schema));
            Ok(())
        })?;
        Ok(found)
    }

    fn answers(&self, json: &Json, at: Pointer<'_>) -> Result<Vec<(String, Vec<(String, Answer)>)>> {
        let mut answers = Vec::new();
        for (status, json) in members(json, at)? {
            let at = at.name(status);
            match status.as_bytes() {
                [b'4' | b'5', ..] => continue,
                [b'2', ..] => {}
                _ => bail!("{at}: neither a success nor an error"),
            }
            let json = self.resolve(json, "responses", at)?;
            let mut found = Vec::new();
            self.contents(json, at, &mut |media, json, at| {
                found.push((media.to_owned(), self.answer(json, at)?));
                Ok(())
            })?;
            answers.push((status.clone(), found));
        }
        Ok(answers)
    }

    fn answer(&self, json: &Json, at: Pointer<'_>) -> Result<Answer> {
        if json.get("properties").is_some() {
            let object = Object::read(json, at)?;
            return Ok(Answer::Object(object.properties));
        }
        let schema = Schema::read(json, at)?;
        // A named number stands for what it is.
        if let Schema::Ref(name) = &schema {
            let named = self.json.get("components").and_then(|all| all.get("schemas")?.get(name));
            if let Some(named) = named.filter(|named| named.text("type") == Some("integer")) {
                return Ok(Answer::Schema(Schema::read(named, at)?));
            }
        }
        Ok(Answer::Schema(schema))
    }

    fn contents(
        &self,
        json: &Json,
        at: Pointer<'_>,
        take: &mut dyn FnMut(&str, &Json, Pointer<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(contents) = json.get("content") else {
            return Ok(());
        };
        let at = at.name("content");
        for (media, json) in members(contents, at)? {
            let at = at.name(media);
            let schema = json
                .get("schema")
                .with_context(|| format!("{at}: a content without a schema"))?;
            take(media, schema, at.name("schema"))?;
        }
        Ok(())
    }
}

fn parameter(json: &Json, at: Pointer<'_>) -> Result<Parameter> {
    let mut explode = None;
    for (name, value) in members(json, at)? {
        match name.as_str() {
            "explode" => explode = Some(value.is_true()),
            "name" | "in" | "required" | "schema" => {}
            "description" | "example" | "examples" | "deprecated" | "x-ms-docs-key-type" => {}
            "style" if value.as_str() == Some("form") => {}
            _ => bail!("{}: not expected in a parameter: {value}", at.name(name)),
        }
    }
    let schema = json
        .get("schema")
        .with_context(|| format!("{at}: a parameter without a schema"))?;
    let parameter = Parameter {
        name: json
            .text("name")
            .with_context(|| format!("{at}: a parameter without a name"))?
            .to_owned(),
        location: match json.text("in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            _ => bail!("{at}: a parameter that is in no known place"),
        },
        required: json.get("required").is_some_and(Json::is_true),
        schema: Schema::read(schema, at.name("schema"))?,
    };
    // The only kind of list that Graph takes in a query is one parameter with commas.
    ensure!(
        parameter.location != Location::Query
            || !matches!(parameter.schema, Schema::Array(_))
            || explode == Some(false),
        "{at}: a list in the query that is not joined with commas"
    );
    Ok(parameter)
}

/// Drops the schemas that neither an operation nor a root reaches. What derives from a type that is reached is reached:
/// Graph may send it wherever the type is declared.
fn keep_reachable(description: &mut Description) -> Result<()> {
    let mut derived: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, component) in &description.schemas {
        if let Component::Object(Object { base: Some(base), .. }) = component {
            derived.entry(base).or_default().push(name);
        }
    }
    let reach = |start: Vec<&str>, reached: &mut BTreeSet<String>| -> Result<()> {
        let mut open = start;
        while let Some(name) = open.pop() {
            let Some((name, component)) = description.schemas.get_key_value(name) else {
                bail!("/components/schemas: {name} is referred to and is not there");
            };
            if reached.insert(name.clone()) {
                open.extend(component.references());
                open.extend(derived.get(name.as_str()).into_iter().flatten());
            }
        }
        Ok(())
    };
    let mut named = Vec::new();
    for item in description.paths.values() {
        let uses = item.operations.iter().flat_map(|(_, operation)| &operation.parameters);
        for parameter in item.parameters.iter().chain(uses) {
            if let ParameterUse::Inline(parameter) = parameter {
                named.extend(parameter.schema.component());
            }
        }
        for (_, operation) in &item.operations {
            named.extend(operation.body.iter().filter_map(|(_, schema)| schema.component()));
            for (_, answer) in operation.answers.iter().flat_map(|(_, contents)| contents) {
                match answer {
                    Answer::Schema(schema) => named.extend(schema.component()),
                    Answer::Object(properties) => {
                        named.extend(properties.iter().filter_map(|p| p.schema.component()));
                    }
                }
            }
        }
    }
    let mut reached = BTreeSet::new();
    reach(named, &mut reached)?;
    let by_operations = reached.len();
    let roots = ROOTS
        .into_iter()
        .filter(|&root| description.schemas.contains_key(root))
        .collect();
    reach(roots, &mut reached)?;
    let described = description.schemas.len();
    description.schemas.retain(|name, _| reached.contains(name));
    description.report.kept_by_roots = reached.len() - by_operations;
    description.report.unreachable = described - reached.len();
    Ok(())
}

/// Gives each parameter that is the same wherever it stands a name among the components.
fn hoist_parameters(description: &mut Description) {
    // Of each name, location and obligation, the definition, or none where there are several.
    type Key = (Location, String, bool);
    let mut definitions: BTreeMap<Key, Option<Parameter>> = BTreeMap::new();
    for_each_parameter(&mut description.paths, &mut |used| {
        let ParameterUse::Inline(parameter) = used else {
            return;
        };
        let plain = parameter.location != Location::Path || parameter.schema == Schema::String(None);
        let key = (parameter.location, parameter.name.clone(), parameter.required);
        let definition = definitions.entry(key).or_insert_with(|| Some(parameter.clone()));
        if !plain {
            // Path parameters of other types stay where they are; plain ones of the same name are hoisted all the same.
            if definition.as_ref() == Some(parameter) {
                *definition = None;
            }
        } else if parameter.location == Location::Path {
            *definition = Some(parameter.clone());
        } else if definition.as_ref() != Some(parameter) {
            *definition = None;
        }
    });
    let mut hoisted: BTreeMap<Key, String> = BTreeMap::new();
    // Options of the query take their names before the segments of a path do: there are few of them.
    let by_precedence = [Location::Query, Location::Header, Location::Path];
    for location in by_precedence {
        for (key, definition) in &definitions {
            let (Some(definition), true) = (definition, key.0 == location) else {
                continue;
            };
            let suffix = match location {
                Location::Path => "",
                _ if definition.required => ".required",
                _ => "",
            };
            let name = format!("{}{suffix}", definition.name.trim_start_matches('$'));
            if let std::collections::btree_map::Entry::Vacant(free) =
                description.parameters.entry(name.clone())
            {
                free.insert(definition.clone());
                hoisted.insert(key.clone(), name);
            }
        }
    }
    for_each_parameter(&mut description.paths, &mut |used| {
        let ParameterUse::Inline(parameter) = used else {
            return;
        };
        let key = (parameter.location, parameter.name.clone(), parameter.required);
        if let Some(name) = hoisted.get(&key)
            && description.parameters.get(name) == Some(parameter)
        {
            *used = ParameterUse::Hoisted(name.clone());
        }
    });
}

fn for_each_parameter(
    paths: &mut BTreeMap<String, PathItem>,
    take: &mut dyn FnMut(&mut ParameterUse),
) {
    for item in paths.values_mut() {
        item.parameters.iter_mut().for_each(&mut *take);
        for (_, operation) in &mut item.operations {
            operation.parameters.iter_mut().for_each(&mut *take);
        }
    }
}
