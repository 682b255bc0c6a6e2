//! The known facts about the operations of a folded tree.
//!
//! A place stands for many paths, and the facts may differ from one path to another.

use std::collections::{BTreeMap, HashMap};

use msgraph_description::{Argument, Description, Method, Segment, Tree};

use super::prefix::by_prefix;
use super::{Address, CloudSet, Facts, Permissions};

/// The known facts about one operation, by its paths. A path is written as in a call's template,
/// but without the text in braces and parentheses: `/me/drive/items/{}/microsoft.graph.search()`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct OperationFacts {
    /// The needed permissions, each with its paths. The permissions that most paths need come
    /// first. If a path is not listed here, its permissions are unknown.
    pub(crate) permissions: Vec<(Permissions, Vec<String>)>,
    /// The clouds that have the operation, by the beginning of its path. The longest matching entry
    /// applies. The first entry is empty.
    pub(crate) clouds: Vec<(String, CloudSet)>,
}

impl OperationFacts {
    /// Returns whether there are no facts.
    pub(crate) fn is_empty(&self) -> bool {
        self.permissions.is_empty() && self.clouds.is_empty()
    }
}

/// The known facts about the operations of a tree.
pub(crate) struct Known<'a, 'd> {
    facts: &'a Facts,
    tree: &'a Tree<'d>,
    listed: Listed<'a>,
    described: Described,
}

/// The described paths, by number of the place. Each path has its last step.
type Described = Vec<Vec<(StepNumber, String)>>;

/// The origin of a step: the number of the place, and the index of its child.
type StepNumber = (usize, usize);

/// The listed paths, by number of the place and by method.
type Listed<'f> = HashMap<(usize, Method), Vec<Entry<'f>>>;

/// A listed path.
struct Entry<'f> {
    /// Its last step.
    step: StepNumber,
    path: String,
    permissions: &'f Permissions,
}

impl<'a, 'd> Known<'a, 'd> {
    pub(crate) fn new(description: &Description, facts: &'a Facts, tree: &'a Tree<'d>) -> Self {
        let steps = steps(tree);
        let mut described = vec![Vec::new(); tree.places.len()];
        if !facts.clouds.is_empty() {
            for path in description.paths.keys() {
                if let Some(walked) = walk(&steps, tree.root, &Address::new(path)) {
                    described[walked.place].push((walked.step, path.clone()));
                }
            }
        }
        Self {
            facts,
            tree,
            listed: listed(facts, tree, &steps),
            described,
        }
    }

    /// Returns the facts about an operation of a place, for all paths that lead to it.
    pub(crate) fn of_place(&self, place: usize, method: Method) -> Option<OperationFacts> {
        self.of(place, method, |_| true)
    }

    /// Returns the facts about an operation of a child that is a method of the place itself. Other
    /// parents of the same child are ignored.
    pub(crate) fn of_child(
        &self,
        place: usize,
        child: usize,
        method: Method,
    ) -> Option<OperationFacts> {
        let (_, number) = self.tree.places[place].children[child];
        self.of(number, method, |step| step == (place, child))
    }

    fn of(
        &self,
        place: usize,
        method: Method,
        is_meant: impl Fn(StepNumber) -> bool,
    ) -> Option<OperationFacts> {
        let mut needs: BTreeMap<&str, &Permissions> = BTreeMap::new();
        for entry in self.listed.get(&(place, method)).into_iter().flatten() {
            if is_meant(entry.step) {
                needs.entry(&entry.path).or_insert(entry.permissions);
            }
        }
        let described = self.described[place].iter();
        let described = described.filter(|(step, _)| is_meant(*step));
        // The place that a graft leads to is not described, but partly listed. It is in the clouds
        // of the place above it.
        let paths = described
            .map(|(_, path)| path.as_str())
            .chain(needs.keys().copied());
        let clouds: BTreeMap<_, _> = paths
            .filter_map(|path| {
                let clouds = self.facts.clouds.of(method.as_str(), &Address::new(path))?;
                Some((without_names(path), clouds))
            })
            .collect();
        let clouds = clouds.iter().map(|(path, set)| (path.as_str(), *set));
        let facts = OperationFacts {
            permissions: grouped(&needs),
            clouds: by_prefix(clouds, true),
        };
        (!facts.is_empty()).then_some(facts)
    }
}

