//! A fixup for values that may be any JSON.
//!
//! Arguments of a workbook's functions, and a few properties, may be any JSON. Graph's CSDL
//! declares them with a complex type `Json` that has no properties. Since 2023 the transform of
//! microsoftgraph/msgraph-metadata replaces it by Edm.Untyped before the conversion. In 2022 the
//! type was left as it was. A value cannot be read into that type.

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
