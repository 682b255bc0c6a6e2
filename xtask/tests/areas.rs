//! The areas of Graph: their features, their sizes, and the table in README.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use msgraph_codegen::{Areas, Description, Kind, generate};

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace").to_owned()
}

fn areas() -> Areas {
    let areas = Areas::read(&root().join("openapi")).expect("areas.json");
    areas.expect("openapi/ has areas")
}

/// Returns the rows of the table in README.md.
fn rows() -> String {
    let areas = areas();
    let description = Description::read(&root().join("openapi")).expect("openapi/");
    let generated = generate(&description).expect("code");
    let models = generated.models().expect("models");
    let mut rows = String::new();
    for (area, holds) in areas.list() {
        let set = areas.named(|name| name == area);
        let paths = description.paths.iter();
        let paths = paths.filter(|(path, _)| areas.of_path(path) == set);
        let operations: usize = paths.map(|(_, item)| item.operations().count()).sum();
        let types = models.iter().filter(|of| areas.of_type(of.name).meets(set));
        let (structs, enums): (Vec<_>, Vec<_>) = types.partition(|of| of.kind == Kind::Model);
        let _ = writeln!(
            rows,
            "| `{area}` | {holds} | {operations} | {} | {} |",
            structs.len(),
            enums.len()
        );
    }
    rows
}

#[test]
fn sizes_of_areas_are_stable() {
    let rows = rows();
    insta::assert_snapshot!("areas", rows);
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(
        readme.contains(&rows),
        "the table of areas in README.md must have these rows:\n{rows}"
    );
}

/// Returns the features of the package in a folder of the repository.
fn features(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let manifest = root().join(folder).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("Cargo.toml");
    let mut manifest: toml::Table = toml::from_str(&manifest).expect("a manifest");
    let features = manifest.remove("features").expect("features");
    features.try_into().expect("lists of features")
}

#[test]
fn each_area_is_a_default_feature() {
    let areas = areas();
    let all: BTreeSet<_> = areas.list().map(|(name, _)| name.to_owned()).collect();
    let [calls, models] = ["", "models"].map(features);
    for features in [&calls, &models] {
        assert_eq!(features["all-areas"], all);
        assert!(features["default"].contains("all-areas"));
    }
    for area in all {
        // The calls of an area need its models.
        let of_models = format!("msgraph-models/{area}");
        assert!(calls[&area].contains(&of_models), "{area}");
        assert!(models.contains_key(&area), "{area}");
    }
}
