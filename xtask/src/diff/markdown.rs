//! The Markdown output of the diff, for the changelog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Change, Diff, Group, Subject, Weight, What};

impl Diff {
    /// Returns Markdown with the breaking changes first. A subtree that was added or removed is one
    /// line, and so is a change that is the same in many places.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "From {} to {}.", self.origins[0], self.origins[1]);
        for (weight, title) in [
            (Weight::Breaking, "Breaking changes"),
            (Weight::Harmless, "Other changes"),
        ] {
            let of = |changes: &[Change]| -> Vec<Change> {
                let of = changes.iter().filter(|change| change.weight == weight);
                of.cloned().collect()
            };
            let (operations, models) = (of(&self.operations), of(&self.models));
            if operations.is_empty() && models.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n### {title}");
            for (what, title) in [
                (What::Removed, "Operations removed"),
                (What::Renamed, "Operations renamed"),
                (What::Changed, "Operations changed"),
                (What::Added, "Operations added"),
            ] {
                let of: Vec<_> = operations.iter().filter(|of| of.what == what).collect();
                section(&mut out, title, operations_of(&of), gathered(&of));
            }
            for (what, how) in [
                (What::Removed, "removed"),
                (What::Renamed, "renamed"),
                (What::Changed, "changed"),
                (What::Added, "added"),
            ] {
                let of = models.iter().filter(|of| of.what == what);
                let (parts, types): (Vec<_>, Vec<_>) = of.partition(|of| is_part(of.subject));
                let types_title = format!("Types {how}");
                section(&mut out, &types_title, types.len(), lines(&types));
                let parts_title = format!("Properties and enum members {how}");
                section(&mut out, &parts_title, parts.len(), lines(&parts));
            }
        }
        out
    }
}

/// Returns the number of operations that the changes affect.
fn operations_of(changes: &[&Change]) -> usize {
    let names: BTreeSet<_> = changes.iter().map(|change| &change.graph).collect();
    names.len()
}

/// Returns whether the subject is a property of a type or a word of an enum.
fn is_part(subject: Subject) -> bool {
    matches!(subject, Subject::Property | Subject::Member)
}

fn section(out: &mut String, title: &str, count: usize, lines: Vec<String>) {
    if count == 0 {
        return;
    }
    let _ = writeln!(out, "\n#### {title} ({count})\n");
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
}

/// Returns one line for each group of operations.
fn gathered(changes: &[&Change]) -> Vec<String> {
    // All changes of one operation are listed in one line.
    let mut operations: BTreeMap<&str, (&Change, Vec<&str>)> = BTreeMap::new();
    for change in changes {
        let (_, how) = operations
            .entry(&change.graph)
            .or_insert((change, Vec::new()));
        how.push(&change.how);
    }
    // Groups by the place and the kind of change there, then by path.
    let mut groups: BTreeMap<_, BTreeMap<&str, Vec<(&Change, &Group)>>> = BTreeMap::new();
    for (change, how) in operations.values() {
        let Some(group) = &change.group else { continue };
        let method = match change.what {
            What::Added | What::Removed => "",
            What::Renamed | What::Changed => change.graph.split(' ').next().unwrap_or_default(),
        };
        let places = groups.entry((&group.key, method, how.join("; ")));
        let of_place = places.or_default().entry(&group.path).or_default();
        of_place.push((change, group));
    }
    let mut lines: Vec<(&str, String)> = Vec::new();
    for ((_, _, how), places) in &groups {
        let shortest = places.iter().min_by_key(|(path, _)| (path.len(), **path));
        let Some((path, of_place)) = shortest else {
            continue;
        };
        let mut line = match of_place[..] {
            [(change, _)] => format!("`{}`: `{}`", change.graph, change.rust),
            [(_, group), ..] => format!(
                "{} operations at and below `{path}`: `{}`",
                of_place.len(),
                group.rust
            ),
            [] => continue,
        };
        if !how.is_empty() {
            let _ = write!(line, " {how}");
        }
        match places.len() - 1 {
            0 => {}
            1 => line.push_str("; and at one other place"),
            more => {
                let _ = write!(line, "; and at {more} other places");
            }
        }
        lines.push((path, line));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Returns one line for each type, with all its properties or members that changed in the same way.
fn lines(changes: &[&Change]) -> Vec<String> {
    let mut types: BTreeMap<(&str, Subject), Vec<&Change>> = BTreeMap::new();
    for change in changes {
        let of = match is_part(change.subject) {
            true => change.graph.rsplit_once('.').map_or("", |(of, _)| of),
            false => &change.graph,
        };
        types.entry((of, change.subject)).or_default().push(change);
    }
    let mut lines = Vec::new();
    for ((of, subject), changes) in types {
        if is_part(subject) {
            let first = changes.first().map_or("", |change| change.rust.as_str());
            let of_type = first.rsplit_once("::").map_or("", |(of, _)| of);
            let all: Vec<_> = changes
                .iter()
                .map(|change| {
                    let name = change.graph.rsplit('.').next().unwrap_or_default();
                    let rust = change.rust.rsplit("::").next().unwrap_or_default();
                    let how = match change.how.is_empty() {
                        true => String::new(),
                        false => format!(" ({})", change.how),
                    };
                    format!("`{name}` `{rust}`{how}")
                })
                .collect();
            lines.push(format!("`{of}` (`{of_type}`): {}", all.join(", ")));
        } else {
            for change in changes {
                let mut line = format!("`{of}` (`{}`)", change.rust);
                if !change.how.is_empty() {
                    let _ = write!(line, ": {}", change.how);
                }
                lines.push(line);
            }
        }
    }
    lines
}
