//! A fixup for collections in paths.
//!
//! A collection as the argument of a function is declared by its `content`, as JSON
//! (`computeInheritance(labelIds={labelIds},…)`). OData always writes a collection in a URL as JSON
//! (URL Conventions 4.01, Complex and Collection Literals), so its schema is sufficient.

use anyhow::Result;

use crate::document::METHODS;
use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::path_items(document, &mut |_, item| {
        count += repair(item);
        for method in METHODS {
            // In 2022 the arguments were declared in the operation.
            if let Some(operation) = walk::member(Some(&mut *item), method) {
                count += repair(operation);
            }
        }
        Ok(())
    })?;
    Ok(count)
}

fn repair(holder: &mut Json) -> usize {
    let mut count = 0;
    let Some(Json::Array(parameters)) = walk::member(Some(holder), "parameters") else {
        return 0;
    };
    for parameter in parameters.iter_mut().filter_map(Json::as_object_mut) {
        let Some(content) = parameter.get("content").and_then(Json::as_object) else {
            continue;
        };
        let schema = content
            .get("application/json")
            .and_then(|json| json.get("schema"));
        if let (1, Some(schema)) = (content.len(), schema.cloned()) {
            parameter.shift_remove("content");
            parameter.insert("schema".to_owned(), schema);
            count += 1;
        }
    }
    count
}
