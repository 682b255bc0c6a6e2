//! Chooses the places that stand for others.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};

use super::{Place, Table};
use crate::trimmed::{Description, Grafts};

/// The calls below a place: methods and relative paths, independent of the names of keys.
type Below = BTreeSet<(String, &'static str)>;

/// Returns the lines of the table that apply to `description`. With `strict`, which applies to the
/// pinned document, a line must find its places, and these must lack an operation.
pub fn choose(description: &Description, table: &Table, strict: bool) -> Result<Grafts> {
    let mut grafts = Grafts::default();
    for line in table.subtrees {
        let mut found = false;
        for path in description.paths.keys() {
            if path != line.to
                && super::answered(description, path) == Some(line.of)
                && lacks(description, path, line.to, strict)?
            {
                grafts.subtrees.insert(path.clone(), line.to.to_owned());
                found = true;
            }
        }
        ensure!(
            found || !strict,
            "the graft of the subtree of {} matches no place of the description: remove it from \
             xtask/src/grafts",
            line.of
        );
    }
    for line in table.places {
        if is_needed(description, line, strict)? && lacks(description, line.at, line.to, strict)? {
            grafts
                .subtrees
                .insert(line.at.to_owned(), line.to.to_owned());
        }
    }
    for line in table.paths {
        let by_path = format!("{}:/", line.at);
        let described = description
            .paths
            .keys()
            .any(|path| path.starts_with(&by_path));
        ensure!(
            !described || !strict,
            "the description now has {by_path}: remove the graft from xtask/src/grafts"
        );
        if !described
            && is_needed(description, line, strict)?
            && super::has_below(description, line.at)
        {
            grafts.paths.insert(line.at.to_owned(), line.to.to_owned());
        }
    }
    Ok(grafts)
}

/// Returns whether the place that this one stands for is described. With `strict`, it must be.
fn is_needed(description: &Description, line: &Place, strict: bool) -> Result<bool> {
    let described = description.paths.contains_key(line.to);
    ensure!(
        described || !strict,
        "the graft at {} refers to {}, which the description does not have",
        line.at,
        line.to
    );
    Ok(described)
}

/// Returns whether a place lacks an operation of the place that it would stand for. It must not
/// have any other operation, because that would be lost.
fn lacks(description: &Description, at: &str, to: &str, strict: bool) -> Result<bool> {
    let own = below(description, at);
    let others = below(description, to);
    if let Some((rest, method)) = own.difference(&others).next() {
        match strict {
            true => bail!(
                "the graft at {at} cannot refer to {to}, which has no {} {rest}",
                method.to_uppercase()
            ),
            false => return Ok(false),
        }
    }
    let lacks = own.len() < others.len();
    ensure!(
        lacks || !strict,
        "{at} now has everything that {to} has: remove the graft from xtask/src/grafts"
    );
    Ok(lacks)
}

fn below(description: &Description, place: &str) -> Below {
    let mut below = Below::new();
    for (path, item) in &description.paths {
        let rest = path.strip_prefix(place);
        let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            continue;
        };
        let rest = without_names(rest);
        let methods = item.operations.iter();
        below.extend(methods.map(|(method, _)| (rest.clone(), *method)));
    }
    below
}

/// Returns a path without the names of its keys, which differ from place to place.
fn without_names(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(start) = rest.find("/{") {
        out.push_str(&rest[..start]);
        out.push_str("/{}");
        let end = rest[start..]
            .find('}')
            .map_or(rest.len(), |end| start + end + 1);
        rest = &rest[end..];
    }
    out + rest
}
