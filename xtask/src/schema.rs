//! The normal form of a schema: the few shapes that remain after the fixups. Every other shape is
//! an error that states its position, so that a type is never lost silently.

use anyhow::{Context as _, Result, bail, ensure};

use crate::json::{Json, Members, object};
use crate::pointer::Pointer;

/// The formats of a string. `binary` stands for a body of raw bytes and is for contents only.
const STRING_FORMATS: [&str; 7] = [
    "date-time",
    "date",
    "time",
    "duration",
    "uuid",
    "base64url",
    "binary",
];
const INTEGER_FORMATS: [&str; 4] = ["int16", "int32", "int64", "uint8"];
const NUMBER_FORMATS: [&str; 3] = ["double", "float", "decimal"];

/// The keywords of a schema that do not affect its type.
const ANNOTATIONS: [&str; 15] = [
    "default",
    "deprecated",
    "description",
    "example",
    "externalDocs",
    "maximum",
    "minimum",
    "nullable",
    "pattern",
    "readOnly",
    "title",
    "uniqueItems",
    "x-ms-deprecation",
    "x-ms-navigationProperty",
    "x-ms-primary-error-message",
];

/// A type, as it is used by a property, a parameter or a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// A component, by its name.
    Ref(String),
    String(Option<&'static str>),
    Integer(&'static str),
    Number(&'static str),
    Boolean,
    Array(Box<Schema>),
    /// Edm.Untyped: any JSON.
    Untyped,
}

impl Schema {
    /// Reads a schema at a position where only a type may occur.
    pub fn read(json: &Json, at: Pointer<'_>) -> Result<Schema> {
        let members = members(json, at)?;
        let known = |names: &[&str]| known(members, names, at);
        if members.contains_key("$ref") {
            known(&["$ref"])?;
            let name = json
                .reference("schemas")
                .with_context(|| unknown(json, at, "the reference does not name a schema"))?;
            return Ok(Schema::Ref(name.to_owned()));
        }
        let kind = match members.get("type") {
            Some(Json::String(kind)) => kind.as_str(),
            Some(_) => bail!(unknown(json, at, "`type` is not a string")),
            None => {
                known(&[])?;
                return Ok(Schema::Untyped);
            }
        };
        let format = match members.get("format") {
            None => None,
            Some(Json::String(format)) => Some(format.as_str()),
            Some(_) => bail!(unknown(json, at, "`format` is not a string")),
        };
        let one_of = |formats: &[&'static str]| {
            formats
                .iter()
                .find(|&&known| Some(known) == format)
                .copied()
                .with_context(|| unknown(json, at, "unknown format"))
        };
        match kind {
            "string" => {
                known(&["type", "format"])?;
                match format {
                    None => Ok(Schema::String(None)),
                    Some(_) => Ok(Schema::String(Some(one_of(&STRING_FORMATS)?))),
                }
            }
            "integer" => {
                known(&["type", "format"])?;
                Ok(Schema::Integer(one_of(&INTEGER_FORMATS)?))
            }
            "number" => {
                known(&["type", "format"])?;
                Ok(Schema::Number(one_of(&NUMBER_FORMATS)?))
            }
            "boolean" => {
                known(&["type"])?;
                Ok(Schema::Boolean)
            }
            "array" => {
                known(&["type", "items"])?;
                let items = members
                    .get("items")
                    .with_context(|| unknown(json, at, "an array without `items`"))?;
                Ok(Schema::Array(Box::new(Schema::read(
                    items,
                    at.name("items"),
                )?)))
            }
            _ => bail!(unknown(json, at, "unknown type")),
        }
    }

    /// Returns the component that this is, or is a collection of.
    pub fn component(&self) -> Option<&str> {
        match self {
            Schema::Ref(name) => Some(name),
            Schema::Array(items) => items.component(),
            _ => None,
        }
    }

    pub fn to_json(&self) -> Json {
        let plain = |kind: &str| object([("type", kind.into())]);
        let formatted =
            |kind: &str, format: &str| object([("type", kind.into()), ("format", format.into())]);
        match self {
            Schema::Ref(name) => {
                object([("$ref", Json::String(format!("#/components/schemas/{name}")))])
            }
            Schema::String(None) => plain("string"),
            Schema::String(Some(format)) => formatted("string", format),
            Schema::Integer(format) => formatted("integer", format),
            Schema::Number(format) => formatted("number", format),
            Schema::Boolean => plain("boolean"),
            Schema::Array(items) => object([("type", "array".into()), ("items", items.to_json())]),
            Schema::Untyped => Json::Object(Members::new()),
        }
    }
}

/// A property of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub name: String,
    pub schema: Schema,
    /// `true` if it leads to another resource, and is returned only with `$expand`.
    pub navigation: bool,
}

impl Property {
    /// Reads the `properties` of an object schema.
    pub fn read_all(object: &Members, at: Pointer<'_>) -> Result<Vec<Property>> {
        let Some(json) = object.get("properties") else {
            return Ok(Vec::new());
        };
        let at = at.name("properties");
        members(json, at)?
            .iter()
            .map(|(name, json)| {
                let at = at.name(name);
                Ok(Property {
                    name: name.clone(),
                    schema: Schema::read(json, at)?,
                    navigation: match json.get("x-ms-navigationProperty") {
                        None => false,
                        Some(mark) => {
                            ensure!(mark.is_true(), unknown(json, at, "a flag is not `true`"));
                            true
                        }
                    },
                })
            })
            .collect()
    }

    pub fn to_json(&self) -> Json {
        let mut json = self.schema.to_json();
        if let (true, Some(members)) = (self.navigation, json.as_object_mut()) {
            members.insert("x-ms-navigationProperty".to_owned(), Json::Bool(true));
        }
        json
    }
}

/// A named schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Component {
    Object(Object),
    Enum { words: Vec<String>, flags: bool },
}

