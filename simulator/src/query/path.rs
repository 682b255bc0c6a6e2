//! Property paths in a query: `displayName`, `from/emailAddress/address`,
//! `microsoft.graph.user/mail`.

use crate::description::schema::{Schema, Schemas, Type};
use crate::refusal::Refusal;

/// The target of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) kind: Type,
    pub(crate) navigation: bool,
}

/// Returns the type name of a cast segment: `microsoft.graph.user`, `graph.user`.
pub(crate) fn cast(schemas: &Schemas, segment: &str) -> Option<String> {
    let name = match segment.strip_prefix("graph.") {
        Some(rest) => format!("microsoft.graph.{rest}"),
        None => segment.to_owned(),
    };
    schemas
        .object(&name)
        .filter(|_| name.starts_with("microsoft.graph."))
        .map(|_| name)
}

/// Follows a path from a type, and refuses a name that the type does not have.
pub(crate) fn follow(schemas: &Schemas, start: &Type, path: &[String]) -> Result<Target, Refusal> {
    let mut at = Target {
        kind: schemas.resolve(start).clone(),
        navigation: false,
    };
    for segment in path {
        at = step(schemas, &at.kind, segment)?;
    }
    Ok(at)
}

fn step(schemas: &Schemas, kind: &Type, segment: &str) -> Result<Target, Refusal> {
    if segment == "$count" && matches!(kind, Type::Collection(_)) {
        return Ok(Target {
            kind: Type::Int64,
            navigation: false,
        });
    }
    if let Some(name) = cast(schemas, segment) {
        let kind = match kind {
            Type::Collection(_) => Type::Collection(Box::new(Type::Named(name))),
            _ => Type::Named(name),
        };
        return Ok(Target {
            kind,
            navigation: false,
        });
    }
    let property = match kind {
        Type::Untyped => {
            return Ok(Target {
                kind: Type::Untyped,
                navigation: false,
            });
        }
        Type::Named(name) => {
            let property = schemas.family_property(name, segment);
            if property.is_none() && takes_any(schemas, name, segment) {
                return Ok(Target {
                    kind: Type::Untyped,
                    navigation: false,
                });
            }
            property.ok_or_else(|| Refusal::unknown_property(segment, name))?
        }
        Type::Inline(object) => {
            let property = object
                .properties
                .iter()
                .find(|property| property.name == segment);
            property.ok_or_else(|| Refusal::unknown_property(segment, "Edm.ComplexType"))?
        }
        other => return Err(Refusal::unknown_property(segment, &schemas.edm(other))),
    };
    Ok(Target {
        kind: schemas.resolve(&property.kind).clone(),
        navigation: property.navigation,
    })
}

/// The types that accept any property. Graph's metadata declares this, but its conversion to
/// OpenAPI drops it.
const OPEN: [&str; 5] = [
    "microsoft.graph.extension",
    "microsoft.graph.externalConnectors.properties",
    "microsoft.graph.fieldValueSet",
    "microsoft.graph.identitySet",
    "microsoft.graph.resourceData",
];

/// Checks whether a name is that of an extension. Directory extensions are
/// `extension_<application>_<name>`, and schema extensions are `ext<8 characters>_<name>`.
pub(crate) fn is_extension(property: &str) -> bool {
    property.starts_with("extension_")
        || property
            .strip_prefix("ext")
            .and_then(|rest| rest.split_once('_'))
            .is_some_and(|(id, _)| id.len() == 8 && id.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// Checks whether the description may lack a name: a property of an open type, or an extension.
pub(crate) fn takes_any(schemas: &Schemas, type_name: &str, property: &str) -> bool {
    is_extension(property)
        || schemas.ancestry(type_name).any(|(name, object)| {
            // A type without any described property would be useless if it were not open.
            let empty = object.base.is_none() && object.properties.is_empty();
            object.open || empty || OPEN.contains(&name)
        })
}

/// Checks whether values of the type are words of an enum.
pub(crate) fn is_enum(schemas: &Schemas, kind: &Type) -> bool {
    matches!(kind, Type::Named(name) if matches!(schemas.get(name), Some(Schema::Enum(_))))
}
