//! Reads a document after its fixups. It reads every element, except those that are known to be
//! meaningless. Any other element is an error that states its position.

use anyhow::{Context as _, Result, bail, ensure};

use crate::document::METHODS;
use crate::json::Json;
use crate::pointer::Pointer;
use crate::schema::{Component, Object, Schema, members};
use crate::trimmed::{
    Content, Contents, Description, Location, Operation, Parameter, ParameterUse, PathItem,
};

/// Reads the whole document.
pub fn read(json: &Json) -> Result<Description> {
    Reader { json }.read()
}

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
            if is_number(json) {
                Schema::read(json, at.name(name))?;
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

    /// Reads the target if `json` is a reference to a component of `kind`, and otherwise `json`
    /// itself.
    fn resolved<T>(
        &self,
        json: &Json,
        kind: &str,
        at: Pointer<'_>,
        take: impl Fn(&Json, Pointer<'_>) -> Result<T>,
    ) -> Result<T> {
        if json.get("$ref").is_none() {
            return take(json, at);
        }
        let components = self.json.get("components").and_then(|all| all.get(kind));
        let (name, component) = json
            .reference(kind)
            .and_then(|name| Some((name, components?.get(name)?)))
            .with_context(|| format!("{at}: refers to nothing in /components/{kind}: {json}"))?;
        let (root, all) = (Pointer::ROOT, "components");
        take(component, root.name(all).name(kind).name(name))
    }

    fn path_item(&self, json: &Json, at: Pointer<'_>) -> Result<PathItem> {
        let mut item = PathItem::default();
        for (name, json) in members(json, at)? {
            let at = at.name(name);
            match name.as_str() {
                "parameters" => item.parameters = self.parameters(json, at)?,
                "description" | "summary" | "x-ms-docs-grouped-path" => {}
                method if METHODS.contains(&method) => {}
                _ => bail!("{at}: unexpected member of a path item"),
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
        let mut operation = Operation::default();
        for (name, json) in members(json, at)? {
            let at = at.name(name);
            match name.as_str() {
                "parameters" => operation.parameters = self.parameters(json, at)?,
                "requestBody" => {
                    let contents = |body: &Json, at: Pointer<'_>| self.contents(body, at);
                    operation.body = self.resolved(json, "requestBodies", at, contents)?;
                }
                "responses" => operation.answers = self.answers(json, at)?,
                "deprecated" => operation.deprecated = json.is_true(),
                "x-ms-docs-operation-type" => {
                    operation.kind = match json.as_str() {
                        Some("operation") => None,
                        Some("action") => Some("action"),
                        Some("function") => Some("function"),
                        _ => bail!("{at}: unknown operation type: {json}"),
                    }
                }
                "description" | "externalDocs" | "operationId" | "security" | "summary"
                | "tags" | "x-ms-deprecation" | "x-ms-pageable" => {}
                _ => bail!("{at}: unexpected member of an operation"),
            }
        }
        ensure!(
            !operation.answers.is_empty(),
            "{at}: the operation has no success response"
        );
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
                let parameter = self.resolved(json, "parameters", at, parameter)?;
                Ok(ParameterUse::Inline(parameter))
            })
            .collect()
    }

    fn answers(&self, json: &Json, at: Pointer<'_>) -> Result<Vec<(String, Contents)>> {
        let mut answers = Vec::new();
        for (status, json) in members(json, at)? {
            let at = at.name(status);
            match status.as_bytes() {
                [b'4' | b'5', ..] => continue,
                [b'2', ..] => {}
                _ => bail!("{at}: the status is neither a success nor an error"),
            }
            let contents = |json: &Json, at: Pointer<'_>| self.contents(json, at);
            let contents = self.resolved(json, "responses", at, contents)?;
            answers.push((status.clone(), contents));
        }
        Ok(answers)
    }

    /// Reads the contents of a request or response. Only contents have a meaning there.
    fn contents(&self, json: &Json, at: Pointer<'_>) -> Result<Contents> {
        let mut contents = Contents::new();
        for (name, json) in members(json, at)? {
            let at = at.name(name);
            match name.as_str() {
                "content" => {
                    for (media, json) in members(json, at)? {
                        let at = at.name(media);
                        contents.push((media.clone(), self.content(json, at)?));
                    }
                }
                "description" => {}
                _ => bail!("{at}: unexpected member of a body"),
            }
        }
        Ok(contents)
    }

    fn content(&self, json: &Json, at: Pointer<'_>) -> Result<Content> {
        let mut found = None;
        for (name, json) in members(json, at)? {
            let at = at.name(name);
            match name.as_str() {
                "schema" => found = Some(self.schema(json, at)?),
                "example" | "examples" => {}
                _ => bail!("{at}: unexpected member of a media type"),
            }
        }
        found.with_context(|| format!("{at}: the media type has no schema"))
    }

    fn schema(&self, json: &Json, at: Pointer<'_>) -> Result<Content> {
        if json.text("type") == Some("object") {
            let object = Object::read(json, at)?;
            return Ok(Content::Object(object.properties));
        }
        let schema = Schema::read(json, at)?;
        if let Schema::Ref(name) = &schema
            && let Some(number) = self.number(name)
        {
            return Ok(Content::Schema(Schema::read(number, at)?));
        }
        Ok(Content::Schema(schema))
    }

    /// Returns the schema `name`, if it is a number. The only one is the response of `$count`, and
    /// it needs no name.
    fn number(&self, name: &str) -> Option<&Json> {
        let schemas = self.json.get("components")?.get("schemas")?;
        schemas.get(name).filter(|schema| is_number(schema))
    }
}

fn is_number(schema: &Json) -> bool {
    schema.text("type") == Some("integer")
}

/// Reads one parameter.
pub fn parameter(json: &Json, at: Pointer<'_>) -> Result<Parameter> {
    let mut explode = None;
    for (name, value) in members(json, at)? {
        match name.as_str() {
            "explode" => explode = Some(value.is_true()),
            "name" | "in" | "required" | "schema" => {}
            "description" | "example" | "examples" | "deprecated" | "x-ms-docs-key-type" => {}
            "style" if value.as_str() == Some("form") => {}
            _ => bail!(
                "{}: unexpected member of a parameter: {value}",
                at.name(name)
            ),
        }
    }
    let schema = json
        .get("schema")
        .with_context(|| format!("{at}: the parameter has no schema"))?;
    let parameter = Parameter {
        name: json
            .text("name")
            .with_context(|| format!("{at}: the parameter has no name"))?
            .to_owned(),
        location: match json.text("in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            _ => bail!("{at}: the parameter has an unknown `in`"),
        },
        required: json.get("required").is_some_and(Json::is_true),
        schema: Schema::read(schema, at.name("schema"))?,
    };
    // The only kind of list that Graph accepts in a query is one parameter with commas.
    ensure!(
        parameter.location != Location::Query
            || !matches!(parameter.schema, Schema::Array(_))
            || explode == Some(false),
        "{at}: a list in the query is not comma-separated (`explode` is not false)"
    );
    Ok(parameter)
}
