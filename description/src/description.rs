//! The trimmed description that is stored in `openapi/`.
//!
//! The files are one OpenAPI 3.0 document cut into pieces. `schemas.json` has the components, and
//! `paths/*.json` have the paths, one file for each workload. This module reads only the elements
//! of the trimmed form. `xtask trim` ensures that the files contain no other elements.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::error::{Error, Result};
use crate::options::is_known;

/// The file that has the schemas and the shared parameters.
pub(crate) const SCHEMAS: &str = "schemas.json";

/// The reference prefix of parameters that many operations share.
const PARAMETERS: &str = "#/components/parameters/";

/// A complete trimmed description.
#[derive(Debug, Default)]
pub struct Description {
    /// Path templates in Graph's spelling.
    pub paths: BTreeMap<String, PathItem>,
    /// Schemas by Graph's name, `microsoft.graph.user`.
    pub schemas: Vec<(String, Schema)>,
    /// Parameters that many operations share.
    pub parameters: HashMap<String, Parameter>,
    /// Places that stand for others.
    pub grafts: Grafts,
}

/// The places that stand for others, and so have everything that is described at those.
#[derive(Debug, Default, Deserialize)]
pub struct Grafts {
    /// Each place, with the place that it stands for.
    #[serde(default)]
    pub subtrees: BTreeMap<String, String>,
    /// Places below which other items are addressed by their path, with the place that such a path
    /// leads to.
    #[serde(default)]
    pub paths: BTreeMap<String, String>,
}

/// The operations and parameters at one path.
#[derive(Debug, Default, Deserialize)]
pub struct PathItem {
    /// The path's own parameters.
    #[serde(default)]
    pub parameters: Vec<ParameterOrRef>,
    /// GET.
    pub get: Option<Operation>,
    /// POST.
    pub post: Option<Operation>,
    /// PATCH.
    pub patch: Option<Operation>,
    /// PUT.
    pub put: Option<Operation>,
    /// DELETE.
    pub delete: Option<Operation>,
}

/// One operation. Two operations are the same when all their fields are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Operation {
    /// Query and header parameters.
    #[serde(default)]
    pub parameters: Vec<ParameterOrRef>,
    /// The request body.
    #[serde(default, rename = "requestBody")]
    pub request_body: Option<Content>,
    /// The responses, by status.
    #[serde(default)]
    pub responses: BTreeMap<String, Content>,
    /// `true` if Graph advises against the operation.
    #[serde(default)]
    pub deprecated: bool,
    /// `action` or `function`.
    #[serde(default, rename = "x-ms-docs-operation-type")]
    pub operation_type: Option<String>,
}

/// A parameter, or a reference to one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(untagged)]
pub enum ParameterOrRef {
    /// `{"$ref": "#/components/parameters/…"}`
    Ref {
        /// The reference.
        #[serde(rename = "$ref")]
        reference: String,
    },
    /// The parameter itself.
    Parameter(Box<Parameter>),
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// `path`, `query` or `header`.
    #[serde(rename = "in")]
    pub location: String,
    /// `true` if a call must have it.
    #[serde(default)]
    pub required: bool,
    /// Its type.
    #[serde(default)]
    pub schema: Option<Schema>,
    /// Its type, if the description declares it under a media type instead of in `schema`.
    #[serde(default)]
    pub content: BTreeMap<String, MediaType>,
}

/// A body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Content {
    /// The media types that it may have.
    #[serde(default)]
    pub content: BTreeMap<String, MediaType>,
}

/// One media type of a body.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct MediaType {
    /// Its type.
    #[serde(default)]
    pub schema: Schema,
}

/// A schema in the normal form of `xtask trim`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Schema {
    /// `#/components/schemas/…`
    #[serde(default, rename = "$ref")]
    pub reference: Option<String>,
    /// `string`, `integer`, `number`, `boolean`, `array`, `object`; none: untyped.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// `date-time`, `int32`…
    #[serde(default)]
    pub format: Option<String>,
    /// The type of an array's items.
    #[serde(default)]
    pub items: Option<Box<Schema>>,
    /// The base type.
    #[serde(default, rename = "allOf")]
    pub all_of: Vec<Schema>,
    /// Own properties, in Graph's order.
    #[serde(default)]
    pub properties: Properties,
    /// The words of an enum.
    #[serde(default, rename = "enum")]
    pub words: Vec<String>,
    /// `true` if the enum is a set of words.
    #[serde(default, rename = "x-ms-enum-flags")]
    pub flags: bool,
    /// `true` if the property leads to other entities and is returned only when it is expanded.
    #[serde(default, rename = "x-ms-navigationProperty")]
    pub navigation: bool,
}

/// Properties in the order of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Properties(pub Vec<(String, Schema)>);

