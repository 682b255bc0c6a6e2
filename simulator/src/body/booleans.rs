//! Booleans that are sent as text, which Exchange accepts: `"saveToSentItems": "false"`.
//!
//! Microsoft's own examples send them (<https://learn.microsoft.com/graph/api/user-sendmail>).

use super::json::Json;
use crate::description::schema::{Property, Schemas, Type};

/// Replaces the texts `true` and `false` by booleans, wherever the type has a boolean.
pub(crate) fn read_texts(schemas: &Schemas, kind: &Type, json: &mut Json) {
    match (schemas.resolve(kind), json) {
        (Type::Boolean, json) => read_text(json),
        (Type::Collection(items), Json::Array(values)) => {
            for value in values {
                read_texts(schemas, items, value);
            }
        }
        (Type::Named(declared), Json::Object(entries)) => {
            let kind = actual(schemas, declared, entries);
            let properties = schemas.properties(&kind);
            read_entries(schemas, &properties, entries);
        }
        (Type::Inline(object), Json::Object(entries)) => {
            let properties: Vec<&Property> = object.properties.iter().collect();
            read_entries(schemas, &properties, entries);
        }
        _ => {}
    }
}

fn read_entries(schemas: &Schemas, properties: &[&Property], entries: &mut [(String, Json)]) {
    for (name, value) in entries {
        // The names of an action's parameters are compared without case.
        let mut described = properties.iter();
        if let Some(property) = described.find(|own| own.name.eq_ignore_ascii_case(name)) {
            read_texts(schemas, &property.kind, value);
        }
    }
}

fn read_text(json: &mut Json) {
    if let Json::String(text) = json {
        let boolean = ["false", "true"]
            .iter()
            .position(|word| word.eq_ignore_ascii_case(text));
        if let Some(boolean) = boolean {
            *json = Json::Boolean(boolean == 1);
        }
    }
}

/// Returns the type that `@odata.type` names, if there is one of this name.
fn actual(schemas: &Schemas, declared: &str, entries: &[(String, Json)]) -> String {
    let named = entries.iter().find_map(|(name, value)| match value {
        Json::String(kind) if name == "@odata.type" => Some(kind.trim_start_matches('#')),
        _ => None,
    });
    let named = named.filter(|kind| schemas.object(kind).is_some());
    named.unwrap_or(declared).to_owned()
}
