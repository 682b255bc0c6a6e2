//! Operations that were added, removed or changed.
//!
//! Two operations are the same if their methods are equal and their paths are equal, segment by
//! segment. These rules apply to segments:
//!
//! - A key equals any other key, independent of its name (`{user-id}`, `{id}`).
//! - An action, a function and a cast are compared by their last name: `microsoft.graph.sendMail`
//!   of 2022 is today's `sendMail`, and `microsoft.graph.user` is `graph.user`.
//! - The arguments of a function, and the parts of an alternate key, are compared by their names,
//!   in any order and with any quoting. Their types may differ, which is a change of the same
//!   operation. An overload with other arguments is a different operation.
//! - Some operations are described at one place only, and a graft leads to them as well
//!   (`/me/drive/items` stands for `/drives/{drive-id}/items`). They exist under both paths if the
//!   other description has them there. A program does not notice whether a description contains a
//!   subtree or a graft restores it. Operations that come from grafts in both descriptions are not
//!   counted.
//!
//! Names are compared with their case. The Rust expression of a walk is the list of methods that it
//! calls. The made-up arguments that an expression is shown with do not count.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use msgraph_codegen::{Description, Generated, MethodName, Segment, Tree, Walk};

use super::{Change, Group, Subject, Weight, What};

/// The method and the segments by which operations of two descriptions are matched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    labels: Vec<String>,
    method: &'static str,
}

/// All operations of one description.
pub(super) struct Operations<'g> {
    by_key: BTreeMap<Key, Operation<'g>>,
    /// Each described place, as the segments that lead to it.
    places: BTreeSet<Vec<String>>,
    generated: &'g Generated<'g>,
    /// The labels of the children, by place of the tree.
    labels: Vec<Vec<String>>,
}

struct Operation<'g> {
    /// The path in the spelling of the description that has it.
    path: &'g str,
    walk: Walk<'g>,
    deprecated: bool,
}

impl<'g> Operations<'g> {
    pub(super) fn new(description: &'g Description, generated: &'g Generated<'g>) -> Result<Self> {
        let mut operations = Operations {
            by_key: BTreeMap::new(),
            places: BTreeSet::new(),
            generated,
            labels: labels(generated.tree()),
        };
        for (path, item) in &description.paths {
            for (method, operation) in item.operations() {
                let method = method.as_str();
                let walk = generated
                    .walk(method, path)
                    .with_context(|| format!("{method} {path} has no expression"))?;
                let mut labels: Vec<_> = walk.segments.iter().map(|of| label(of)).collect();
                for end in 1..=labels.len() {
                    if !operations.places.contains(&labels[..end]) {
                        operations.places.insert(labels[..end].to_vec());
                    }
                }
                let last = labels.len().saturating_sub(1);
                let mut key = Key { labels, method };
                if operations.by_key.contains_key(&key) {
                    // Two names have the same last part at one place. The table of exceptions gave
                    // one of them another name.
                    labels = path.split('/').skip(1).map(str::to_owned).collect();
                    key.labels[last] = labels.pop().unwrap_or_default();
                }
                operations.by_key.insert(
                    key,
                    Operation {
                        path,
                        walk,
                        deprecated: operation.deprecated,
                    },
                );
            }
        }
        Ok(operations)
    }

