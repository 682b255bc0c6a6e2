//! A fixup for the request body of OneNote pages.
//!
//! A page is created from HTML. The description declares the body as the entity that is created
//! from it (Graph's page `section-post-pages`).

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |path, method, operation| {
        let is_created = method == "post" && path.contains("/onenote/") && path.ends_with("/pages");
        if is_created && walk::declared_answer(operation) == Some("microsoft.graph.onenotePage") {
            count += usize::from(walk::declare_bytes(operation, "text/html"));
        }
    });
    Ok(count)
}
