//! Copying a drive item is declared to answer the copy. It answers 202 with nothing but a `Location` to ask how far the
//! copying is (Graph's page `driveitem-copy`); SDKs that waited for the item gave null or failed, which their users
//! have reported for years.

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
