//! Reads `openapi/` and writes the generated code into `$OUT_DIR`, from where `src/generated.rs` includes it.

use std::path::PathBuf;
use std::process::ExitCode;

use msgraph_codegen::{Description, Result, generate};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=openapi");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    // Cargo sets both for every build script.
    let folder = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .unwrap_or_default()
    };
    let description = Description::read(&folder("CARGO_MANIFEST_DIR").join("openapi"))?;
    generate(&description)?.write_to(&folder("OUT_DIR"))
}
