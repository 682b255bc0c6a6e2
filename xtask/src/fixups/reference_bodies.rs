//! `ReferenceCreate`, the body of POST to `$ref`, is declared to take further members, each an object: so the converter
//! puts it for any reference. All that Graph's documentation sends is `@odata.id`.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let schema = walk::named_schemas(document)
        .and_then(|schemas| schemas.get_mut("ReferenceCreate"))
        .and_then(Json::as_object_mut);
    let removed = schema.and_then(|schema| schema.shift_remove("additionalProperties"));
    Ok(usize::from(removed.is_some()))
}
