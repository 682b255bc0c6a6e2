//! The operations that match a query, best first.
//!
//! The search page has the same rules in `assets/page/search.js`, and a test compares the results
//! of both.

use std::collections::HashMap;

use serde::Serialize;

use super::index::Index;
use super::query::{ITEM, KEY, Query};

/// The kind of match. Smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The operation is at this path.
    Path,
    /// The operation is below this path, or the path continues below it.
    Below,
    /// All words are names in the path or of the method.
    Names,
    /// Some words are in the names of the models of the request and the response.
    Models,
}

/// An operation that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The kind of match.
    pub class: Class,
    /// The operation.
    pub operation: usize,
    /// The steps from the root that the query took.
    pub way: Vec<(usize, usize)>,
    /// `true` if the steps are those of the operation itself, and not one of the many longer
    /// routes.
    pub is_listed: bool,
}

/// Hits that are the same method of the same node, by different paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The best hit.
    pub best: Hit,
    /// The other hits, best first.
    pub others: Vec<Hit>,
}

/// The results of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The groups of hits, best first.
    pub groups: Vec<Group>,
    /// The kind of search that was done instead, if there is no operation at the requested path.
    pub instead: Option<Instead>,
}

/// The replacement search for a path that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Instead {
    /// A search for the same path with other methods.
    OtherMethods,
    /// A search for the names of the path, as words.
    Words,
}

impl Found {
    /// Returns the number of operations that match.
    pub fn operations(&self) -> usize {
        self.groups.iter().map(|group| 1 + group.others.len()).sum()
    }
}

/// Runs a query.
pub fn search(index: &Index, text: &str) -> Found {
    let query = Query::parse(text, &index.permissions);
    let (hits, instead) = match query.path.is_empty() {
        true => (by_words(index, &query), None),
        false => by_path_or_else(index, &query),
    };
    Found {
        groups: group(index, hits),
        instead,
    }
}

fn by_path_or_else(index: &Index, query: &Query) -> (Vec<Hit>, Option<Instead>) {
    let hits = by_path(index, query, query.method);
    if !hits.is_empty() {
        return (hits, None);
    }
    let hits = by_path(index, query, None);
    if !hits.is_empty() {
        return (hits, Some(Instead::OtherMethods));
    }
    (
        by_words(index, &query.path_as_words()),
        Some(Instead::Words),
    )
}

/// The sort key of a hit. It consists of the class, whether more than the least privileged
/// permission is needed, the path length, the word match, and the tree order.
type Rank = (Class, bool, usize, usize, usize);

fn by_words(index: &Index, query: &Query) -> Vec<Hit> {
    if query.words.is_empty() && query.permissions.is_empty() {
        return Vec::new();
    }
    let mut ranks: Vec<Rank> = Vec::new();
    for (number, operation) in index.operations.iter().enumerate() {
        let place = &index.places[operation.place];
        let call = index.call(number);
        if query.method.is_some_and(|method| method != call.http) {
            continue;
        }
        let mut more_than_least = false;
        let accepted = query.permissions.iter().all(|permissions| {
            index.accepts(number, permissions).is_some_and(|least| {
                more_than_least |= !least;
                true
            })
        });
        if !accepted {
            continue;
        }
        let (names, models) = &index.call_texts[place.node][operation.call];
        let mut class = Class::Names;
        let mut quality = 0;
        let all = query.words.iter().all(|word| {
            let level = level(&place.text, word).min(level(names, word));
            match level {
                MISSING if models.contains(word.as_str()) => class = Class::Models,
                MISSING => return false,
                _ => quality += level,
            }
            true
        });
        if all {
            let depth = place.depth + usize::from(!call.segment.is_empty());
            ranks.push((class, more_than_least, depth, quality, number));
        }
    }
    ranks.sort_unstable();
    let hit = |&(class, _, _, _, operation): &Rank| Hit {
        class,
        operation,
        way: index.way(index.operations[operation].place),
        is_listed: true,
    };
    ranks.iter().map(hit).collect()
}

const MISSING: usize = 3;

/// Returns how well a word matches names that each end with a slash. It may match a whole name (or
/// its plural), a beginning, any position, or nothing. A word shorter than three letters matches
/// only at the beginning of a name, because it would otherwise match everything.
fn level(text: &str, word: &str) -> usize {
    let mut best = MISSING;
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices(word) {
        let begins = at.checked_sub(1).is_none_or(|before| bytes[before] == b'/');
        let rest = &text[at + word.len()..];
        let ends = rest.starts_with('/') || rest.starts_with("s/");
        best = best.min(match (begins, ends) {
            (true, true) => return 0,
            (true, false) => 1,
            (false, _) if word.len() > 2 => 2,
            (false, _) => MISSING,
        });
    }
    best
}

