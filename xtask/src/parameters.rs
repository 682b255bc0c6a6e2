//! Gives a name among the components to each parameter that is the same at all its uses. Most
//! parameters are one of a dozen options, or a key.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::schema::Schema;
use crate::trimmed::{Description, Location, Parameter, ParameterUse, PathItem};

/// The values that distinguish parameters of the same name.
type Key = (Location, String, bool);

/// Hoists query and header parameters that have only one definition, and the plain strings in
/// paths.
pub fn hoist(description: &mut Description) {
    let mut definitions: BTreeMap<Key, Option<Parameter>> = BTreeMap::new();
    for_each(&mut description.paths, &mut |used| {
        let ParameterUse::Inline(parameter) = used else {
            return;
        };
        if parameter.location == Location::Path && parameter.schema != Schema::String(None) {
            return;
        }
        let definition = definitions
            .entry(key(parameter))
            .or_insert_with(|| Some(parameter.clone()));
        if definition.as_ref() != Some(parameter) {
            *definition = None;
        }
    });
    let mut names: BTreeMap<Key, String> = BTreeMap::new();
    // In the order of their keys, the query takes its names first. It has the options, which are
    // few and well known.
    for (key, parameter) in definitions {
        let Some(parameter) = parameter else {
            continue;
        };
        let name = parameter.name.trim_start_matches('$');
        let name = match (parameter.location, parameter.required) {
            (Location::Query | Location::Header, true) => format!("{name}.required"),
            _ => name.to_owned(),
        };
        if let Entry::Vacant(free) = description.parameters.entry(name.clone()) {
            free.insert(parameter);
            names.insert(key, name);
        }
    }
    let parameters = &description.parameters;
    for_each(&mut description.paths, &mut |used| {
        if let ParameterUse::Inline(parameter) = used
            && let Some(name) = names.get(&key(parameter))
            && parameters.get(name) == Some(parameter)
        {
            *used = ParameterUse::Hoisted(name.clone());
        }
    });
}

fn key(parameter: &Parameter) -> Key {
    (
        parameter.location,
        parameter.name.clone(),
        parameter.required,
    )
}

fn for_each(paths: &mut BTreeMap<String, PathItem>, take: &mut dyn FnMut(&mut ParameterUse)) {
    for item in paths.values_mut() {
        item.parameters.iter_mut().for_each(&mut *take);
        for (_, operation) in &mut item.operations {
            operation.parameters.iter_mut().for_each(&mut *take);
        }
    }
}
