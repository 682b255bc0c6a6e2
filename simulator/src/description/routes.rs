//! The tree of places, which maps paths to operations.
//!
//! Literal segments are compared without case, because Graph itself writes them in several cases.
//! For example, the `resource` of a change notification reads `Users/…/Messages/…`. Ids are opaque
//! and compared as they are.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::Method;
use serde_json::value::RawValue;

use super::operation::{Kind, Operation, Parameters};
use super::walk::{Step, StepValue};
use crate::segment::{Argument, Segment};

/// A place in the tree of Graph's URLs.
#[derive(Debug)]
pub(crate) struct Place {
    /// The path as the description writes it: `/users/{user-id}/messages`.
    pub(crate) template: String,
    /// The last segment of [`template`](Self::template).
    pub(crate) segment: Segment,
    /// The places below, by [`normal`] name. Functions with arguments are stored by their name and
    /// the names of the arguments.
    children: HashMap<String, usize>,
    /// The functions and actions of a namespace, by their own name: `assign` of
    /// `microsoft.graph.teamsAdministration.assign`.
    short: HashMap<String, usize>,
    key: Option<usize>,
    /// The property that identifies an entity of this collection, if it is not `id`.
    key_property: Option<String>,
    methods: Vec<(Method, LazyOperation)>,
}

/// An operation that is read at its first use, because there are 17,533 of them and a test uses
/// few.
#[derive(Debug)]
struct LazyOperation {
    /// A part of the description's file.
    text: Bytes,
    shared: Option<Bytes>,
    parameters: Arc<Parameters>,
    parsed: OnceLock<Result<Operation, String>>,
}

impl Place {
    fn new(template: String, segment: Segment) -> Self {
        Self {
            template,
            segment,
            children: HashMap::new(),
            short: HashMap::new(),
            key: None,
            key_property: None,
            methods: Vec::new(),
        }
    }

    /// Returns the last segment of the path, as the description writes it.
    pub(crate) fn name(&self) -> &str {
        self.template.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the operation of the method here. `Err` says why the description cannot be read.
    pub(crate) fn operation(&self, method: &Method) -> Option<Result<&Operation, &str>> {
        let (_, lazy) = self
            .methods
            .iter()
            .find(|(candidate, _)| candidate == method)?;
        let parsed = lazy
            .parsed
            .get_or_init(|| Operation::parse(&lazy.text, lazy.shared.as_deref(), &lazy.parameters))
            .as_ref();
        Some(parsed.map_err(String::as_str))
    }

    /// Returns the operation, if it can be read.
    pub(crate) fn readable(&self, method: &Method) -> Option<&Operation> {
        self.operation(method)?.ok()
    }

    /// Returns the methods that the description has here.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.methods.iter().map(|(method, _)| method)
    }

    /// Returns the property that identifies an entity of this collection, if it is not `id`.
    pub(crate) fn key_property(&self) -> Option<&str> {
        self.key_property.as_deref()
    }

    /// Checks whether ids stand below this place.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Checks whether the literal segment is a child of this place.
    pub(crate) fn has_literal(&self, name: &str) -> bool {
        self.children.contains_key(&normal(name))
    }

    /// Checks whether the arguments have the form of the description: a string in quotes, other
    /// values without.
    fn takes(&self, arguments: &[(String, Argument)]) -> bool {
        let Segment::Call {
            arguments: described,
            ..
        } = &self.segment
        else {
            return arguments.is_empty();
        };
        arguments.iter().all(|(name, value)| {
            let described = described
                .iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(name));
            !matches!(
                (described.map(|(_, described)| described), value),
                (None, _)
                    | (Some(Argument::Quoted(_)), Argument::Bare(_))
                    | (Some(Argument::Bare(_)), Argument::Quoted(_))
            )
        })
    }

    /// Checks whether this place is a function or action.
    pub(crate) fn is_invocation(&self) -> bool {
        [Method::GET, Method::POST]
            .iter()
            .filter_map(|method| self.readable(method))
            .any(|operation| operation.kind != Kind::Plain)
    }
}

/// The places that begin with one segment (all of `/users/…`).
#[derive(Debug, Default)]
pub(crate) struct Routes {
    places: Vec<Place>,
}

/// The content of a path of the description, not yet read.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathItem<'a> {
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    get: Option<&'a RawValue>,
    #[serde(borrow)]
    post: Option<&'a RawValue>,
    #[serde(borrow)]
    put: Option<&'a RawValue>,
    #[serde(borrow)]
    patch: Option<&'a RawValue>,
    #[serde(borrow)]
    delete: Option<&'a RawValue>,
}

impl Routes {
    pub(super) fn new() -> Self {
        Self {
            places: vec![Place::new(String::new(), Segment::Name(String::new()))],
        }
    }

    /// Adds a path to the tree. The item was read from `content`, and its operations stay a part of
    /// it.
    pub(super) fn insert(
        &mut self,
        path: &str,
        item: PathItem<'_>,
        content: &Bytes,
        parameters: &Arc<Parameters>,
    ) -> Result<(), String> {
        let at = self.open(path)?;
        let part = |text: &RawValue| content.slice_ref(text.get().as_bytes());
        let shared = item.parameters.map(part);
        let Some(place) = self.places.get_mut(at) else {
            return Ok(());
        };
        let methods = [
            (Method::GET, item.get),
            (Method::POST, item.post),
            (Method::PUT, item.put),
            (Method::PATCH, item.patch),
            (Method::DELETE, item.delete),
        ];
        for (method, text) in methods {
            let Some(text) = text else { continue };
            let (shared, parameters) = (shared.clone(), Arc::clone(parameters));
            place.methods.push((
                method,
                LazyOperation {
                    text: part(text),
                    shared,
                    parameters,
                    parsed: OnceLock::new(),
                },
            ));
        }
        Ok(())
    }