    /// Returns the operation that the other description has at `path`, if a graft leads to it here.
    fn by_graft(&self, key: &Key, path: &'g str) -> Option<Operation<'g>> {
        let tree = self.generated.tree();
        self.ways(&key.labels).into_iter().find_map(|steps| {
            let (segments, places): (Vec<_>, Vec<_>) = steps
                .iter()
                .map(|&(place, child)| {
                    let (segment, to) = &tree.places[place].children[child];
                    (segment, *to)
                })
                .unzip();
            let mut there = tree.places[*places.last()?].operations.iter();
            let number = there.position(|(method, _)| method.as_str() == key.method)?;
            let (_, operation) = tree.places[*places.last()?].operations[number];
            Some(Operation {
                path,
                walk: Walk {
                    methods: self.generated.methods(&steps, number)?,
                    segments,
                    places,
                },
                deprecated: operation.deprecated,
            })
        })
    }

    /// Returns whether a place is described, or a graft leads to it.
    fn has_place(&self, labels: &[String]) -> bool {
        self.places.contains(labels) || !self.ways(labels).is_empty()
    }

    /// Returns the routes along these segments, as steps. Mostly there is one or none, but two
    /// names may have the same last part.
    fn ways(&self, labels: &[String]) -> Vec<Vec<(usize, usize)>> {
        let tree = self.generated.tree();
        let mut ways = vec![(tree.root, Vec::new())];
        for label in labels {
            let mut longer = Vec::new();
            for (place, steps) in ways {
                for (child, of) in self.labels[place].iter().enumerate() {
                    if of == label {
                        let mut steps = steps.clone();
                        steps.push((place, child));
                        longer.push((tree.places[place].children[child].1, steps));
                    }
                }
            }
            ways = longer;
        }
        ways.into_iter().map(|(_, steps)| steps).collect()
    }
}

fn labels(tree: &Tree<'_>) -> Vec<Vec<String>> {
    let of = |(segment, _): &(Segment, usize)| label(segment);
    let places = tree.places.iter();
    places
        .map(|place| place.children.iter().map(of).collect())
        .collect()
}

/// Returns a segment without the parts that may differ in the same operation.
fn label(segment: &Segment) -> String {
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let names = |arguments: &[msgraph_codegen::Argument]| {
        let mut names: Vec<_> = arguments.iter().map(|of| of.name.as_str()).collect();
        names.sort_unstable();
        names.join(",")
    };
    match segment {
        Segment::Key(_) => "{}".to_owned(),
        Segment::Literal(name) => last(name),
        // An action or a function may have the same name as a type.
        Segment::Cast(name) => format!("as {}", last(name)),
        Segment::System(name) => (*name).to_owned(),
        Segment::Function(name, arguments) => format!("{}({})", last(name), names(arguments)),
        Segment::AlternateKey(parts) => format!("({})", names(parts)),
        Segment::CompositeKey(parts) => names(parts),
        Segment::Path => ":".to_owned(),
    }
}

/// Returns the number of operations that both have, and all differences.
pub(super) fn compare<'g>(old: &Operations<'g>, new: &Operations<'g>) -> (usize, Vec<Change>) {
    let mut common = 0;
    let mut changes = Vec::new();
    for (key, before) in &old.by_key {
        let grafted;
        let after = match new.by_key.get(key) {
            Some(after) => Some(after),
            None => {
                grafted = new.by_graft(key, before.path);
                grafted.as_ref()
            }
        };
        match after {
            None => changes.push(came_or_went(What::Removed, key, before, new)),
            Some(after) => {
                common += 1;
                changes.extend(changed(key, before, after));
            }
        }
    }
    for (key, after) in &new.by_key {
        if old.by_key.contains_key(key) {
            continue;
        }
        match old.by_graft(key, after.path) {
            None => changes.push(came_or_went(What::Added, key, after, old)),
            Some(before) => {
                common += 1;
                changes.extend(changed(key, &before, after));
            }
        }
    }
    (common, changes)
}

fn came_or_went(
    what: What,
    key: &Key,
    operation: &Operation<'_>,
    other: &Operations<'_>,
) -> Change {
    let depth = (1..=key.labels.len())
        .find(|&end| !other.has_place(&key.labels[..end]))
        .unwrap_or(key.labels.len());
    Change {
        subject: Subject::Operation,
        what,
        weight: match what {
            What::Added => Weight::Harmless,
            _ => Weight::Breaking,
        },
        graph: format!("{} {}", key.method, operation.path),
        rust: expression(&operation.walk.methods),
        how: String::new(),
        group: Some(group(operation, depth)),
    }
}

/// Returns the group of the place to which the first `depth` segments lead.
fn group(operation: &Operation<'_>, depth: usize) -> Group {
    let walk = &operation.walk;
    // In the path's text, an alternate key is part of the segment of its collection.
    let joined = |of: &&&Segment| matches!(of, Segment::AlternateKey(_));
    let keys = walk.segments[..depth].iter().filter(joined).count();
    let texts: Vec<_> = operation.path.split('/').collect();
    let path = texts[..=(depth - keys).min(texts.len() - 1)].join("/");
    let last = path.rsplit('/').next().unwrap_or_default();
    Group {
        key: (
            match last.starts_with('{') {
                true => "{}".to_owned(),
                false => last.to_owned(),
            },
            walk.places[depth - 1],
        ),
        rust: expression(&walk.methods[..depth.min(walk.methods.len())]),
        path,
    }
}

