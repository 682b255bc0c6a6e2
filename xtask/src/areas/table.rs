//! The table of areas, and the assignment of each place to one of them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// The project's table.
const TABLE: &str = include_str!("../../assets/areas.toml");

/// The areas, and the types that exist without any.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The areas, in alphabetical order.
    #[serde(rename = "area")]
    pub areas: Vec<Area>,
    /// The types that the runtime uses, whichever areas are enabled.
    #[serde(default)]
    pub always: Vec<String>,
}

/// An area, and the places that begin it. A place belongs to the area of the place above it, unless
/// a line names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// The name of the area and of its feature.
    pub name: String,
    /// A list of what it holds, for people.
    pub holds: String,
    /// Places from the root: `/drives/{drive-id}/list`.
    #[serde(default)]
    places: Vec<String>,
    /// Places of users: below `/me` and `/users/{user-id}`.
    #[serde(default)]
    users: Vec<String>,
    /// Places below `/groups/{group-id}`.
    #[serde(default)]
    groups: Vec<String>,
    /// Places with this name, wherever they are.
    #[serde(default)]
    anywhere: Vec<String>,
    /// Types that the area needs, although no operation leads to them.
    #[serde(default)]
    pub types: Vec<String>,
}

/// A line of the table.
struct Rule<'t> {
    text: &'t str,
    area: usize,
    /// The places that it names from the root, by their segments.
    places: Vec<Vec<String>>,
    /// The name that it gives to places anywhere.
    name: Option<&'t str>,
}

impl Table {
    /// Returns the project's table.
    ///
    /// # Errors
    ///
    /// Fails if the file does not have the expected form.
    pub fn of_project() -> Result<Table> {
        Table::parse(TABLE).context("xtask/assets/areas.toml")
    }

    /// Reads a table.
    ///
    /// # Errors
    ///
    /// Fails if the text does not have the expected form, or if the areas are not in alphabetical
    /// order.
    pub fn parse(text: &str) -> Result<Table> {
        let table: Table = toml::from_str(text)?;
        for pair in table.areas.windows(2) {
            ensure!(
                pair[0].name < pair[1].name,
                "the area {} must come before {}",
                pair[1].name,
                pair[0].name
            );
        }
        Ok(table)
    }

    /// Returns the area of each place on these paths, by its number.
    ///
    /// # Errors
    ///
    /// Fails if a place has no area, if two lines disagree about a place, or if a line decides
    /// nothing.
    pub fn assign<'p>(
        &self,
        paths: impl Iterator<Item = &'p str>,
    ) -> Result<BTreeMap<String, usize>> {
        let rules = self.rules();
        let mut used = vec![false; rules.len()];
        let mut assigned = BTreeMap::new();
        let mut without = Vec::new();
        for path in paths {
            let mut place = String::new();
            let mut segments = Vec::new();
            let mut area = None;
            for segment in path.split('/').skip(1) {
                place.push('/');
                place.push_str(segment);
                segments.push(normal(segment));
                if let Some(&known) = assigned.get(&place) {
                    area = Some(known);
                    continue;
                }
                if let Some(number) = decide(&rules, &segments, &place, self)? {
                    used[number] = true;
                    area = Some(rules[number].area);
                }
                match area {
                    Some(area) => _ = assigned.insert(place.clone(), area),
                    None => without.push(place.clone()),
                }
            }
        }
        without.dedup();
        ensure!(
            without.is_empty(),
            "these places belong to no area: name them, or a place above them, in \
             xtask/assets/areas.toml: {}",
            without.join(", ")
        );
        for (rule, used) in rules.iter().zip(used) {
            ensure!(
                used,
                "{:?} of the area {} matches no place: remove it from xtask/assets/areas.toml",
                rule.text,
                self.areas[rule.area].name
            );
        }
        Ok(assigned)
    }

    fn rules(&self) -> Vec<Rule<'_>> {
        let mut rules = Vec::new();
        for (area, of) in self.areas.iter().enumerate() {
            let sections: [(&[String], &[&str]); 3] = [
                (&of.places, &[""]),
                (&of.users, &["/me/", "/users/{user-id}/"]),
                (&of.groups, &["/groups/{group-id}/"]),
            ];
            for (texts, above) in sections {
                rules.extend(texts.iter().map(|text| {
                    Rule {
                        text,
                        area,
                        places: above
                            .iter()
                            .map(|above| segments(&format!("{above}{text}")))
                            .collect(),
                        name: None,
                    }
                }));
            }
            rules.extend(of.anywhere.iter().map(|text| Rule {
                text,
                area,
                places: Vec::new(),
                name: Some(text),
            }));
        }
        rules
    }
}