    /// Creates the place of a path, if it does not exist yet.
    pub(super) fn open(&mut self, path: &str) -> Result<usize, String> {
        let mut at = 0;
        for text in path
            .strip_prefix('/')
            .ok_or("a path that does not begin with `/`")?
            .split('/')
        {
            let segment = Segment::parse(text).ok_or_else(|| format!("segment `{text}`"))?;
            at = self.child(at, text, segment);
        }
        Ok(at)
    }

    fn child(&mut self, parent: usize, text: &str, segment: Segment) -> usize {
        let next = self.places.len();
        let Some(place) = self.places.get_mut(parent) else {
            return next;
        };
        let template = format!("{}/{text}", place.template);
        let at = match &segment {
            Segment::Key(name) => {
                place.key_property = key_property(name);
                *place.key.get_or_insert(next)
            }
            Segment::Call { name, arguments } => {
                *place.children.entry(call(name, arguments)).or_insert(next)
            }
            Segment::Name(name) | Segment::Keyed { name, .. } => {
                *place.children.entry(normal(name)).or_insert(next)
            }
        };
        if let Segment::Name(name) | Segment::Call { name, .. } = &segment
            && let Some((namespace, own)) = name.rsplit_once('.')
            && namespace.contains('.')
        {
            let arguments = match &segment {
                Segment::Call { arguments, .. } => arguments.as_slice(),
                _ => &[],
            };
            place.short.entry(call(own, arguments)).or_insert(at);
        }
        if at == next {
            self.places.push(Place::new(template, segment));
        }
        at
    }

    /// Returns each place that has a method.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| !place.methods.is_empty())
    }

    /// Returns the root of the tree.
    pub(super) fn root(&self) -> Option<&Place> {
        self.places.first()
    }

    /// Returns the place of this template.
    pub(super) fn find(&self, template: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.template == template)
    }

    /// Adds the step from a place to the place of the segment, if there is one.
    pub(super) fn step<'a>(&'a self, place: &'a Place, text: &str, steps: &mut Vec<Step<'a>>) {
        let get = |at: Option<usize>| at.and_then(|at| self.places.get(at));
        let child = |name: &str| get(place.children.get(name).copied());
        // A function or an action may be called with or without its namespace.
        let invoked = |name: &str, arguments: &[(String, Argument)]| {
            let plain = unqualified(name).and_then(|name| child(&call(name, arguments)));
            let found = plain.or_else(|| get(place.short.get(&call(name, arguments)).copied()));
            found.filter(|place| place.is_invocation())
        };
        // A literal takes precedence over a key, as in Graph: `/users/delta` is the function.
        match Segment::parse(text) {
            Some(Segment::Name(name)) => {
                if let Some(place) = child(&normal(&name)).or_else(|| invoked(&name, &[])) {
                    steps.push(Step::new(place, StepValue::None));
                    return;
                }
            }
            Some(Segment::Call { name, arguments }) => {
                let found = child(&call(&name, &arguments)).or_else(|| invoked(&name, &arguments));
                if let Some(place) = found.filter(|place| place.takes(&arguments)) {
                    let value = if arguments.is_empty() {
                        StepValue::None
                    } else {
                        StepValue::Arguments(arguments)
                    };
                    steps.push(Step::new(place, value));
                    return;
                }
            }
            Some(Segment::Keyed { name, key }) => {
                let set = child(&normal(&name));
                if let Some(set) = set
                    && let Some(item) = get(set.key)
                {
                    steps.push(Step::new(set, StepValue::None));
                    steps.push(Step::new(item, StepValue::Key(key)));
                    return;
                }
            }
            Some(Segment::Key(_)) | None => {}
        }
        // An id may have any form, except for the words that OData reserves.
        if let Some(place) = get(place.key)
            && !text.starts_with('$')
        {
            steps.push(Step::new(place, StepValue::Key(text.to_owned())));
        }
    }
}

/// Returns the key property of a parameter: `versionNumber` of `workflowVersion-versionNumber`. The
/// `id1` of a path with two keys of a type is an `id`.
fn key_property(parameter: &str) -> Option<String> {
    let (_, property) = parameter.rsplit_once('-')?;
    let property = property.trim_end_matches(|character: char| character.is_ascii_digit());
    (property != "id").then(|| property.to_owned())
}

/// Returns the short name of a function or action that is called by its full name: `sendMail` of
/// `microsoft.graph.sendMail`.
fn unqualified(name: &str) -> Option<&str> {
    name.strip_prefix("microsoft.graph.")
        .or_else(|| name.strip_prefix("graph."))
}

/// Normalizes a name for the tree: without case, and `microsoft.graph.` as `graph.`.
fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("microsoft.") {
        Some(rest) if rest.starts_with("graph.") => rest.to_owned(),
        _ => name,
    }
}

/// Returns the tree's name for a call: `range(address)`. The order of OData arguments does not
/// matter.
fn call(name: &str, arguments: &[(String, Argument)]) -> String {
    if arguments.is_empty() {
        return normal(name);
    }
    let mut names: Vec<_> = arguments
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    format!("{}({})", normal(name), names.join(","))
}
