//! The JSON of a request: its check against the description, and its content.

pub(crate) mod booleans;
pub(crate) mod json;

use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::{Map, Value};

use crate::description::schema::{EnumType, ObjectType, Property, Schema, Schemas, Type};
use crate::query::path::takes_any;
use crate::refusal::Refusal;
use json::Json;

/// The content of a body for an entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Written {
    /// The type that `@odata.type` names, or else the declared one.
    pub(crate) kind: String,
    pub(crate) properties: Map<String, Value>,
    /// The entities to be created with this one, by relation.
    pub(crate) related: Vec<(String, Related)>,
    /// The entities to be referenced, by relation: the URLs of `@odata.bind`.
    pub(crate) bound: Vec<(String, Vec<String>)>,
}

/// The entities of a relation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Related {
    One(Written),
    Many(Vec<Written>),
}

/// Reads JSON as an entity or complex value of the declared type.
pub(crate) fn entity(schemas: &Schemas, declared: &str, json: Json) -> Result<Written, Refusal> {
    let Json::Object(entries) = json else {
        return Err(Refusal::body(format!(
            "An object of type '{declared}' was expected, but found {}.",
            node(&json)
        )));
    };
    let mut written = Written {
        kind: declared.to_owned(),
        ..Written::default()
    };
    for (at, (name, value)) in entries.iter().enumerate() {
        if entries.iter().take(at).any(|(earlier, _)| earlier == name) {
            return Err(Refusal::body(format!(
                "Multiple properties with the name '{name}' were detected in a resource or complex \
                 value."
            )));
        }
        if name == "@odata.type" {
            // Microsoft's Python client writes it later in complex values, which Graph accepts.
            if at != 0 && schemas.is_a(declared, "microsoft.graph.entity") {
                return Err(Refusal::body(
                    "The 'odata.type' instance annotation must be the first property of the \
                     object.",
                ));
            }
            written.kind = derived(schemas, declared, value)?;
        }
    }
    for (name, value) in entries {
        if let Some(relation) = name.strip_suffix("@odata.bind") {
            written.bind(schemas, relation, value)?;
        } else if name.contains('@') {
            // Annotations of a value, such as `@odata.etag` or `x@odata.type`, are not stored.
            if name.starts_with("@microsoft.graph.") {
                written.properties.insert(name, value.into_value());
            }
        } else {
            written.property(schemas, name, value)?;
        }
    }
    Ok(written)
}

impl Written {
    fn bind(&mut self, schemas: &Schemas, relation: &str, value: Json) -> Result<(), Refusal> {
        schemas
            .property(&self.kind, relation)
            .filter(|property| property.navigation)
            .ok_or_else(|| undeclared(relation, &self.kind))?;
        let urls = match value {
            Json::String(url) => vec![url],
            Json::Array(items) => {
                let urls: Option<Vec<_>> = items
                    .into_iter()
                    .map(|item| match item {
                        Json::String(url) => Some(url),
                        _ => None,
                    })
                    .collect();
                urls.ok_or_else(|| {
                    Refusal::body(format!(
                        "'{relation}@odata.bind' contains a value that is not a URL."
                    ))
                })?
            }
            other => {
                return Err(Refusal::body(format!(
                    "'{relation}@odata.bind' must be a URL or a list of URLs, but found {}.",
                    node(&other)
                )));
            }
        };
        self.bound.push((relation.to_owned(), urls));
        Ok(())
    }

    fn property(&mut self, schemas: &Schemas, name: String, value: Json) -> Result<(), Refusal> {
        let Some(property) = schemas.property(&self.kind, &name) else {
            if takes_any(schemas, &self.kind, &name) {
                self.properties.insert(name, value.into_value());
                return Ok(());
            }
            return Err(undeclared(&name, &self.kind));
        };
        if !property.navigation {
            let value = checked(schemas, &property.kind, value, &name)?;
            self.properties.insert(name, value);
            return Ok(());
        }
        let related = match (&property.kind, value) {
            (_, Json::Null) => return Ok(()),
            (Type::Collection(items), Json::Array(values)) => {
                let items = type_name(items, &name)?;
                let values = values
                    .into_iter()
                    .map(|value| entity(schemas, items, value));
                Related::Many(values.collect::<Result<_, _>>()?)
            }
            (Type::Collection(_), other) => return Err(expected("a collection", &name, &other)),
            (kind, value) => Related::One(entity(schemas, type_name(kind, &name)?, value)?),
        };
        self.related.push((name, related));
        Ok(())
    }
}

fn type_name<'a>(kind: &'a Type, property: &str) -> Result<&'a str, Refusal> {
    match kind {
        Type::Named(name) => Ok(name),
        _ => Err(Refusal::description(&format!(
            "navigation property `{property}` has no entity type"
        ))),
    }
}

fn undeclared(property: &str, type_name: &str) -> Refusal {
    Refusal::body(format!(
        "The property '{property}' does not exist on type '{type_name}'. Make sure to only use \
         property names that are defined by the type or mark the type as open type."
    ))
}

