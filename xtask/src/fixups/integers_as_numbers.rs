//! The converter gives integers the type `number` and leaves it to the format to say that they are whole (in 2022 it
//! was `integer`). OpenAPI's own word for whole numbers is `integer`, and readers such as progenitor look at that alone.

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
