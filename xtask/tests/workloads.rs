//! The least privileged permissions, compared with the workload of their paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    permissions: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    needs: BTreeMap<String, Lists>,
    operations: Vec<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Lists {
    least: Vec<String>,
    others: Vec<String>,
}

/// The permissions by scheme, for each method of each path.
type Needs = BTreeMap<String, BTreeMap<String, BTreeMap<String, Lists>>>;

fn needs() -> Needs {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/permissions.json");
    let text = std::fs::read_to_string(path).expect("permissions.json");
    let file: File = serde_json::from_str(&text).expect("a list of permissions");
    let mut needs = Needs::new();
    for group in file.permissions {
        for operation in &group.operations {
            let (method, path) = operation.split_once(' ').expect("method and path");
            let methods = needs.entry(path.to_owned()).or_default();
            methods.insert(method.to_owned(), group.needs.clone());
        }
    }
    needs
}

/// Returns the workloads of permissions: `Mail` of `Mail.Read`.
fn workloads(permissions: &[String]) -> BTreeSet<&str> {
    let first = |name: &str| name.find(['.', ' ']).unwrap_or(name.len());
    permissions
        .iter()
        .map(|name| &name[..first(name)])
        .collect()
}

/// Returns the workloads of the least privileged permissions of the nearest path above.
fn above<'n>(needs: &'n Needs, path: &str, scheme: &str) -> BTreeSet<&'n str> {
    let mut path = path;
    while let Some((shorter, _)) = path
        .rsplit_once('/')
        .filter(|(shorter, _)| !shorter.is_empty())
    {
        path = shorter;
        let methods = needs.get(path).into_iter().flatten();
        let found: BTreeSet<_> = methods
            .filter_map(|(_, schemes)| schemes.get(scheme))
            .flat_map(|lists| workloads(&lists.least))
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    BTreeSet::new()
}

/// Lists each operation whose least privileged permission is of another workload than that of the
/// path above it, although Graph also accepts one of that workload.
///
/// A new line deserves a look at Graph's page. A mistake of Graph's list is corrected in
/// `xtask/assets/permissions.toml`.
#[test]
fn least_permissions_of_other_workloads_are_known() {
    let needs = needs();
    let mut lines = BTreeMap::<String, BTreeSet<&str>>::new();
    for (path, methods) in &needs {
        for (method, schemes) in methods {
            for (scheme, lists) in schemes {
                let (own, others) = (workloads(&lists.least), workloads(&lists.others));
                let usual = above(&needs, path, scheme);
                if !own.is_empty() && own.is_disjoint(&usual) && !others.is_disjoint(&usual) {
                    let least = lists.least.join(", ");
                    let line = format!("{method} {path}: {least}");
                    lines.entry(line).or_default().insert(scheme);
                }
            }
        }
    }
    let lines: Vec<String> = lines
        .into_iter()
        .map(|(line, schemes)| {
            format!(
                "{line} ({})",
                schemes.into_iter().collect::<Vec<_>>().join(", ")
            )
        })
        .collect();
    insta::assert_snapshot!("least_permissions_of_other_workloads", lines.join("\n"));
}

/// Lists the writes for which a permission that only reads is the least: those that Graph's own
/// pages document.
#[test]
fn read_permissions_of_writes_are_known() {
    let mut found = Vec::new();
    for (path, methods) in &needs() {
        for (method, schemes) in methods {
            let writes = ["PATCH", "PUT", "DELETE"].contains(&method.as_str());
            for (scheme, lists) in schemes.iter().filter(|_| writes) {
                let reads = |name: &&String| {
                    let action = name.split('.').nth(1).unwrap_or_default();
                    // `A with B` names a second permission, which may be the one that writes.
                    action.starts_with("Read") && !name.contains("Write")
                };
                for name in lists.least.iter().filter(reads) {
                    found.push(format!("{method} {path} {scheme} {name}"));
                }
            }
        }
    }
    insta::assert_snapshot!("read_permissions_of_writes", found.join("\n"));
}

#[test]
fn each_correction_of_permissions_matches_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/pin.toml");
    let pin = std::fs::read_to_string(path).expect("pin.toml");
    let pin: toml::Table = toml::from_str(&pin).expect("TOML");
    assert_eq!(pin["permissions"]["corrected"].as_integer(), Some(21));
    let needs = needs();
    for user in ["/me", "/users/{}"] {
        let path = format!("{user}/messages/{{}}/attachments/createuploadsession");
        let session = &needs[&path]["POST"];
        assert_eq!(session["delegatedWork"].least, ["Mail.ReadWrite"], "{path}");
    }
    let todo = &needs["/me/todo/lists/{}"]["DELETE"]["delegatedWork"];
    assert_eq!(todo.least, ["Tasks.ReadWrite"]);
}
