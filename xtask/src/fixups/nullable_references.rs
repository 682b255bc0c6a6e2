//! A fixup for references that may be null.
//!
//! A reference cannot carry `nullable` in OpenAPI 3.0. The converter therefore writes `anyOf` of
//! the reference and a schema that is null: `{"enum": [null], "nullable": true}`, or in 2022
//! `{"type": "object", "nullable": true}`. Every property of Graph may be null or absent,
//! independent of the description. The reference alone therefore has all the information that is
//! used.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::schemas(document, &mut |schema, _| {
        let Some(members) = schema.as_object_mut() else {
            return Ok(());
        };
        let Some([reference, null]) = members.get("anyOf").and_then(Json::as_array) else {
            return Ok(());
        };
        if let (Some(target), true) = (reference.get("$ref").cloned(), is_null(null)) {
            members.shift_remove("anyOf");
            members.insert("$ref".to_owned(), target);
            count += 1;
        }
        Ok(())
    })?;
    Ok(count)
}

fn is_null(schema: &Json) -> bool {
    let Some(members) = schema.as_object() else {
        return false;
    };
    schema.get("nullable").is_some_and(Json::is_true)
        && members.iter().all(|(name, value)| match name.as_str() {
            "nullable" => true,
            "type" => value.as_str() == Some("object"),
            "enum" => value.as_array() == Some(&[Json::Null]),
            _ => false,
        })
}
