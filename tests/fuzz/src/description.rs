//! The properties of all models, read from `openapi/` and not from the generated code.

use std::collections::HashMap;
use std::path::Path;

use msgraph_codegen::{Description, Schema};

/// The shape of a value.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Text,
    DateTime,
    Date,
    Time,
    Duration,
    Guid,
    Binary,
    Bool,
    Integer(&'static str),
    Number(&'static str),
    Decimal,
    Word(Vec<String>),
    Object(String),
    List(Box<Shape>),
    Untyped,
}

/// The properties of all object types by Graph's name, inherited ones included.
pub(crate) struct Types(HashMap<String, Vec<(String, Shape)>>);

impl Types {
    /// Reads the description.
    pub(crate) fn read() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi");
        let description = Description::read(&folder).map_err(|error| error.to_string())?;
        let schemas: HashMap<&str, &Schema> = description
            .schemas
            .iter()
            .map(|(name, schema)| (name.as_str(), schema))
            .collect();
        let types = schemas
            .iter()
            .map(|(name, schema)| {
                let mut properties = Vec::new();
                collect(schema, &schemas, &mut properties, 0);
                ((*name).to_owned(), properties)
            })
            .collect();
        Ok(Self(types))
    }

    pub(crate) fn properties(&self, name: &str) -> &[(String, Shape)] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

fn collect(
    schema: &Schema,
    schemas: &HashMap<&str, &Schema>,
    properties: &mut Vec<(String, Shape)>,
    depth: usize,
) {
    // The description has no cycle of bases. A damaged one must not cause an endless loop.
    if depth > 32 {
        return;
    }
    for base in &schema.all_of {
        let base = base.target().and_then(|name| schemas.get(name)).copied();
        collect(
            base.unwrap_or(&Schema::default()),
            schemas,
            properties,
            depth + 1,
        );
    }
    for (name, schema) in &schema.properties.0 {
        properties.push((name.clone(), shape(schema, schemas)));
    }
}

fn shape(schema: &Schema, schemas: &HashMap<&str, &Schema>) -> Shape {
    if let Some(name) = schema.target() {
        return match schemas.get(name) {
            Some(target) if !target.words.is_empty() => Shape::Word(target.words.clone()),
            Some(target)
                if target.kind.as_deref() == Some("object") || !target.all_of.is_empty() =>
            {
                Shape::Object(name.to_owned())
            }
            Some(target) => shape(target, schemas),
            None => Shape::Untyped,
        };
    }
    let format = schema.format.as_deref();
    match (schema.kind.as_deref(), format) {
        (Some("array"), _) => {
            let items = schema.items.as_deref();
            Shape::List(Box::new(
                items.map_or(Shape::Untyped, |items| shape(items, schemas)),
            ))
        }
        (Some("boolean"), _) => Shape::Bool,
        (Some("integer"), Some("int64")) => Shape::Integer("int64"),
        (Some("integer"), Some("int16")) => Shape::Integer("int16"),
        (Some("integer"), Some("uint8")) => Shape::Integer("uint8"),
        (Some("integer"), _) => Shape::Integer("int32"),
        (Some("number"), Some("float")) => Shape::Number("float"),
        (Some("number"), Some("decimal")) => Shape::Decimal,
        (Some("number"), Some("int64")) => Shape::Integer("int64"),
        (Some("number"), Some("int32")) => Shape::Integer("int32"),
        (Some("number"), _) => Shape::Number("double"),
        (Some("string"), Some("date-time")) => Shape::DateTime,
        (Some("string"), Some("date")) => Shape::Date,
        (Some("string"), Some("time")) => Shape::Time,
        (Some("string"), Some("duration")) => Shape::Duration,
        (Some("string"), Some("uuid")) => Shape::Guid,
        (Some("string"), Some("base64url" | "byte" | "binary")) => Shape::Binary,
        (Some("string"), _) => Shape::Text,
        _ => Shape::Untyped,
    }
}
