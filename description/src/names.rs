//! The naming rule: Rust names are a function of Graph's names alone.
//!
//! A name never depends on other parts of the description, so that an upgrade cannot rename an item
//! that a program uses. If two names collide, generation stops and reports both (see
//! [`Collision`]).

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

use crate::error::{Error, Result};
use crate::exceptions::exception;
use crate::tree::{Argument, Segment};
use crate::words::mark;

/// Returns the name of a method, field or module.
pub fn snake(name: &str) -> String {
    escape(format!("{}{}", underscore(name), words(name)))
}

/// Returns the words of a name, with underscores between them.
fn words(name: &str) -> String {
    mark(name).to_snake_case()
}

/// Returns the name of a constant.
pub fn shouty(name: &str) -> String {
    let name = format!("{}{}", underscore(name), mark(name).to_shouty_snake_case());
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// Returns the leading underscore, if any. It stays, because Graph has both `_summary` and
/// `summary` as properties.
fn underscore(name: &str) -> &'static str {
    if name.starts_with('_') { "_" } else { "" }
}

/// The names that the generated code uses from Rust's prelude. A type of Graph with such a name
/// would hide it.
const PRELUDE: &[&str] = &[
    "Box",
    "Clone",
    "Default",
    "From",
    "Into",
    "Option",
    "PartialEq",
    "Result",
    "Self",
    "String",
    "Vec",
];

/// Returns the name of a type or of an enum's variant.
///
/// Each word has one capital letter, as the [Rust API guidelines] ask: `IcloudAccount` has the same
/// two words as `icloud_account`. So the words of a type are those of the method that leads to it,
/// even if Graph capitalizes them differently: `oauth2PermissionGrants` lists
/// `oAuth2PermissionGrant`.
///
/// [Rust API guidelines]: https://rust-lang.github.io/api-guidelines/naming.html
pub fn camel(name: &str) -> String {
    let name = mark(name).to_upper_camel_case();
    match name.as_str() {
        taken if PRELUDE.contains(&taken) => format!("{name}_"),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
        _ => name,
    }
}

/// Appends an underscore to keywords, as progenitor does: `type_`.
pub fn escape(name: String) -> String {
    const KEYWORDS: &[&str] = &[
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
        "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
        "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
        "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type",
        "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    if KEYWORDS.contains(&name.as_str()) {
        format!("{name}_")
    } else if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// Returns the last part of a dotted name.
pub fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Returns the name of the method by which a parent leads to a segment.
pub fn method(segment: &Segment) -> String {
    match segment {
        Segment::Literal(name) => snake(last(name)),
        Segment::Key(_) => "id".into(),
        Segment::Cast(name) => format!("as_{}", words(last(name))),
        Segment::System("$count") => "count".into(),
        Segment::System("$value") => "content".into(),
        Segment::System(name) => name.trim_start_matches('$').into(),
        Segment::Function(name, arguments) if arguments.is_empty() => snake(last(name)),
        Segment::Function(name, arguments) => {
            format!("{}_with_{}", words(last(name)), join(arguments, "_"))
        }
        Segment::AlternateKey(keys) | Segment::CompositeKey(keys) => {
            format!("by_{}", join(keys, "_and_"))
        }
        Segment::Path => "path".into(),
    }
}

fn join(arguments: &[Argument], separator: &str) -> String {
    let names: Vec<_> = arguments.iter().map(|a| words(&a.name)).collect();
    names.join(separator)
}

/// Returns the Rust type of a place: its shortest path in camel case, with each key as `Id`.
pub fn node(path: &str) -> String {
    let mut name = String::new();
    for segment in path.split('/').skip(1) {
        if segment.starts_with('{') {
            name.push_str("Id");
        } else if let Some((function, arguments)) = segment.split_once('(') {
            name.push_str(&camel(last(function)));
            for argument in arguments.split(',') {
                if let Some((argument, _)) = argument.split_once('=') {
                    name.push_str(&camel(argument));
                }
            }
        } else {
            name.push_str(&camel(segment.trim_start_matches("graph.")));
        }
    }
    name
}

/// Two items of the description that would have the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The name that both would have.
    pub name: String,
    /// The scope of the name.
    pub scope: String,
    /// Graph's name of the first item.
    pub first: String,
    /// Graph's name of the second item.
    pub second: String,
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            scope,
            first,
            second,
        } = self;
        write!(
            f,
            "`{name}` in {scope} would be the name of both {first} and {second}"
        )
    }
}

/// The collisions found so far. All are reported together, so that an upgrade can be fixed in one
/// step.
#[derive(Debug, Default)]
pub struct Collisions(RefCell<Vec<Collision>>);

impl Collisions {
    /// Checks that there were no collisions.
    ///
    /// # Errors
    ///
    /// Fails if there was a collision.
    pub fn finish(self) -> Result<()> {
        match self.0.into_inner() {
            none if none.is_empty() => Ok(()),
            collisions => Err(Error::Collisions(collisions)),
        }
    }
}

/// Names in one scope. The second use of a name is a collision.
#[derive(Debug)]
pub struct Scope<'s> {
    what: &'s str,
    names: HashMap<String, String>,
    collisions: &'s Collisions,
}

impl<'s> Scope<'s> {
    /// Returns an empty scope. `what` names it in the error and in the table of exceptions.
    pub fn new(what: &'s str, collisions: &'s Collisions) -> Self {
        Self {
            what,
            names: HashMap::new(),
            collisions,
        }
    }

    /// Takes a name for the item that Graph calls `of`. Returns the name that the item gets, which
    /// may be an exception.
    pub fn take(&mut self, name: String, of: &str) -> String {
        let name = exception(self.what, of).map_or(name, String::from);
        if let Some(first) = self.names.insert(name.clone(), of.to_owned()) {
            self.collisions.0.borrow_mut().push(Collision {
                name: name.clone(),
                scope: self.what.into(),
                first,
                second: of.into(),
            });
        }
        name
    }
}
