//! Which operations a question means, best first.
//!
//! The search page has the same rules in `assets/page/find.js`, and a test compares what both find.

use std::collections::HashMap;

use serde::Serialize;

use super::index::Index;
use super::query::{ITEM, KEY, Query};

/// How an operation matches: the better, the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It is at this path.
    Path,
    /// It is below this path, or the path goes on.
    Below,
    /// All words are names of the path or of the method.
    Names,
    /// Some words are in the names of the models that are sent and answered.
    Models,
}

/// An operation that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// How it matches.
    pub class: Class,
    /// Which operation.
    pub operation: usize,
    /// The steps from the root that the question took.
    pub way: Vec<(usize, usize)>,
}

/// Hits that are the same method of the same node, by different paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The best one.
    pub best: Hit,
    /// The others, best first.
    pub others: Vec<Hit>,
}

/// What a question found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Best first.
    pub groups: Vec<Group>,
    /// What was looked for instead, where there is nothing at the path that was asked for.
    pub instead: Option<Instead>,
}

/// What is looked for where a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Instead {
    /// The path has other methods.
    OtherMethods,
    /// The names of the path, as words.
    Words,
}

impl Found {
    /// How many operations match.
    pub fn operations(&self) -> usize {
        self.groups.iter().map(|group| 1 + group.others.len()).sum()
    }
}

/// Answers a question.
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

/// Where a hit stands among the others: class, whether it needs more than the least of permissions, length of the path, how
/// well words match, order of the tree.
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
    };
    ranks.iter().map(hit).collect()
}

const MISSING: usize = 3;

/// How well a word matches names that each end with a slash: as a whole (or as its plural), at a beginning, somewhere, not at
/// all. What is shorter than three letters is somewhere in everything.
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
    // The last segment may be unfinished: `/me/mess`.
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

/// All operations of a place and of those below it, without the place's own ones where it is what was asked for.
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

/// The place at the end of a path, and the segment that the calls there have. Names come before keys.
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
    // `applications(appId='…')`: the collection, and a key of it below.
    if let Some((name, key)) = segment.split_once('(').filter(|(name, _)| !name.is_empty()) {
        let mut apart = vec![name.to_owned(), format!("({key}")];
        apart.extend_from_slice(rest);
        return walk(index, place, &apart, way);
    }
    // Whatever else stands there may be the value of a key.
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
