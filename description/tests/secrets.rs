//! The decision about each property of the description that may hold a secret.

use std::fmt::Write as _;
use std::path::Path;

use msgraph_description::names::Collisions;
use msgraph_description::secrets::{Decision, needless, suspicious};
use msgraph_description::{Types, models, read_schemas};

#[test]
fn every_suspicious_property_is_decided() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let schemas = read_schemas(&folder).expect("openapi/");
    let types = Types::new(&schemas, &Collisions::default()).expect("types");
    let models = models::list(&types).expect("models");
    let suspicious = suspicious(&models);
    let undecided: Vec<_> = suspicious
        .iter()
        .filter(|(_, decision)| **decision == Decision::Undecided)
        .map(|(property, _)| property)
        .collect();
    assert!(
        undecided.is_empty(),
        "decide whether these hold a secret, in description/src/secrets/: {undecided:#?}"
    );
    let needless = needless(&models);
    assert!(
        needless.is_empty(),
        "no property needs these decisions: {needless:#?}"
    );
    let mut listed = String::new();
    for (property, decision) in &suspicious {
        let _ = match decision {
            Decision::Secret => writeln!(listed, "{property}: redacted"),
            Decision::Public(reason) => writeln!(listed, "{property}: printed. {reason}"),
            Decision::Harmless | Decision::Undecided => Ok(()),
        };
    }
    insta::assert_snapshot!("suspicious_properties", listed);
}
