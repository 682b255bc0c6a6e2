//! Values that are made from their type only: the results of functions and actions, and singletons
//! that were never set.
//!
//! The same place gets the same value at each run. All properties of a type are present, so that a
//! client reads each kind of value that Graph may send. Nested objects end after a few levels.

use serde_json::{Map, Value, json};

use crate::description::schema::{EnumType, Property, Schema, Schemas, Type};
use crate::ids;

/// The depth of nested objects.
const DEPTH: u8 = 3;

/// Times as the services write them: with zero, three, six and seven digits of a second.
const TIMES: [&str; 4] = [
    "2026-03-01T09:30:00Z",
    "2026-03-01T09:30:00.125Z",
    "2026-03-01T09:30:00.123456Z",
    "2026-03-01T09:30:00.1234567Z",
];

/// Returns a value of the type; `name` is the property or place it is for.
pub(crate) fn value(schemas: &Schemas, kind: &Type, name: &str) -> Value {
    at_depth(schemas, kind, name, 0)
}

/// Returns the structural properties of an entity or complex type.
pub(crate) fn object(schemas: &Schemas, type_name: &str) -> Map<String, Value> {
    properties(schemas, type_name, 0)
}

/// Returns bytes of a media type: an image that decodes, or a line of text.
pub(crate) fn content(media_type: &str, name: &str) -> Vec<u8> {
    if media_type.starts_with("image/") {
        // The bytes are a PNG of one transparent pixel (RFC 2083). Graph also sends the image type
        // that it has, independent of the requested one.
        return vec![
            0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0,
            0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 11, b'I', b'D',
            b'A', b'T', 0x78, 0x9c, 0x63, 0x60, 0, 2, 0, 0, 5, 0, 1, 0x7a, 0x5e, 0xab, 0x3f, 0, 0,
            0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
        ];
    }
    format!("Content of {name}\n").into_bytes()
}

fn at_depth(schemas: &Schemas, kind: &Type, name: &str, depth: u8) -> Value {
    let hash = ids::hash(name);
    match schemas.resolve(kind) {
        Type::String => json!(text(name)),
        Type::DateTime => json!(TIMES.get(hash as usize % TIMES.len())),
        Type::Date => json!("2026-03-01"),
        Type::Time => json!("09:30:00.0000000"),
        Type::Duration => json!("PT1H30M"),
        Type::Guid => json!(ids::guid(hash, ids::hash(&format!("{name}2")))),
        // The value uses `+/` and padding, which the service writes even if the description names
        // another alphabet.
        Type::Binary | Type::Content => json!("+/8="),
        Type::Int16 | Type::Int32 => json!(hash % 1_000),
        Type::Uint8 => json!(hash % 256),
        // The value is larger than a double can hold exactly.
        Type::Int64 => json!(9_007_199_254_740_993_u64 + hash % 1_000),
        Type::Double | Type::Float | Type::Decimal => json!((hash % 1_000) as f64 + 0.5),
        Type::Boolean => json!(hash.is_multiple_of(2)),
        Type::Collection(items) if depth < DEPTH => json!([at_depth(schemas, items, name, depth)]),
        Type::Collection(_) => json!([]),
        Type::Inline(object) => fill(schemas, object.properties.iter(), depth),
        Type::Untyped => json!({ "simulated": name }),
        Type::Named(component) => match schemas.get(component) {
            Some(Schema::Enum(members)) => word(members),
            Some(Schema::Object(_)) => Value::Object(properties(schemas, component, depth)),
            Some(Schema::Alias(_)) | None => Value::Null,
        },
    }
}

fn properties(schemas: &Schemas, type_name: &str, depth: u8) -> Map<String, Value> {
    match fill(schemas, schemas.properties(type_name).into_iter(), depth) {
        Value::Object(properties) => properties,
        _ => Map::new(),
    }
}

fn fill<'a>(schemas: &Schemas, properties: impl Iterator<Item = &'a Property>, depth: u8) -> Value {
    let mut object = Map::new();
    for property in properties {
        let annotation = property.name.starts_with('@');
        let too_deep =
            depth + 1 >= DEPTH && matches!(schemas.resolve(&property.kind), Type::Named(_));
        if !annotation && !property.navigation && !too_deep {
            let value = at_depth(schemas, &property.kind, &property.name, depth + 1);
            object.insert(property.name.clone(), value);
        }
    }
    Value::Object(object)
}

fn word(members: &EnumType) -> Value {
    let mut words = members
        .members
        .iter()
        .filter(|word| *word != "none" && *word != "unknownFutureValue");
    match (words.next(), words.next()) {
        (Some(first), Some(second)) if members.flags => json!(format!("{first},{second}")),
        (Some(first), _) => json!(first),
        (None, _) => members
            .members
            .first()
            .map_or(Value::Null, |word| json!(word)),
    }
}

/// Returns text that suits a property of this name.
fn text(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if lower == "datetime" {
        "2026-03-01T09:30:00.0000000".to_owned()
    } else if lower.ends_with("timezone") {
        "UTC".to_owned()
    } else if lower.ends_with("url") || lower.ends_with("uri") {
        format!("https://contoso.com/{name}")
    } else if lower.ends_with("mail")
        || lower.ends_with("address")
        || lower.ends_with("principalname")
    {
        format!("{name}@contoso.com")
    } else {
        format!("Simulated {name}")
    }
}
