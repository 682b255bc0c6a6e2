//! A fixup for the values of query options.
//!
//! In 2022 `$select`, `$expand` and `$orderby` listed their values as an enum in each operation.
//! They accept more than the list: paths (`manager/displayName`), nested options
//! (`members($select=id)`), and properties that the description does not know. Today's description
//! has plain strings, and the model has the words of the list anyway.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |_, _, operation| {
        let Some(Json::Array(parameters)) = walk::member(Some(operation), "parameters") else {
            return;
        };
        for parameter in parameters {
            if !matches!(
                parameter.text("name"),
                Some("$select" | "$expand" | "$orderby")
            ) {
                continue;
            }
            let items = walk::member(walk::member(Some(parameter), "schema"), "items");
            if let Some(items) = items.and_then(Json::as_object_mut) {
                count += usize::from(items.shift_remove("enum").is_some());
            }
        }
    });
    Ok(count)
}
