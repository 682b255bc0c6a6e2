//! A fixup that removes the property `@odata.type`, which each model declares.
//!
//! It is not a property but the annotation of OData JSON that names a type. It may occur in any
//! object, and is optional if the declared type is the actual one (OData JSON Format 4.01, control
//! information `type`). The runtime writes and reads it by itself.

use anyhow::{Result, ensure};

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::schemas(document, &mut |schema, at| {
        let Some(members) = schema.as_object_mut() else {
            return Ok(());
        };
        let removed = members
            .get_mut("properties")
            .and_then(Json::as_object_mut)
            .and_then(|properties| properties.shift_remove("@odata.type"));
        if let Some(removed) = removed {
            ensure!(
                removed.text("type") == Some("string") && removed.get("format").is_none(),
                "{}: `@odata.type` is not a string",
                at.name("properties").name("@odata.type")
            );
            count += 1;
        }
        Ok(())
    })?;
    Ok(count)
}
