//! Some bodies are not marked as required (all were in 2022; since then those of PATCH by navigation, and of actions whose
//! arguments may all be left out, are not). Graph refuses a PATCH without a body, and takes `{}` from an action, so that
//! a body is an argument wherever there is one, and the mark says nothing.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |operation, _| {
        let body = walk::member(Some(operation), "requestBody").and_then(Json::as_object_mut);
        if let Some(body) = body {
            let required = body.shift_remove("required").is_some_and(|required| required.is_true());
            count += usize::from(!required && !body.contains_key("$ref"));
        }
        Ok(())
    })?;
    Ok(count)
}
