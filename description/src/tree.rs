//! Graph's paths as a tree, and the fold that keeps each distinct subtree once.
//!
//! The same subtree occurs in many places of Graph's tree. Two places are the same if their
//! operations, the parameters, bodies and responses of these operations, and everything below are
//! the same. The name of a key is ignored. A place is therefore hashed together with its (already
//! folded) children, from the leaves upwards, and equal places become one.

use std::collections::HashMap;

use crate::description::{Description, Method, Operation, PathItem, Schema, schema_of};
use crate::error::{Error, Result};
use crate::{grafts, names};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// `messages`, or an action: `sendMail`, `microsoft.graph.assign`.
    Literal(String),
    /// `{message-id}`
    Key(String),
    /// `graph.user`: the entity or the entities, cast to a derived type.
    Cast(String),
    /// `$count`, `$value` or `$ref`.
    System(&'static str),
    /// `reminderView(StartDateTime='{StartDateTime}')`
    Function(String, Vec<Argument>),
    /// `(appId='{appId}')` after the name of a collection.
    AlternateKey(Vec<Argument>),
    /// `id='{id}',policyId='{policyId}'`: a key of several properties, which beta has.
    CompositeKey(Vec<Argument>),
    /// `:/{path}:`, an item below an entity, addressed by its path.
    Path,
}

impl Segment {
    /// Returns the argument of `getByPath(path='{path}')`, which Graph accepts only as `:/{path}:`.
    ///
    /// The description has the function, but Graph returns 400 for it. The documented form, which
    /// Graph carries out, is the address with colons
    /// (<https://learn.microsoft.com/graph/api/site-getbypath>).
    pub fn path_argument(&self) -> Option<&str> {
        match self {
            Segment::Function(name, arguments) if names::last(name) == "getByPath" => {
                match &arguments[..] {
                    [path] if path.quoted && !path.optional => Some(&path.name),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns the segment as text, without the names of parameters.
    pub fn label(&self) -> String {
        let arguments = |arguments: &[Argument]| -> String {
            let parts: Vec<_> = arguments
                .iter()
                .map(|a| format!("{}={}", a.name, if a.quoted { "'{}'" } else { "{}" }))
                .collect();
            parts.join(",")
        };
        match self {
            Segment::Literal(name) | Segment::Cast(name) => name.clone(),
            Segment::System(name) => (*name).into(),
            Segment::Key(_) => "{}".into(),
            Segment::Function(name, of) => format!("{name}({})", arguments(of)),
            Segment::AlternateKey(of) => format!("({})", arguments(of)),
            Segment::CompositeKey(of) => arguments(of),
            Segment::Path => ":".into(),
        }
    }

    /// Returns a segment of the description in the form of [`Segment::label`].
    fn normalize(text: &str) -> String {
        if text.starts_with('{') {
            return "{}".into();
        }
        let arguments = |text: &str| -> String {
            let arguments: Vec<_> = text
                .split(',')
                .filter_map(|part| part.split_once('='))
                .map(|(name, value)| {
                    let value = if value.starts_with('\'') {
                        "'{}'"
                    } else {
                        "{}"
                    };
                    format!("{name}={value}")
                })
                .collect();
            arguments.join(",")
        };
        match text.split_once('(') {
            Some((name, of)) => format!("{name}({})", arguments(of.trim_end_matches(')'))),
            None if text.contains('=') => arguments(text),
            None => text.into(),
        }
    }
}

/// An argument of a function, or a part of an alternate key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Argument {
    /// Its name on the wire.
    pub name: String,
    /// `true` if the value is written in quotes.
    pub quoted: bool,
    /// Its type.
    pub schema: Schema,
    /// `true` if it may be left out.
    pub optional: bool,
}

/// A distinct place.
#[derive(Debug)]
pub struct Place<'d> {
    /// The shortest path that leads here.
    pub path: String,
    /// The number of paths that lead here.
    pub places: usize,
    /// The places directly below.
    pub children: Vec<(Segment, usize)>,
    /// The operations at this place.
    pub operations: Vec<(Method, &'d Operation)>,
}

/// Graph's tree after the fold.
#[derive(Debug)]
pub struct Tree<'d> {
    /// The distinct places.
    pub places: Vec<Place<'d>>,
    /// The service root.
    pub root: usize,
    /// The number of places before the fold, without the root.
    pub described_places: usize,
    /// The number of operations before the fold.
    pub described_operations: usize,
}

impl Place<'_> {
    /// Sorts the children into the order in which a reader looks for them.
    pub(crate) fn sort(&mut self) {
        self.children
            .sort_by_cached_key(|(segment, _)| order(segment));
    }

    /// Returns the place that a segment leads to.
    pub(crate) fn leads_by(&self, segment: &Segment) -> Option<usize> {
        let mut children = self.children.iter();
        children.find_map(|(of, child)| (of.label() == segment.label()).then_some(*child))
    }
}

impl Tree<'_> {
    /// Returns the number of operations after the fold.
    pub fn operations(&self) -> usize {
        self.places.iter().map(|place| place.operations.len()).sum()
    }

