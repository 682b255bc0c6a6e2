//! The schemas of the description: the types of Graph's JSON values.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// The type of a property, parameter, body or response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    String,
    DateTime,
    Date,
    Time,
    Duration,
    Guid,
    /// The type `Edm.Binary`, which is base64 in JSON.
    Binary,
    /// The bytes of a content, which are never JSON.
    Content,
    Int16,
    Int32,
    Int64,
    Uint8,
    Double,
    Float,
    Decimal,
    Boolean,
    Collection(Box<Type>),
    /// A component: an object, an enum, or a name for another type.
    Named(String),
    /// An object that has no name, such as the `{"value": …}` around a result.
    Inline(Box<ObjectType>),
    /// Any JSON.
    Untyped,
}

/// An entity or complex type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ObjectType {
    pub(crate) base: Option<String>,
    /// The type's own properties, without those of the base.
    pub(crate) properties: Vec<Property>,
    /// `true` if the type accepts properties that are not described.
    pub(crate) open: bool,
}

/// A property of an [`ObjectType`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) kind: Type,
    /// `true` if the property leads to other entities. These are sent only if `$expand` requests
    /// them.
    pub(crate) navigation: bool,
}

/// An enum and its members.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EnumType {
    pub(crate) members: Vec<String>,
    /// `true` if a value may hold several members, joined by commas.
    pub(crate) flags: bool,
}

/// A component of the description.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Schema {
    Object(ObjectType),
    Enum(EnumType),
    Alias(Type),
}

/// All components, by name (`microsoft.graph.user`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas {
    by_name: HashMap<String, Schema>,
    /// The types that name a type as their base.
    derived: HashMap<String, Vec<String>>,
}