/// Returns the type that `@odata.type` names.
fn derived(schemas: &Schemas, declared: &str, value: &Json) -> Result<String, Refusal> {
    let Json::String(text) = value else {
        return Err(expected("a type's name", "@odata.type", value));
    };
    let name = text.strip_prefix('#').unwrap_or(text);
    if schemas.object(name).is_none() {
        return Err(Refusal::body(format!(
            "A type named '{name}' could not be resolved by the model."
        )));
    }
    if !schemas.is_a(name, declared) {
        return Err(Refusal::body(format!(
            "A value with type '{name}' cannot be assigned to the expected type '{declared}'."
        )));
    }
    Ok(name.to_owned())
}

/// Reads JSON as the parameters of an action. Their names are compared without case: the
/// description writes `Message`, and Graph's documentation `message`.
pub(crate) fn parameters(
    schemas: &Schemas,
    kind: &Type,
    json: Json,
    action: &str,
) -> Result<Value, Refusal> {
    let described = match kind {
        Type::Named(name) => schemas.properties(name),
        _ => Vec::new(),
    };
    let json = match json {
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(name, value)| {
                let property = described
                    .iter()
                    .find(|property| property.name.eq_ignore_ascii_case(&name));
                (
                    property.map_or(name, |property| property.name.clone()),
                    value,
                )
            });
            Json::Object(entries.collect())
        }
        other => other,
    };
    checked(schemas, kind, json, action)
}

/// Returns a value that fits the type, or the error. `name` is the property that holds it.
pub(crate) fn checked(
    schemas: &Schemas,
    kind: &Type,
    value: Json,
    name: &str,
) -> Result<Value, Refusal> {
    let kind = schemas.resolve(kind);
    // A reader of OData accepts a number in quotes for types that JSON may write inexactly.
    if let (Type::Double | Type::Float | Type::Decimal, Json::String(text)) = (kind, &value)
        && let Ok(number) = text.parse::<f64>()
        && number.is_finite()
    {
        return Ok(Value::from(number));
    }
    let fits = match (kind, &value) {
        (_, Json::Null) | (Type::Untyped, _) => true,
        (Type::Collection(items), Json::Array(_)) => {
            let Json::Array(values) = value else {
                return Ok(Value::Null);
            };
            return values
                .into_iter()
                .map(|value| checked(schemas, items, value, name))
                .collect();
        }
        (Type::Named(component), _) => match schemas.get(component) {
            Some(Schema::Enum(members)) => return word(members, component, value, name),
            Some(Schema::Object(_)) => return complex(schemas, component, value),
            Some(Schema::Alias(_)) | None => true,
        },
        (Type::Inline(object), Json::Object(_)) => return inline(schemas, object, value),
        (Type::Boolean, Json::Boolean(_)) => true,
        (Type::Int16, Json::Number(number)) => number
            .as_i64()
            .is_some_and(|number| i16::try_from(number).is_ok()),
        (Type::Int32, Json::Number(number)) => number
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        (Type::Int64, Json::Number(number)) => number.as_i64().is_some(),
        (Type::Uint8, Json::Number(number)) => number
            .as_u64()
            .is_some_and(|number| u8::try_from(number).is_ok()),
        (Type::Double | Type::Float | Type::Decimal, Json::Number(_)) => true,
        (Type::Double | Type::Float, Json::String(text)) => {
            matches!(text.as_str(), "INF" | "-INF" | "NaN")
        }
        (_, Json::String(text)) => literal(kind, text),
        _ => false,
    };
    if fits {
        return Ok(value.into_value());
    }
    Err(match value {
        Json::Object(_) | Json::Array(_) => expected(&schemas.edm(kind), name, &value),
        primitive => Refusal::body(format!(
            "Cannot convert the literal '{}' to the expected type '{}' at property '{name}'.",
            literal_text(&primitive),
            schemas.edm(kind)
        )),
    })
}

fn literal_text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.clone().into_value().to_string(),
    }
}

/// Checks whether the text is a literal of the type.
fn literal(kind: &Type, text: &str) -> bool {
    match kind {
        Type::String => true,
        // OData does not allow a time without its offset.
        Type::DateTime => DateTime::parse_from_rfc3339(text).is_ok(),
        Type::Date => text.parse::<NaiveDate>().is_ok(),
        Type::Time => text.parse::<NaiveTime>().is_ok(),
        Type::Duration => is_duration(text),
        Type::Guid => crate::ids::is_guid(text),
        Type::Binary => is_base64(text),
        _ => false,
    }
}

/// Checks whether the text is a duration, such as `-P1DT2H3M4.5S`. Years, months and weeks occur as
/// well, although OData does not define them.
fn is_duration(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let Some(rest) = unsigned.strip_prefix('P') else {
        return false;
    };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return false,
        None => (rest, ""),
    };
    let fields = |text: &str, units: &str| {
        let mut units = units.chars();
        let mut digits = String::new();
        text.chars().all(|character| {
            if character.is_ascii_digit() || (character == '.' && !digits.contains('.')) {
                digits.push(character);
                return true;
            }
            let whole = !digits.is_empty() && (character == 'S' || !digits.contains('.'));
            digits.clear();
            whole && units.any(|unit| unit == character)
        }) && digits.is_empty()
    };
    !rest.is_empty() && fields(date, "YMWD") && fields(time, "HMS")
}

