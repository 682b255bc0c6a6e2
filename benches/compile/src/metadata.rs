//! The packages that Cargo resolves.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, PackageId};

use crate::measured::Unit;

/// Returns the libraries below a folder that are linked into a package, the package itself
/// included. Libraries that only build scripts need are not linked.
pub fn linked_libraries(package: &Path, below: &Path) -> Result<Vec<Unit>> {
    let metadata = MetadataCommand::new().current_dir(package).exec()?;
    let resolved = metadata.resolve.context("Cargo resolves no packages")?;
    let nodes: HashMap<_, _> = resolved.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut linked: HashSet<&PackageId> = HashSet::new();
    let mut open: Vec<_> = resolved.root.iter().collect();
    while let Some(id) = open.pop() {
        if linked.insert(id) {
            let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            open.extend(dependencies.filter_map(|dependency| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds
                    .any(|kind| kind.kind == DependencyKind::Normal)
                    .then_some(&dependency.pkg)
            }));
        }
    }
    let own = metadata
        .packages
        .iter()
        .filter(|package| linked.contains(&package.id) && package.manifest_path.starts_with(below));
    Ok(own
        .filter_map(|package| {
            let library = package.targets.iter().find(|target| target.is_lib())?;
            Some(Unit {
                name: library.name.replace('-', "_"),
                folder: package.manifest_path.parent()?.into(),
            })
        })
        .collect())
}
