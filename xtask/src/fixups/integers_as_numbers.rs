//! A fixup for the type of integers.
//!
//! The converter gives integers the type `number`, and only the format shows that they are whole
//! (in 2022 the type was `integer`). OpenAPI's type for whole numbers is `integer`, and readers
//! such as progenitor check that alone.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::schemas(document, &mut |schema, _| {
        let whole = matches!(
            schema.text("format"),
            Some("int16" | "int32" | "int64" | "uint8")
        );
        if whole
            && schema.text("type") == Some("number")
            && let Some(members) = schema.as_object_mut()
        {
            members.insert("type".to_owned(), "integer".into());
            count += 1;
        }
        Ok(())
    })?;
    Ok(count)
}
