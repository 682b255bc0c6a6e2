//! A fixup for the request body of references.
//!
//! `ReferenceCreate`, the body of POST to `$ref`, is declared to accept further members, each an
//! object. The converter writes this for any reference. Graph's documentation sends only
//! `@odata.id`.

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