impl Schemas {
    /// Returns all components in the order of their names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Schema)> {
        let mut all: Vec<_> = self.by_name.iter().collect();
        all.sort_unstable_by_key(|(name, _)| name.as_str());
        all.into_iter()
            .map(|(name, schema)| (name.as_str(), schema))
    }

    /// Returns the component of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Schema> {
        self.by_name.get(name)
    }

    /// Returns the object type of this name.
    pub(crate) fn object(&self, name: &str) -> Option<&ObjectType> {
        match self.get(name)? {
            Schema::Object(object) => Some(object),
            Schema::Alias(Type::Named(other)) => self.object(other),
            _ => None,
        }
    }

    /// Returns the actual type, if `kind` is the name of an alias.
    pub(crate) fn resolve<'a>(&'a self, kind: &'a Type) -> &'a Type {
        match kind {
            Type::Named(name) => match self.get(name) {
                Some(Schema::Alias(other)) => self.resolve(other),
                _ => kind,
            },
            _ => kind,
        }
    }

    /// Returns the type and its bases, from itself to the root.
    pub(crate) fn ancestry<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a ObjectType)> {
        let mut next = Some(name);
        std::iter::from_fn(move || {
            let name = next?;
            let object = self.object(name)?;
            next = object.base.as_deref();
            Some((name, object))
        })
    }

    /// Checks whether `name` is `base` or derived from it.
    pub(crate) fn is_a(&self, name: &str, base: &str) -> bool {
        self.ancestry(name).any(|(ancestor, _)| ancestor == base)
    }

    /// Returns the type and all types that derive from it.
    pub(crate) fn family<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut names = vec![name];
        let mut at = 0;
        while let Some(name) = names.get(at) {
            names.extend(
                self.derived
                    .get(*name)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
            at += 1;
        }
        names
    }

    /// Returns a property of the type, of one of its bases, or of one of its derived types. A query
    /// over a collection of this type may name any of them.
    pub(crate) fn family_property<'a>(
        &'a self,
        type_name: &'a str,
        property: &str,
    ) -> Option<&'a Property> {
        self.property(type_name, property).or_else(|| {
            self.family(type_name)
                .into_iter()
                .find_map(|name| self.property(name, property))
        })
    }

    /// Returns a property of the type or of one of its bases.
    pub(crate) fn property<'a>(
        &'a self,
        type_name: &'a str,
        property: &str,
    ) -> Option<&'a Property> {
        self.ancestry(type_name)
            .flat_map(|(_, object)| &object.properties)
            .find(|candidate| candidate.name == property)
    }

    /// Returns all properties of the type, those of its bases first.
    pub(crate) fn properties<'a>(&'a self, type_name: &'a str) -> Vec<&'a Property> {
        let mut ancestry: Vec<_> = self.ancestry(type_name).map(|(_, object)| object).collect();
        ancestry.reverse();
        ancestry
            .into_iter()
            .flat_map(|object| &object.properties)
            .collect()
    }

    /// Returns the item type if the type stands for a page. In the description, a page is an object
    /// without a base that has a collection named `value`.
    pub(crate) fn page_items<'a>(&'a self, kind: &'a Type) -> Option<&'a Type> {
        let object = match self.resolve(kind) {
            Type::Named(name) => self.object(name)?,
            Type::Inline(object) => object,
            _ => return None,
        };
        if object.base.is_some()
            || object
                .properties
                .iter()
                .any(|property| !is_page_part(&property.name))
        {
            return None;
        }
        object
            .properties
            .iter()
            .find_map(|property| match &property.kind {
                Type::Collection(items) if property.name == "value" => Some(items.as_ref()),
                _ => None,
            })
    }

    /// Returns the first reference to a missing component, with the component that holds it.
    pub(crate) fn dangling(&self) -> Option<(&str, &str)> {
        self.by_name.iter().find_map(|(name, schema)| {
            let missing = match schema {
                Schema::Object(object) => self.missing_in(object),
                Schema::Alias(kind) => self.missing(kind),
                Schema::Enum(_) => None,
            };
            missing.map(|missing| (name.as_str(), missing))
        })
    }

    /// Returns the name of a missing component that `kind` refers to.
    pub(crate) fn missing<'a>(&self, kind: &'a Type) -> Option<&'a str> {
        match kind {
            Type::Named(name) if !self.by_name.contains_key(name) => Some(name),
            Type::Collection(items) => self.missing(items),
            Type::Inline(object) => self.missing_in(object),
            _ => None,
        }
    }

    fn missing_in<'a>(&self, object: &'a ObjectType) -> Option<&'a str> {
        let base = object
            .base
            .as_deref()
            .filter(|base| !self.by_name.contains_key(*base));
        base.or_else(|| {
            object
                .properties
                .iter()
                .find_map(|property| self.missing(&property.kind))
        })
    }

    /// Returns a type's name as OData's messages write it.
    pub(crate) fn edm(&self, kind: &Type) -> String {
        let name = match self.resolve(kind) {
            Type::String => "Edm.String",
            Type::DateTime => "Edm.DateTimeOffset",
            Type::Date => "Edm.Date",
            Type::Time => "Edm.TimeOfDay",
            Type::Duration => "Edm.Duration",
            Type::Guid => "Edm.Guid",
            Type::Binary => "Edm.Binary",
            Type::Content => "Edm.Stream",
            Type::Int16 => "Edm.Int16",
            Type::Int32 => "Edm.Int32",
            Type::Int64 => "Edm.Int64",
            Type::Uint8 => "Edm.Byte",
            Type::Double => "Edm.Double",
            Type::Float => "Edm.Single",
            Type::Decimal => "Edm.Decimal",
            Type::Boolean => "Edm.Boolean",
            Type::Untyped => "Edm.Untyped",
            Type::Inline(_) => "Edm.ComplexType",
            Type::Named(name) => return name.clone(),
            Type::Collection(items) => return format!("Collection({})", self.edm(items)),
        };
        name.to_owned()
    }
}

fn is_page_part(property: &str) -> bool {
    matches!(
        property,
        "value" | "@odata.nextLink" | "@odata.deltaLink" | "@odata.count"
    )
}

/// Returns the name after `#/components/<section>/`.
pub(super) fn component<'a>(reference: &'a str, section: &str) -> Option<&'a str> {
    reference
        .strip_prefix("#/components/")?
        .strip_prefix(section)?
        .strip_prefix('/')
}

impl<'de> Deserialize<'de> for Schemas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = HashMap::<String, Schema>::deserialize(deserializer)?;
        let mut derived: HashMap<String, Vec<String>> = HashMap::new();
        for (name, schema) in &by_name {
            if let Schema::Object(ObjectType {
                base: Some(base), ..
            }) = schema
            {
                derived.entry(base.clone()).or_default().push(name.clone());
            }
        }
        derived.values_mut().for_each(|names| names.sort_unstable());
        Ok(Self { by_name, derived })
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        written.into_schema().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        written.into_type().map_err(serde::de::Error::custom)
    }
}

