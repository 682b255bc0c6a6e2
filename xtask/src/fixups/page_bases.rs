//! A fixup for the schemas of pages.
//!
//! A page is described as `allOf` of a base with the links (`@odata.nextLink`, `@odata.count`,
//! `@odata.deltaLink`) and an object with the `value`. That is not inheritance of Graph's, because
//! the bases exist in the description alone. The fixup turns the links into properties of each
//! page, so that every remaining `allOf` is inheritance.

use anyhow::{Context as _, Result};
use indexmap::IndexMap;

use crate::fixups::walk;
use crate::json::{Json, Members};
use crate::schema::Object;

const BASES: [&str; 2] = [
    "BaseCollectionPaginationCountResponse",
    "BaseDeltaFunctionResponse",
];

/// The keywords that may be beside the `allOf` of a page.
const KEYWORDS: [&str; 4] = ["allOf", "description", "title", "type"];

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    let mut bases: IndexMap<&str, Members> = IndexMap::new();
    if let Some(schemas) = walk::named_schemas(document) {
        for name in BASES {
            let Some(base) = schemas.shift_remove(name) else {
                continue;
            };
            let links = base
                .get("properties")
                .and_then(Json::as_object)
                .with_context(|| {
                    format!("/components/schemas/{name}: the base type of pages has no links")
                })?;
            bases.insert(name, links.clone());
        }
    }
    walk::schemas(document, &mut |schema, at| {
        let Some(members) = schema.as_object_mut() else {
            return Ok(());
        };
        let Some([base, own]) = members.get("allOf").and_then(Json::as_array) else {
            return Ok(());
        };
        let Some(links) = base.reference("schemas").and_then(|name| bases.get(name)) else {
            return Ok(());
        };
        if !members.keys().all(|name| KEYWORDS.contains(&name.as_str())) {
            return Ok(());
        }
        // The object is read here too, because errors must point into the original document.
        Object::read(own, at.name("allOf").at(1))?;
        let mut page = own.as_object().cloned().unwrap_or_default();
        let mut properties = links.clone();
        if let Some(Json::Object(own)) = page.shift_remove("properties") {
            properties.extend(own);
        }
        page.insert("properties".to_owned(), Json::Object(properties));
        *members = page;
        count += 1;
        Ok(())
    })?;
    Ok(count)
}
