//! A fixup for the request body of Teams apps.
//!
//! An app of Teams, or another version of it, is published as a zip with its manifest in it. The
//! description declares the body as the entity that is created from it (Graph's pages
//! `teamsapp-publish`, `teamsapp-update`).

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |path, method, operation| {
        let is_published = path.ends_with("/teamsApps") || path.ends_with("/appDefinitions");
        if path.starts_with("/appCatalogs/") && is_published && method == "post" {
            count += usize::from(walk::declare_bytes(operation, "application/zip"));
        }
    });
    Ok(count)
}
