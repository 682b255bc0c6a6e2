//! Arguments of a workbook's functions, and a few properties, are any JSON. Graph's CSDL says so with a complex type `Json`
//! that has no properties; since 2023 the transform of microsoftgraph/msgraph-metadata makes it Edm.Untyped before it is
//! converted, and in 2022 the type was left as it is. It is none that a value could be read into.

use anyhow::Result;

use crate::fixups::walk;
use crate::json::{Json, object};

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::schemas(document, &mut |schema, _| {
        if schema.reference("schemas") == Some("microsoft.graph.Json") {
            *schema = object([]);
            count += 1;
        }
        Ok(())
    })?;
    Ok(count)
}
