//! Writes a table with a reader for each model of the description.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use msgraph_codegen::{Generated, Kind, build_with};

fn main() -> ExitCode {
    build_with("../../openapi", write)
}

fn write(generated: &Generated<'_>, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut table = String::from("pub(crate) static READERS: &[(&str, Reader)] = &[\n");
    for model in generated.models()? {
        if matches!(model.kind, Kind::Model) {
            let path = model.rust.strip_prefix("models::").unwrap_or(&model.rust);
            writeln!(table, "    (\"{}\", read::<models::{path}>),", model.name)?;
        }
    }
    table.push_str("];\n");
    std::fs::write(out.join("readers.rs"), table)?;
    Ok(())
}
