//! The areas of Graph, and the part of the generated code that a build needs.
//!
//! `cargo xtask trim` assigns each place and each type to areas and writes `areas.json`. Each area
//! is a Cargo feature. A [`Selection`] says which of them are enabled. Names do not depend on it,
//! because code is left out only after the whole was named.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use crate::description::read_json_if_there;
use crate::error::{Error, Result};

/// The file that has the areas.
pub(crate) const FILE: &str = "areas.json";

/// The largest number of features that the documentation of an item lists. An item that more areas
/// need is there in nearly every build.
const LISTED: usize = 6;

/// A set of areas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AreaSet(u64);

impl AreaSet {
    /// The largest number of areas.
    const MOST: usize = 64;

    /// Returns the set of one area, by its number.
    fn of(number: usize) -> Self {
        Self(1 << number)
    }

    /// Adds all areas of another set. Returns whether the set has grown.
    pub fn add(&mut self, other: Self) -> bool {
        let before = self.0;
        self.0 |= other.0;
        self.0 != before
    }

    /// Returns whether the sets have an area in common.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns whether all areas of another set are in this one.
    pub fn includes(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    fn numbers(self) -> impl Iterator<Item = usize> {
        (0..Self::MOST).filter(move |&number| self.meets(Self::of(number)))
    }
}

/// The areas of a description.
#[derive(Debug, Default)]
pub struct Areas {
    /// The name of each area, and what it holds.
    list: Vec<(String, String)>,
    places: HashMap<String, AreaSet>,
    types: HashMap<String, AreaSet>,
    always: HashSet<String>,
}

#[derive(Deserialize)]
struct File {
    areas: BTreeMap<String, String>,
    places: HashMap<String, String>,
    types: HashMap<String, Vec<String>>,
    always: HashSet<String>,
}

impl Areas {
    /// Reads the areas of the trimmed description in `folder`. Returns `None` if it has none.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, does not have its form, or names an unknown area. The
    /// error names the file.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let Some(file) = read_json_if_there::<File>(&folder.join(FILE))? else {
            return Ok(None);
        };
        let list: Vec<_> = file.areas.into_iter().collect();
        if list.len() > AreaSet::MOST {
            return Err(Error::Unknown {
                place: FILE.into(),
                what: format!("there are more than {} areas", AreaSet::MOST),
            });
        }
        let numbers: HashMap<&str, usize> = list
            .iter()
            .zip(0..)
            .map(|((name, _), number)| (name.as_str(), number))
            .collect();
        let set = |names: &[String]| {
            let mut set = AreaSet::default();
            for name in names {
                let number = numbers.get(name.as_str()).ok_or_else(|| Error::Unknown {
                    place: FILE.into(),
                    what: format!("there is no area `{name}`"),
                })?;
                set.add(AreaSet::of(*number));
            }
            Ok(set)
        };
        let places = file.places.into_iter();
        let places = places.map(|(path, area)| Ok((normal(&path), set(&[area])?)));
        let types = file.types.into_iter();
        let types = types.map(|(name, areas)| Ok((name, set(&areas)?)));
        Ok(Some(Self {
            places: places.collect::<Result<_>>()?,
            types: types.collect::<Result<_>>()?,
            always: file.always,
            list,
        }))
    }

    /// Returns the name of each area, and what it holds.
    pub fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        let areas = self.list.iter();
        areas.map(|(name, holds)| (name.as_str(), holds.as_str()))
    }

    /// Returns all areas.
    pub fn all(&self) -> AreaSet {
        let mut all = AreaSet::default();
        for number in 0..self.list.len() {
            all.add(AreaSet::of(number));
        }
        all
    }

    /// Returns the names of a set.
    pub fn names(&self, set: AreaSet) -> Vec<&str> {
        let numbers = set.numbers();
        numbers
            .filter_map(|number| Some(self.list.get(number)?.0.as_str()))
            .collect()
    }

    /// Returns the areas with these names. Other names are ignored.
    pub fn named(&self, is_meant: impl Fn(&str) -> bool) -> AreaSet {
        let mut set = AreaSet::default();
        for (number, (name, _)) in self.list.iter().enumerate() {
            if is_meant(name) {
                set.add(AreaSet::of(number));
            }
        }
        set
    }

    /// Returns the areas that are enabled as features of the package that is being built. Cargo
    /// tells build scripts about features in the environment.
    pub fn enabled(&self) -> AreaSet {
        self.named(|name| {
            let feature = name.to_ascii_uppercase().replace('-', "_");
            std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
        })
    }

    /// Returns the area of a path, as a set. It is empty if the description does not have the path.
    /// The names in braces are ignored.
    pub fn of_path(&self, path: &str) -> AreaSet {
        let path = normal(path);
        let mut place = path.as_str();
        loop {
            if let Some(&area) = self.places.get(place) {
                return area;
            }
            match place.rsplit_once('/') {
                Some((above, _)) => place = above,
                None => return AreaSet::default(),
            }
        }
    }

    /// Returns the areas that need a type. A type that is needed without any area is in all of
    /// them.
    pub fn of_type(&self, name: &str) -> AreaSet {
        match self.types.get(name) {
            Some(&areas) if !self.always.contains(name) => areas,
            _ => self.all(),
        }
    }
}

