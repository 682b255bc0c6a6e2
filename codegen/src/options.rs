//! The options of an operation, as marker types.
//!
//! A call is `Call<A, O>`, and `O` states the options that the description gives the operation. For
//! example, `top` exists on a list and not on a get. Operations with the same options share a
//! marker.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::names;

/// The options that the runtime knows, by their name on the wire, with the trait of each.
const KNOWN: &[(&str, &str)] = &[
    ("$select", "HasSelect"),
    ("$expand", "HasExpand"),
    ("$filter", "HasFilter"),
    ("$search", "HasSearch"),
    ("$orderby", "HasOrderBy"),
    ("$top", "HasTop"),
    ("$skip", "HasSkip"),
    ("$count", "HasCount"),
    ("ConsistencyLevel", "HasConsistencyLevel"),
    ("If-Match", "HasIfMatch"),
];

/// Returns whether the runtime has a dedicated method for the option, so that it need not be
/// lowered.
pub fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// Sets that occur so often that they have a name. Any other set is named after its options beyond
/// the largest of these.
const NAMED: &[(&str, &[&str])] = &[
    (
        "AdvancedCollection",
        &[
            "$select",
            "$expand",
            "$filter",
            "$search",
            "$orderby",
            "$top",
            "$skip",
            "$count",
            "ConsistencyLevel",
        ],
    ),
    (
        "Collection",
        &[
            "$select", "$expand", "$filter", "$search", "$orderby", "$top", "$skip", "$count",
        ],
    ),
    ("AdvancedCount", &["$filter", "$search", "ConsistencyLevel"]),
    (
        "AdvancedEntity",
        &["$select", "$expand", "ConsistencyLevel"],
    ),
    ("Entity", &["$select", "$expand"]),
    ("CollectionCount", &["$filter", "$search"]),
    ("Conditional", &["If-Match"]),
];

/// The sets of options that occur.
#[derive(Debug, Default)]
pub struct Options {
    sets: BTreeMap<String, BTreeSet<String>>,
}

impl Options {
    /// Returns the marker for a set of options, by their names on the wire, or `None` for the empty
    /// set.
    pub fn marker<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Option<String> {
        let set: BTreeSet<String> = names.map(String::from).collect();
        if set.is_empty() {
            return None;
        }
        let named = NAMED
            .iter()
            .find(|(_, members)| members.iter().all(|member| set.contains(*member)));
        let (mut name, base): (String, &[&str]) = match named {
            Some((name, members)) => ((*name).into(), members),
            None => (String::new(), &[]),
        };
        for option in &set {
            if !base.contains(&option.as_str()) {
                name.push_str(&names::camel(option));
            }
        }
        self.sets.insert(name.clone(), set);
        Some(name)
    }

    /// Writes the markers.
    pub fn write(&self, out: &mut String) {
        for (name, set) in &self.sets {
            let options: Vec<_> = set.iter().map(|option| format!("`{option}`")).collect();
            let _ = writeln!(
                out,
                "/// The options {}.\n#[derive(Debug, Clone, Copy)]\npub enum {name} {{}}\n",
                options.join(", ")
            );
            let mut constants = String::new();
            for (option, constant) in [
                ("ConsistencyLevel", "CONSISTENCY_LEVEL"),
                ("$count", "COUNT"),
            ] {
                if set.contains(option) {
                    let _ = writeln!(constants, "    const {constant}: bool = true;");
                }
            }
            let constants = match constants.as_str() {
                "" => "{}".to_owned(),
                constants => format!("{{\n{constants}}}"),
            };
            let _ = writeln!(out, "impl Options for {name} {constants}");
            for option in set {
                if let Some((_, trait_name)) = KNOWN.iter().find(|(known, _)| known == option) {
                    let _ = writeln!(out, "impl {trait_name} for {name} {{}}");
                }
            }
            out.push('\n');
        }
    }
}