    /// Returns the place that a path of the description leads to.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        let &(place, child) = self.walk(path)?.last()?;
        Some(self.places[place].children[child].1)
    }

    /// Returns the steps from the root to a path of the description. Each step is a place and the
    /// index of one of its children.
    pub fn walk(&self, path: &str) -> Option<Vec<(usize, usize)>> {
        let mut steps = Vec::new();
        let mut place = self.root;
        let mut step = |label: &str| {
            let children = &self.places[place].children;
            let number = children
                .iter()
                .position(|(segment, _)| segment.label() == label)?;
            steps.push((place, number));
            place = children[number].1;
            Some(())
        };
        for segment in path.split('/').skip(1) {
            let label = Segment::normalize(segment);
            if step(&label).is_none() {
                // A key in parentheses takes two steps: one to the collection, and one to the
                // entity.
                let (name, _) = label.split_once('(')?;
                step(name)?;
                step(&label[name.len()..])?;
            }
        }
        Some(steps)
    }
}

/// A place before the fold.
struct Described<'d> {
    path: String,
    depth: usize,
    children: Vec<(Segment, usize)>,
    item: Option<&'d PathItem>,
}

impl<'d> Tree<'d> {
    /// Builds the tree of all paths and folds it.
    ///
    /// # Errors
    ///
    /// Fails if a path has a segment of unknown form, if an argument has no parameter, or if a
    /// graft cannot be placed.
    pub fn new(description: &'d Description) -> Result<Self> {
        let described = Builder::new(description).build()?;
        let mut tree = fold(&described);
        grafts::graft(&mut tree, description)?;
        Ok(tree)
    }
}

pub(crate) struct Builder<'d> {
    description: &'d Description,
    schemas: HashMap<&'d str, ()>,
    places: Vec<Described<'d>>,
    index: HashMap<(usize, String), usize>,
}

impl<'d> Builder<'d> {
    fn new(description: &'d Description) -> Self {
        Self {
            description,
            schemas: description
                .schemas
                .iter()
                .map(|(name, _)| (name.as_str(), ()))
                .collect(),
            places: vec![Described {
                path: String::new(),
                depth: 0,
                children: Vec::new(),
                item: None,
            }],
            index: HashMap::new(),
        }
    }

