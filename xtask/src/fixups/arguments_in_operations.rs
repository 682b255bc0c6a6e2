//! A fixup that moves function arguments from the operation to the path item.
//!
//! In 2022 the arguments of a function were declared in its operation. Today they are declared in
//! its path item, as keys always were. They belong to the path and not to an operation, so the
//! fixup moves them there.

use anyhow::Result;

use crate::document::METHODS;
use crate::fixups::walk;
use crate::json::Json;
use crate::pointer::Pointer;
use crate::read;

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::path_items(document, &mut |path, item| {
        let (root, paths) = (Pointer::ROOT, "paths");
        let at = root.name(paths);
        let at = at.name(path);
        let mut moved = Vec::new();
        for method in METHODS {
            let operation = walk::member(Some(&mut *item), method);
            let Some(Json::Array(parameters)) = walk::member(operation, "parameters") else {
                continue;
            };
            let at = at.name(method);
            let at = at.name("parameters");
            for (index, parameter) in parameters.iter().enumerate() {
                // The parameter is read here too, because errors must point into the original
                // document.
                if is_argument(path, parameter) {
                    read::parameter(parameter, at.at(index))?;
                }
            }
            for parameter in parameters.extract_if(.., |parameter| is_argument(path, parameter)) {
                count += 1;
                if !moved.contains(&parameter) {
                    moved.push(parameter);
                }
            }
        }
        if moved.is_empty() {
            return Ok(());
        }
        match walk::member(Some(&mut *item), "parameters") {
            Some(Json::Array(parameters)) => parameters.append(&mut moved),
            _ => {
                if let Some(members) = item.as_object_mut() {
                    members.insert("parameters".to_owned(), Json::Array(moved));
                }
            }
        }
        Ok(())
    })?;
    Ok(count)
}

/// Returns whether a parameter belongs to the path, or to the query as an alias that the path names
/// (`userId='@userId'`).
fn is_argument(path: &str, parameter: &Json) -> bool {
    match (parameter.text("in"), parameter.text("name")) {
        (Some("path"), _) => true,
        (Some("query"), Some(name)) => {
            let alias = format!("@{name}");
            path.split(['=', ',', '\'', '(', ')'])
                .any(|part| part == alias)
        }
        _ => false,
    }
}