fn by_path(index: &Index, query: &Query, method: Option<&str>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut push = |class, operation: usize, way: &[(usize, usize)]| {
        let http = index.call(operation).http;
        if method.is_none_or(|method| method == http) {
            hits.push(Hit {
                class,
                operation,
                way: way.to_vec(),
                is_listed: index.way(index.operations[operation].place) == way,
            });
        }
    };
    let mut way = Vec::new();
    let exact = walk(index, 0, &query.path, &mut way);
    if let Some((place, call_segment)) = &exact {
        let of = &index.places[*place];
        let segments = &index.segments[of.node].1;
        for (call, segment) in segments.iter().enumerate() {
            if segment == call_segment {
                push(Class::Path, of.first + call, &way);
            }
        }
    }
    let mut below: Vec<(usize, usize)> = Vec::new();
    if let Some((place, call_segment)) = &exact
        && call_segment.is_empty()
    {
        descend(index, *place, true, &mut below);
    }
    // The last segment may be incomplete: `/me/mess`.
    if let Some((last, before)) = query.path.split_last()
        && last != KEY
    {
        let mut way = Vec::new();
        if let Some((place, _)) = walk(index, 0, before, &mut way) {
            let of = &index.places[index.entered(place)];
            let (steps, calls) = &index.segments[of.node];
            let goes_on =
                |segment: &String| segment.len() > last.len() && segment.starts_with(last);
            for (step, segment) in steps.iter().enumerate() {
                if goes_on(segment) {
                    descend(index, of.below[step], false, &mut below);
                }
            }
            for (call, segment) in calls.iter().enumerate() {
                if goes_on(segment) {
                    below.push((of.depth + 1, of.first + call));
                }
            }
        }
    }
    below.sort_unstable();
    below.dedup();
    for (_, operation) in below {
        let way = index.way(index.operations[operation].place);
        push(Class::Below, operation, &way);
    }
    hits
}

/// Adds all operations of a place and of the places below it. The place's own operations are left
/// out if it was the requested place.
fn descend(index: &Index, place: usize, is_asked: bool, found: &mut Vec<(usize, usize)>) {
    let of = &index.places[place];
    for (call, operation) in index.outline.nodes[of.node].calls.iter().zip(of.first..) {
        let stands_below = !call.segment.is_empty();
        if stands_below || !is_asked {
            found.push((of.depth + usize::from(stands_below), operation));
        }
    }
    for &below in &of.below {
        descend(index, below, false, found);
    }
}

/// Returns the place at the end of a path, and the segment of the calls there. Names are tried
/// before keys.
fn walk(
    index: &Index,
    place: usize,
    path: &[String],
    way: &mut Vec<(usize, usize)>,
) -> Option<(usize, String)> {
    let Some((segment, rest)) = path.split_first() else {
        return Some((place, String::new()));
    };
    let of = &index.places[index.entered(place)];
    let (steps, calls) = &index.segments[of.node];
    let step = |text: &str, way: &mut Vec<(usize, usize)>| {
        let step = steps.iter().position(|step| step == text)?;
        way.push((of.node, step));
        let found = walk(index, of.below[step], rest, way);
        if found.is_none() {
            way.pop();
        }
        found
    };
    if let Some(found) = step(segment, way) {
        return Some(found);
    }
    if rest.is_empty() && calls.contains(segment) {
        return Some((place, segment.clone()));
    }
    // `applications(appId='…')`: the collection, followed by a key.
    if let Some((name, key)) = segment.split_once('(').filter(|(name, _)| !name.is_empty()) {
        let mut apart = vec![name.to_owned(), format!("({key}")];
        apart.extend_from_slice(rest);
        return walk(index, place, &apart, way);
    }
    // Any other segment may be the value of a key.
    if segment.starts_with(ITEM) || segment.starts_with('(') {
        return None;
    }
    step(KEY, way)
}

fn group(index: &Index, hits: Vec<Hit>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut of_call = HashMap::new();
    for hit in hits {
        let operation = index.operations[hit.operation];
        let key = (index.places[operation.place].node, operation.call);
        match of_call.get(&key) {
            Some(&group) => {
                let group: &mut Group = &mut groups[group];
                group.others.push(hit);
            }
            None => {
                of_call.insert(key, groups.len());
                groups.push(Group {
                    best: hit,
                    others: Vec::new(),
                });
            }
        }
    }
    groups
}
