//! The entry points for build scripts.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::areas::{self, Selection};
use crate::description::{SCHEMAS, read_schemas};
use crate::error::Result;
use crate::models;
use crate::names::Collisions;
use crate::types::Types;

/// Does the work of a build script that needs only models. It reads the schemas of the trimmed
/// description in `folder`, relative to the package, and writes `models.rs` into `$OUT_DIR`. Errors
/// become errors of the build.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     msgraph_description::build_models("openapi")
/// }
/// ```
pub fn build_models(folder: impl AsRef<Path>) -> ExitCode {
    build(folder.as_ref(), &[], |_| Ok(Selection::default()))
}

/// Does the same as [`build_models`] for the areas of Graph that are enabled as features of the
/// package.
///
/// `extended` are the types of `microsoft.graph` for which the package has handwritten code. Such
/// code is compiled under `#[cfg(has_model = "itemBody")]`, which is set if the type is written.
pub fn build_enabled_models(folder: impl AsRef<Path>, extended: &[&str]) -> ExitCode {
    build(folder.as_ref(), extended, Selection::enabled)
}

fn build(
    folder: &Path,
    extended: &[&str],
    select: impl FnOnce(&Path) -> Result<Selection>,
) -> ExitCode {
    let (schemas, areas) = (folder.join(SCHEMAS), folder.join(areas::FILE));
    run_build_script(&[&schemas, &areas], |package, out| {
        let folder = package.join(folder);
        let schemas = read_schemas(&folder)?;
        let selection = select(&folder)?;
        let collisions = Collisions::default();
        let types = Types::new(&schemas, &collisions)?;
        let models = models::write(&types, &selection, &collisions)?;
        collisions.finish()?;
        models.write_to(out)?;
        for name in extended {
            println!("cargo::rustc-check-cfg=cfg(has_model, values(\"{name}\"))");
            let qualified = format!("microsoft.graph.{name}");
            if types.get(&qualified).is_some() && selection.has_type(&qualified) {
                println!("cargo::rustc-cfg=has_model=\"{name}\"");
            }
        }
        Ok(())
    })
}

/// Runs the work of a build script, and reports its error as Cargo expects it.
///
/// `read` are the files and folders that the script reads, relative to the package. `work` gets the
/// folder of the package, and the folder for the files that the script writes.
pub fn run_build_script<F>(read: &[&Path], work: F) -> ExitCode
where
    F: FnOnce(&Path, &Path) -> std::result::Result<(), Box<dyn Error>>,
{
    for path in read {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    // Cargo sets both variables for every build script.
    let of_cargo = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .unwrap_or_default()
    };
    match work(&of_cargo("CARGO_MANIFEST_DIR"), &of_cargo("OUT_DIR")) {
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
