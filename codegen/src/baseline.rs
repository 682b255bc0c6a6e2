//! progenitor's unchanged output for the same folded description: the baseline of
//! `benches/compile`.

use std::collections::BTreeSet;
use std::fmt::Write;

use msgraph_description::names::{Collisions, camel};
use msgraph_description::{Description, Tree, Types};
use progenitor_impl::GenerationSettings;

use crate::error::Result;
use crate::nodes::endpoints;
use crate::operations;

/// Returns the source of a crate with all distinct operations as progenitor writes them, and each
/// model as a stub.
///
/// # Errors
///
/// Fails for the same reasons as [`generate`](crate::generate).
pub fn baseline(description: &Description) -> Result<String> {
    let tree = Tree::new(description)?;
    let types = Types::new(&description.schemas, &Collisions::default())?;
    let mut unlowered = Vec::new();
    for place in &tree.places {
        for endpoint in endpoints(description, &types, place)? {
            unlowered.push(endpoint.unlowered(&place.path, |_| true)?);
        }
    }
    let name = |name: &str| {
        let rust = &types.get(name)?.rust;
        Some(camel(&rust.path().replace("::", " ")))
    };
    let path = |of: &str| Some(format!("crate::stubs::{}", name(of)?));
    let tokens = operations::generate(&unlowered, path, GenerationSettings::new())?;

    let mut source = String::from("#![allow(warnings)]\n\npub mod stubs {\n");
    let stubs: BTreeSet<_> = types.iter().filter_map(|of| name(of.name)).collect();
    for stub in stubs {
        let _ = writeln!(
            source,
            "#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]\npub struct {stub};"
        );
    }
    let _ = write!(source, "}}\n\n{tokens}\n");
    Ok(source)
}
