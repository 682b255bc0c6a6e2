//! The areas of Graph: mail, files, teams and so on. Each is a Cargo feature of the crate.
//!
//! `xtask/assets/areas.toml` assigns each place to one area ([`table`]). This module follows from
//! the operations of an area to the types that it needs. `trim` writes both into `areas.json`, from
//! which the generator knows what to leave out.

pub mod check;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::json::Json;
use crate::reach::{Edges, Reached, named};
use crate::schema::Component;
use crate::trimmed::Description;
use table::Table;

/// The name of the file in a trimmed folder.
pub const FILE: &str = "areas.json";

/// The areas of a description.
#[derive(Debug)]
pub struct Areas {
    /// The name of each area, and what it holds, in the order of their names.
    pub list: Vec<(String, String)>,
    /// The area of each place that is not in the area of the place above it, by number.
    pub places: BTreeMap<String, usize>,
    /// The areas that need each type, by number.
    pub types: BTreeMap<String, BTreeSet<usize>>,
    /// The types that exist without any area, because the runtime uses them.
    pub always: BTreeSet<String>,
}

impl Areas {
    /// Assigns the places and types of a description to areas.
    ///
    /// # Errors
    ///
    /// Fails if a place or type has no area, if two lines of the table disagree about a place, or
    /// if a line matches nothing.
    pub fn new(description: &Description, table: &Table) -> Result<Areas> {
        let grafted = description.grafts.subtrees.keys();
        let paths = description.paths.keys().chain(grafted);
        let assigned = table.assign(paths.map(String::as_str))?;
        let (types, always) = types(description, table, &assigned)?;
        let above = |path: &str| assigned.get(path.rsplit_once('/')?.0).copied();
        let places = assigned
            .iter()
            .filter(|(path, area)| above(path) != Some(**area))
            .map(|(path, area)| (path.clone(), *area))
            .collect();
        let areas = table.areas.iter();
        Ok(Areas {
            list: areas
                .map(|of| (of.name.clone(), of.holds.clone()))
                .collect(),
            places,
            types,
            always,
        })
    }

    /// Returns the text of `areas.json`, with one line for each place and type.
    pub fn to_json(&self) -> String {
        let text = |text: &str| Json::from(text).to_string();
        let name = |area: &usize| text(&self.list[*area].0);
        let names = |areas: &BTreeSet<usize>| {
            let names: Vec<_> = areas.iter().map(name).collect();
            format!("[{}]", names.join(","))
        };
        let list = self.list.iter();
        let places = self.places.iter();
        let types = self.types.iter();
        let mut out = String::from("{");
        let sections: [(&str, Vec<String>); 3] = [
            (
                "areas",
                list.map(|(of, holds)| format!("{}:{}", text(of), text(holds)))
                    .collect(),
            ),
            (
                "places",
                places
                    .map(|(of, area)| format!("{}:{}", text(of), name(area)))
                    .collect(),
            ),
            (
                "types",
                types
                    .map(|(of, areas)| format!("{}:{}", text(of), names(areas)))
                    .collect(),
            ),
        ];
        for (section, lines) in sections {
            let _ = write!(out, "{}:{{\n {}}},\n", text(section), lines.join(",\n "));
        }
        let always: Vec<_> = self.always.iter().map(|of| text(of)).collect();
        let _ = writeln!(out, "\"always\":[\n {}]}}", always.join(",\n "));
        out
    }
}

/// The areas that need each type.
type OfTypes = BTreeMap<String, BTreeSet<usize>>;

/// Returns the areas that need each type, and the types that are always needed.
fn types(
    description: &Description,
    table: &Table,
    assigned: &BTreeMap<String, usize>,
) -> Result<(OfTypes, BTreeSet<String>)> {
    let mut always = Reached::new(description, Edges::Structural);
    always.add(table.always.iter().map(String::as_str))?;
    let mut areas: Vec<_> = table
        .areas
        .iter()
        .map(|_| Reached::new(description, Edges::Structural))
        .collect();
    for (path, item) in &description.paths {
        areas[assigned[path]].add(named(item))?;
    }
    for (reached, area) in areas.iter_mut().zip(&table.areas) {
        reached.add(area.types.iter().map(String::as_str))?;
        reached.add_held()?;
    }
    // A type that no operation needs belongs to the types that lead to it by a navigation property.
    loop {
        let has = |name: &str| {
            areas
                .iter()
                .chain([&always])
                .any(|of| of.names.contains(name))
        };
        let mut found = Vec::new();
        for (number, reached) in areas.iter().enumerate() {
            for &name in &reached.names {
                let properties = description.schemas[name].properties().iter();
                let targets = properties.filter_map(|property| property.schema.component());
                found.extend(targets.filter(|to| !has(to)).map(|to| (number, to)));
            }
        }
        if found.is_empty() {
            break;
        }
        for (number, name) in found {
            areas[number].add([name])?;
        }
    }
    let mut types = OfTypes::new();
    for (name, component) in &description.schemas {
        let is_page = matches!(component, Component::Object(object) if object.is_page());
        if is_page || always.names.contains(name.as_str()) {
            continue;
        }
        let of_areas = areas.iter().enumerate();
        let of_areas = of_areas.filter(|(_, reached)| reached.names.contains(name.as_str()));
        types.insert(name.clone(), of_areas.map(|(number, _)| number).collect());
    }
    let without: Vec<_> = types.iter().filter(|(_, areas)| areas.is_empty()).collect();
    ensure!(
        without.is_empty(),
        "no area needs these types: add them to the `types` of an area in xtask/assets/areas.toml, \
         or to `always`: {}",
        without
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    );
    let always = always.names.into_iter().map(str::to_owned).collect();
    Ok((types, always))
}
