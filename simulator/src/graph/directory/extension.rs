//! Directory extensions (`extension_{appId}_{name}`) and schema extensions (`ext…_{name}`): their
//! definitions, and the check of names and values against them.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{APPLICATION, OBJECT};
use crate::answer::Answer;
use crate::description::schema::Type;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::query::Options;
use crate::query::path::is_extension;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::store::{Entity, Id};

pub(super) const DIRECTORY: &str = "microsoft.graph.extensionProperty";
pub(super) const SCHEMA: &str = "microsoft.graph.schemaExtension";

/// The types of a directory extension.
const TYPES: [&str; 6] = [
    "Binary",
    "Boolean",
    "DateTime",
    "Integer",
    "LargeInteger",
    "String",
];

/// Returns the directory extensions of all applications.
///
/// <https://learn.microsoft.com/graph/api/directoryobject-getavailableextensionproperties>
pub(super) fn available(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let synced = invocation.parameter("isSyncedFromOnPremises");
    let found: Vec<Id> = graph
        .tenant
        .store
        .entities()
        .filter(|(_, entity)| entity.kind == DIRECTORY)
        .filter(|(_, entity)| {
            synced.is_none_or(|synced| {
                entity.properties.get("isSyncedFromOnPremises") == Some(synced)
            })
        })
        .map(|(id, _)| id)
        .collect();
    let renderer = graph.renderer();
    let options = Options::default();
    let items = found
        .into_iter()
        .map(|id| renderer.entity(id, OBJECT, &options));
    let items: Vec<_> = items.map(Value::Object).collect();
    Ok(graph.answer_value(invocation.call, StatusCode::OK, items.into()))
}

impl Graph<'_> {
    /// Completes a new directory extension: its full name holds the application's id.
    ///
    /// <https://learn.microsoft.com/graph/api/application-post-extensionproperty>
    pub(super) fn define_directory_extension(
        &self,
        owner: Id,
        properties: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        let application = self.tenant.store.get(owner);
        let application = application.filter(|application| application.kind == APPLICATION);
        let Some(application) = application else {
            return Ok(());
        };
        let own = |name: &str| application.properties.get(name).and_then(Value::as_str);
        for name in ["name", "dataType", "targetObjects"] {
            if properties.get(name).is_none_or(Value::is_null) {
                return Err(missing(name, "ExtensionProperty"));
            }
        }
        let text = |name: &str| {
            properties
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        if !TYPES.contains(&text("dataType")) {
            return Err(invalid("dataType", "ExtensionProperty"));
        }
        let app_id = own("appId").unwrap_or_default().replace('-', "");
        let name = format!("extension_{app_id}_{}", text("name"));
        if self.extension(DIRECTORY, "name", &name).is_some() {
            return Err(Refusal::directory(format!(
                "An extension property exists with the name {name}."
            )));
        }
        properties.insert("name".into(), json!(name));
        properties.insert("appDisplayName".into(), json!(own("displayName")));
        properties.insert("isSyncedFromOnPremises".into(), json!(false));
        properties
            .entry("isMultiValued")
            .or_insert_with(|| json!(false));
        Ok(())
    }

    /// Completes a new schema extension: its id begins with eight characters that the directory
    /// chooses.
    ///
    /// <https://learn.microsoft.com/graph/api/schemaextension-post-schemaextensions>
    pub(super) fn define_schema_extension(
        &mut self,
        properties: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        for name in ["id", "targetTypes", "properties"] {
            if properties.get(name).is_none_or(Value::is_null) {
                return Err(missing(name, "SchemaExtension"));
            }
        }
        let sent = properties
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if sent.contains('_') {
            return Err(Refusal::not_simulated(
                "schema extensions whose id begins with the name of a domain",
            ));
        }
        let unique: String = self.tenant.ids.guid().chars().take(8).collect();
        properties.insert("id".into(), json!(format!("ext{unique}_{sent}")));
        properties.insert("status".into(), json!("InDevelopment"));
        properties
            .entry("owner")
            .or_insert_with(|| json!(self.application));
        Ok(())
    }

    fn extension(&self, kind: &str, property: &str, name: &str) -> Option<&Entity> {
        let mut entities = self.tenant.store.entities().map(|(_, entity)| entity);
        entities.find(|entity| {
            entity.kind == kind
                && entity.properties.get(property).and_then(Value::as_str) == Some(name)
        })
    }

    /// Returns the extension of this name, if it extends the type.
    fn extension_of(&self, kind: &str, name: &str) -> Option<&Entity> {
        let (definition, property, targets) = match name.starts_with("extension_") {
            true => (DIRECTORY, "name", "targetObjects"),
            false => (SCHEMA, "id", "targetTypes"),
        };
        let found = self.extension(definition, property, name)?;
        let short = kind.rsplit('.').next().unwrap_or_default();
        let targets = found.properties.get(targets)?.as_array()?.iter();
        let mut targets = targets.filter_map(Value::as_str);
        targets
            .any(|target| target.eq_ignore_ascii_case(short))
            .then_some(found)
    }

    /// Checks that all extensions in a body are defined for the type, and that their values have
    /// the defined types.
    pub(in crate::graph) fn check_extensions(
        &self,
        kind: &str,
        properties: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        if Service::of(self.tenant.schemas, kind) != Service::Directory {
            return Ok(());
        }
        for (name, value) in properties.iter().filter(|(name, _)| is_extension(name)) {
            let Some(definition) = self.extension_of(kind, name) else {
                return Err(Refusal::directory(format!(
                    "The following extension properties are not available: {name}."
                )));
            };
            let short = kind.rsplit('.').next().unwrap_or_default();
            let fits = match definition.kind == SCHEMA {
                true => fits_schema(definition, value),
                false => fits_directory(definition, value),
            };
            if !fits {
                return Err(invalid(name, short));
            }
        }
        Ok(())
    }

    /// Checks that all extensions in a query's options are defined.
    pub(in crate::graph) fn check_extension_paths(
        &self,
        item: &Type,
        options: &Options,
    ) -> Result<(), Refusal> {
        let Type::Named(kind) = item else {
            return Ok(());
        };
        if Service::of(self.tenant.schemas, kind) != Service::Directory {
            return Ok(());
        }
        let unknown = |path: &[String]| {
            let name = path.first().filter(|name| is_extension(name))?;
            let mut family = self.tenant.schemas.family(kind).into_iter();
            match family.any(|kind| self.extension_of(kind, name).is_some()) {
                true => None,
                false => Some(name.clone()),
            }
        };
        let mut selected = options.select.iter();
        if let Some(name) = selected.find_map(|path| unknown(path)) {
            return Err(Refusal::unknown_property(&name, kind));
        }
        let filtered = options.filter.iter().flat_map(|filter| filter.paths());
        let sorted = options.orderby.iter().map(|order| order.path.as_slice());
        match filtered.chain(sorted).find_map(unknown) {
            Some(name) => Err(Refusal::unsupported_query(format!(
                "Property '{name}' does not exist as a declared property or extension property."
            ))),
            None => Ok(()),
        }
    }
}

