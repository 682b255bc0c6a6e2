//! Writes a table with a reader for each model of the description.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use msgraph_codegen::{Description, Kind, generate};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=../../openapi");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let folder = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .unwrap_or_default()
    };
    let description =
        Description::read(&folder("CARGO_MANIFEST_DIR").join(Path::new("../../openapi")))?;
    let generated = generate(&description)?;
    let mut table = String::from("pub(crate) static READERS: &[(&str, Reader)] = &[\n");
    for model in generated.models()? {
        if matches!(model.kind, Kind::Model) {
            let path = model.rust.strip_prefix("models::").unwrap_or(&model.rust);
            writeln!(table, "    (\"{}\", read::<models::{path}>),", model.name)?;
        }
    }
    table.push_str("];\n");
    std::fs::write(folder("OUT_DIR").join("readers.rs"), table)?;
    Ok(())
}
