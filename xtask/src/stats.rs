//! The size of Graph, before and after equal places are merged into one.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use msgraph_codegen::{Description, Tree, generate};

use crate::json::{Json, Members, object};
use crate::path::workload;
use crate::pin::Pin;

/// The figures, and the data behind them.
#[derive(Debug)]
pub struct Stats {
    /// The names and values, in the order in which they are printed.
    pub figures: Vec<(&'static str, usize)>,
    workloads: BTreeMap<String, (usize, usize)>,
    repeated: Vec<(String, usize)>,
}

/// Counts the content of `folder`. The generator counts, so that the figures describe the generated
/// code.
pub fn stats(folder: &Path) -> Result<Stats> {
    let pin = Pin::read(folder)?;
    let description = Description::read(folder)?;
    let counted = generate(&description)
        .and_then(|generated| generated.stats())
        .with_context(|| format!("cannot generate from {}", folder.display()))?;
    let mut workloads: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (path, item) in &description.paths {
        let (paths, operations) = workloads.entry(workload(path).to_owned()).or_default();
        *paths += 1;
        *operations += item.operations().count();
    }
    let tree = Tree::new(&description)?;
    let places = tree.places.iter();
    let mut repeated: Vec<_> = places
        .map(|place| (place.path.clone(), place.places))
        .collect();
    repeated.sort_by(|(left, of_left), (right, of_right)| (of_right, left).cmp(&(of_left, right)));
    repeated.truncate(20);
    Ok(Stats {
        figures: vec![
            // Both figures are those of the document, because the grafts are counted separately.
            ("operations", pin.document.operations),
            // The service root, from which all other places descend, is a place as well.
            ("places", counted.places + 1 - pin.trimmed.grafted_places),
            ("distinct_places", counted.distinct_places),
            ("distinct_operations", counted.distinct_operations),
            ("models", counted.models),
            ("enums", counted.enums),
            ("properties", counted.properties),
            ("grafts", pin.trimmed.grafts),
        ],
        workloads,
        repeated,
    })
}

impl Stats {
    /// Returns one line of names and values.
    pub fn line(&self) -> String {
        let pairs = self.figures.iter();
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        pairs.join(" ")
    }

    /// Returns all figures as JSON.
    pub fn to_json(&self) -> Json {
        let number = |value: usize| Json::Number(value.to_string());
        let mut members: Members = self
            .figures
            .iter()
            .map(|(name, value)| ((*name).to_owned(), number(*value)))
            .collect();
        let workloads: Members = self
            .workloads
            .iter()
            .map(|(name, (paths, operations))| {
                let of = object([
                    ("paths", number(*paths)),
                    ("operations", number(*operations)),
                ]);
                (name.clone(), of)
            })
            .collect();
        members.insert("workloads".to_owned(), workloads.into());
        let repeated: Members = self
            .repeated
            .iter()
            .map(|(path, places)| (path.clone(), number(*places)))
            .collect();
        members.insert("most_repeated_places".to_owned(), repeated.into());
        members.into()
    }
}
