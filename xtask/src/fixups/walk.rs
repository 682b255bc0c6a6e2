//! Traversals of a document that several fixups share.

use anyhow::Result;

use crate::document::METHODS;
use crate::json::{Json, Members, object};
use crate::pointer::Pointer;

/// Visits every schema of the document, outer ones first. The pointer is to the visited schema.
pub fn schemas(
    document: &mut Json,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    let root = Pointer::ROOT;
    let all = root.name("components");
    for (kind, inside) in [
        ("schemas", Inside::Schema),
        ("parameters", Inside::Parameter),
        ("responses", Inside::Body),
        ("requestBodies", Inside::Body),
    ] {
        let at = all.name(kind);
        for (name, json) in components(document, kind) {
            let at = at.name(name);
            match inside {
                Inside::Schema => schema(json, at, visit)?,
                Inside::Parameter => parameter(json, at, visit)?,
                Inside::Body => contents(json, at, visit)?,
            }
        }
    }
    let at = root.name("paths");
    for (path, item) in members(Some(document), "paths") {
        path_item(item, at.name(path), visit)?;
    }
    Ok(())
}

fn path_item(
    item: &mut Json,
    at: Pointer<'_>,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    parameters(item, at, visit)?;
    for method in METHODS {
        let at = at.name(method);
        let Some(operation) = member(Some(&mut *item), method) else {
            continue;
        };
        parameters(operation, at, visit)?;
        if let Some(body) = member(Some(&mut *operation), "requestBody") {
            contents(body, at.name("requestBody"), visit)?;
        }
        let at = at.name("responses");
        for (status, response) in members(Some(operation), "responses") {
            contents(response, at.name(status), visit)?;
        }
    }
    Ok(())
}

/// Visits every path of the document.
pub fn path_items(
    document: &mut Json,
    visit: &mut dyn FnMut(&str, &mut Json) -> Result<()>,
) -> Result<()> {
    for (path, item) in members(Some(document), "paths") {
        visit(path, item)?;
    }
    Ok(())
}

/// Visits every operation of the document, with its path and method.
pub fn operations(document: &mut Json, visit: &mut dyn FnMut(&str, &str, &mut Json)) {
    for (path, item) in members(Some(document), "paths") {
        for method in METHODS {
            if let Some(operation) = member(Some(&mut *item), method) {
                visit(path, method, operation);
            }
        }
    }
}

/// Returns the components of one kind, by name.
pub fn components<'a>(
    document: &'a mut Json,
    kind: &str,
) -> impl Iterator<Item = (&'a String, &'a mut Json)> {
    members(member(Some(document), "components"), kind)
}

/// Returns the named schemas of the components.
pub fn named_schemas(document: &mut Json) -> Option<&mut Members> {
    member(member(Some(document), "components"), "schemas")?.as_object_mut()
}

/// Returns the name of the declared schema of a successful response of `operation`, if it has one.
pub fn declared_answer(operation: &Json) -> Option<&str> {
    let answer = operation.get("responses")?.get("2XX")?;
    let schema = answer
        .get("content")?
        .get("application/json")?
        .get("schema")?;
    schema.reference("schemas")
}

/// Declares that a successful response of `operation` has no content.
pub fn declare_no_content(operation: &mut Json) {
    let answer = member(member(Some(operation), "responses"), "2XX");
    if let Some(answer) = answer.and_then(Json::as_object_mut) {
        answer.shift_remove("content");
    }
}

/// Declares that `operation` takes bytes of a media type, if it takes JSON. Returns whether it did.
pub fn declare_bytes(operation: &mut Json, media_type: &str) -> bool {
    let body = member(Some(operation), "requestBody").and_then(Json::as_object_mut);
    let content = body.and_then(|body| body.get_mut("content"));
    match content.and_then(Json::as_object_mut) {
        Some(content) if content.contains_key("application/json") => {
            let bytes = object([("type", "string".into()), ("format", "binary".into())]);
            content.clear();
            content.insert(media_type.to_owned(), object([("schema", bytes)]));
            true
        }
        _ => false,
    }
}

/// Returns the members of the member `name` of `json`, to change them.
fn members<'a>(
    json: Option<&'a mut Json>,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a mut Json)> {
    let members = member(json, name).and_then(Json::as_object_mut);
    members.into_iter().flatten()
}

/// Returns the member `name` of `json`, to change it.
pub fn member<'a>(json: Option<&'a mut Json>, name: &str) -> Option<&'a mut Json> {
    json?.as_object_mut()?.get_mut(name)
}

enum Inside {
    Schema,
    Parameter,
    Body,
}

fn parameters(
    holder: &mut Json,
    at: Pointer<'_>,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    let at = at.name("parameters");
    if let Some(Json::Array(list)) = member(Some(holder), "parameters") {
        for (index, json) in list.iter_mut().enumerate() {
            parameter(json, at.at(index), visit)?;
        }
    }
    Ok(())
}

fn parameter(
    json: &mut Json,
    at: Pointer<'_>,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    if let Some(inner) = member(Some(&mut *json), "schema") {
        schema(inner, at.name("schema"), visit)?;
    }
    contents(json, at, visit)
}

fn contents(
    json: &mut Json,
    at: Pointer<'_>,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    let at = at.name("content");
    for (media, content) in members(Some(json), "content") {
        if let Some(inner) = member(Some(content), "schema") {
            schema(inner, at.name(media).name("schema"), visit)?;
        }
    }
    Ok(())
}

fn schema(
    json: &mut Json,
    at: Pointer<'_>,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    visit(json, at)?;
    let Some(members) = json.as_object_mut() else {
        return Ok(());
    };
    for (name, inner) in members {
        let at = at.name(name);
        match (name.as_str(), inner) {
            ("properties", Json::Object(properties)) => {
                for (name, property) in properties {
                    schema(property, at.name(name), visit)?;
                }
            }
            ("items" | "additionalProperties", inner @ Json::Object(_)) => {
                schema(inner, at, visit)?
            }
            ("allOf" | "anyOf" | "oneOf", Json::Array(list)) => {
                for (index, inner) in list.iter_mut().enumerate() {
                    schema(inner, at.at(index), visit)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
