//! Ways through a document that several fixups go.

use anyhow::Result;

use crate::document::METHODS;
use crate::json::Json;
use crate::pointer::Pointer;

/// Visits every schema of the document, outer ones first. The pointer is to the schema visited.
pub fn schemas(
    document: &mut Json,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    let root = Pointer::ROOT;
    let components = root.name("components");
    for (kind, inside) in [
        ("schemas", Inside::Schema),
        ("parameters", Inside::Parameter),
        ("responses", Inside::Body),
        ("requestBodies", Inside::Body),
    ] {
        let at = components.name(kind);
        for (name, json) in member(member(Some(&mut *document), "components"), kind)
            .and_then(Json::as_object_mut)
            .into_iter()
            .flatten()
        {
            let at = at.name(name);
            match inside {
                Inside::Schema => schema(json, at, visit)?,
                Inside::Parameter => parameter(json, at, visit)?,
                Inside::Body => contents(json, at, visit)?,
            }
        }
    }
    path_items(document, &mut |item, at| {
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
            for (status, response) in member(Some(&mut *operation), "responses")
                .and_then(Json::as_object_mut)
                .into_iter()
                .flatten()
            {
                contents(response, at.name(status), visit)?;
            }
        }
        Ok(())
    })
}

/// Visits every path of the document.
pub fn path_items(
    document: &mut Json,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    let root = Pointer::ROOT;
    let paths = root.name("paths");
    for (path, item) in member(Some(document), "paths")
        .and_then(Json::as_object_mut)
        .into_iter()
        .flatten()
    {
        visit(item, paths.name(path))?;
    }
    Ok(())
}

/// Visits every operation of the document: path item's pointer, its method and the operation.
pub fn operations(
    document: &mut Json,
    visit: &mut dyn FnMut(&mut Json, Pointer<'_>) -> Result<()>,
) -> Result<()> {
    path_items(document, &mut |item, at| {
        for method in METHODS {
            if let Some(operation) = member(Some(&mut *item), method) {
                visit(operation, at.name(method))?;
            }
        }
        Ok(())
    })
}

/// The member `name` of `json`, to change it.
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
    for (media, content) in member(Some(json), "content")
        .and_then(Json::as_object_mut)
        .into_iter()
        .flatten()
    {
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
            ("items" | "additionalProperties", inner @ Json::Object(_)) => schema(inner, at, visit)?,
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
