//! What a build script does with a description.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::error::Result;
use crate::{Description, generate};

/// All that a build script has to do: reads the trimmed description in `folder`, relative to the package, and writes the
/// generated code to where `msgraph::generated!` takes it in. What is wrong becomes an error of the build.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     msgraph_codegen::build("openapi")
/// }
/// ```
pub fn build(folder: impl AsRef<Path>) -> ExitCode {
    let folder = folder.as_ref();
    println!("cargo::rerun-if-changed={}", folder.display());
    match run(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Each line is a message of its own to Cargo.
            for line in error.to_string().lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<()> {
    // Cargo sets both for every build script.
    let of_cargo = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .unwrap_or_default()
    };
    let description = Description::read(&of_cargo("CARGO_MANIFEST_DIR").join(folder))?;
    generate(&description)?.write_to(&of_cargo("OUT_DIR"))
}
