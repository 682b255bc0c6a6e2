//! Converts Graph's list of operations for each permission into a list of permissions for each
//! operation.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use msgraph_codegen::{Address, Permission, PermissionScheme, Permissions, Scheme};
use serde::Deserialize;

use super::corrections::Corrections;
use super::{Made, Operations};
use crate::document::METHODS;

/// The document, whose format is described at <https://github.com/microsoftgraph/kibali>. The
/// program does not read its sentences.
#[derive(Deserialize)]
struct Document {
    permissions: BTreeMap<String, Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    schemes: BTreeMap<String, ListedScheme>,
    path_sets: Vec<PathSet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedScheme {
    /// A level from 1, the least, to 4.
    privilege_level: Option<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PathSet {
    scheme_keys: Vec<String>,
    methods: Vec<String>,
    /// `least=DelegatedWork,Application;AlsoRequires=User.Read`, or an empty text.
    paths: BTreeMap<String, String>,
}

/// An operation: address and number of the method.
type Operation = (Address, usize);

/// The extent of a permission for one operation. A smaller value is narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Breadth {
    /// `true` if it is not marked as least privileged.
    unmarked: bool,
    /// The number of methods that it is listed with for these paths. A permission for reading only
    /// is narrower than one for writing as well. Both may be marked, because a mark applies to all
    /// methods of its set.
    methods: usize,
    level: u8,
}

/// The permissions that suffice for an operation, by scheme.
type Sufficient = BTreeMap<PermissionScheme, BTreeMap<Permission, Breadth>>;

/// Creates `permissions.json`.
pub fn make(document: &[u8], operations: &Operations) -> Result<Made> {
    let document: Document =
        serde_json::from_slice(document).context("cannot read a list of permissions")?;
    let names = document.permissions.len();
    let mut corrections = Corrections::read()?;
    let mut needs: BTreeMap<Operation, Permissions> = read(document, &mut corrections)?
        .into_iter()
        .map(|(operation, sufficient)| (operation, ranked(sufficient)))
        .collect();

    let listed = needs.len();
    let mut figures = BTreeMap::from([
        ("permissions".to_owned(), names),
        ("listed".to_owned(), listed),
        ("corrected".to_owned(), corrections.used()),
        ("read_only_writes".to_owned(), corrections.read_only_writes),
    ]);
    let mut count = |name: &str| *figures.entry(name.to_owned()).or_default() += 1;
    let mut elsewhere: BTreeMap<&str, usize> = BTreeMap::new();
    for (address, method) in needs.keys() {
        match operations.at(address) {
            Some(described) if described.methods.contains(&upper(*method)) => count("described"),
            Some(_) => count("not_described_method"),
            None => {
                count("not_described_place");
                *elsewhere
                    .entry(address.segments().next().unwrap_or_default())
                    .or_default() += 1;
            }
        }
    }
    let mut notes = notes(&elsewhere);
    let unused = corrections.unused();
    if !unused.is_empty() {
        notes.push(format!(
            "corrections in assets/permissions.toml that match nothing: {}",
            unused.join(", ")
        ));
    }
    for (operation, (of, rule)) in neighbours(&needs, operations) {
        count(rule);
        if let Some(same) = needs.get(&of).cloned() {
            needs.insert(operation, same);
        }
    }
    Ok(Made {
        text: write(&needs),
        figures,
        notes,
    })
}

/// Inverts the document, and returns the permissions that suffice for each operation.
fn read(
    document: Document,
    corrections: &mut Corrections,
) -> Result<BTreeMap<Operation, Sufficient>> {
    let mut all: BTreeMap<Operation, Sufficient> = BTreeMap::new();
    for (name, listed) in document.permissions {
        for set in &listed.path_sets {
            let methods = set
                .methods
                .iter()
                .map(|method| number(method))
                .collect::<Result<Vec<_>>>()
                .with_context(|| name.clone())?;
            for (path, marks) in &set.paths {
                let at = || format!("{name}: {path}");
                let (least, with_one_of) = read_marks(marks).with_context(at)?;
                let address = Address::new(path);
                // Another permission of `AlsoRequires` may be the one that writes.
                let alone = with_one_of.is_empty();
                let methods: Vec<_> = methods
                    .iter()
                    .copied()
                    .filter(|method| {
                        !alone || corrections.takes(&name, upper(*method), &address, &set.methods)
                    })
                    .collect();
                let permission = Permission {
                    name: name.clone(),
                    with_one_of,
                };
                for key in &set.scheme_keys {
                    let scheme = scheme(key).with_context(at)?;
                    let breadth = Breadth {
                        unmarked: !least.contains(&key.as_str()),
                        methods: set.methods.len(),
                        level: listed
                            .schemes
                            .get(key)
                            .with_context(|| {
                                format!("{}: the permission does not have the scheme {key}", at())
                            })?
                            .privilege_level
                            .unwrap_or(u8::MAX),
                    };
                    for method in &methods {
                        let operation = (address.clone(), *method);
                        let schemes = all.entry(operation).or_default();
                        schemes
                            .entry(scheme)
                            .or_default()
                            .entry(permission.clone())
                            // The permission is listed twice. The narrower entry is right, because
                            // the other one spans more operations.
                            .and_modify(|known| *known = breadth.min(*known))
                            .or_insert(breadth);
                    }
                }
            }
        }
    }
    Ok(all)
}

/// Parses `least=…;AlsoRequires=…`. Returns the schemes for which the permission is the least, and
/// the permissions that it needs in addition.
fn read_marks(marks: &str) -> Result<(Vec<&str>, Vec<String>)> {
    let mut least = Vec::new();
    let mut with = Vec::new();
    for mark in marks.split(';').filter(|mark| !mark.is_empty()) {
        match mark.split_once('=') {
            Some(("least", of)) => least.extend(of.split(',').map(str::trim)),
            Some(("AlsoRequires", of)) => with.extend(of.split(',').map(|of| of.trim().to_owned())),
            _ => bail!("unknown attribute {mark:?}"),
        }
    }
    with.sort_unstable();
    Ok((least, with))
}

fn scheme(key: &str) -> Result<PermissionScheme> {
    Ok(match key {
        "DelegatedWork" => PermissionScheme::DelegatedWork,
        "DelegatedPersonal" => PermissionScheme::DelegatedPersonal,
        "Application" => PermissionScheme::Application,
        _ => bail!("unknown scheme {key:?}"),
    })
}

fn number(method: &str) -> Result<usize> {
    METHODS
        .iter()
        .position(|of| of.eq_ignore_ascii_case(method))
        .with_context(|| format!("Graph does not use the method {method:?}"))
}

fn upper(method: usize) -> &'static str {
    ["GET", "POST", "PATCH", "PUT", "DELETE"][method]
}

