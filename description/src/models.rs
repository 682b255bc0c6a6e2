//! Writes the models: the structs and enums for Graph's schemas.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;

use crate::areas::Selection;
use crate::description::Schema;
use crate::error::{Error, Result};
use crate::names::{self, Collisions, Scope};
use crate::secrets;
use crate::types::{Kind, Type, Types};

/// The written models and their counts.
#[derive(Debug, Default)]
pub struct Models {
    /// The text.
    pub text: String,
    /// The number of structs.
    pub models: usize,
    /// The number of enums.
    pub enums: usize,
    /// The number of properties of all structs, inherited ones included.
    pub properties: usize,
}

impl Models {
    /// Writes `models.rs` into a folder.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written. The error names it.
    pub fn write_to(&self, folder: &Path) -> Result<()> {
        let path = folder.join("models.rs");
        std::fs::write(&path, &self.text).map_err(|error| Error::Io(path, error))
    }
}

/// Writes the selected models, with one Rust module for each namespace of Graph. A navigation
/// property is left out if its target is not selected.
///
/// # Errors
///
/// Fails if names collide, or if a property has a type that the generator does not know.
pub fn write(types: &Types<'_>, selection: &Selection, collisions: &Collisions) -> Result<Models> {
    let mut root = Module::default();
    for of in types.iter() {
        let is_written = matches!(of.kind, Kind::Model | Kind::Enum | Kind::Flags);
        if is_written && selection.has_type(of.name) {
            root.place(&of.rust.modules).types.push(of);
        }
    }
    let listed = listed(types)?;
    let input = Input {
        types,
        selection,
        collisions,
        listed: &listed,
    };
    let mut models = Models::default();
    root.write(input, &mut Vec::new(), &mut models)?;
    Ok(models)
}

/// Returns Graph's names of the enums that a collection holds.
fn listed<'d>(types: &Types<'d>) -> Result<BTreeSet<&'d str>> {
    let mut listed = BTreeSet::new();
    for of in types.iter().filter(|of| of.kind == Kind::Model) {
        for (_, schema) in types.properties(of)? {
            let items = types.resolve(schema).items.as_deref();
            let target = items.and_then(|items| types.target(types.resolve(items)));
            let target = target.filter(|target| target.kind == Kind::Enum);
            listed.extend(target.map(|target| target.name));
        }
    }
    Ok(listed)
}

/// The input of each written type.
#[derive(Clone, Copy)]
struct Input<'a, 'd> {
    types: &'a Types<'d>,
    selection: &'a Selection,
    collisions: &'a Collisions,
    listed: &'a BTreeSet<&'a str>,
}

#[derive(Default)]
struct Module<'t, 'd> {
    types: Vec<&'t Type<'d>>,
    modules: BTreeMap<String, Module<'t, 'd>>,
}

impl<'t, 'd> Module<'t, 'd> {
    fn place(&mut self, path: &[String]) -> &mut Self {
        match path {
            [] => self,
            [first, rest @ ..] => self.modules.entry(first.clone()).or_default().place(rest),
        }
    }

    fn write(
        &self,
        input: Input<'_, 'd>,
        path: &mut Vec<String>,
        models: &mut Models,
    ) -> Result<()> {
        let mut of_module = self.types.clone();
        of_module.sort_by(|a, b| a.rust.ident.cmp(&b.rust.ident));
        for of in of_module {
            match of.kind {
                Kind::Model => write_model(input, of, path, models)?,
                _ => write_enum(input, of, models),
            }
        }
        for (name, module) in &self.modules {
            let mut inner = Models::default();
            path.push(name.clone());
            module.write(input, path, &mut inner)?;
            path.pop();
            let _ = writeln!(
                models.text,
                "/// {}\npub mod {name} {{\n    use super::{{{}}};\n\n{}}}\n",
                module_doc(name),
                used(&inner.text).join(", "),
                inner.text,
            );
            models.models += inner.models;
            models.enums += inner.enums;
            models.properties += inner.properties;
        }
        Ok(())
    }
}

/// Returns the names that the types of a module use from the module above it.
fn used(text: &str) -> Vec<&'static str> {
    [
        ("edm", "edm::"),
        ("fmt", "fmt::"),
        ("model", "model::"),
        ("serde", "serde::"),
        ("serde_json", "serde_json::"),
    ]
    .into_iter()
    .filter(|(_, sign)| text.contains(sign))
    .map(|(name, _)| name)
    .collect()
}

