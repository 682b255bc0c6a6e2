//! The entry point for build scripts that generate code from a description.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::error::Result;
use crate::{Description, generate};

/// Does everything that a build script has to do. It reads the trimmed description in `folder`,
/// relative to the package. It writes the generated code to the place from which
/// `msgraph::generated!` includes it. Errors become errors of the build.
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
            // Cargo takes each line as a separate message.
            for line in error.to_string().lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<()> {
    // Cargo sets both variables for every build script.
    let of_cargo = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .unwrap_or_default()
    };
    let description = Description::read(&of_cargo("CARGO_MANIFEST_DIR").join(folder))?;
    generate(&description)?.write_to(&of_cargo("OUT_DIR"))
}
