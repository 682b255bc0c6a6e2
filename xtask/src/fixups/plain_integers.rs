//! In 2022 the counting options (`$top`, `$skip`) were integers without a format, and the answer of `$count` was an int32. By
//! now all three are declared as int64, like `@odata.count` always was: an operation of both times is to have one type.

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
