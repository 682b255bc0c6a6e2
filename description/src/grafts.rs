//! Places that stand for others: parts of Graph that its description has lost.
//!
//! `openapi/grafts.json` lists them. After the fold, each graft is one more step to a place that
//! exists anyway, so it is free.

use std::collections::HashMap;

use crate::description::{Description, Grafts};
use crate::error::{Error, Result};
use crate::tree::{Builder, Place, Segment, Tree};

/// A step from a place: the number of the child that it replaces, if any, and the place that it
/// leads to.
struct Way {
    from: usize,
    replaces: Option<usize>,
    segment: Segment,
    to: usize,
}

/// Puts the grafts of a description into its folded tree.
///
/// # Errors
///
/// Fails if a graft names a place that does not exist, or would hide a described place.
pub fn graft<'d>(tree: &mut Tree<'d>, description: &'d Description) -> Result<()> {
    let Grafts { subtrees, paths } = &description.grafts;
    let mut ways = Vec::new();
    for (at, to) in subtrees {
        ways.push(subtree(tree, at, place(tree, at, to)?)?);
    }
    for (at, to) in paths {
        ways.push(Way {
            from: place(tree, at, at)?,
            replaces: None,
            segment: Segment::Path,
            to: place(tree, at, to)?,
        });
    }
    for way in ways {
        let led_to = way
            .replaces
            .map(|number| tree.places[way.from].children[number].1);
        // Places that were folded into one may all be in the table.
        if led_to == Some(way.to) || tree.places[way.from].leads_by(&way.segment) == Some(way.to) {
            continue;
        }
        if let Some(replaced) = led_to {
            tree.places[way.to].places += tree.places[replaced].places;
        } else {
            tree.places[way.to].places += 1;
        }
        let children = &mut tree.places[way.from].children;
        match way.replaces.and_then(|number| children.get_mut(number)) {
            Some(child) => child.1 = way.to,
            None => children.push((way.segment, way.to)),
        }
        tree.places[way.from].sort();
    }
    drop_unreachable(tree);
    Ok(())
}

fn subtree(tree: &Tree<'_>, at: &str, to: usize) -> Result<Way> {
    let unknown = |what: String| Error::Unknown {
        place: at.into(),
        what,
    };
    let (above, last) = at
        .rsplit_once('/')
        .ok_or_else(|| unknown("the place of a graft must be a path".into()))?;
    let from = match above {
        "" => tree.root,
        above => place(tree, at, above)?,
    };
    let segment = Builder::segment(last)
        .ok_or_else(|| unknown(format!("a graft cannot be placed at `{last}`")))?;
    let children = &tree.places[from].children;
    let replaces = children
        .iter()
        .position(|(of, _)| of.label() == segment.label());
    if let Some(number) = replaces {
        let own = children[number].1;
        if let Some(lost) = lost(tree, own, to) {
            return Err(unknown(format!("the graft would lose {lost}")));
        }
    }
    Ok(Way {
        from,
        replaces,
        segment,
        to,
    })
}

/// Returns a part of a place that the place it would stand for lacks, if there is one.
fn lost(tree: &Tree<'_>, own: usize, to: usize) -> Option<String> {
    if own == to {
        return None;
    }
    let (own, to) = (&tree.places[own], &tree.places[to]);
    for (method, operation) in &own.operations {
        let same = to.operations.iter().any(|(of, other)| {
            of == method
                && other.request_body == operation.request_body
                && other.responses == operation.responses
        });
        if !same {
            return Some(format!("{} {}", method.as_str(), own.path));
        }
    }
    own.children.iter().find_map(|(segment, child)| {
        let label = segment.label();
        match to.children.iter().find(|(of, _)| of.label() == label) {
            Some((_, of_other)) => lost(tree, *child, *of_other),
            None => Some(tree.places[*child].path.clone()),
        }
    })
}

fn place(tree: &Tree<'_>, at: &str, path: &str) -> Result<usize> {
    tree.find(path).ok_or_else(|| Error::Unknown {
        place: at.into(),
        what: format!("the graft refers to {path}, which the description does not have"),
    })
}

/// Drops the places that can no longer be reached, and renumbers the rest.
fn drop_unreachable(tree: &mut Tree<'_>) {
    let mut reached = vec![false; tree.places.len()];
    let mut next = vec![tree.root];
    while let Some(place) = next.pop() {
        if !std::mem::replace(&mut reached[place], true) {
            next.extend(tree.places[place].children.iter().map(|(_, child)| *child));
        }
    }
    let mut numbers = HashMap::new();
    let places: Vec<Place<'_>> = std::mem::take(&mut tree.places);
    for (old, place) in places.into_iter().enumerate() {
        if reached[old] {
            numbers.insert(old, tree.places.len());
            tree.places.push(place);
        }
    }
    for place in &mut tree.places {
        for (_, child) in &mut place.children {
            *child = numbers[child];
        }
    }
    tree.root = numbers[&tree.root];
}
