//! A fixup for the types of floating point numbers.
//!
//! OData writes the floating point numbers that JSON does not have as the strings `INF`, `-INF` and
//! `NaN`. The converter declares this as `oneOf` of a number, a string and the enum
//! `ReferenceNumeric`. It is one type, Edm.Double or Edm.Single, and the runtime knows the notation
//! of both. The fixup keeps the number. Other combinations remain, and the normal form rejects
//! them.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

const WORDS: &str = "ReferenceNumeric";

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::schemas(document, &mut |schema, _| {
        let Some(members) = schema.as_object_mut() else {
            return Ok(());
        };
        let Some([number, string, words]) = members.get("oneOf").and_then(Json::as_array) else {
            return Ok(());
        };
        let fits = number.text("type") == Some("number")
            && string.text("type") == Some("string")
            && string.get("format").is_none()
            && words.reference("schemas") == Some(WORDS);
        if let (true, Some(format)) = (fits, number.get("format").cloned()) {
            members.shift_remove("oneOf");
            members.insert("type".to_owned(), "number".into());
            members.insert("format".to_owned(), format);
            count += 1;
        }
        Ok(())
    })?;
    // The words have no references any more, and in 2022 they had no type.
    if count > 0
        && let Some(schemas) = walk::named_schemas(document)
    {
        schemas.shift_remove(WORDS);
    }
    Ok(count)
}