/// Returns the number of the rule that names a place. A rule that names it from the root is more
/// specific than one for all places of a name.
fn decide(
    rules: &[Rule<'_>],
    segments: &[String],
    place: &str,
    table: &Table,
) -> Result<Option<usize>> {
    let is_place = |rule: &Rule<'_>| rule.places.iter().any(|of| of == segments);
    let is_name = |rule: &Rule<'_>| {
        rule.name
            .is_some_and(|of| segments.last().is_some_and(|s| s == of))
    };
    for is_meant in [&is_place as &dyn Fn(&Rule<'_>) -> bool, &is_name] {
        let mut meant = rules.iter().enumerate().filter(|(_, rule)| is_meant(rule));
        let Some((number, rule)) = meant.next() else {
            continue;
        };
        if let Some((_, other)) = meant.next() {
            bail!(
                "{place} is in two lines of xtask/assets/areas.toml, of {} and of {}",
                table.areas[rule.area].name,
                table.areas[other.area].name
            );
        }
        return Ok(Some(number));
    }
    Ok(None)
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(normal).collect()
}

/// Returns a segment without the name of its key, and without the arguments of a function or of an
/// alternate key.
fn normal(segment: &str) -> String {
    match segment.starts_with('{') {
        true => "{}".to_owned(),
        false => segment.split('(').next().unwrap_or(segment).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        [[area]]
        name = "calendar"
        holds = "Calendars."
        users = ["calendar"]
        groups = ["calendar"]

        [[area]]
        name = "groups"
        holds = "Groups."
        places = ["/groups"]

        [[area]]
        name = "users"
        holds = "Users."
        places = ["/me", "/users"]

        [[area]]
        name = "workbook"
        holds = "Workbooks."
        anywhere = ["workbook"]
    "#;

    const PATHS: [&str; 6] = [
        "/groups/{group-id}/calendar/events",
        "/me/calendar",
        "/users(name='{name}')/manager",
        "/users/{user-id}/calendar/delta()",
        "/users/{user-id}/item/workbook/tables",
        "/users/{user-id}/manager",
    ];

    fn areas(paths: &[&str]) -> Result<BTreeMap<String, String>> {
        let table = Table::parse(SMALL)?;
        let assigned = table.assign(paths.iter().copied())?;
        let named = assigned.into_iter();
        Ok(named
            .map(|(path, area)| (path, table.areas[area].name.clone()))
            .collect())
    }

    #[test]
    fn place_has_area_of_deepest_line() {
        let areas = areas(&PATHS).expect("areas");
        for (path, area) in [
            ("/groups/{group-id}", "groups"),
            ("/groups/{group-id}/calendar/events", "calendar"),
            ("/me", "users"),
            ("/me/calendar", "calendar"),
            ("/users(name='{name}')/manager", "users"),
            ("/users/{user-id}/calendar/delta()", "calendar"),
            ("/users/{user-id}/item", "users"),
            ("/users/{user-id}/item/workbook/tables", "workbook"),
        ] {
            assert_eq!(areas[path], area, "{path}");
        }
    }

    #[test]
    fn place_without_area_is_refused() {
        let paths: Vec<_> = PATHS.iter().copied().chain(["/teams/{team-id}"]).collect();
        let error = areas(&paths).expect_err("a place without area").to_string();
        assert!(
            error.ends_with("areas.toml: /teams, /teams/{team-id}"),
            "{error}"
        );
    }

    #[test]
    fn line_that_matches_nothing_is_refused() {
        let error = areas(&PATHS[..4]).expect_err("an unused line").to_string();
        assert!(
            error.starts_with("\"workbook\" of the area workbook matches no place"),
            "{error}"
        );
    }

    #[test]
    fn two_lines_for_one_place_are_refused() {
        let text = SMALL.replace("[\"/me\", ", "[\"/me\", \"/me/calendar\", ");
        let table = Table::parse(&text).expect("a table");
        let error = table
            .assign(PATHS.into_iter())
            .expect_err("two lines")
            .to_string();
        assert!(error.contains("/me/calendar is in two lines"), "{error}");
    }
}