/// Returns `graph.users().id(id).messages().list()`, with the names of arguments instead of values.
fn expression(methods: &[&MethodName]) -> String {
    let mut rust = String::from("graph");
    for method in methods {
        let names: Vec<_> = method.arguments.iter().map(|of| argument(of).0).collect();
        rust.push_str(&format!(".{}({})", method.name, names.join(", ")));
    }
    rust
}

/// Returns an argument's name and type.
fn argument(declared: &str) -> (&str, &str) {
    declared.split_once(": ").unwrap_or((declared, ""))
}

/// Returns the differences in an operation that both have.
fn changed(key: &Key, before: &Operation<'_>, after: &Operation<'_>) -> Vec<Change> {
    let change = |what, weight, how: String| Change {
        subject: Subject::Operation,
        what,
        weight,
        graph: format!("{} {}", key.method, after.path),
        rust: expression(&after.walk.methods),
        how,
        group: Some(group(after, key.labels.len())),
    };
    let names = |operation: &Operation<'_>| -> Vec<String> {
        let methods = operation.walk.methods.iter();
        methods.map(|method| method.name.clone()).collect()
    };
    let mut changes = Vec::new();
    if names(before) != names(after) {
        let was = expression(&before.walk.methods);
        changes.push(change(
            What::Renamed,
            Weight::Breaking,
            format!("was `{was}`"),
        ));
    }
    let mut other = |weight, how| changes.push(change(What::Changed, weight, how));
    let arguments = |operation: &Operation<'_>| -> Vec<String> {
        let methods = operation.walk.methods.iter();
        methods
            .flat_map(|method| method.arguments.clone())
            .collect()
    };
    compare_arguments(&arguments(before), &arguments(after), &mut other);
    let (Some(was), Some(is)) = (before.walk.methods.last(), after.walk.methods.last()) else {
        return changes;
    };
    let answer = |method: &MethodName| method.answer.clone().unwrap_or_default();
    if answer(was) != answer(is) {
        let how = format!("returns `{}`, returned `{}`", answer(is), answer(was));
        other(Weight::Breaking, how);
    }
    for option in &was.options {
        if !is.options.contains(option) {
            other(Weight::Breaking, format!("no longer has `{option}`"));
        }
    }
    for option in &is.options {
        if !was.options.contains(option) {
            other(Weight::Harmless, format!("has `{option}`"));
        }
    }
    match (before.deprecated, after.deprecated) {
        (false, true) => other(Weight::Harmless, "is deprecated".to_owned()),
        (true, false) => other(Weight::Harmless, "is no longer deprecated".to_owned()),
        _ => {}
    }
    changes
}

fn compare_arguments(before: &[String], after: &[String], other: &mut dyn FnMut(Weight, String)) {
    // Keys are all called `id`, so they are compared by position. All other arguments are as well,
    // if none was added or removed.
    if before.len() == after.len() {
        for (was, is) in before.iter().zip(after) {
            let ((_, was), (name, is)) = (argument(was), argument(is));
            if was == is {
                continue;
            }
            let weight = match is == format!("impl Into<{was}>") {
                // The argument accepts its former type and all types that convert to it.
                true => Weight::Harmless,
                false => Weight::Breaking,
            };
            other(weight, format!("takes `{name}: {is}`, took `{was}`"));
        }
        return;
    }
    let name = |declared: &str| argument(declared).0.to_owned();
    for was in before {
        if !after.iter().any(|is| name(is) == name(was)) {
            other(Weight::Breaking, format!("no longer takes `{was}`"));
        }
    }
    for is in after {
        match before.iter().find(|was| name(was) == name(is)) {
            None => other(Weight::Breaking, format!("needs `{is}`")),
            Some(was) if was != is => {
                let was = argument(was).1;
                other(Weight::Breaking, format!("takes `{is}`, took `{was}`"));
            }
            Some(_) => {}
        }
    }
}
