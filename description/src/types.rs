//! The Rust types of Graph's schemas, and their modules.

use std::collections::{BTreeMap, HashMap};

use crate::description::Schema;
use crate::error::{Error, Result};
use crate::exceptions::exception;
use crate::names::{self, Collisions, Scope};

/// The module of a type below `models`, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RustName {
    /// The modules below `models`: Graph's namespace without `microsoft.graph`.
    pub modules: Vec<String>,
    /// The type itself.
    pub ident: String,
}

impl RustName {
    /// Applies the naming rule: `microsoft.graph.callRecords.session` is `call_records::Session`.
    fn new(name: &str) -> Self {
        let name = name.strip_prefix("microsoft.graph.").unwrap_or(name);
        let mut parts: Vec<_> = name.split('.').collect();
        let ident = names::camel(parts.pop().unwrap_or_default());
        Self {
            modules: parts.into_iter().map(names::snake).collect(),
            ident,
        }
    }

    /// Returns the path to the type from inside the module `from` below `models`.
    pub fn path_from(&self, from: &[String]) -> String {
        if self.modules == from {
            return self.ident.clone();
        }
        let mut path = "super::".repeat(from.len());
        for module in &self.modules {
            path.push_str(module);
            path.push_str("::");
        }
        path + &self.ident
    }

    /// Returns the path to the type from the parent of `models`.
    pub fn path(&self) -> String {
        let mut path = String::from("models::");
        for module in &self.modules {
            path.push_str(module);
            path.push_str("::");
        }
        path + &self.ident
    }
}

/// The kind of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An entity, a complex type, or the body of an action: a struct.
    Model,
    /// A word of a list.
    Enum,
    /// A set of words.
    Flags,
    /// A page of a collection. It has no type of its own, because the runtime has `Page<T>`.
    Page,
    /// Another name for a string or a number.
    Alias,
}

/// A schema and its Rust type.
#[derive(Debug)]
pub struct Type<'d> {
    /// Graph's name, `microsoft.graph.user`.
    pub name: &'d str,
    /// The schema.
    pub schema: &'d Schema,
    /// Its kind.
    pub kind: Kind,
    /// Its name in Rust.
    pub rust: RustName,
    /// The base type.
    pub base: Option<&'d str>,
    /// All types that derive from it, directly or not, in alphabetical order.
    pub derived: Vec<&'d str>,
}

/// All types of a description.
#[derive(Debug)]
pub struct Types<'d> {
    types: Vec<Type<'d>>,
    index: HashMap<&'d str, usize>,
}

impl<'d> Types<'d> {
    /// Analyzes all schemas.
    ///
    /// # Errors
    ///
    /// Fails if a base type is missing.
    pub fn new(schemas: &'d [(String, Schema)], collisions: &Collisions) -> Result<Self> {
        let mut types = Vec::with_capacity(schemas.len());
        let mut index = HashMap::new();
        let mut scope = Scope::new("models", collisions);
        for (name, schema) in schemas {
            let kind = kind(name, schema);
            let mut rust = RustName::new(name);
            if let Some(instead) = exception("models", name) {
                rust.ident = instead.into();
            }
            if matches!(kind, Kind::Model | Kind::Enum | Kind::Flags) {
                scope.take(rust.path(), name);
            }
            index.insert(name.as_str(), types.len());
            types.push(Type {
                name,
                schema,
                kind,
                rust,
                base: schema.all_of.first().and_then(Schema::target),
                derived: Vec::new(),
            });
        }
        let mut this = Self { types, index };
        let mut derived: BTreeMap<usize, Vec<&'d str>> = BTreeMap::new();
        for of in &this.types {
            for base in this.bases(of)? {
                derived
                    .entry(this.index[base.name])
                    .or_default()
                    .push(of.name);
            }
        }
        for (base, mut names) in derived {
            names.sort_unstable();
            this.types[base].derived = names;
        }
        Ok(this)
    }

    /// Returns all types, in the order of the description.
    pub fn iter(&self) -> impl Iterator<Item = &Type<'d>> {
        self.types.iter()
    }

    /// Returns the type with this name.
    pub fn get(&self, name: &str) -> Option<&Type<'d>> {
        self.index.get(name).map(|&index| &self.types[index])
    }

    /// Returns the type that a schema refers to.
    pub fn target(&self, schema: &Schema) -> Option<&Type<'d>> {
        schema.target().and_then(|name| self.get(name))
    }

    /// Returns the base types, the nearest first.
    pub fn bases(&self, of: &Type<'d>) -> Result<Vec<&Type<'d>>> {
        let mut bases: Vec<&Type<'d>> = Vec::new();
        let mut next = of.base;
        while let Some(name) = next {
            let base = self.get(name).ok_or_else(|| Error::Unknown {
                place: of.name.into(),
                what: format!("the description does not have the base type `{name}`"),
            })?;
            if bases.len() > 32 {
                return Err(Error::Unknown {
                    place: of.name.into(),
                    what: "it derives from itself".into(),
                });
            }
            bases.push(base);
            next = base.base;
        }
        Ok(bases)
    }

    /// Returns all properties, inherited ones first. A property that is declared again counts once,
    /// with the schema of the most derived type.
    pub fn properties(&self, of: &Type<'d>) -> Result<Vec<(&'d str, &'d Schema)>> {
        let mut properties: Vec<(&str, &Schema)> = Vec::new();
        for of in self.bases(of)?.into_iter().rev().chain([of]) {
            for (name, schema) in &of.schema.properties.0 {
                match properties.iter_mut().find(|(known, _)| known == name) {
                    Some(known) => known.1 = schema,
                    None => properties.push((name, schema)),
                }
            }
        }
        Ok(properties)
    }

    /// Returns whether the schema is an entity: a type with a key of its own. All types of Graph
    /// that derive from `entity` are entities.
    pub fn is_entity(&self, schema: &Schema) -> bool {
        let mut next = self.target(schema);
        // `bases` reports a chain that leads back to itself as an error.
        for _ in 0..32 {
            match next {
                Some(of) if of.name == "microsoft.graph.entity" => return true,
                Some(of) => next = of.base.and_then(|base| self.get(base)),
                None => return false,
            }
        }
        false
    }

    /// Returns the items of a page, if the schema is a page.
    pub fn page_items<'a>(&'a self, schema: &'a Schema) -> Option<&'a Schema> {
        match self.target(schema) {
            Some(target) if target.kind == Kind::Page => {
                target.schema.properties.get("value")?.items.as_deref()
            }
            Some(_) => None,
            None => {
                let value = schema.properties.get("value")?;
                let paged = schema
                    .properties
                    .0
                    .iter()
                    .any(|(name, _)| name == "@odata.nextLink");
                value.items.as_deref().filter(|_| paged)
            }
        }
    }

    /// Returns the schema behind its aliases.
    pub fn resolve<'a>(&'a self, schema: &'a Schema) -> &'a Schema {
        match self.target(schema) {
            Some(target) if target.kind == Kind::Alias => target.schema,
            _ => schema,
        }
    }
}

fn kind(name: &str, schema: &Schema) -> Kind {
    if !schema.words.is_empty() {
        return if schema.flags {
            Kind::Flags
        } else {
            Kind::Enum
        };
    }
    if name.ends_with("CollectionResponse") && schema.properties.get("value").is_some() {
        return Kind::Page;
    }
    match schema.kind.as_deref() {
        Some("object") => Kind::Model,
        _ if !schema.all_of.is_empty() => Kind::Model,
        _ => Kind::Alias,
    }
}
