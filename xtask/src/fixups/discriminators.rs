//! A fixup that drops discriminators.
//!
//! Graph marks the type of an object with `@odata.type`, and the converter lists the types of each
//! base in a `discriminator`. The list repeats information of `allOf`, in every model: a type
//! belongs to a base if its `allOf` leads to that base. The list is therefore dropped. A list that
//! names a type which is not a descendant has additional information, which dropping it would lose.
//! That is an error.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};

use crate::fixups::walk;
use crate::json::Json;
use crate::pointer::Pointer;

pub fn apply(document: &mut Json) -> Result<usize> {
    let bases = bases(document);
    let mut count = 0;
    let root = Pointer::ROOT;
    let components = root.name("components");
    let schemas = components.name("schemas");
    let Some(members) = walk::named_schemas(document) else {
        return Ok(0);
    };
    for (name, schema) in members {
        let at = schemas.name(name);
        count += remove(name, schema, at, &bases)?;
        if let Some(Json::Array(parts)) = walk::member(Some(schema), "allOf") {
            let at = at.name("allOf");
            for (index, part) in parts.iter_mut().enumerate() {
                count += remove(name, part, at.at(index), &bases)?;
            }
        }
    }
    Ok(count)
}

fn remove(
    of: &str,
    schema: &mut Json,
    at: Pointer<'_>,
    bases: &HashMap<String, String>,
) -> Result<usize> {
    let Some(discriminator) = schema
        .as_object_mut()
        .and_then(|members| members.shift_remove("discriminator"))
    else {
        return Ok(0);
    };
    let at = at.name("discriminator");
    ensure!(
        discriminator.text("propertyName") == Some("@odata.type"),
        "{at}: the discriminator is not `@odata.type`"
    );
    let at = at.name("mapping");
    let mapping = discriminator.get("mapping").and_then(Json::as_object);
    for (key, target) in mapping.into_iter().flatten() {
        let at = at.name(key);
        let target = target
            .as_str()
            .and_then(|target| target.strip_prefix("#/components/schemas/"));
        match (key.strip_prefix('#'), target) {
            (Some(key), Some(target)) if key == target => {
                ensure!(
                    descends(target, of, bases),
                    "{at}: the mapping names {target}, which does not derive from {of}"
                );
            }
            _ => bail!("{at}: a mapping's key and target name different types"),
        }
    }
    Ok(1)
}

fn bases(document: &Json) -> HashMap<String, String> {
    let schemas = document
        .get("components")
        .and_then(|components| components.get("schemas"))
        .and_then(Json::as_object);
    schemas
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| {
            let base = schema.get("allOf")?.as_array()?.first()?;
            Some((name.clone(), base.reference("schemas")?.to_owned()))
        })
        .collect()
}

/// Returns whether `name` is `base` or derives from it.
fn descends(name: &str, base: &str, bases: &HashMap<String, String>) -> bool {
    let mut name = name;
    // A chain cannot be longer than the number of types, unless it is a cycle.
    for _ in 0..=bases.len() {
        if name == base {
            return true;
        }
        match bases.get(name) {
            Some(next) => name = next,
            None => return false,
        }
    }
    false
}
