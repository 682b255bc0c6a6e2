//! The public API in rustdoc's JSON.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use rustdoc_types::Id;

/// The public API of a package.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    /// One line for each item. Methods in the implementation of a trait have no line, because the
    /// trait declares them.
    pub text: String,
    /// The items that have several documented paths, one line for each.
    pub repeated: Vec<String>,
}

/// An item at one of its paths.
#[derive(Debug)]
struct Shown {
    id: Id,
    parent: Option<Id>,
    line: String,
}

impl Surface {
    /// Adds the public API of another package.
    pub fn extend(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.repeated.extend(other.repeated);
    }

    /// Reads a JSON file of rustdoc. Lines for which `is_left_out` returns `true` are not in the
    /// text.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read.
    pub fn read(json: &Path, is_left_out: impl Fn(&str) -> bool) -> Result<Self> {
        let api = public_api::Builder::from_rustdoc_json(json)
            .include_function_parameter_names(true)
            // Almost every type has these, and they need no line.
            .omit_auto_trait_impls(true)
            .omit_blanket_impls(true)
            .build()
            .with_context(|| format!("cannot read {}", json.display()))?;
        let items: Vec<Shown> = api
            .items()
            .map(|item| Shown {
                id: item.id(),
                parent: item.parent_id(),
                line: item.to_string(),
            })
            .collect();
        Ok(Self {
            text: text(&items, is_left_out),
            repeated: repeated(&items),
        })
    }
}

/// Returns the lines of the API. An implementation is listed both with its trait and with its type;
/// here it has one line.
fn text(items: &[Shown], is_left_out: impl Fn(&str) -> bool) -> String {
    let of_traits: HashSet<Id> = items
        .iter()
        .filter(|item| is_impl_of_trait(&item.line))
        .map(|item| item.id)
        .collect();
    let mut impls = HashSet::new();
    let mut text = String::new();
    for Shown { parent, line, .. } in items {
        let is_in_impl_of_trait = parent.is_some_and(|parent| of_traits.contains(&parent));
        let is_declared_by_trait = is_in_impl_of_trait && !line.starts_with("pub type ");
        let is_mark_of_derive = line.starts_with("impl core::marker::StructuralPartialEq for ");
        if is_declared_by_trait || is_mark_of_derive || is_left_out(line) {
            continue;
        }
        if line.starts_with("impl") && !impls.insert(line) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn is_impl_of_trait(line: &str) -> bool {
    line.starts_with("impl") && line.contains(" for ")
}

/// Returns the items of modules that are shown at several paths.
fn repeated(items: &[Shown]) -> Vec<String> {
    let modules: HashSet<Id> = items
        .iter()
        .filter(|item| item.line.starts_with("pub mod "))
        .map(|item| item.id)
        .collect();
    let mut paths: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for item in items {
        if item.parent.is_some_and(|parent| modules.contains(&parent)) {
            paths.entry(item.id.0).or_default().insert(path(&item.line));
        }
    }
    let repeated = paths.into_values().filter(|paths| paths.len() > 1);
    repeated
        .map(|paths| paths.into_iter().collect::<Vec<_>>().join(" and "))
        .collect()
}

/// Returns the path of an item in its line, without parameters.
fn path(line: &str) -> &str {
    let word = line.split(' ').find(|word| word.contains("::"));
    let path = word.unwrap_or(line).trim_end_matches(':');
    path.split(['<', '(']).next().unwrap_or(path)
}