fn module_doc(name: &str) -> String {
    match name {
        "actions" => "The bodies of actions, one struct for each action.".into(),
        name => format!("The types of Graph's namespace `{name}`."),
    }
}

/// A struct or an enum of Graph, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model<'d> {
    /// Graph's name, `microsoft.graph.message`.
    pub name: &'d str,
    /// `models::Message`
    pub rust: String,
    /// The kind of its schema.
    pub kind: Kind,
    /// The base types by Graph's names, the nearest first.
    pub bases: Vec<&'d str>,
    /// The properties, inherited ones first.
    pub properties: Vec<Property<'d>>,
    /// The words of an enum, each with its variant.
    pub members: Vec<(&'d str, String)>,
}

/// A property of a model, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property<'d> {
    /// Graph's name, `isRead`.
    pub name: &'d str,
    /// The constant, `IS_READ`.
    pub constant: String,
    /// The field, `is_read`; a navigation property has none.
    pub field: Option<String>,
    /// The Rust type of a value, for example `bool`, as it is written inside the module of the
    /// model.
    pub of: String,
    shape: Shape,
}

/// The shape of a property's value, as far as the written code depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A single object, which the field holds in a `Box`.
    Object,
    /// A member of an enum.
    Word,
    /// Any other value, or a collection.
    Other,
}

impl Property<'_> {
    /// Returns whether a value is a single object, which the field holds in a `Box`.
    pub fn is_object(&self) -> bool {
        self.shape == Shape::Object
    }
}

/// Returns all structs and enums, with the names that they have below `models`.
///
/// # Errors
///
/// Fails for the same reasons as [`write()`].
pub fn list<'d>(types: &'d Types<'d>) -> Result<Vec<Model<'d>>> {
    let collisions = Collisions::default();
    let mut models = Vec::new();
    for of in types.iter() {
        let (properties, members) = match of.kind {
            Kind::Model => (properties(types, &collisions, of, &[])?, Vec::new()),
            Kind::Enum | Kind::Flags => (Vec::new(), members(&collisions, of)),
            Kind::Page | Kind::Alias => continue,
        };
        models.push(Model {
            name: of.name,
            rust: of.rust.path(),
            kind: of.kind,
            bases: types.bases(of)?.iter().map(|base| base.name).collect(),
            properties,
            members,
        });
    }
    Ok(models)
}

/// Returns the properties of a model, for the code in `module`.
fn properties<'d>(
    types: &Types<'d>,
    collisions: &Collisions,
    of: &Type<'d>,
    module: &[String],
) -> Result<Vec<Property<'d>>> {
    let mut fields = Scope::new(of.name, collisions);
    let mut constants = Scope::new(of.name, collisions);
    fields.take(
        "extra".into(),
        "the field for properties that the description does not have",
    );
    let mut properties = Vec::new();
    for (name, schema) in types.properties(of)? {
        let constant = constants.take(names::shouty(name), name);
        let (rust, shape) = property_type(types, of, name, schema, module)?;
        let field = (!schema.navigation).then(|| fields.take(names::snake(name), name));
        properties.push(Property {
            name,
            constant,
            field,
            of: rust,
            shape,
        });
    }
    Ok(properties)
}

/// Returns the type that each navigation property of a model leads to, by Graph's names.
fn navigations<'d>(types: &Types<'d>, of: &Type<'d>) -> Result<HashMap<&'d str, &'d str>> {
    let properties = types.properties(of)?.into_iter();
    let navigations = properties.filter(|(_, schema)| schema.navigation);
    Ok(navigations
        .filter_map(|(name, schema)| {
            let item = schema.items.as_deref().unwrap_or(schema);
            Some((name, item.target()?))
        })
        .collect())
}

/// Returns the words of an enum, each with its variant.
fn members<'d>(collisions: &Collisions, of: &Type<'d>) -> Vec<(&'d str, String)> {
    let mut scope = Scope::new(of.name, collisions);
    scope.take(
        "Unknown".into(),
        "the variant for members that the description does not have",
    );
    of.schema
        .words
        .iter()
        .map(|word| {
            // A word with a sign before it is a different word (`-1`), and `unknown` is a word of
            // Graph.
            let variant = match names::camel(word).as_str() {
                "Unknown" => "Unknown_".to_owned(),
                variant => variant.to_owned(),
            };
            (word.as_str(), scope.take(variant, word))
        })
        .collect()
}

