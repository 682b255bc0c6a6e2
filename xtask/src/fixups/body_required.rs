//! A fixup that drops the mark of required bodies.
//!
//! Some bodies are not marked as required. In 2022 all were. Since then, bodies of PATCH by
//! navigation, and of actions whose arguments are all optional, are not. A PATCH without a body has
//! no effect, and an action without arguments is sent `{}`. A body is therefore always an argument
//! of the call, and the mark is dropped.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    let mut repair = |body: &mut Json| {
        if body.get("$ref").is_none()
            && let Some(body) = body.as_object_mut()
        {
            let required = body.shift_remove("required");
            count += usize::from(!required.is_some_and(|required| required.is_true()));
        }
    };
    for (_, body) in walk::components(document, "requestBodies") {
        repair(body);
    }
    walk::operations(document, &mut |_, _, operation| {
        if let Some(body) = walk::member(Some(operation), "requestBody") {
            repair(body);
        }
    });
    Ok(count)
}