/// A named object: an entity, a complex type, a page, or the body of an action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    pub base: Option<String>,
    /// Its own properties, without those of its base.
    pub properties: Vec<Property>,
    pub discriminator_value: Option<String>,
}

impl Component {
    pub fn read(json: &Json, at: Pointer<'_>) -> Result<Component> {
        let members = members(json, at)?;
        if members.contains_key("enum") {
            return Component::read_enum(json, members, at);
        }
        let Some(all_of) = members.get("allOf") else {
            let object = Object::read(json, at)?;
            return Ok(Component::Object(object));
        };
        known(members, &["type", "allOf", "x-ms-discriminator-value"], at)?;
        ensure!(
            members
                .get("type")
                .is_none_or(|kind| kind.as_str() == Some("object")),
            unknown(json, at, "`allOf` in a schema that is not an object")
        );
        let here = at.name("allOf");
        let Some([base, own]) = all_of.as_array() else {
            bail!(unknown(json, at, "`allOf` is not a base and an object"));
        };
        let Schema::Ref(base) = Schema::read(base, here.at(0))? else {
            bail!(unknown(base, here.at(0), "the base is not a reference"));
        };
        let mut object = Object::read(own, here.at(1))?;
        object.base = Some(base);
        object.discriminator_value = discriminator_value(json, members, at)?;
        Ok(Component::Object(object))
    }

    fn read_enum(json: &Json, members: &Members, at: Pointer<'_>) -> Result<Component> {
        known(
            members,
            &["type", "enum", "x-ms-enum", "x-ms-enum-flags"],
            at,
        )?;
        ensure!(
            json.text("type") == Some("string"),
            unknown(json, at, "an enum that is not of strings")
        );
        let words = json
            .get("enum")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let words = words
            .iter()
            .map(|word| word.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .filter(|words| !words.is_empty())
            .with_context(|| unknown(json, at, "the enum's members are not strings"))?;
        let flags = match members.get("x-ms-enum-flags") {
            None => false,
            Some(flags) => match flags.get("isFlags") {
                Some(Json::Bool(flags)) => *flags,
                _ => bail!(unknown(json, at, "`x-ms-enum-flags` without `isFlags`")),
            },
        };
        Ok(Component::Enum { words, flags })
    }

    /// Returns the component that this one derives from.
    pub fn base(&self) -> Option<&str> {
        match self {
            Component::Object(object) => object.base.as_deref(),
            Component::Enum { .. } => None,
        }
    }

    /// Returns its own properties, without those of its base. An enum has none.
    pub fn properties(&self) -> &[Property] {
        match self {
            Component::Object(object) => &object.properties,
            Component::Enum { .. } => &[],
        }
    }
}

impl Object {
    /// Returns whether this is a page of a collection.
    pub fn is_page(&self) -> bool {
        let has = |name: &str| self.properties.iter().any(|property| property.name == name);
        has("@odata.nextLink") && has("value")
    }

    pub fn read(json: &Json, at: Pointer<'_>) -> Result<Object> {
        let members = members(json, at)?;
        // `required` is not kept, because any property may be absent with `$select`.
        let keywords = ["type", "properties", "required", "x-ms-discriminator-value"];
        known(members, &keywords, at)?;
        ensure!(
            json.text("type") == Some("object"),
            unknown(json, at, "not an object")
        );
        Ok(Object {
            base: None,
            properties: Property::read_all(members, at)?,
            discriminator_value: discriminator_value(json, members, at)?,
        })
    }
}

fn discriminator_value(json: &Json, members: &Members, at: Pointer<'_>) -> Result<Option<String>> {
    let Some(value) = members.get("x-ms-discriminator-value") else {
        return Ok(None);
    };
    let value = value
        .as_str()
        .with_context(|| unknown(json, at, "the discriminator value is not a string"))?;
    Ok(Some(value.to_owned()))
}

/// Returns the members of a value that must be an object.
pub fn members<'a>(json: &'a Json, at: Pointer<'_>) -> Result<&'a Members> {
    json.as_object()
        .with_context(|| unknown(json, at, "not a JSON object"))
}

/// Fails for a keyword that is neither in `names` nor a mere annotation.
fn known(members: &Members, names: &[&str], at: Pointer<'_>) -> Result<()> {
    for name in members.keys() {
        let name = name.as_str();
        ensure!(
            names.contains(&name) || ANNOTATIONS.contains(&name),
            "{at}: unknown shape of schema: `{name}` is not expected here: {}",
            excerpt(&Json::Object(members.clone()))
        );
    }
    Ok(())
}

fn unknown(json: &Json, at: Pointer<'_>, why: &str) -> String {
    format!("{at}: unknown shape of schema: {why}: {}", excerpt(json))
}

/// Returns the beginning of `json`, short enough for an error.
fn excerpt(json: &Json) -> String {
    const MOST: usize = 200;
    let text = json.to_string();
    match text.char_indices().nth(MOST) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
