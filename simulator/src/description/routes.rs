//! The tree of places: which path leads where.
//!
//! Literal segments are compared without case, because Graph itself writes them in several cases: the `resource` of a
//! change notification reads `Users/…/Messages/…`. Ids are opaque and compared as they are.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

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
    /// What hangs below, by [`normal`] name; functions with arguments by name and the names of these.
    children: HashMap<String, usize>,
    /// Functions and actions of a namespace, by their own name: `assign` of `microsoft.graph.teamsAdministration.assign`.
    short: HashMap<String, usize>,
    key: Option<usize>,
    /// The property by whose value an entity of this collection is found, where it is not `id`.
    key_property: Option<String>,
    methods: Vec<(Method, LazyOperation)>,
}

/// An operation that is read when it is first asked for: there are 17,533 of them, and a test asks for a few.
#[derive(Debug)]
struct LazyOperation {
    text: Box<RawValue>,
    shared: Option<Arc<RawValue>>,
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

    /// The last segment of the path, as the description writes it.
    pub(crate) fn name(&self) -> &str {
        self.template.rsplit('/').next().unwrap_or_default()
    }

    /// What the method does here. `Err` says why the description cannot be read.
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

    /// The operation, where it can be read.
    pub(crate) fn readable(&self, method: &Method) -> Option<&Operation> {
        self.operation(method)?.ok()
    }

    /// The methods that the description has here.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.methods.iter().map(|(method, _)| method)
    }

    /// The property by whose value an entity of this collection is found, where it is not `id`.
    pub(crate) fn key_property(&self) -> Option<&str> {
        self.key_property.as_deref()
    }

    /// Whether ids stand below this place.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the literal segment is a child of this place.
    pub(crate) fn has_literal(&self, name: &str) -> bool {
        self.children.contains_key(&normal(name))
    }

    /// Whether the arguments are written as the description writes them: a string in quotes, all else without.
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

    /// Whether a function or action is called here.
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

/// What stands at a path of the description, not yet read.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathItem {
    parameters: Option<Box<RawValue>>,
    get: Option<Box<RawValue>>,
    post: Option<Box<RawValue>>,
    put: Option<Box<RawValue>>,
    patch: Option<Box<RawValue>>,
    delete: Option<Box<RawValue>>,
}

impl Routes {
    pub(super) fn new() -> Self {
        Self {
            places: vec![Place::new(String::new(), Segment::Name(String::new()))],
        }
    }

    /// Hangs a path into the tree.
    pub(super) fn insert(
        &mut self,
        path: &str,
        item: PathItem,
        parameters: &Arc<Parameters>,
    ) -> Result<(), String> {
        let at = self.open(path)?;
        let shared: Option<Arc<RawValue>> = item.parameters.map(Arc::from);
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
                    text,
                    shared,
                    parameters,
                    parsed: OnceLock::new(),
                },
            ));
        }
        Ok(())
    }

    /// Makes the place of a path, where it is not there yet.
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

    /// Each place that has a method.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| !place.methods.is_empty())
    }

    /// The place above all.
    pub(super) fn root(&self) -> Option<&Place> {
        self.places.first()
    }

    /// The place of this template.
    pub(super) fn find(&self, template: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.template == template)
    }

    /// Steps from a place to what the segment leads to, if it leads anywhere.
    pub(super) fn step<'a>(&'a self, place: &'a Place, text: &str, steps: &mut Vec<Step<'a>>) {
        let get = |at: Option<usize>| at.and_then(|at| self.places.get(at));
        let child = |name: &str| get(place.children.get(name).copied());
        // A function or an action may be called with its namespace and without it.
        let invoked = |name: &str, arguments: &[(String, Argument)]| {
            let plain = unqualified(name).and_then(|name| child(&call(name, arguments)));
            let found = plain.or_else(|| get(place.short.get(&call(name, arguments)).copied()));
            found.filter(|place| place.is_invocation())
        };
        // A literal wins over a key, as in Graph: `/users/delta` is the function.
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
        // An id may look like anything, except for the words that OData keeps for itself.
        if let Some(place) = get(place.key)
            && !text.starts_with('$')
        {
            steps.push(Step::new(place, StepValue::Key(text.to_owned())));
        }
    }
}

/// `versionNumber` of `workflowVersion-versionNumber`; the `id1` of a path with two of a type is an `id`.
fn key_property(parameter: &str) -> Option<String> {
    let (_, property) = parameter.rsplit_once('-')?;
    let property = property.trim_end_matches(|character: char| character.is_ascii_digit());
    (property != "id").then(|| property.to_owned())
}

/// `sendMail` of `microsoft.graph.sendMail`: functions and actions may be called by their full name.
fn unqualified(name: &str) -> Option<&str> {
    name.strip_prefix("microsoft.graph.")
        .or_else(|| name.strip_prefix("graph."))
}

/// A name as the tree keeps it: without case, `microsoft.graph.` as `graph.`.
fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("microsoft.") {
        Some(rest) if rest.starts_with("graph.") => rest.to_owned(),
        _ => name,
    }
}

/// The tree's name for a call: `range(address)`. OData arguments have no order.
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