    fn build(mut self) -> Result<Vec<Described<'d>>> {
        for (path, item) in &self.description.paths {
            let mut place = 0;
            let mut text = String::new();
            for segment in path.split('/').skip(1) {
                text.push('/');
                text.push_str(segment);
                place = self.step(place, &text, segment)?;
            }
            self.places[place].item = Some(item);
        }
        Ok(self.places)
    }

    /// Returns the place that `text`, a segment of the path, leads to.
    fn step(&mut self, from: usize, path: &str, text: &str) -> Result<usize> {
        if let Some((name, arguments)) = text.split_once('(') {
            let arguments = arguments.strip_suffix(')').ok_or_else(|| Error::Unknown {
                place: path.into(),
                what: format!("the segment `{text}` does not end with `)`"),
            })?;
            let item = self.description.paths.get(path);
            let arguments = self.arguments(path, arguments, item)?;
            // The description marks only functions. All other segments with parentheses are keys of
            // the collection.
            let is_function = arguments.is_empty()
                || item
                    .and_then(|item| item.get.as_ref())
                    .is_none_or(|get| get.operation_type.as_deref() == Some("function"));
            if is_function {
                let segment = Segment::Function(name.into(), arguments);
                return Ok(self.child(from, text, path, segment));
            }
            let parent = &path[..path.len() - text.len()];
            let collection = format!("{parent}{name}");
            let from = self.child(from, name, &collection, Segment::Literal(name.into()));
            let label = &text[name.len()..];
            return Ok(self.child(from, label, path, Segment::AlternateKey(arguments)));
        }
        if text.contains("={") || text.contains("='{") {
            let item = self.description.paths.get(path);
            let segment = Segment::CompositeKey(self.arguments(path, text, item)?);
            return Ok(self.child(from, text, path, segment));
        }
        let segment = match Self::segment(text) {
            Some(Segment::Literal(name)) if self.is_type(text) => Segment::Cast(name),
            Some(segment) => segment,
            None => Segment::Literal(text.into()),
        };
        let label = match segment {
            Segment::Key(_) => "{}",
            _ => text,
        };
        Ok(self.child(from, label, path, segment))
    }

    /// Returns the segment for a text without arguments, if the text alone tells its kind.
    pub(crate) fn segment(text: &str) -> Option<Segment> {
        Some(match text {
            "$count" => Segment::System("$count"),
            "$value" => Segment::System("$value"),
            "$ref" => Segment::System("$ref"),
            _ if text.starts_with('{') => {
                let key = text.trim_start_matches('{').trim_end_matches('}');
                Segment::Key(key.into())
            }
            _ if text.contains('(') => return None,
            _ => Segment::Literal(text.into()),
        })
    }

    /// Returns whether a segment with a dot is a type (a cast) and not the full name of an action.
    fn is_type(&self, text: &str) -> bool {
        text.contains('.')
            && (self.schemas.contains_key(text)
                || self
                    .schemas
                    .contains_key(format!("microsoft.{text}").as_str()))
    }

    fn child(&mut self, from: usize, label: &str, path: &str, segment: Segment) -> usize {
        if let Some(&place) = self.index.get(&(from, label.to_owned())) {
            return place;
        }
        let place = self.places.len();
        self.places.push(Described {
            path: path.into(),
            depth: self.places[from].depth + 1,
            children: Vec::new(),
            item: None,
        });
        self.places[from].children.push((segment, place));
        self.index.insert((from, label.to_owned()), place);
        place
    }

    fn arguments(
        &self,
        path: &str,
        text: &str,
        item: Option<&'d PathItem>,
    ) -> Result<Vec<Argument>> {
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').ok_or_else(|| Error::Unknown {
                    place: path.into(),
                    what: format!("the argument `{part}` has no `=`"),
                })?;
                let quoted = value.starts_with('\'');
                // `{name}` is a placeholder, and `@name` is an alias for a query parameter. On the
                // wire, both may be replaced by the value itself, so both are called in one way.
                let parameter = value.trim_matches(['\'', '{', '}', '@']);
                let (schema, required) = self.argument_type(path, parameter, item)?;
                Ok(Argument {
                    name: name.into(),
                    quoted,
                    schema,
                    optional: !required,
                })
            })
            .collect()
    }

    fn argument_type(
        &self,
        path: &str,
        name: &str,
        item: Option<&'d PathItem>,
    ) -> Result<(Schema, bool)> {
        // If only longer paths are described, their parameters are used. The first such path
        // decides.
        let own = item.into_iter();
        let longer = self
            .description
            .paths
            .range(format!("{path}/")..)
            .take_while(|(longer, _)| longer.starts_with(path))
            .map(|(_, item)| item);
        for item in own.chain(longer) {
            let operations = item.operations().flat_map(|(_, o)| &o.parameters);
            for parameter in item.parameters.iter().chain(operations) {
                let parameter = self.description.parameter(parameter)?;
                if parameter.name == name {
                    let schema = schema_of(parameter).ok_or_else(|| Error::Unknown {
                        place: path.into(),
                        what: format!("the parameter `{name}` has no type"),
                    })?;
                    return Ok((schema, parameter.required));
                }
            }
        }
        Err(Error::Unknown {
            place: path.into(),
            what: format!("the argument `{name}` is not a parameter of the operation"),
        })
    }
}

