//! The public API of the generated code as text, in which a reviewer sees changes. `cargo insta
//! review` accepts intended changes. `cargo xtask api` does the same for the rest of the crate.
//!
//! The generated code has a hundred thousand items. The text has the names of its methods by
//! distinct place, and counts and a hash for the rest. These show that something changed, and
//! `cargo xtask diff` shows the change itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use msgraph_codegen::{Description, Kind, generate};
use xtask::document::digest;

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace").to_owned()
}

#[test]
fn generated_api_is_stable() {
    let description = Description::read(&root().join("openapi")).expect("openapi/");
    let generated = generate(&description).expect("code");
    insta::assert_snapshot!("nodes", nodes(&generated.nodes));
    insta::assert_snapshot!("options", &generated.options);
    let mut models = String::new();
    let mut listed = generated.models().expect("models");
    listed.sort_by(|a, b| a.rust.cmp(&b.rust));
    for of in listed {
        let hash = |text: &str| digest(text.as_bytes())[..8].to_owned();
        let _ = match of.kind {
            Kind::Model => {
                let fields = of.properties.iter().filter(|of| of.field.is_some()).count();
                let all: Vec<_> = of.properties.iter().map(|of| format!("{of:?}")).collect();
                writeln!(
                    models,
                    "struct {}: {} fields, {} navigations, {} bases #{}",
                    of.rust,
                    fields,
                    of.properties.len() - fields,
                    of.bases.len(),
                    hash(&format!("{all:?} {:?}", of.bases)),
                )
            }
            _ => writeln!(
                models,
                "enum {}: {} members #{}",
                of.rust,
                of.members.len(),
                hash(&format!("{:?}", of.members))
            ),
        };
    }
    insta::assert_snapshot!("models", models);
}

/// Returns one line for each node: its place, its methods, and a hash of their signatures. The
/// names of nodes are not promised.
fn nodes(code: &str) -> String {
    let named: BTreeSet<&str> = code
        .lines()
        .filter_map(|line| line.strip_prefix("pub struct ")?.strip_suffix("(Path);"))
        .collect();
    let mut places: BTreeMap<&str, (Vec<&str>, String)> = BTreeMap::new();
    let mut place = "the root";
    for line in code.lines() {
        if let Some(path) = line.strip_prefix("/// `") {
            place = path.split('`').next().unwrap_or_default();
        }
        let Some(signature) = line.strip_prefix("    pub fn ") else {
            continue;
        };
        let (names, signatures) = places.entry(place).or_default();
        names.push(signature.split('(').next().unwrap_or_default());
        let signature = signature.trim_end_matches(" {");
        match signature.rsplit_once(" -> ") {
            Some((step, node)) if named.contains(node) => signatures.push_str(step),
            _ => signatures.push_str(signature),
        }
    }
    let mut text = String::new();
    for (place, (names, signatures)) in places {
        let hash = &digest(signatures.as_bytes())[..8];
        let _ = writeln!(text, "{place}: {} #{hash}", names.join(" "));
    }
    text
}
