//! A fixup for the response type of downloads.
//!
//! Functions that return Edm.Stream (reports, a workbook's image) are declared as
//! `application/octet-stream`. Their schema is an object with a base64 `value`. Graph sends the
//! bytes themselves, mostly after a redirect.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::{Json, object};

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |_, _, operation| {
        let answers = walk::member(Some(operation), "responses").and_then(Json::as_object_mut);
        for (_, answer) in answers.into_iter().flatten() {
            let content = walk::member(
                walk::member(Some(answer), "content"),
                "application/octet-stream",
            );
            let Some(schema) = walk::member(content, "schema") else {
                continue;
            };
            let properties = schema.get("properties").and_then(Json::as_object);
            let is_stream = properties.is_some_and(|properties| {
                properties.len() == 1
                    && properties.get("value").is_some_and(|value| {
                        value.text("type") == Some("string")
                            && value.text("format") == Some("base64url")
                    })
            });
            if is_stream {
                *schema = object([("type", "string".into()), ("format", "binary".into())]);
                count += 1;
            }
        }
    });
    Ok(count)
}