/// A schema as it is written, with the few words of the trimmed description. Any other word is
/// refused, because ignoring it would mean serving something else than the description.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    format: Option<String>,
    items: Option<Box<Written>>,
    properties: Option<WrittenProperties>,
    #[serde(rename = "allOf")]
    all_of: Option<Vec<Written>>,
    #[serde(rename = "enum")]
    members: Option<Vec<String>>,
    #[serde(rename = "x-ms-enum-flags", default)]
    flags: bool,
    #[serde(rename = "x-ms-navigationProperty", default)]
    navigation: bool,
    #[serde(rename = "x-ms-open-type", default)]
    open: bool,
    #[serde(rename = "x-ms-discriminator-value")]
    _discriminator: Option<String>,
    #[serde(rename = "deprecated", default)]
    _deprecated: bool,
}

impl Written {
    fn into_schema(self) -> Result<Schema, String> {
        if let Some(members) = self.members {
            return Ok(Schema::Enum(EnumType {
                members,
                flags: self.flags,
            }));
        }
        if self.kind.as_deref() == Some("object") {
            return Ok(Schema::Object(self.into_object()?));
        }
        Ok(Schema::Alias(self.into_type()?))
    }

    fn into_object(self) -> Result<ObjectType, String> {
        let base = match self.all_of.unwrap_or_default().as_slice() {
            [] => None,
            [base] => Some(
                base.name()?
                    .ok_or("`allOf` contains an element that is not a reference")?,
            ),
            _ => return Err("`allOf` with several bases".into()),
        };
        let mut properties = Vec::new();
        for (name, written) in self.properties.unwrap_or_default().0 {
            let navigation = written.navigation;
            let kind = written
                .into_type()
                .map_err(|error| format!("property `{name}`: {error}"))?;
            properties.push(Property {
                name,
                kind,
                navigation,
            });
        }
        Ok(ObjectType {
            base,
            properties,
            open: self.open,
        })
    }

    fn name(&self) -> Result<Option<String>, String> {
        let Some(reference) = &self.reference else {
            return Ok(None);
        };
        match component(reference, "schemas") {
            Some(name) => Ok(Some(name.to_owned())),
            None => Err(format!(
                "the reference `{reference}` does not name a schema"
            )),
        }
    }

    fn into_type(self) -> Result<Type, String> {
        if let Some(name) = self.name()? {
            return Ok(Type::Named(name));
        }
        let Some(kind) = &self.kind else {
            return Ok(Type::Untyped);
        };
        Ok(match (kind.as_str(), self.format.as_deref()) {
            ("string", None) => Type::String,
            ("string", Some("date-time")) => Type::DateTime,
            ("string", Some("date")) => Type::Date,
            ("string", Some("time")) => Type::Time,
            ("string", Some("duration")) => Type::Duration,
            ("string", Some("uuid")) => Type::Guid,
            ("string", Some("base64url")) => Type::Binary,
            ("string", Some("binary")) => Type::Content,
            ("integer", Some("int16")) => Type::Int16,
            ("integer", Some("int32")) => Type::Int32,
            ("integer", Some("int64") | None) => Type::Int64,
            ("integer", Some("uint8")) => Type::Uint8,
            ("number", Some("double") | None) => Type::Double,
            ("number", Some("float")) => Type::Float,
            ("number", Some("decimal")) => Type::Decimal,
            ("boolean", None) => Type::Boolean,
            ("array", None) => {
                let items = self.items.ok_or("an array without `items`")?;
                Type::Collection(Box::new(items.into_type()?))
            }
            ("object", None) => Type::Inline(Box::new(self.into_object()?)),
            (kind, format) => {
                return Err(format!(
                    "type `{kind}` with format `{}`",
                    format.unwrap_or("none")
                ));
            }
        })
    }
}

/// The properties, in the order of the description.
#[derive(Default)]
struct WrittenProperties(Vec<(String, Written)>);

impl<'de> Deserialize<'de> for WrittenProperties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Properties;
        impl<'de> Visitor<'de> for Properties {
            type Value = WrittenProperties;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the properties of an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut properties = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    properties.push(entry);
                }
                Ok(WrittenProperties(properties))
            }
        }
        deserializer.deserialize_map(Properties)
    }
}