/// Groups the paths by the permissions that they need.
fn grouped(needs: &BTreeMap<&str, &Permissions>) -> Vec<(Permissions, Vec<String>)> {
    let mut groups: Vec<(&Permissions, Vec<String>)> = Vec::new();
    for (path, of) in needs {
        match groups.iter_mut().find(|(there, _)| there == of) {
            Some((_, paths)) => paths.push((*path).to_owned()),
            None => groups.push((of, vec![(*path).to_owned()])),
        }
    }
    groups.sort_by_key(|(_, paths)| std::cmp::Reverse(paths.len()));
    groups
        .into_iter()
        .map(|(of, paths)| (of.clone(), paths))
        .collect()
}

/// Returns a path without the text in braces and parentheses.
fn without_names(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut depth = 0;
    for sign in path.chars() {
        let closes = matches!(sign, '}' | ')');
        depth -= i32::from(closes);
        if depth == 0 {
            out.push(sign);
        }
        depth += i32::from(matches!(sign, '{' | '('));
    }
    out
}

/// Returns the listed permissions.
///
/// The function walks the list and not the tree. A graft may lead from a place to one above it,
/// while the list is finite.
fn listed<'f>(facts: &'f Facts, tree: &Tree<'_>, steps: &Steps) -> Listed<'f> {
    let mut listed = Listed::new();
    let mut add = |address: &Address, method: &str, permissions: &'f Permissions| {
        let Some(walked) = walk(steps, tree.root, address) else {
            return;
        };
        let mut operations = tree.places[walked.place].operations.iter();
        let Some((method, _)) = operations.find(|(of, _)| of.as_str() == method) else {
            return;
        };
        listed
            .entry((walked.place, *method))
            .or_default()
            .push(Entry {
                step: walked.step,
                path: walked.path,
                permissions,
            });
    };
    // A listing for an item by its path also holds for the item by its id, if that is not listed
    // itself. These listings are therefore added last.
    let mut by_path = Vec::new();
    for (method, address, permissions) in facts.all_permissions() {
        match address.by_id() {
            Some(by_id) if address.as_str().contains(':') => {
                by_path.push((by_id, method, permissions));
            }
            _ => add(address, method, permissions),
        }
    }
    by_path.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    for (address, method, permissions) in by_path {
        add(&address, method, permissions);
    }
    listed
}

/// The steps from each place, by their text in an address.
type Steps = Vec<HashMap<String, Step>>;

struct Step {
    /// The text in a path.
    text: String,
    child: usize,
    to: usize,
}

fn steps(tree: &Tree<'_>) -> Steps {
    // An address has no step for a path of an item, because it identifies such an item by its id.
    let of = |(child, (segment, to)): (usize, &(Segment, usize))| {
        let text = text(segment);
        let address = Address::new(&text)
            .as_str()
            .trim_start_matches('/')
            .to_owned();
        let text = without_names(&text);
        (
            address,
            Step {
                text,
                child,
                to: *to,
            },
        )
    };
    let places = tree.places.iter();
    places
        .map(|place| place.children.iter().enumerate().map(of).collect())
        .collect()
}

/// Returns a segment as text in a path, with empty values of arguments.
fn text(segment: &Segment) -> String {
    let names = |arguments: &[Argument]| -> String {
        let parts: Vec<_> = arguments.iter().map(|a| format!("{}=", a.name)).collect();
        format!("({})", parts.join(","))
    };
    match segment {
        Segment::Literal(name) | Segment::Cast(name) => format!("/{name}"),
        Segment::System(name) => format!("/{name}"),
        Segment::Key(_) => "/{}".into(),
        Segment::Function(name, arguments) => format!("/{name}{}", names(arguments)),
        Segment::AlternateKey(arguments) | Segment::CompositeKey(arguments) => names(arguments),
        Segment::Path => ":".into(),
    }
}

/// The end of a walk.
struct Walked {
    place: usize,
    /// The last step.
    step: StepNumber,
    path: String,
}

fn walk(steps: &Steps, root: usize, address: &Address) -> Option<Walked> {
    let mut walked = Walked {
        place: root,
        step: (root, 0),
        path: String::new(),
    };
    let mut step = |text: &str| {
        let step = steps.get(walked.place)?.get(text)?;
        walked.path.push_str(&step.text);
        walked.step = (walked.place, step.child);
        walked.place = step.to;
        Some(())
    };
    for segment in address.segments() {
        if step(segment).is_none() {
            let (name, _) = segment.split_once('(')?;
            step(name)?;
            step(&segment[name.len()..])?;
        }
    }
    Some(walked)
}
