//! All operations by all their paths, with what is known of each.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use msgraph_codegen::{
    Call, CloudSet, Description, Facts, Outline, Permissions, Route, Step, generate,
};

use super::query::{normal, segments, words};

/// Everything that can be found.
#[derive(Debug)]
pub struct Index {
    /// The nodes and their methods.
    pub outline: Outline,
    /// The places, each before those below it; the first is the root. What the description has is all here; places that were
    /// grafted lead on without an end, and are here as far as three segments beyond it.
    pub places: Vec<Place>,
    /// The operations, in the order of their places.
    pub operations: Vec<Operation>,
    /// What is known of operations, each different set of facts once.
    pub facts: Vec<OperationFacts>,
    /// The names of all permissions, sorted.
    pub permissions: Vec<String>,
    /// By node: the first of its places that has something below it.
    entered: HashMap<usize, usize>,
    /// By facts: the numbers of all permissions that suffice, and of the least privileged ones.
    accepted: Vec<(Vec<usize>, Vec<usize>)>,
    /// By node: the normal forms of the steps' and the calls' segments.
    pub(super) segments: Vec<(Vec<String>, Vec<String>)>,
    /// By node and call: names and models to search in.
    pub(super) call_texts: Vec<Vec<(String, String)>>,
}

/// A place in Graph's tree: a node at the end of one path.
#[derive(Debug)]
pub struct Place {
    /// The place above and the number of the step that leads here; none for the root.
    pub above: Option<(usize, usize)>,
    /// The node that stands here.
    pub node: usize,
    /// How many segments the path has.
    pub depth: usize,
    /// The places below, in the order of the node's steps; none where the list ends.
    pub below: Vec<usize>,
    /// The first of the place's operations, which are as many as the node has calls.
    pub first: usize,
    /// The names on the way, to search in: `/users/id/messages/`.
    pub(super) text: String,
}

/// An operation at a place.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Where it stands.
    pub place: usize,
    /// Which of the node's calls it is.
    pub call: usize,
    /// Which facts hold for it.
    pub facts: usize,
}

/// How many segments beyond the description are listed: as far as `/me/drive/root:/{path}:/content`. Longer paths are found
/// as paths, not as words.
const BEYOND: usize = 3;

/// What is known of an operation beyond its form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct OperationFacts {
    /// The permissions that it needs.
    pub permissions: Option<Permissions>,
    /// The national and sovereign clouds that have it.
    pub clouds: Option<CloudSet>,
}

impl Index {
    /// Reads a folder of trimmed description.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or no code can be made of it.
    pub fn read(folder: &Path) -> Result<Self> {
        let description = Description::read(folder)?;
        let facts = Facts::read(folder)?;
        let generated = generate(&description)
            .with_context(|| format!("cannot generate from {}", folder.display()))?;
        let paths = description.paths.keys().map(String::as_str);
        Ok(Self::new(generated.outline(), &facts, paths))
    }