fn write_model(
    input: Input<'_, '_>,
    of: &Type<'_>,
    module: &[String],
    models: &mut Models,
) -> Result<()> {
    let Input {
        types,
        selection,
        collisions,
        listed: _,
    } = input;
    let ident = &of.rust.ident;
    let areas = selection.areas_of_type(of.name);
    let mut properties = properties(types, collisions, of, module)?;
    let targets = navigations(types, of)?;
    properties.retain(|property| {
        let target = targets.get(property.name);
        target.is_none_or(|target| selection.has_type(target))
    });
    models.properties += properties.len();
    let mut text = String::new();
    let mut names_of_constants = String::new();
    for Property {
        name,
        constant,
        field,
        of,
        ..
    } in &properties
    {
        let (kind, new) = match field {
            Some(_) => ("Property", "property"),
            None => ("Navigation", "navigation"),
        };
        let target = targets.get(name);
        let of_target = target.map(|target| selection.areas_of_type(target));
        let feature = match of_target.filter(|of_target| !of_target.includes(areas)) {
            Some(of_target) => selection.attribute(of_target),
            None => String::new(),
        };
        let _ = writeln!(
            names_of_constants,
            "    /// `{name}`\n{feature}    pub const {constant}: model::{kind}<{ident}, {of}> = \
             model::{new}(\"{name}\");"
        );
    }
    // Navigation properties have a name and no field.
    let structural: Vec<_> = properties
        .iter()
        .filter_map(|property| Some((property, property.field.as_deref()?)))
        .collect();

    let _ = writeln!(
        text,
        "/// `{}`\n{}{}pub struct {ident} {{",
        of.name,
        alias(of),
        selection.attribute(areas),
    );
    for (p, field) in &structural {
        let of = match p.is_object() {
            true => format!("Box<{}>", p.of),
            false => p.of.clone(),
        };
        let _ = writeln!(text, "    /// `{}`\n    pub {field}: Option<{of}>,", p.name);
    }
    text.push_str(
        "    /// The properties and annotations without a field.\n    pub extra: \
                   model::Extra,\n}\n\n",
    );
    if !names_of_constants.is_empty() {
        let _ = writeln!(text, "impl {ident} {{\n{names_of_constants}}}\n");
    }

    let none: String = structural
        .iter()
        .map(|(_, field)| format!("{field}: None, "))
        .collect();
    let names_list: Vec<_> = structural
        .iter()
        .map(|(p, _)| format!("\"{}\"", p.name))
        .collect();
    let (shown, slots) = accessors(&structural);
    let bases: Vec<_> = types.bases(of)?.iter().map(|base| base.name).collect();
    // The numbers of the fields that `Debug` redacts.
    let secret_numbers: Vec<_> = (0_u16..)
        .zip(&structural)
        .filter(|(_, (p, _))| secrets::is_secret(of.name, &bases, p.name, &p.of))
        .map(|(number, _)| number.to_string())
        .collect();
    let derived: Vec<_> = of
        .derived
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    let _ = writeln!(
        text,
        "impl Default for {ident} {{\n    #[inline]\n    fn default() -> Self {{\n        Self {{ \
         {none}extra: model::Extra::new() }}\n    }}\n}}\n"
    );
    let _ = writeln!(
        text,
        "impl model::Object for {ident} {{\n    #[inline]\n    fn parts(&self) -> (&'static \
         model::TypeInfo, &model::Extra) {{\n        (&model::TypeInfo {{\n            name: \
         \"{}\",\n            names: &[{}],\n            derived: &[{}],\n            secrets: \
         &[{}],\n        }}, &self.extra)\n    }}\n\n{shown}\n{slots}}}\n\nimpl model::Model for \
         {ident} {{}}\n",
        of.name,
        names_list.join(", "),
        derived.join(", "),
        secret_numbers.join(", "),
    );
    for base in types.bases(of)? {
        let _ = writeln!(
            text,
            "impl model::DerivedFrom<{}> for {ident} {{}}\n",
            base.rust.path_from(module)
        );
    }
    let _ = writeln!(text, "{}", per_model(ident, !of.derived.is_empty()));
    models.text.push_str(&text);
    models.models += 1;
    Ok(())
}

