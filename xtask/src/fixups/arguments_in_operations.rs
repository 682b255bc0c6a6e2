//! In 2022 the arguments of a function stood in its operation; by now they stand in its path item, as keys always did. They
//! belong to the path, whatever is done there, so that is where they go.

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
                // Read here, too, since errors are to point into the document as it was.
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

/// A parameter of the path, or one of the query that the path names as an alias (`userId='@userId'`).
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