fn ranked(sufficient: Sufficient) -> Permissions {
    let mut permissions = Permissions::default();
    for (scheme, of) in sufficient {
        let ranked = rank(of);
        match scheme {
            PermissionScheme::DelegatedWork => permissions.delegated_work = ranked,
            PermissionScheme::DelegatedPersonal => permissions.delegated_personal = ranked,
            PermissionScheme::Application => permissions.application = ranked,
        }
    }
    permissions
}

/// Sorts the permissions, narrowest first. If several are marked as least privileged, the narrowest
/// of them is chosen. If none is marked and there is only one, that one is chosen.
fn rank(of: BTreeMap<Permission, Breadth>) -> Scheme {
    let mut of: Vec<(Breadth, Permission)> =
        of.into_iter().map(|(p, breadth)| (breadth, p)).collect();
    of.sort();
    let first = of.first().map(|(breadth, _)| *breadth);
    let least = match first {
        Some(first) if !first.unmarked => {
            of.iter().filter(|(breadth, _)| *breadth == first).count()
        }
        _ => usize::from(of.len() == 1),
    };
    // The mark identifies the least privileged permission, and does not apply to the others.
    let mut others = of.split_off(least);
    others.sort_by_key(|(breadth, name)| (breadth.methods, breadth.level, name.clone()));
    let names = |of: Vec<(Breadth, Permission)>| of.into_iter().map(|(_, name)| name).collect();
    Scheme {
        least: names(of),
        others: names(others),
    }
}

/// Returns described operations that are not listed, but that are another path to a listed one.
///
/// <https://learn.microsoft.com/graph/api/overview> lists one path to each resource. `$count`,
/// `$value`, `$ref`, a cast or an alternate key lead to the same resource, which needs the same
/// permissions.
fn neighbours(
    needs: &BTreeMap<Operation, Permissions>,
    operations: &Operations,
) -> BTreeMap<Operation, (Operation, &'static str)> {
    let mut found = BTreeMap::new();
    for (address, described) in operations.iter() {
        for name in &described.methods {
            let Ok(method) = number(name) else { continue };
            let operation = (address.clone(), method);
            if needs.contains_key(&operation) {
                continue;
            }
            let mut ways = other_ways(&described.path, name, operations).into_iter();
            let way = ways.find_map(|(path, rule)| {
                let of = (Address::new(&path), method);
                needs.contains_key(&of).then_some((of, rule))
            });
            if let Some(way) = way {
                found.insert(operation, way);
            }
        }
    }
    found
}