/// Writes the functions by which a model gives access to its fields: for reading, and for writing.
fn accessors(structural: &[(&Property<'_>, &str)]) -> (String, String) {
    let mut shown = String::from(
        "    #[inline]\n    fn show<'s>(&'s self, fields: model::Fields<'_, 's>) {\n        \
         fields",
    );
    let mut slots = String::from(
        "    #[inline]\n    fn slot(&mut self, number: usize) -> (model::Slot<'_>, &mut \
         model::Extra) {\n        (match number {\n",
    );
    for (number, (property, field)) in structural.iter().enumerate() {
        let (show, slot) = match property.shape {
            Shape::Word => ("word", "word_slot"),
            Shape::Object | Shape::Other => ("field", "slot"),
        };
        let _ = write!(shown, "\n            .{show}(&self.{field})");
        let _ = writeln!(
            slots,
            "            {number} => model::{slot}(&mut self.{field}),"
        );
    }
    shown.push_str(";\n    }\n");
    slots.push_str("            _ => model::Slot::None,\n        }, &mut self.extra)\n    }\n");
    match structural.is_empty() {
        true => (
            "    #[inline]\n    fn show<'s>(&'s self, _: model::Fields<'_, 's>) {}\n".into(),
            "    #[inline]\n    fn slot(&mut self, _: usize) -> (model::Slot<'_>, &mut \
             model::Extra) {\n        (model::Slot::None, &mut self.extra)\n    }\n"
                .into(),
        ),
        false => (shown, slots),
    }
}

/// Returns an alias with Graph's name for search, if it differs from the Rust name.
fn alias(of: &Type<'_>) -> String {
    match names::last(of.name) {
        same if same == of.rust.ident => String::new(),
        other => format!("#[doc(alias = \"{other}\")]\n"),
    }
}

/// Writes the five traits that every model has. Each trait is one line that calls shared code.
fn per_model(ident: &str, has_derived: bool) -> String {
    let mut text = format!(
        "impl Clone for {ident} {{\n    #[inline]\n    fn clone(&self) -> Self {{\n        \
         model::clone(self)\n    }}\n}}\n\nimpl fmt::Debug for {ident} {{\n    #[inline]\n    fn \
         fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n        model::debug(self, \
         f)\n    }}\n}}\n\nimpl PartialEq for {ident} {{\n    #[inline]\n    fn eq(&self, other: \
         &Self) -> bool {{\n        model::eq(self, other)\n    }}\n}}\n\nimpl serde::Serialize \
         for {ident} {{\n    #[inline]\n    fn serialize<S: serde::Serializer>(&self, serializer: \
         S) -> Result<S::Ok, S::Error> {{\n        model::serialize(self, serializer)\n    \
         }}\n}}\n\nimpl<'de> serde::Deserialize<'de> for {ident} {{\n    #[inline]\n    fn \
         deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> \
         {{\n        model::deserialize(deserializer)\n    }}\n}}\n"
    );
    if has_derived {
        let _ = write!(
            text,
            "\nimpl<T: model::DerivedFrom<{ident}>> From<T> for {ident} {{\n    #[inline]\n    fn \
             from(derived: T) -> Self {{\n        model::upcast(derived)\n    }}\n}}\n"
        );
    }
    text
}

/// Returns the Rust type of a property, without `Option` and `Box`, and the shape of its value.
fn property_type(
    types: &Types<'_>,
    of: &Type<'_>,
    name: &str,
    schema: &Schema,
    module: &[String],
) -> Result<(String, Shape)> {
    let unknown = || Error::Unknown {
        place: format!("{}.{name}", of.name),
        what: format!("the generator has no Rust type for {schema:?}"),
    };
    let schema = types.resolve(schema);
    if schema.kind.as_deref() == Some("array") {
        let items = schema.items.as_deref().ok_or_else(unknown)?;
        let (item, _) = property_type(types, of, name, items, module)?;
        return Ok((format!("Vec<{item}>"), Shape::Other));
    }
    let Some(target) = types.target(schema) else {
        let primitive = match schema.kind {
            None => "serde_json::Value",
            Some(_) => primitive(schema).ok_or_else(unknown)?,
        };
        return Ok((primitive.to_owned(), Shape::Other));
    };
    let rust = target.rust.path_from(module);
    match target.kind {
        Kind::Model => Ok((rust, Shape::Object)),
        Kind::Enum => Ok((rust, Shape::Word)),
        Kind::Flags => Ok((format!("model::Flags<{rust}>"), Shape::Other)),
        Kind::Page | Kind::Alias => Err(unknown()),
    }
}

/// Returns the Rust type of one of OData's primitive types.
fn primitive(schema: &Schema) -> Option<&'static str> {
    Some(match (schema.kind.as_deref()?, schema.format.as_deref()) {
        ("string", None) => "String",
        ("string", Some("date-time")) => "edm::DateTimeOffset",
        ("string", Some("date")) => "edm::Date",
        ("string", Some("time")) => "edm::TimeOfDay",
        ("string", Some("duration")) => "edm::Duration",
        ("string", Some("uuid")) => "edm::Guid",
        ("string", Some("base64url")) => "edm::Binary",
        ("boolean", None) => "bool",
        ("integer", Some("int16")) => "i16",
        ("integer", Some("int32")) => "i32",
        ("integer", Some("int64")) => "i64",
        ("integer", Some("uint8")) => "u8",
        ("number", Some("double")) => "f64",
        ("number", Some("float")) => "f32",
        ("number", Some("decimal")) => "edm::Decimal",
        _ => return None,
    })
}

fn write_enum(input: Input<'_, '_>, of: &Type<'_>, models: &mut Models) {
    let ident = &of.rust.ident;
    let is_listed = input.listed.contains(of.name);
    let members = members(input.collisions, of);
    let text = &mut models.text;
    let _ = writeln!(
        text,
        "/// `{}`\n{}{}#[non_exhaustive]\npub enum {ident} {{",
        of.name,
        alias(of),
        input
            .selection
            .attribute(input.selection.areas_of_type(of.name)),
    );
    for (word, variant) in &members {
        let _ = writeln!(text, "    /// `{word}`\n    {variant},");
    }
    text.push_str(
        "    /// A member that the description does not have.\n    Unknown(String),\n}\n\n",
    );
    let words: Vec<_> = members
        .iter()
        .map(|(word, _)| format!("\"{word}\""))
        .collect();
    let members: String = members
        .iter()
        .enumerate()
        .map(|(index, (_, variant))| format!("            {index} => Self::{variant},\n"))
        .collect();
    let _ = writeln!(
        text,
        "impl model::OpenEnum for {ident} {{\n\x20   #[inline]\n    fn words() -> &'static \
         [&'static str] {{\n        &[{}]\n    }}\n\x20   #[inline]\n    fn member(index: usize) \
         -> Option<Self> {{\n        Some(match index {{\n{members}            _ => return \
         None,\n        }})\n    }}\n\x20   #[inline]\n    fn unknown_word(&self) -> Option<&str> \
         {{\n        match self {{\n            Self::Unknown(word) => Some(word),\n            _ \
         => None,\n        }}\n    }}\n\x20   #[inline]\n    fn unknown(word: String) -> Self \
         {{\n        Self::Unknown(word)\n    }}\n}}\n",
        words.join(", "),
    );
    let _ = writeln!(
        text,
        "impl Clone for {ident} {{\n    #[inline]\n    fn clone(&self) -> Self {{\n        \
         model::word_clone(self)\n    }}\n}}\n\nimpl fmt::Debug for {ident} {{\n    #[inline]\n    \
         fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n        \
         model::word_display(self, f)\n    }}\n}}\n\nimpl fmt::Display for {ident} {{\n    \
         #[inline]\n    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n        \
         model::word_display(self, f)\n    }}\n}}\n\nimpl std::str::FromStr for {ident} {{\n    \
         type Err = std::convert::Infallible;\n\n    #[inline]\n    fn from_str(word: &str) -> \
         Result<Self, Self::Err> {{\n        Ok(model::word_parse(word))\n    }}\n}}\n\nimpl \
         PartialEq for {ident} {{\n    #[inline]\n    fn eq(&self, other: &Self) -> bool \
         {{\n        model::word_eq(self, other)\n    }}\n}}\n\nimpl Eq for {ident} {{}}\n\nimpl \
         std::hash::Hash for {ident} {{\n    #[inline]\n    fn hash<H: std::hash::Hasher>(&self, \
         state: &mut H) {{\n        model::word_hash(self, state)\n    }}\n}}\n\nimpl \
         serde::Serialize for {ident} {{\n    #[inline]\n    fn serialize<S: \
         serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {{\n        \
         model::word_serialize(self, serializer)\n    }}\n}}\n\nimpl<'de> serde::Deserialize<'de> \
         for {ident} {{\n    #[inline]\n    fn deserialize<D: \
         serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {{\n        \
         model::word_deserialize(deserializer)\n    }}\n}}\n",
    );
    if is_listed {
        let _ = writeln!(
            text,
            "impl model::Item for {ident} {{\n    #[inline]\n    fn value(&self) -> \
             model::Ref<'_> {{\n        model::Ref::Scalar(self)\n    }}\n\n    #[inline]\n    \
             fn place(this: &mut Option<Self>) -> model::Slot<'_> {{\n        \
             model::Slot::Scalar(this)\n    }}\n}}\n"
        );
    }
    models.enums += 1;
}
