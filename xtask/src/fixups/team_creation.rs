//! A fixup for the response of creating a team.
//!
//! The description declares that it returns the team. It returns 202 with only the `Location` of
//! the operation that creates it, and its `Content-Location` (Graph's page `team-post`).

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |path, method, operation| {
        if (path, method) == ("/teams", "post")
            && walk::declared_answer(operation) == Some("microsoft.graph.team")
        {
            walk::declare_no_content(operation);
            count += 1;
        }
    });
    Ok(count)
}
