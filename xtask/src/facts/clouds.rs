//! Graph's lists of operations, one a cloud, become one list of what is different from what is above.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use msgraph_codegen::{Address, Cloud, CloudSet};

use super::{Made, Operations};

/// The operations at one path, and what is below it.
#[derive(Default)]
struct Place {
    below: BTreeMap<String, Place>,
    operations: Vec<(&'static str, CloudSet)>,
    /// How many operations from here on are in the same clouds.
    counts: BTreeMap<CloudSet, usize>,
}

/// Makes `clouds.json`.
pub fn make(document: &[u8], operations: &Operations) -> Result<Made> {
    let lists: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(document).context("it is no list of operations by cloud")?;
    let mut clouds: BTreeMap<(Address, &str), CloudSet> = BTreeMap::new();
    let mut figures = BTreeMap::new();
    for (name, list) in &lists {
        let cloud = Cloud::from_list_name(name)
            .with_context(|| format!("{name:?} is no cloud that is known"))?;
        let (mut described, mut not_described) = (0, 0);
        for operation in list {
            let (method, path) = operation
                .split_once(' ')
                .with_context(|| format!("{name}: {operation:?} is no method and path"))?;
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
        ensure!(lists.contains_key(name), "there is no list of {name}");
    }

    let mut root = Place::default();
    for (address, described) in operations.iter() {
        for &method in &described.methods {
            let set = clouds.get(&(address.clone(), method)).copied();
            root.insert(&described.path, method, set.unwrap_or_default());
        }
    }
    let mut lines = Vec::new();
    root.write("", None, &mut lines);
    figures.insert("entries".to_owned(), lines.len());
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

impl Place {
    fn insert(&mut self, path: &str, method: &'static str, set: CloudSet) {
        let mut place = self;
        *place.counts.entry(set).or_default() += 1;
        for segment in path.split('/').skip(1) {
            place = place.below.entry(segment.to_owned()).or_default();
            *place.counts.entry(set).or_default() += 1;
        }
        place.operations.push((method, set));
    }

    /// The entries from here on: this place's, where most of it is not in the clouds that hold above, then those of its
    /// operations that differ from it.
    fn write(&self, path: &str, above: Option<CloudSet>, lines: &mut Vec<(String, CloudSet)>) {
        let most = |set: &CloudSet| {
            (
                self.counts.get(set).copied().unwrap_or(0),
                Some(*set) == above,
            )
        };
        let mut here = above;
        // The root is no place of the description's: what it says of nothing is not known.
        if !path.is_empty() {
            here = self.counts.keys().copied().max_by_key(most);
            if let Some(set) = here.filter(|_| here != above) {
                lines.push((path.to_owned(), set));
            }
            for (method, set) in &self.operations {
                if Some(*set) != here {
                    lines.push((format!("{method} {path}"), *set));
                }
            }
        }
        for (segment, place) in &self.below {
            place.write(&format!("{path}/{segment}"), here, lines);
        }
    }
}
