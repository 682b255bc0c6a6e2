//! The naming rule: Rust names are a function of Graph's names alone.
//!
//! A name never depends on what else the description has, so that an upgrade cannot rename what a program uses. Where two
//! names meet all the same, generation stops and names both (see [`Collision`]).

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

use crate::error::{Error, Result};
use crate::exceptions::exception;
use crate::tree::{Argument, Segment};

/// A method, field or module.
pub fn snake(name: &str) -> String {
    escape(format!("{}{}", underscore(name), name.to_snake_case()))
}

/// A constant.
pub fn shouty(name: &str) -> String {
    let name = format!("{}{}", underscore(name), name.to_shouty_snake_case());
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// A leading underscore stays, since Graph tells properties apart by it: `_summary` and `summary`.
fn underscore(name: &str) -> &'static str {
    if name.starts_with('_') { "_" } else { "" }
}

/// What the generated code takes from Rust's prelude: a type of Graph's with such a name would hide it.
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

/// A type or an enum's variant.
pub fn camel(name: &str) -> String {
    let name = name.to_upper_camel_case();
    match name.as_str() {
        taken if PRELUDE.contains(&taken) => format!("{name}_"),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
        _ => name,
    }
}

/// Keywords get a trailing underscore, as progenitor writes them: `type_`.
fn escape(name: String) -> String {
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

/// The last part of a dotted name.
pub fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The method by which a parent leads to a segment.
pub fn method(segment: &Segment) -> String {
    match segment {
        Segment::Literal(name) => snake(last(name)),
        Segment::Key(_) => "id".into(),
        Segment::Cast(name) => format!("as_{}", last(name).to_snake_case()),
        Segment::System("$count") => "count".into(),
        Segment::System("$value") => "content".into(),
        Segment::System(name) => name.trim_start_matches('$').into(),
        Segment::Function(name, arguments) if arguments.is_empty() => snake(last(name)),
        Segment::Function(name, arguments) => {
            format!(
                "{}_with_{}",
                last(name).to_snake_case(),
                join(arguments, "_")
            )
        }
        Segment::AlternateKey(keys) | Segment::CompositeKey(keys) => {
            format!("by_{}", join(keys, "_and_"))
        }
        Segment::Path => "path".into(),
    }
}

fn join(arguments: &[Argument], separator: &str) -> String {
    let names: Vec<_> = arguments.iter().map(|a| a.name.to_snake_case()).collect();
    names.join(separator)
}

/// The Rust type of a place: its shortest path in camel case, each key as `Id`.
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

/// Two things of the description that would have the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The name that both would have.
    pub name: String,
    /// Where it would stand.
    pub scope: String,
    /// What Graph calls the first.
    pub first: String,
    /// What Graph calls the second.
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
            "`{name}` in {scope} would stand for both {first} and {second}"
        )
    }
}

/// The collisions found so far: all are reported at once, so that an upgrade is mended in one go.
#[derive(Debug, Default)]
pub struct Collisions(RefCell<Vec<Collision>>);

impl Collisions {
    /// # Errors
    ///
    /// When there was one.
    pub fn finish(self) -> Result<()> {
        match self.0.into_inner() {
            none if none.is_empty() => Ok(()),
            collisions => Err(Error::Collisions(collisions)),
        }
    }
}

/// Names that stand in one scope; the second of a kind is a collision.
#[derive(Debug)]
pub struct Scope<'s> {
    what: &'s str,
    names: HashMap<String, String>,
    collisions: &'s Collisions,
}

impl<'s> Scope<'s> {
    /// An empty scope; `what` names it in the error and in the table of exceptions.
    pub fn new(what: &'s str, collisions: &'s Collisions) -> Self {
        Self {
            what,
            names: HashMap::new(),
            collisions,
        }
    }

    /// Takes a name for the thing that Graph calls `of`, and gives the name that it really gets.
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
