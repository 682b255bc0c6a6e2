//! All operations by all their paths, with the known facts about each.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use msgraph_codegen::{
    AreaSet, Areas, Call, CloudSet, Description, Facts, Outline, Permissions, Route, Step, generate,
};

use super::query::{normal, segments, words};

/// The index of everything that can be found.
#[derive(Debug)]
pub struct Index {
    /// The nodes and their methods.
    pub outline: Outline,
    /// The places, each before those below it. The first is the root. All described places are
    /// listed. Grafted places continue endlessly, and are listed up to three segments beyond the
    /// description.
    pub places: Vec<Place>,
    /// The operations, in the order of their places.
    pub operations: Vec<Operation>,
    /// The known facts about operations, each different set once.
    pub facts: Vec<OperationFacts>,
    /// The names of all permissions, sorted.
    pub permissions: Vec<String>,
    /// The areas of Graph, if the description has them.
    pub areas: Option<Areas>,
    /// The first place of each node that has something below it.
    entered: HashMap<usize, usize>,
    /// The numbers of all permissions that suffice, and of the least privileged ones, by facts.
    accepted: Vec<(Vec<usize>, Vec<usize>)>,
    /// The normal forms of the segments of steps and calls, by node.
    pub(super) segments: Vec<(Vec<String>, Vec<String>)>,
    /// The names and models to search in, by node and call.
    pub(super) call_texts: Vec<Vec<(String, String)>>,
}

/// A place in Graph's tree: a node at the end of one path.
#[derive(Debug)]
pub struct Place {
    /// The place above and the number of the step that leads here; none for the root.
    pub above: Option<(usize, usize)>,
    /// The node at this place.
    pub node: usize,
    /// The number of segments of the path.
    pub depth: usize,
    /// The places below, in the order of the node's steps. Empty at the end of the list.
    pub below: Vec<usize>,
    /// The first of the place's operations. There are as many as the node has calls.
    pub first: usize,
    /// The names on the path, to search in: `/users/id/messages/`.
    pub(super) text: String,
}

/// An operation at a place.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The place of the operation.
    pub place: usize,
    /// The index among the node's calls.
    pub call: usize,
    /// The index of its facts.
    pub facts: usize,
    /// The area that it belongs to, as a set. Empty if the description has no areas.
    pub area: AreaSet,
}

/// The number of segments beyond the description that are listed, enough for
/// `/me/drive/root:/{path}:/content`. Longer paths are found as paths, not as words.
const BEYOND: usize = 3;

/// The known facts about an operation besides its form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct OperationFacts {
    /// The permissions that it needs.
    pub permissions: Option<Permissions>,
    /// The national and sovereign clouds that have it.
    pub clouds: Option<CloudSet>,
}

impl Index {
    /// Reads a folder with a trimmed description.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read, or if no code can be generated from it.
    pub fn read(folder: &Path) -> Result<Self> {
        let description = Description::read(folder)?;
        let facts = Facts::read(folder)?;
        let generated = generate(&description)
            .with_context(|| format!("cannot generate from {}", folder.display()))?;
        let paths = description.paths.keys().map(String::as_str);
        let areas = Areas::read(folder)?;
        Ok(Self::new(generated.outline(), &facts, areas, paths))
    }

    /// Walks the paths of the outline. `described` are the paths in the description.
    pub fn new<'p>(
        outline: Outline,
        facts: &Facts,
        areas: Option<Areas>,
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
            areas,
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

    /// Returns whether one of these permissions suffices for an operation. If so, the value states
    /// whether it is the least privileged one.
    pub fn accepts(&self, operation: usize, permissions: &[usize]) -> Option<bool> {
        let (all, least) = &self.accepted[self.operations[operation].facts];
        let among = |of: &[usize]| permissions.iter().any(|number| of.contains(number));
        among(all).then(|| among(least))
    }

    /// Returns the call of an operation.
    pub fn call(&self, operation: usize) -> &Call {
        let of = self.operations[operation];
        &self.outline.nodes[self.places[of.place].node].calls[of.call]
    }

    /// Returns the steps from the root to a place, each as a node and the index of the step.
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

    /// Returns the path and expression of a call at the end of the given steps.
    pub fn route(&self, way: &[(usize, usize)], call: &Call) -> Route {
        let mut route = Route::new();
        for (node, step) in way {
            route.step(&self.outline.nodes[*node].steps[*step]);
        }
        route.call(call);
        route
    }

    /// Returns the place whose children continue the path. At the end of the list, it is another
    /// place of the same node.
    pub fn entered(&self, place: usize) -> usize {
        let of = &self.places[place];
        if !of.below.is_empty() {
            return place;
        }
        self.entered.get(&of.node).copied().unwrap_or(place)
    }
}

/// Returns the names of a step to search in, each followed by a slash: Graph's name, and the
/// method's if it differs.
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
    /// The described paths, and all paths above them, in their normal form.
    described: HashSet<String>,
}

/// The steps by which a place was reached.
#[derive(Default)]
struct Way {
    route: Route,
    normal: String,
    /// The number of segments beyond the described path.
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
            let area = index.areas.as_ref().map(|areas| match way.beyond {
                0 => areas.of_path(route.path()),
                // A path that is not described leads to a node with other paths.
                _ => areas.of_path(&format!("{}{}", index.outline.nodes[node].path, of.segment)),
            });
            index.operations.push(Operation {
                place: number,
                call,
                facts,
                area: area.unwrap_or_default(),
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
        // A key in parentheses is a separate step, but in a path it is part of a segment.
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