/// A place in the form that the fold compares: operations and folded children, both by number.
type Key = (Vec<(Method, usize)>, Vec<(usize, usize)>);

fn fold<'d>(described: &[Described<'d>]) -> Tree<'d> {
    let mut operations: HashMap<&Operation, usize> = HashMap::new();
    let mut segments: HashMap<Segment, usize> = HashMap::new();
    let mut folded: HashMap<Key, usize> = HashMap::new();
    let mut of_described = vec![usize::MAX; described.len()];
    let mut first: Vec<usize> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    let mut described_operations = 0;

    // A place is created after its parent, so the reverse order visits the children first.
    for (number, place) in described.iter().enumerate().rev() {
        let mut key: Key = (Vec::new(), Vec::new());
        for (method, operation) in place.item.iter().flat_map(|item| item.operations()) {
            let next = operations.len();
            key.0
                .push((method, *operations.entry(operation).or_insert(next)));
            described_operations += 1;
        }
        for (segment, child) in &place.children {
            let next = segments.len();
            let label = match segment {
                Segment::Key(_) => Segment::Key(String::new()),
                other => other.clone(),
            };
            let label = *segments.entry(label).or_insert(next);
            key.1.push((label, of_described[*child]));
        }
        key.1.sort_unstable();
        let next = first.len();
        let id = *folded.entry(key).or_insert(next);
        if id == next {
            first.push(number);
            counts.push(0);
        }
        counts[id] += 1;
        let best = &described[first[id]];
        if (place.depth, &place.path) < (best.depth, &best.path) {
            first[id] = number;
        }
        of_described[number] = id;
    }

    let places = first
        .iter()
        .zip(counts)
        .map(|(&number, places)| {
            let place = &described[number];
            let children = place.children.iter();
            let mut folded = Place {
                path: place.path.clone(),
                places,
                children: children
                    .map(|(segment, child)| (segment.clone(), of_described[*child]))
                    .collect(),
                operations: place
                    .item
                    .iter()
                    .flat_map(|item| item.operations())
                    .collect(),
            };
            folded.sort();
            folded
        })
        .collect();
    Tree {
        places,
        root: of_described[0],
        described_places: described.len() - 1,
        described_operations,
    }
}

/// Returns the sort key that puts keys first, then names in alphabetical order. A reader looks for
/// them in this order.
fn order(segment: &Segment) -> (u8, String) {
    match segment {
        Segment::Key(name) => (0, name.clone()),
        Segment::AlternateKey(keys) | Segment::CompositeKey(keys) => {
            (1, keys.iter().map(|key| key.name.as_str()).collect())
        }
        Segment::Path => (1, "path".into()),
        Segment::Literal(name) => (2, name.clone()),
        Segment::Function(name, arguments) => {
            let arguments: String = arguments.iter().map(|a| a.name.as_str()).collect();
            (2, format!("{name}({arguments})"))
        }
        Segment::Cast(name) => (3, name.clone()),
        Segment::System(name) => (4, (*name).into()),
    }
}
