//! A fixup for the integer types of query options and counts.
//!
//! In 2022 the counting options (`$top`, `$skip`) were integers without a format, and the response
//! of `$count` was an int32. Today all three are declared as int64, as `@odata.count` always was.
//! An operation must have the same type in both descriptions.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    let Some(components) = walk::member(Some(document), "components") else {
        return Ok(0);
    };
    for (kind, name) in [
        ("parameters", "top"),
        ("parameters", "skip"),
        ("schemas", "ODataCountResponse"),
    ] {
        let mut found = walk::member(walk::member(Some(&mut *components), kind), name);
        if kind == "parameters" {
            found = walk::member(found, "schema");
        }
        let Some(schema) = found else { continue };
        if schema.text("type") == Some("integer")
            && schema.text("format") != Some("int64")
            && let Some(members) = schema.as_object_mut()
        {
            members.insert("format".to_owned(), "int64".into());
            count += 1;
        }
    }
    Ok(count)
}