/// Returns other paths to the resource at `path`, nearest first, and the rule that gave the last
/// step of each.
fn other_ways(path: &str, method: &str, operations: &Operations) -> Vec<(String, &'static str)> {
    type Rule = fn(&str, &str, &Operations) -> Option<String>;
    let rules: [(&'static str, Rule); 5] = [
        ("by_cast", without_casts),
        ("by_alternate_key", |path, _, _| {
            without_alternate_keys(path)
        }),
        ("by_value", |path, method, of| {
            without_system(path, "/$value", method, of)
        }),
        ("by_ref", |path, method, of| {
            without_system(path, "/$ref", method, of)
        }),
        ("by_count", |path, method, of| {
            without_system(path, "/$count", method, of)
        }),
    ];
    let mut ways = vec![(path.to_owned(), "")];
    for (name, rule) in rules {
        for at in 0..ways.len() {
            if let Some(way) = rule(&ways[at].0, method, operations) {
                ways.push((way, name));
            }
        }
    }
    ways.split_off(1)
}

fn without_casts(path: &str, _: &str, _: &Operations) -> Option<String> {
    let segments = path.split('/');
    let kept: Vec<_> = segments
        .filter(|segment| !segment.starts_with("graph."))
        .collect();
    let kept = kept.join("/");
    (kept != path).then_some(kept)
}

/// Returns the path with alternate keys replaced by keys: `/groups(uniqueName='{uniqueName}')` is
/// `/groups/{id}`.
fn without_alternate_keys(path: &str) -> Option<String> {
    let way: String = path
        .split('/')
        .skip(1)
        .map(|segment| match segment.split_once('(') {
            Some((name, arguments)) if arguments != ")" => format!("/{name}/{{id}}"),
            _ => format!("/{segment}"),
        })
        .collect();
    (way != path).then_some(way)
}

/// Returns the resource of a system segment. For an operation that writes, returns it only if the
/// description has no such operation at that resource. Creating an item and adding a reference to
/// one are different operations, so the meaning is clear only if one of them exists.
fn without_system(
    path: &str,
    system: &str,
    method: &str,
    operations: &Operations,
) -> Option<String> {
    let way = path.strip_suffix(system)?;
    let is_clear = method == "GET" || !operations.has(method, &Address::new(way));
    is_clear.then(|| way.to_owned())
}

fn notes(elsewhere: &BTreeMap<&str, usize>) -> Vec<String> {
    let mut workloads: Vec<_> = elsewhere.iter().collect();
    workloads.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), **name));
    let workloads: Vec<_> = workloads
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    vec![format!(
        "permissions listed for paths that the description lacks, by first segment: {}",
        workloads.join(", ")
    )]
}

/// Writes one line for each set of needed permissions, and one for each operation that needs it.
fn write(needs: &BTreeMap<Operation, Permissions>) -> String {
    let mut groups: Vec<(&Permissions, Vec<&Operation>)> = Vec::new();
    let mut numbers = std::collections::HashMap::new();
    for (operation, permissions) in needs {
        let number = *numbers.entry(permissions).or_insert_with(|| {
            groups.push((permissions, Vec::new()));
            groups.len() - 1
        });
        groups[number].1.push(operation);
    }
    let mut out = String::from("{\"permissions\":[");
    for (at, (permissions, operations)) in groups.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        let _ = write!(out, "{{\"needs\":{},\"operations\":[", json(permissions));
        for (at, (address, method)) in operations.iter().enumerate() {
            let separator = if at == 0 { "" } else { "," };
            let operation = serde_json::json!(format!("{} {address}", upper(*method)));
            let _ = write!(out, "{separator}\n {operation}");
        }
        out.push_str("]}");
    }
    out.push_str("\n]}\n");
    out
}

fn json(permissions: &Permissions) -> serde_json::Value {
    let names = |of: &[Permission]| of.iter().map(Permission::to_string).collect::<Vec<_>>();
    let schemes = PermissionScheme::ALL
        .into_iter()
        .map(|scheme| (scheme, permissions.scheme(scheme)))
        .filter(|(_, of)| !of.is_empty());
    let schemes = schemes.map(|(scheme, of)| {
        let mut lists = serde_json::Map::new();
        for (name, list) in [("least", &of.least), ("others", &of.others)] {
            if !list.is_empty() {
                lists.insert(name.to_owned(), names(list).into());
            }
        }
        (scheme.name().to_owned(), lists.into())
    });
    serde_json::Value::Object(schemes.collect())
}