/// Checks for standard base64 with padding, which the services accept for `Edm.Binary`. They refuse
/// base64url, even if the description names it.
fn is_base64(text: &str) -> bool {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .is_ok()
}

fn word(members: &EnumType, component: &str, value: Json, name: &str) -> Result<Value, Refusal> {
    let Json::String(text) = &value else {
        return Err(expected(component, name, &value));
    };
    let words: Vec<_> = if members.flags {
        let words = text.split(',').map(str::trim);
        words.filter(|word| !word.is_empty()).collect()
    } else {
        vec![text.as_str()]
    };
    // The services write the words as they are described, independent of the sent case.
    let described = |word: &&str| {
        let mut members = members.members.iter();
        let found = members.find(|member| member.eq_ignore_ascii_case(word));
        found.map(String::as_str).ok_or_else(|| {
            Refusal::body(format!(
                "Cannot convert the literal '{word}' to the expected type '{component}' at \
                 property '{name}'."
            ))
        })
    };
    let words = words.iter().map(described).collect::<Result<Vec<_>, _>>()?;
    Ok(words.join(",").into())
}

fn complex(schemas: &Schemas, component: &str, value: Json) -> Result<Value, Refusal> {
    let typed = match &value {
        Json::Object(entries) => entries
            .first()
            .is_some_and(|(name, _)| name == "@odata.type"),
        _ => false,
    };
    let written = entity(schemas, component, value)?;
    let mut properties = written.properties;
    // The declared type is not repeated in responses.
    if typed && written.kind != component {
        properties.insert(
            "@odata.type".into(),
            Value::from(format!("#{}", written.kind)),
        );
    }
    // Entities inside of a complex value or of an action's body are read and stored with it.
    properties.extend(nested(schemas, &written.kind, written.related));
    for (relation, urls) in written.bound {
        let url = urls.into_iter().next();
        properties.insert(format!("{relation}@odata.bind"), url.into());
    }
    Ok(Value::Object(properties))
}

/// Returns the JSON of the entities inside of a value of type `owner`, by relation. It names the
/// types that differ from the declared ones.
fn nested(schemas: &Schemas, owner: &str, related: Vec<(String, Related)>) -> Vec<(String, Value)> {
    let values = related.into_iter().map(|(name, related)| {
        let declared = schemas.property(owner, &name).map(|property| {
            let kind = match &property.kind {
                Type::Collection(items) => items.as_ref(),
                kind => kind,
            };
            type_name(kind, &name).unwrap_or_default().to_owned()
        });
        let declared = declared.unwrap_or_default();
        let value = |one: Written| {
            let mut properties = one.properties;
            if one.kind != declared {
                let kind = Value::from(format!("#{}", one.kind));
                properties.insert("@odata.type".into(), kind);
            }
            properties.extend(nested(schemas, &one.kind, one.related));
            Value::Object(properties)
        };
        let value = match related {
            Related::One(one) => value(one),
            Related::Many(many) => many.into_iter().map(value).collect(),
        };
        (name, value)
    });
    values.collect()
}

fn inline(schemas: &Schemas, object: &ObjectType, value: Json) -> Result<Value, Refusal> {
    let Json::Object(entries) = value else {
        return Ok(Value::Null);
    };
    let mut properties = Map::new();
    for (name, value) in entries {
        if name.contains('@') {
            continue;
        }
        let property: Option<&Property> = object
            .properties
            .iter()
            .find(|property| property.name == name);
        let kind = property
            .map(|property| &property.kind)
            .ok_or_else(|| undeclared(&name, "Edm.ComplexType"))?;
        let value = checked(schemas, kind, value, &name)?;
        properties.insert(name, value);
    }
    Ok(Value::Object(properties))
}

fn expected(what: &str, name: &str, found: &Json) -> Refusal {
    Refusal::body(format!(
        "Expected {what} at property '{name}', but found {}.",
        node(found)
    ))
}

fn node(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Boolean(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_validated() {
        for text in [
            "-PT15M",
            "P365D",
            "PT0S",
            "P1DT2H3M4.5S",
            "P7D",
            "P1Y2M",
            "PT0.03S",
            "P1W",
        ] {
            assert!(is_duration(text), "{text}");
        }
        for text in [
            "", "P", "PT", "15M", "PT15", "P1S", "PT1M1H", "PT1.5H", "P1D2H", "PxD",
        ] {
            assert!(!is_duration(text), "{text}");
        }
    }

    #[test]
    fn binary_is_standard_base64_with_padding() {
        assert!(is_base64("+//+"));
        assert!(is_base64("aGk="));
        assert!(!is_base64("-__-"));
        assert!(!is_base64("aGk"));
    }
}
