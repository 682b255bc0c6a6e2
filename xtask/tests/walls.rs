//! The walls between the packages: each has a list of the others that it may use.
//!
//! The lists are direct dependencies, without those of tests. What a package must not reach even
//! through others is listed beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The packages of the workspace that a package depends on.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "msgraph",
        &[
            "msgraph-auth",
            "msgraph-codegen",
            "msgraph-core",
            "msgraph-io",
            "msgraph-models",
        ],
    ),
    ("msgraph-auth", &["msgraph-core", "msgraph-io"]),
    ("msgraph-codegen", &["msgraph-description"]),
    ("msgraph-core", &["msgraph-secrets"]),
    ("msgraph-description", &["msgraph-secrets"]),
    ("msgraph-io", &["msgraph-core"]),
    ("msgraph-models", &["msgraph-core", "msgraph-description"]),
    ("msgraph-odata", &[]),
    ("msgraph-secrets", &[]),
    ("msgraph-simulator", &["msgraph-core", "msgraph-odata"]),
];

/// The crates that a package must not reach, by any path, in the library that it builds.
const FORBIDDEN: &[(&str, &[&str])] = &[
    // Neither I/O nor async code.
    (
        "msgraph-core",
        &["async-trait", "futures-core", "hyper", "reqwest", "tokio"],
    ),
    (
        "msgraph-models",
        &["async-trait", "futures-core", "hyper", "reqwest", "tokio"],
    ),
    // The models wait for it, so it must not wait for progenitor.
    (
        "msgraph-description",
        &["openapiv3", "progenitor-impl", "schemars", "typify"],
    ),
    // A test with the simulator finds the mistakes of the generator, so the two share no code.
    (
        "msgraph-simulator",
        &[
            "msgraph",
            "msgraph-codegen",
            "msgraph-description",
            "msgraph-models",
        ],
    ),
    // The build uses no network.
    ("msgraph-codegen", &["hyper", "reqwest", "tokio"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(arguments)
        .output()
        .expect("Cargo");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn packages_use_only_allowed_packages() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"]))
            .expect("metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeSet<&str> = packages
        .iter()
        .filter_map(|of| of["name"].as_str())
        .collect();
    let mut used = BTreeMap::new();
    for package in packages {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let of_workspace: BTreeSet<&str> = dependencies
            .iter()
            .filter(|of| of["kind"] != "dev")
            .filter_map(|of| of["name"].as_str())
            .filter(|name| names.contains(name))
            .collect();
        used.insert(package["name"].as_str().expect("a name"), of_workspace);
    }
    for (name, allowed) in ALLOWED {
        let used = used
            .get(name)
            .unwrap_or_else(|| panic!("no package {name}"));
        assert_eq!(used, &allowed.iter().copied().collect(), "{name}");
    }
    let published = packages.iter().filter(|of| of["publish"].is_null());
    for package in published {
        let name = package["name"].as_str().expect("a name");
        assert!(
            ALLOWED.iter().any(|(listed, _)| *listed == name),
            "{name} has no wall: list what it may use"
        );
    }
}

#[test]
fn forbidden_crates_are_out_of_reach() {
    for (package, forbidden) in FORBIDDEN {
        let tree = cargo(&[
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{lib}",
            "--all-features",
            "--target",
            "all",
        ]);
        let reached: BTreeSet<&str> = tree.lines().map(str::trim).collect();
        assert!(
            reached.contains(package.replace('-', "_").as_str()),
            "{tree}"
        );
        for name in *forbidden {
            let library = name.replace('-', "_");
            assert!(
                !reached.contains(library.as_str()),
                "{package} reaches {name}"
            );
        }
    }
}
