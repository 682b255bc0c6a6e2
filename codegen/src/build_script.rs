//! The entry points for build scripts that generate code from a description.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use msgraph_description::{Description, Selection, run_build_script};

use crate::{Facts, Generated, Generator};

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

/// Does the same as [`build`] for the areas of Graph that are enabled as features of the package.
/// The features have the names of the areas in `areas.json`. It writes no models, which
/// `msgraph_description::build_enabled_models` does for another package.
pub fn build_enabled_calls(folder: impl AsRef<Path>) -> ExitCode {
    run(folder.as_ref(), Selection::enabled, |generated, out| {
        Ok(generated.write_calls_to(out)?)
    })
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
    run(folder.as_ref(), |_| Ok(Selection::default()), write)
}

fn run(
    folder: &Path,
    select: impl FnOnce(&Path) -> msgraph_description::Result<Selection>,
    write: impl FnOnce(&Generated<'_>, &Path) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    run_build_script(&[folder], |package, out| {
        let folder = package.join(folder);
        let description = Description::read(&folder)?;
        let generator = Generator::new(&description)
            .with_facts(Facts::read(&folder)?)
            .with_selection(select(&folder)?);
        write(&generator.generate()?, out)
    })
}
