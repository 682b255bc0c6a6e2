//! The entry points for build scripts that generate code from a description.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::{Description, Generated, generate};

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
    build_with(folder, |generated, out| Ok(generated.write_to(out)?))
}

/// Does the work of a build script that writes other files than [`build`]. It calls `write` with
/// the generated code and the folder for the files.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     msgraph_codegen::build_with("openapi", |generated, out| {
///         let count = generated.models()?.len();
///         Ok(std::fs::write(out.join("count.txt"), count.to_string())?)
///     })
/// }
/// ```
pub fn build_with<F>(folder: impl AsRef<Path>, write: F) -> ExitCode
where
    F: FnOnce(&Generated<'_>, &Path) -> Result<(), Box<dyn Error>>,
{
    let folder = folder.as_ref();
    println!("cargo::rerun-if-changed={}", folder.display());
    match run(folder, write) {
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

fn run<F>(folder: &Path, write: F) -> Result<(), Box<dyn Error>>
where
    F: FnOnce(&Generated<'_>, &Path) -> Result<(), Box<dyn Error>>,
{
    // Cargo sets both variables for every build script.
    let of_cargo = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .unwrap_or_default()
    };
    let description = Description::read(&of_cargo("CARGO_MANIFEST_DIR").join(folder))?;
    write(&generate(&description)?, &of_cargo("OUT_DIR"))
}