impl Properties {
    /// Returns the property with this name.
    pub fn get(&self, name: &str) -> Option<&Schema> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, s)| s)
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Properties;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Properties, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Properties(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl Schema {
    /// Returns Graph's name of the schema that this one refers to.
    pub fn target(&self) -> Option<&str> {
        self.reference
            .as_deref()
            .and_then(|reference| reference.strip_prefix("#/components/schemas/"))
    }

    /// Returns whether this is the schema of raw bytes.
    pub fn is_binary(&self) -> bool {
        self.format.as_deref() == Some("binary")
    }
}

impl PathItem {
    /// Returns the operations at this path, by method.
    pub fn operations(&self) -> impl Iterator<Item = (Method, &Operation)> {
        [
            (Method::Get, &self.get),
            (Method::Post, &self.post),
            (Method::Patch, &self.patch),
            (Method::Put, &self.put),
            (Method::Delete, &self.delete),
        ]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_ref().map(|o| (method, o)))
    }
}

/// An HTTP method that Graph's description uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Method {
    /// Returns the method's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

#[derive(Deserialize)]
struct PathsFile {
    paths: BTreeMap<String, PathItem>,
}

#[derive(Deserialize)]
struct SchemasFile {
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    schemas: Properties,
    #[serde(default)]
    parameters: HashMap<String, Parameter>,
}

impl Description {
    /// Reads the trimmed description in `folder`.
    ///
    /// # Errors
    ///
    /// Fails if a file is missing or does not have the trimmed form. The error names the file and
    /// the position in it.
    pub fn read(folder: &Path) -> Result<Self> {
        let components = read_components(folder)?;
        let mut description = Self {
            paths: BTreeMap::new(),
            schemas: components.schemas.0,
            parameters: components.parameters,
            grafts: read_json_if_there(&folder.join("grafts.json"))?.unwrap_or_default(),
        };
        for file in path_files(folder)? {
            let PathsFile { paths } = read_json(&file)?;
            description.paths.extend(paths);
        }
        description.drop_custom_options();
        Ok(description)
    }

    /// Drops optional parameters that the runtime has no method for (`includeHiddenMessages`,
    /// `$format`). Any call can send them. They must not turn a message under `/me/messages` and
    /// one under a mail folder into two types.
    fn drop_custom_options(&mut self) {
        let parameters = &self.parameters;
        let resolved = |parameter: &ParameterOrRef| match parameter {
            ParameterOrRef::Parameter(parameter) => Some((**parameter).clone()),
            ParameterOrRef::Ref { reference } => {
                parameters.get(reference.strip_prefix(PARAMETERS)?).cloned()
            }
        };
        for item in self.paths.values_mut() {
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.patch,
                &mut item.put,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                operation.parameters.retain(|parameter| {
                    // A parameter that cannot be resolved stays, and causes an error where it is
                    // used.
                    resolved(parameter)
                        .is_none_or(|parameter| parameter.required || is_known(&parameter.name))
                });
            }
        }
    }

    /// Returns the parameter behind a reference.
    pub fn parameter<'a>(&'a self, parameter: &'a ParameterOrRef) -> Result<&'a Parameter> {
        match parameter {
            ParameterOrRef::Parameter(parameter) => Ok(parameter),
            ParameterOrRef::Ref { reference } => reference
                .strip_prefix(PARAMETERS)
                .and_then(|name| self.parameters.get(name))
                .ok_or_else(|| Error::Unknown {
                    place: reference.clone(),
                    what: "the parameter does not exist".into(),
                }),
        }
    }
}

/// Reads the schemas of the trimmed description in `folder`, without its paths.
///
/// # Errors
///
/// Fails if the file is missing or does not have the trimmed form. The error names it.
pub fn read_schemas(folder: &Path) -> Result<Vec<(String, Schema)>> {
    Ok(read_components(folder)?.schemas.0)
}

fn read_components(folder: &Path) -> Result<Components> {
    let SchemasFile { components } = read_json(&folder.join(SCHEMAS))?;
    Ok(components)
}

/// Returns the type of a parameter from its `schema` or, if it has none, from its `content`.
pub fn schema_of(parameter: &Parameter) -> Option<Schema> {
    parameter.schema.clone().or_else(|| {
        let media = parameter.content.values().next()?;
        Some(media.schema.clone())
    })
}

/// Returns the files of the description that hold paths, in a fixed order.
fn path_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let folder = folder.join("paths");
    let io = |error| Error::Io(folder.clone(), error);
    let mut files = std::fs::read_dir(&folder)
        .map_err(io)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(io)?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Ok(files)
}

/// Reads a file that may be missing.
///
/// # Errors
///
/// Fails if the file exists and cannot be read, or does not have this form. The error names it.
pub fn read_json_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match read_json(path) {
        Ok(value) => Ok(Some(value)),
        Err(Error::Io(_, error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read(path).map_err(|error| Error::Io(path.into(), error))?;
    serde_json::from_slice(&text).map_err(|error| Error::Json(path.into(), error))
}