    /// Walks the paths of the outline. `described` are those that the description has.
    pub fn new<'p>(
        outline: Outline,
        facts: &Facts,
        described: impl Iterator<Item = &'p str>,
    ) -> Self {
        let normals = outline.nodes.iter().map(|node| {
            let steps = node.steps.iter().map(|step| normal(&step.segment));
            let calls = node.calls.iter().map(|call| normal(&call.segment));
            (steps.collect(), calls.collect())
        });
        let call_texts = outline.nodes.iter().map(|node| {
            let text = |call: &Call| {
                let models = [&call.body, &call.answer].into_iter().flatten();
                let models: String = models
                    .flat_map(|of| words(of))
                    .collect::<Vec<_>>()
                    .join("/");
                (names(&call.segment, &call.method), models)
            };
            node.calls.iter().map(text).collect()
        });
        let mut index = Self {
            segments: normals.collect(),
            call_texts: call_texts.collect(),
            places: Vec::new(),
            operations: Vec::new(),
            facts: Vec::new(),
            permissions: Vec::new(),
            entered: HashMap::new(),
            accepted: Vec::new(),
            outline,
        };
        let mut walk = Walk {
            facts,
            known: HashMap::new(),
            described: HashSet::new(),
        };
        for path in described {
            let mut above = String::new();
            for segment in segments(path) {
                above.push('/');
                above.push_str(&segment);
                walk.described.insert(above.clone());
            }
        }
        if !index.outline.nodes.is_empty() {
            walk.enter(&mut index, None, 0, &Way::default());
        }
        index.count_permissions();
        index
    }

    fn count_permissions(&mut self) {
        let named = |facts: &OperationFacts, least: bool| -> Vec<String> {
            let schemes = facts.permissions.iter().flat_map(Permissions::schemes);
            let of = schemes.flat_map(|scheme| {
                let others = scheme.others.iter().filter(|_| !least);
                scheme.least.iter().chain(others)
            });
            let mut names: Vec<_> = of.map(|permission| permission.name.clone()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        self.permissions = self.facts.iter().flat_map(|of| named(of, false)).collect();
        self.permissions.sort_unstable();
        self.permissions.dedup();
        let numbers = |names: Vec<String>| -> Vec<usize> {
            let found = names
                .iter()
                .map(|name| self.permissions.binary_search(name));
            found.filter_map(Result::ok).collect()
        };
        let facts = self.facts.iter();
        self.accepted = facts
            .map(|of| (numbers(named(of, false)), numbers(named(of, true))))
            .collect();
    }

    /// Whether one of these permissions suffices for an operation, and if so, whether as its least privileged one.
    pub fn accepts(&self, operation: usize, permissions: &[usize]) -> Option<bool> {
        let (all, least) = &self.accepted[self.operations[operation].facts];
        let among = |of: &[usize]| permissions.iter().any(|number| of.contains(number));
        among(all).then(|| among(least))
    }

    /// The call of an operation.
    pub fn call(&self, operation: usize) -> &Call {
        let of = self.operations[operation];
        &self.outline.nodes[self.places[of.place].node].calls[of.call]
    }

    /// The steps from the root to a place: for each a node and the number of the step.
    pub fn way(&self, place: usize) -> Vec<(usize, usize)> {
        let above = |place: usize| self.places[place].above;
        let mut way = Vec::new();
        let mut next = above(place);
        while let Some((place, step)) = next {
            way.push((self.places[place].node, step));
            next = above(place);
        }
        way.reverse();
        way
    }

    /// Path and expression of a call at the end of a way.
    pub fn route(&self, way: &[(usize, usize)], call: &Call) -> Route {
        let mut route = Route::new();
        for (node, step) in way {
            route.step(&self.outline.nodes[*node].steps[*step]);
        }
        route.call(call);
        route
    }

    /// The place to look below: where the list ends, it is another one of the same node.
    pub fn entered(&self, place: usize) -> usize {
        let of = &self.places[place];
        if !of.below.is_empty() {
            return place;
        }
        self.entered.get(&of.node).copied().unwrap_or(place)
    }
}

/// The names of a step, to search in, each with a slash behind: Graph's, and the method's where it is another one.
fn names(segment: &str, method: &str) -> String {
    let mut names = words(&normal(segment));
    let method = words(method).concat();
    if !names.contains(&method) {
        names.push(method);
    }
    names.iter().map(|name| format!("{name}/")).collect()
}

struct Walk<'f> {
    facts: &'f Facts,
    known: HashMap<OperationFacts, usize>,
    /// The paths that are described, and all above them, in their normal form.
    described: HashSet<String>,
}

/// How a place was reached.
#[derive(Default)]
struct Way {
    route: Route,
    normal: String,
    /// How many segments it is beyond what is described.
    beyond: usize,
}

impl Walk<'_> {
    fn enter(
        &mut self,
        index: &mut Index,
        above: Option<(usize, usize)>,
        node: usize,
        way: &Way,
    ) -> usize {
        let number = index.places.len();
        let (depth, text) = match above {
            None => (0, "/".to_owned()),
            Some((above, step)) => {
                let above = &index.places[above];
                let step: &Step = &index.outline.nodes[above.node].steps[step];
                let text = format!("{}{}", above.text, names(&step.segment, &step.method));
                (above.depth + 1, text)
            }
        };
        index.places.push(Place {
            above,
            node,
            depth,
            below: Vec::new(),
            first: index.operations.len(),
            text,
        });
        for call in 0..index.outline.nodes[node].calls.len() {
            let of = &index.outline.nodes[node].calls[call];
            let mut route = way.route.clone();
            route.call(of);
            let known = OperationFacts {
                permissions: self.facts.permissions(of.http, route.path()),
                clouds: self.facts.clouds(of.http, route.path()),
            };
            let next = index.facts.len();
            let facts = *self.known.entry(known).or_insert_with_key(|known| {
                index.facts.push(known.clone());
                next
            });
            index.operations.push(Operation {
                place: number,
                call,
                facts,
            });
        }
        let steps = index.outline.nodes[node].steps.len();
        if way.beyond >= BEYOND || steps == 0 {
            return number;
        }
        index.entered.entry(node).or_insert(number);
        for step in 0..steps {
            let of = &index.outline.nodes[node].steps[step];
            let to = of.to;
            let way = self.step(way, of, &index.segments[node].0[step]);
            let below = self.enter(index, Some((number, step)), to, &way);
            index.places[number].below.push(below);
        }
        number
    }

    fn step(&self, way: &Way, step: &Step, segment: &str) -> Way {
        let mut route = way.route.clone();
        route.step(step);
        // A key in parentheses is a step of its own, and in a path it is part of a segment.
        let slash = if segment.starts_with('(') { "" } else { "/" };
        let normal = format!("{}{slash}{segment}", way.normal);
        let beyond = match self.described.contains(&normal) {
            true => 0,
            false => way.beyond + 1,
        };
        Way {
            route,
            normal,
            beyond,
        }
    }
}
