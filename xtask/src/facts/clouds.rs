//! Converts Graph's lists of operations, one for each cloud, into one list of differences from the
//! path above.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use msgraph_codegen::{Address, Cloud, CloudSet, by_prefix};

use super::{Made, Operations};

/// Creates `clouds.json`.
pub fn make(document: &[u8], operations: &Operations) -> Result<Made> {
    let lists: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(document).context("cannot read a list of operations by cloud")?;
    let mut clouds: BTreeMap<(Address, &str), CloudSet> = BTreeMap::new();
    let mut figures = BTreeMap::new();
    for (name, list) in &lists {
        let cloud =
            Cloud::from_list_name(name).with_context(|| format!("unknown cloud {name:?}"))?;
        let (mut described, mut not_described) = (0, 0);
        for operation in list {
            let (method, path) = operation
                .split_once(' ')
                .with_context(|| format!("{name}: {operation:?} is not a method and a path"))?;
            let address = Address::new(path);
            if operations.has(method, &address) {
                described += 1;
                clouds.entry((address, method)).or_default().insert(cloud);
            } else {
                not_described += 1;
            }
        }
        let name = name.to_ascii_lowercase();
        figures.insert(format!("{name}_described"), described);
        figures.insert(format!("{name}_not_described"), not_described);
    }
    for cloud in Cloud::ALL {
        let name = cloud.list_name();
        ensure!(lists.contains_key(name), "the list of {name} is missing");
    }

    let set = |address: &Address, method| clouds.get(&(address.clone(), method)).copied();
    let all = operations.iter().flat_map(|(address, described)| {
        let methods = described.methods.iter();
        methods.map(move |method| {
            (
                described.path.as_str(),
                set(address, *method).unwrap_or_default(),
            )
        })
    });
    // The root has no entry, because operations that are below none of its children are not
    // described.
    let mut entries: BTreeMap<String, CloudSet> = by_prefix(all, false).into_iter().collect();
    let mut own = Vec::new();
    for (address, described) in operations.iter() {
        let inherited = inherited(&entries, &described.path);
        for method in &described.methods {
            let set = set(address, method).unwrap_or_default();
            if Some(set) != inherited {
                own.push((format!("{method} {}", described.path), set));
            }
        }
    }
    entries.extend(own);
    figures.insert("entries".to_owned(), entries.len());
    // An operation's entry is sorted next to those of its path.
    let path = |key: &str| key.split_once(' ').map_or(key, |(_, path)| path).to_owned();
    let mut lines: Vec<_> = entries.iter().collect();
    lines.sort_by_key(|(key, _)| (path(key), !key.starts_with('/')));
    let mut text = String::from("{\"clouds\":{");
    for (at, (key, set)) in lines.iter().enumerate() {
        let separator = if at == 0 { "" } else { "," };
        let (key, set) = (serde_json::json!(key), serde_json::json!(set.to_string()));
        let _ = write!(text, "{separator}\n{key}:{set}");
    }
    text.push_str("\n}}\n");
    Ok(Made {
        text,
        figures,
        notes: Vec::new(),
    })
}

/// Returns the value of the nearest entry above.
fn inherited(entries: &BTreeMap<String, CloudSet>, path: &str) -> Option<CloudSet> {
    let mut at = path;
    loop {
        if let Some(set) = entries.get(at) {
            return Some(*set);
        }
        (at, _) = at.rsplit_once('/')?;
    }
}