/// Checks a value of a directory extension. A null removes it.
fn fits_directory(definition: &Entity, value: &Value) -> bool {
    let kind = definition
        .properties
        .get("dataType")
        .and_then(Value::as_str);
    let kind = kind.unwrap_or_default();
    match (definition.properties.get("isMultiValued"), value) {
        (_, Value::Null) => true,
        (Some(Value::Bool(true)), Value::Array(values)) => {
            values.iter().all(|value| fits(kind, value))
        }
        (Some(Value::Bool(true)), _) => false,
        (_, value) => fits(kind, value),
    }
}

/// Checks a value of a schema extension: an object with the defined properties.
fn fits_schema(definition: &Entity, value: &Value) -> bool {
    let Value::Object(sent) = value else {
        return value.is_null();
    };
    let defined = definition
        .properties
        .get("properties")
        .and_then(Value::as_array);
    sent.iter().all(|(name, value)| {
        let mut defined = defined.into_iter().flatten();
        let own = defined.find(|own| own.get("name").and_then(Value::as_str) == Some(name));
        own.is_some_and(|own| {
            let kind = own.get("type").and_then(Value::as_str).unwrap_or_default();
            value.is_null() || fits(kind, value)
        })
    })
}

fn fits(kind: &str, value: &Value) -> bool {
    match (kind, value) {
        ("Boolean", Value::Bool(_)) => true,
        ("Integer", Value::Number(number)) => number
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        ("LargeInteger", Value::Number(number)) => number.as_i64().is_some(),
        ("LargeInteger", Value::String(text)) => text.parse::<i64>().is_ok(),
        ("DateTime", Value::String(text)) => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        ("String" | "Binary", Value::String(_)) => true,
        _ => false,
    }
}

pub(super) fn missing(property: &str, resource: &str) -> Refusal {
    Refusal::directory(format!(
        "A value is required for property '{property}' of resource '{resource}'."
    ))
    .target(property)
}

pub(super) fn invalid(property: &str, resource: &str) -> Refusal {
    Refusal::directory(format!(
        "Invalid value specified for property '{property}' of resource '{resource}'."
    ))
    .target(property)
}