/// Returns a path without the names in braces.
fn normal(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut is_name = false;
    for sign in path.chars() {
        is_name &= sign != '}';
        if !is_name {
            out.push(sign);
        }
        is_name |= sign == '{';
    }
    out
}

/// The part of the generated code that a build needs. The default is everything.
#[derive(Debug, Default)]
pub struct Selection(Option<Part>);

#[derive(Debug)]
struct Part {
    areas: Areas,
    enabled: AreaSet,
    shows_features: bool,
}

impl Selection {
    /// Returns the selection of these areas. With `shows_features`, the documentation of each item
    /// shows the features that it needs.
    pub fn new(areas: Areas, enabled: AreaSet, shows_features: bool) -> Self {
        Self(Some(Part {
            areas,
            enabled,
            shows_features,
        }))
    }

    /// Returns the areas of the description in `folder` that are enabled as features of the package
    /// that is being built. A description without areas is needed as a whole.
    ///
    /// docs.rs sets `DOCS_RS`. The documentation then shows the features that each item needs.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`Areas::read`].
    pub fn enabled(folder: &Path) -> Result<Self> {
        println!("cargo::rerun-if-env-changed=DOCS_RS");
        Ok(match Areas::read(folder)? {
            Some(areas) => {
                let enabled = areas.enabled();
                Self::new(areas, enabled, std::env::var_os("DOCS_RS").is_some())
            }
            None => Self::default(),
        })
    }

    /// Returns the areas, unless everything is selected and no item shows its features.
    pub fn areas(&self) -> Option<&Areas> {
        let part = self.0.as_ref()?;
        let is_plain = part.enabled == part.areas.all() && !part.shows_features;
        (!is_plain).then_some(&part.areas)
    }

    /// Returns whether an item of these areas is needed.
    pub fn has(&self, areas: AreaSet) -> bool {
        self.0.as_ref().is_none_or(|part| part.enabled.meets(areas))
    }

    /// Returns whether a type is needed, by Graph's name.
    pub fn has_type(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|part| {
            let is_always = part.areas.always.contains(name);
            is_always || part.enabled.meets(part.areas.of_type(name))
        })
    }

    /// Returns the areas of a type, by Graph's name. Without areas, the set is empty.
    pub(crate) fn areas_of_type(&self, name: &str) -> AreaSet {
        self.areas()
            .map_or_else(AreaSet::default, |areas| areas.of_type(name))
    }

    /// Returns the attribute by which the documentation of an item shows the features of these
    /// areas, with a line break. It is empty where features are not shown.
    pub fn attribute(&self, areas: AreaSet) -> String {
        let Some(part) = self.0.as_ref().filter(|part| part.shows_features) else {
            return String::new();
        };
        let names = part.areas.names(areas);
        let features: Vec<_> = names
            .iter()
            .map(|name| format!("feature = \"{name}\""))
            .collect();
        match features.as_slice() {
            [one] => format!("#[cfg_attr(docsrs, doc(cfg({one})))]\n"),
            several if (2..=LISTED).contains(&areas.len()) => {
                format!(
                    "#[cfg_attr(docsrs, doc(cfg(any({}))))]\n",
                    several.join(", ")
                )
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn areas() -> Areas {
        let set = AreaSet::of;
        Areas {
            list: ["calendar", "identity-governance", "mail"]
                .map(|name| (name.to_owned(), String::new()))
                .into(),
            places: [("/me", 0), ("/me/messages", 2), ("/users/{}/messages", 2)]
                .map(|(path, area)| (path.to_owned(), set(area)))
                .into(),
            types: [("event", set(0)), ("itemBody", AreaSet(0b101))]
                .map(|(name, areas)| (name.to_owned(), areas))
                .into(),
            always: ["uploadSession".to_owned()].into(),
        }
    }

    #[test]
    fn path_has_area_of_place_above() {
        let areas = areas();
        let of = |path| areas.names(areas.of_path(path));
        assert_eq!(of("/me/messages/{message-id}/$value"), ["mail"]);
        assert_eq!(of("/me/messagesOfOthers"), ["calendar"]);
        assert_eq!(of("/users/{user-id}/messages"), ["mail"]);
        assert!(of("/users/{user-id}").is_empty());
    }

    #[test]
    fn selection_has_types_of_enabled_areas() {
        let mail = areas().named(|name| name == "mail");
        let selection = Selection::new(areas(), mail, false);
        assert!(selection.has_type("itemBody") && selection.has_type("uploadSession"));
        assert!(!selection.has_type("event"));
        let nothing = Selection::new(areas(), AreaSet::default(), false);
        assert!(nothing.has_type("uploadSession") && !nothing.has_type("itemBody"));
        assert!(Selection::default().has_type("event"));
    }

    #[test]
    fn attribute_lists_features_where_they_are_shown() {
        let all = areas().all();
        let shown = Selection::new(areas(), all, true);
        assert_eq!(
            shown.attribute(AreaSet::of(1)),
            "#[cfg_attr(docsrs, doc(cfg(feature = \"identity-governance\")))]\n"
        );
        assert_eq!(
            shown.attribute(AreaSet(0b101)),
            "#[cfg_attr(docsrs, doc(cfg(any(feature = \"calendar\", feature = \"mail\"))))]\n"
        );
        assert_eq!(Selection::new(areas(), all, false).attribute(all), "");
    }
}
