//! A fixup for the response of copying a drive item.
//!
//! The description declares that it returns the copy. It returns 202 with only a `Location`, at
//! which the progress of the copy can be requested (Graph's page `driveitem-copy`). SDKs that
//! expected the item returned null or failed, which their users have reported for years.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;
use crate::path::own_name;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |path, method, operation| {
        if method == "post"
            && own_name(path) == "copy"
            && walk::declared_answer(operation) == Some("microsoft.graph.driveItem")
        {
            walk::declare_no_content(operation);
            count += 1;
        }
    });
    Ok(count)
}
