//! Lays the trimmed description out as files, with one line for each operation and property, so
//! that the diff of an upgrade is readable.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::areas;
use crate::json::{Json, Members, object};
use crate::path::workload;
use crate::schema::{Component, Schema};
use crate::trimmed::{
    Content, Contents, Description, Location, Operation, Parameter, ParameterUse, PathItem,
};

/// Names (relative to the folder) and contents of the files.
pub type Files = BTreeMap<String, String>;

/// Returns the files of `description`, without the pin.
pub fn files(description: &Description) -> Files {
    let mut files = Files::new();
    files.insert("schemas.json".to_owned(), components(description));
    files.insert("grafts.json".to_owned(), grafts(description));
    if let Some(areas) = &description.areas {
        files.insert(areas::FILE.to_owned(), areas.to_json());
    }
    let mut workloads: BTreeMap<&str, Vec<(&String, &PathItem)>> = BTreeMap::new();
    for (path, item) in &description.paths {
        workloads
            .entry(workload(path))
            .or_default()
            .push((path, item));
    }
    for (workload, items) in workloads {
        let mut out = head(workload, &description.version, "paths");
        for (at, (path, item)) in items.iter().enumerate() {
            out.push_str(if at == 0 { "\n" } else { ",\n" });
            path_item(&mut out, path, item);
        }
        out.push_str("\n}}\n");
        files.insert(format!("paths/{workload}.json"), out);
    }
    files
}

fn head(title: &str, version: &str, section: &str) -> String {
    let info = object([("title", title.into()), ("version", version.into())]);
    format!(r#"{{"openapi":"3.0.4","info":{info},"{section}":{{"#)
}

fn name(text: &str) -> Json {
    Json::String(text.to_owned())
}

fn components(description: &Description) -> String {
    let mut out = head("components", &description.version, "components");
    out.push_str("\n\"parameters\":{");
    for (at, (key, parameter)) in description.parameters.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        let _ = write!(out, "{}:{}", name(key), parameter_json(parameter));
    }
    out.push_str("},\n\"schemas\":{");
    for (at, (key, schema)) in description.schemas.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        let _ = write!(out, "{}:", name(key));
        component(&mut out, schema);
    }
    out.push_str("}\n}}\n");
    out
}

/// Writes the places that stand for others, one on each line.
fn grafts(description: &Description) -> String {
    let mut out = String::from("{");
    let sections = [
        ("subtrees", &description.grafts.subtrees),
        ("paths", &description.grafts.paths),
    ];
    for (at, (section, places)) in sections.into_iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ",\n" });
        let _ = write!(out, "{}:{{", name(section));
        for (at, (place, to)) in places.iter().enumerate() {
            out.push_str(if at == 0 { "\n " } else { ",\n " });
            let _ = write!(out, "{}:{}", name(place), name(to));
        }
        out.push('}');
    }
    out.push_str("}\n");
    out
}

fn component(out: &mut String, component: &Component) {
    match component {
        Component::Enum { words, flags } => {
            out.push_str(r#"{"type":"string","#);
            if *flags {
                out.push_str(r#""x-ms-enum-flags":true,"#);
            }
            out.push_str("\"enum\":[");
            for (at, word) in words.iter().enumerate() {
                out.push_str(if at == 0 { "\n " } else { ",\n " });
                let _ = write!(out, "{}", name(word));
            }
            out.push_str("]}");
        }
        Component::Object(object) => {
            out.push('{');
            if let Some(base) = &object.base {
                let base = Schema::Ref(base.clone()).to_json();
                let _ = write!(out, "\"allOf\":[{base}],");
            }
            out.push_str("\"type\":\"object\",");
            if let Some(value) = &object.discriminator_value {
                let _ = write!(out, "\"x-ms-discriminator-value\":{},", name(value));
            }
            out.push_str("\"properties\":{");
            for (at, property) in object.properties.iter().enumerate() {
                out.push_str(if at == 0 { "\n " } else { ",\n " });
                let _ = write!(out, "{}:{}", name(&property.name), property.to_json());
            }
            out.push_str("}}");
        }
    }
}

fn path_item(out: &mut String, path: &str, item: &PathItem) {
    let _ = write!(out, "{}:{{", name(path));
    let mut separator = "\n ";
    if !item.parameters.is_empty() {
        let list = parameters(&item.parameters);
        let _ = write!(out, "{separator}\"parameters\":{list}");
        separator = ",\n ";
    }
    for (method, operation) in &item.operations {
        let _ = write!(out, "{separator}\"{method}\":{}", operation_json(operation));
        separator = ",\n ";
    }
    out.push('}');
}

fn parameters(list: &[ParameterUse]) -> Json {
    Json::Array(
        list.iter()
            .map(|used| match used {
                ParameterUse::Hoisted(key) => object([(
                    "$ref",
                    Json::String(format!("#/components/parameters/{key}")),
                )]),
                ParameterUse::Inline(parameter) => parameter_json(parameter),
            })
            .collect(),
    )
}

fn parameter_json(parameter: &Parameter) -> Json {
    let location = match parameter.location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
    };
    let mut members = Members::new();
    members.insert("name".to_owned(), name(&parameter.name));
    members.insert("in".to_owned(), location.into());
    if parameter.required {
        members.insert("required".to_owned(), Json::Bool(true));
    }
    if parameter.location == Location::Query && matches!(parameter.schema, Schema::Array(_)) {
        members.insert("explode".to_owned(), Json::Bool(false));
        members.insert("style".to_owned(), "form".into());
    }
    members.insert("schema".to_owned(), parameter.schema.to_json());
    Json::Object(members)
}

fn operation_json(operation: &Operation) -> Json {
    let mut members = Members::new();
    if operation.deprecated {
        members.insert("deprecated".to_owned(), Json::Bool(true));
    }
    if let Some(kind) = operation.kind {
        members.insert("x-ms-docs-operation-type".to_owned(), kind.into());
    }
    if !operation.parameters.is_empty() {
        members.insert("parameters".to_owned(), parameters(&operation.parameters));
    }
    if !operation.body.is_empty() {
        members.insert("requestBody".to_owned(), contents(&operation.body));
    }
    let answers: Members = operation
        .answers
        .iter()
        .map(|(status, answer)| (status.clone(), contents(answer)))
        .collect();
    members.insert("responses".to_owned(), answers.into());
    Json::Object(members)
}

fn contents(contents: &Contents) -> Json {
    if contents.is_empty() {
        return object([]);
    }
    let contents: Members = contents
        .iter()
        .map(|(media, content)| (media.clone(), object([("schema", content_json(content))])))
        .collect();
    object([("content", contents.into())])
}

fn content_json(content: &Content) -> Json {
    match content {
        Content::Schema(schema) => schema.to_json(),
        Content::Object(properties) => {
            let properties: Members = properties
                .iter()
                .map(|property| (property.name.clone(), property.to_json()))
                .collect();
            object([("type", "object".into()), ("properties", properties.into())])
        }
    }
}
