//! The areas that need each operation and each step of the folded tree.
//!
//! A place of Graph belongs to one area, but the fold makes one place of many: messages and events
//! have the same attachments. A folded place is therefore in the areas of all paths that lead to
//! it, and is written if one of them is enabled. A step is written if something behind it is.

use std::collections::{BTreeMap, HashMap};

use msgraph_description::{AreaSet, Areas, Description, Segment, Selection, Tree};

/// The number of a place, and the index of one of its children.
type Step = (usize, usize);

/// The areas that need each part of a tree.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// The areas of the operations at each place.
    places: HashMap<usize, AreaSet>,
    /// The areas of the operations of a child, on paths through this step.
    ends: HashMap<Step, AreaSet>,
    /// The areas of everything behind a step.
    through: HashMap<Step, AreaSet>,
}

/// The part of a tree that is written.
#[derive(Debug)]
pub(crate) struct Written<'a> {
    selection: &'a Selection,
    /// `None` if everything is written and no item shows its areas.
    coverage: Option<Coverage>,
}

impl<'a> Written<'a> {
    pub(crate) fn new(
        description: &Description,
        tree: &Tree<'_>,
        selection: &'a Selection,
    ) -> Self {
        let areas = selection.areas();
        Self {
            selection,
            coverage: areas.map(|areas| Coverage::new(description, tree, areas)),
        }
    }

    /// Returns whether the operations of a place are written.
    pub(crate) fn has_operations(&self, place: usize) -> bool {
        self.has(|coverage| coverage.operations(place))
    }

    /// Returns whether a step is written.
    pub(crate) fn has_step(&self, step: Step) -> bool {
        self.has(|coverage| coverage.step(step))
    }

    /// Returns whether the operations of a child are written as methods of the place above it.
    pub(crate) fn has_methods(&self, step: Step) -> bool {
        self.has(|coverage| coverage.methods(step))
    }

    /// Returns the attribute by which the documentation of a node shows its features.
    pub(crate) fn node_attribute(&self, tree: &Tree<'_>, place: usize) -> String {
        self.attribute(|coverage| coverage.node(tree, place), None)
    }

    /// Returns the attribute of an operation, if its features are not those of its node.
    pub(crate) fn operation_attribute(&self, tree: &Tree<'_>, place: usize) -> String {
        self.attribute(|coverage| coverage.operations(place), Some((tree, place)))
    }

    /// Returns the attribute of a step, if its features are not those of its node.
    pub(crate) fn step_attribute(&self, tree: &Tree<'_>, step: Step) -> String {
        self.attribute(|coverage| coverage.step(step), Some((tree, step.0)))
    }

    /// Returns the attribute of the operations of a child that are methods of the place above it,
    /// if their features are not those of its node.
    pub(crate) fn methods_attribute(&self, tree: &Tree<'_>, step: Step) -> String {
        self.attribute(|coverage| coverage.methods(step), Some((tree, step.0)))
    }

    fn has(&self, areas: impl Fn(&Coverage) -> AreaSet) -> bool {
        let coverage = self.coverage.as_ref();
        coverage.is_none_or(|coverage| self.selection.has(areas(coverage)))
    }

    fn attribute(
        &self,
        areas: impl Fn(&Coverage) -> AreaSet,
        node: Option<(&Tree<'_>, usize)>,
    ) -> String {
        let Some(coverage) = &self.coverage else {
            return String::new();
        };
        let areas = areas(coverage);
        // The root does not show features, so everything at it shows its own.
        let of_node = node.filter(|(tree, place)| *place != tree.root);
        let of_node = of_node.map(|(tree, place)| coverage.node(tree, place));
        match of_node == Some(areas) {
            true => String::new(),
            false => self.selection.attribute(areas),
        }
    }
}

impl Coverage {
    /// Follows each path of a description.
    pub(crate) fn new(description: &Description, tree: &Tree<'_>, areas: &Areas) -> Self {
        let mut coverage = Self::default();
        for path in description.paths.keys() {
            let area = areas.of_path(path);
            let Some(steps) = tree.walk(path) else {
                continue;
            };
            for &step in &steps {
                coverage.through.entry(step).or_default().add(area);
            }
            if let Some(&last) = steps.last() {
                coverage.ends.entry(last).or_default().add(area);
                coverage
                    .places
                    .entry(child(tree, last))
                    .or_default()
                    .add(area);
            }
        }
        coverage.add_grafts(
            tree,
            &description.grafts.subtrees,
            &description.grafts.paths,
        );
        coverage
    }

    /// Adds what is behind the steps of grafts, which no path of the description follows.
    fn add_grafts(
        &mut self,
        tree: &Tree<'_>,
        subtrees: &BTreeMap<String, String>,
        paths: &BTreeMap<String, String>,
    ) {
        let of_subtrees = subtrees.keys().filter_map(|at| tree.walk(at));
        let of_paths = paths.keys().filter_map(|at| {
            let mut steps = tree.walk(at)?;
            let place = child(tree, *steps.last()?);
            let mut children = tree.places[place].children.iter();
            let number = children.position(|(segment, _)| *segment == Segment::Path)?;
            steps.push((place, number));
            Some(steps)
        });
        let grafts: Vec<_> = of_subtrees.chain(of_paths).collect();
        // A graft may lead to a place with further grafts, or to one above it.
        let mut has_grown = true;
        while has_grown {
            has_grown = false;
            for steps in &grafts {
                let Some(&last) = steps.last() else {
                    continue;
                };
                let behind = self.node(tree, child(tree, last));
                for &step in steps {
                    has_grown |= self.through.entry(step).or_default().add(behind);
                }
            }
        }
    }

    /// Returns the areas of the operations at a place.
    pub(crate) fn operations(&self, place: usize) -> AreaSet {
        self.places.get(&place).copied().unwrap_or_default()
    }

    /// Returns the areas of everything behind a step.
    fn step(&self, step: Step) -> AreaSet {
        self.through.get(&step).copied().unwrap_or_default()
    }

    /// Returns the areas of the operations of a child, on paths through this step.
    pub(crate) fn methods(&self, step: Step) -> AreaSet {
        self.ends.get(&step).copied().unwrap_or_default()
    }

    /// Returns the areas of the operations at a place and of everything below it.
    fn node(&self, tree: &Tree<'_>, place: usize) -> AreaSet {
        let mut areas = self.operations(place);
        for number in 0..tree.places[place].children.len() {
            areas.add(self.step((place, number)));
        }
        areas
    }
}

/// Returns the place that a step leads to.
fn child(tree: &Tree<'_>, (place, number): Step) -> usize {
    tree.places[place].children[number].1
}
