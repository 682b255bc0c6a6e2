//! The options of an operation, as marker types.
//!
//! A call is `Call<A, O>`, and `O` states the options that the description gives the operation. For
//! example, `top` exists on a list and not on a get. Operations with the same options share a
//! marker.
//!
//! # Names
//!
//! Programs do not write the names of markers, but the compiler shows them where a call lacks an
//! option. A name is a function of the set alone, so that a set keeps its name when the description
//! grows:
//!
//! - The common sets are named after the calls that have them: `ListOptions`, `EntityOptions`,
//!   `CountOptions` and others.
//! - Another set is named after the closest of these, with the difference:
//!   `ListOptionsWithoutSkip`.
//! - `Advanced` means that the call also has the header `ConsistencyLevel`, by which Graph gives
//!   [advanced queries]: `AdvancedListOptions`.
//! - A set that is not close to any is named after its options: `OnlyIfMatch`.
//!
//! [advanced queries]: https://learn.microsoft.com/graph/aad-advanced-queries

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use msgraph_description::names;
use msgraph_description::options::KNOWN;

/// The header by which a call asks for Graph's advanced queries.
const CONSISTENCY_LEVEL: &str = "ConsistencyLevel";

/// The sets after which others are named, by the kind of call that has them. If two are equally
/// close to a set, the earlier one counts. No line may change: it would rename sets.
const BASES: &[(&str, &[&str])] = &[
    // `GET` of a collection.
    (
        "ListOptions",
        &[
            "$select", "$expand", "$filter", "$search", "$orderby", "$top", "$skip", "$count",
        ],
    ),
    // `GET` of an entity.
    ("EntityOptions", &["$select", "$expand"]),
    // `GET …/$count`.
    ("CountOptions", &["$filter", "$search"]),
    // `GET …/$ref` of a collection: references have no properties.
    (
        "ReferenceListOptions",
        &["$filter", "$search", "$orderby", "$top", "$skip", "$count"],
    ),
    // A function that returns a collection of values.
    (
        "ValueListOptions",
        &["$filter", "$search", "$top", "$skip", "$count"],
    ),
];

/// Returns the name of a set of options.
fn name(set: &BTreeSet<String>) -> String {
    let is_advanced = set.contains(CONSISTENCY_LEVEL);
    let own: Vec<_> = set
        .iter()
        .map(String::as_str)
        .filter(|option| *option != CONSISTENCY_LEVEL)
        .collect();
    let closest = BASES
        .iter()
        .map(|(base, members)| {
            let missing = members.iter().filter(|option| !own.contains(option));
            let added = own.iter().filter(|option| !members.contains(option));
            let (mut missing, added): (Vec<_>, Vec<_>) = (missing.collect(), added.collect());
            missing.sort_unstable();
            (*base, missing, added)
        })
        .min_by_key(|(_, missing, added)| missing.len() + added.len());
    match closest {
        Some((base, missing, added)) if missing.len() + added.len() < own.len() => {
            let mut name = if is_advanced { "Advanced" } else { "" }.to_owned();
            name.push_str(base);
            for (word, options) in [("Without", missing), ("With", added)] {
                if !options.is_empty() {
                    name.push_str(word);
                    name.extend(options.into_iter().map(|option| word_for(option)));
                }
            }
            name
        }
        _ => {
            let options = set.iter().map(|option| word_for(option));
            std::iter::once("Only".to_owned()).chain(options).collect()
        }
    }
}

/// Returns the word for an option in the name of a set: that of its trait.
fn word_for(option: &str) -> String {
    let known = KNOWN.iter().find(|(known, _)| *known == option);
    known
        .and_then(|(_, trait_name)| trait_name.strip_prefix("Has"))
        .map_or_else(|| names::camel(option), str::to_owned)
}

/// Returns the options of a set as a sentence names them.
fn listed(set: &BTreeSet<String>) -> String {
    let options = set.iter().map(|option| match option.strip_prefix('$') {
        Some(_) => format!("`{option}`"),
        None => format!("the header `{option}`"),
    });
    let options: Vec<_> = options.collect();
    match options.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [several @ .., last] => format!("{}, and {last}", several.join(", ")),
    }
}

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
        let name = name(&set);
        self.sets.insert(name.clone(), set);
        Some(name)
    }

    /// Writes the markers.
    pub fn write(&self, out: &mut String) {
        for (name, set) in &self.sets {
            let _ = writeln!(
                out,
                "/// The options of a call that has {}.\n\
                 #[derive(Debug, Clone, Copy)]\npub enum {name} {{}}\n",
                listed(set)
            );
            let mut constants = String::new();
            for (option, constant) in [
                (CONSISTENCY_LEVEL, "CONSISTENCY_LEVEL"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn set(options: &[&str]) -> BTreeSet<String> {
        options.iter().map(|option| (*option).to_owned()).collect()
    }

    #[test]
    fn sets_are_named_after_the_closest() {
        let list = BASES[0].1;
        let without = |missing: &[&str]| -> BTreeSet<String> {
            let rest = list.iter().filter(|option| !missing.contains(option));
            rest.map(|option| (*option).to_owned()).collect()
        };
        let advanced = |mut set: BTreeSet<String>| {
            set.insert(CONSISTENCY_LEVEL.to_owned());
            set
        };
        for (set, expected) in [
            (set(list), "ListOptions"),
            (advanced(set(list)), "AdvancedListOptions"),
            (without(&["$orderby"]), "ListOptionsWithoutOrderBy"),
            (without(&["$top", "$skip"]), "ListOptionsWithoutSkipTop"),
            (
                advanced(without(&["$skip"])),
                "AdvancedListOptionsWithoutSkip",
            ),
            (without(&["$select", "$expand"]), "ReferenceListOptions"),
            (
                without(&["$select", "$expand", "$orderby"]),
                "ValueListOptions",
            ),
            (set(&["$expand", "$select"]), "EntityOptions"),
            (
                set(&["$expand", "$select", "$search"]),
                "EntityOptionsWithSearch",
            ),
            (
                advanced(set(&["$filter", "$search"])),
                "AdvancedCountOptions",
            ),
            (set(&["$select"]), "OnlySelect"),
            (set(&["If-Match"]), "OnlyIfMatch"),
            (set(&["ConsistencyLevel"]), "OnlyConsistencyLevel"),
            (set(&["$search", "$select"]), "OnlySearchSelect"),
        ] {
            assert_eq!(name(&set), expected);
        }
    }

    #[test]
    fn all_sets_have_distinct_names() {
        let mut names = BTreeSet::new();
        let count = 1_usize << KNOWN.len();
        for bits in 1..count {
            let of = KNOWN.iter().enumerate();
            let of = of.filter(|(number, _)| bits & (1 << number) != 0);
            names.insert(name(
                &of.map(|(_, (option, _))| (*option).to_owned()).collect(),
            ));
        }
        assert_eq!(names.len(), count - 1);
    }

    #[test]
    fn document_lists_options_and_headers() {
        assert_eq!(listed(&set(&["$select"])), "`$select`");
        assert_eq!(
            listed(&set(&["$select", "$expand"])),
            "`$expand` and `$select`"
        );
        assert_eq!(
            listed(&set(&["$filter", "$search", "ConsistencyLevel"])),
            "`$filter`, `$search`, and the header `ConsistencyLevel`"
        );
    }
}
