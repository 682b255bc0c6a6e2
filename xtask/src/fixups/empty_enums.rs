//! A fixup for enums without members.
//!
//! An enum whose members were all removed from the description remains as a named plain string
//! (`auditLogRecordType`). The fixup declares its uses as strings and removes the name.

use std::collections::HashSet;

use anyhow::Result;

use crate::fixups::walk;
use crate::json::{Json, object};

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut empty = HashSet::new();
    if let Some(schemas) = walk::named_schemas(document) {
        schemas.retain(|name, schema| {
            let is_empty = schema.text("type") == Some("string")
                && schema.as_object().is_some_and(|members| {
                    members
                        .keys()
                        .all(|key| matches!(key.as_str(), "type" | "title" | "description"))
                });
            if is_empty {
                empty.insert(name.clone());
            }
            !is_empty
        });
    }
    walk::schemas(document, &mut |schema, _| {
        if schema
            .reference("schemas")
            .is_some_and(|name| empty.contains(name))
        {
            *schema = object([("type", "string".into())]);
        }
        Ok(())
    })?;
    Ok(empty.len())
}
