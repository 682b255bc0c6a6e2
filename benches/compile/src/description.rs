//! The cost of generating, and of a crate with the generated code of another description.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use msgraph_codegen::{Description, generate};
use tempfile::TempDir;

use crate::report::{self, Figures};
use crate::{build, package, rows};

/// Generates the code of a description in this process, and returns the figures of it.
pub fn generation(folder: &Path) -> Result<Figures> {
    let start = Instant::now();
    let description = Description::read(folder)?;
    let stats = generate(&description)?.stats()?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(vec![
        ("described_operations".to_owned(), stats.operations as f64),
        (
            "distinct_operations".to_owned(),
            stats.distinct_operations as f64,
        ),
        ("models".to_owned(), stats.models as f64),
        ("enums".to_owned(), stats.enums as f64),
        ("generation_seconds".to_owned(), seconds),
    ])
}

/// Measures a crate with the generated code of another complete description.
pub fn measure(description: &Path) -> Result<ExitCode> {
    let description = description
        .canonicalize()
        .with_context(|| format!("cannot read {}", description.display()))?;
    let root = rows::root()?;
    let figures = generation(&description)?;
    let work = TempDir::new().context("cannot create a temporary folder")?;
    let other = work.path().join("other");
    package::other(&other, &root, &description)?;

    println!("{}", report::HEADING);
    for (what, command) in [("`cargo check`", "check"), ("debug build", "build")] {
        let build = build::cold(&other, &[command], &other)?;
        println!(
            "{}",
            report::line(&format!("cold {what} of the crate"), build.whole)
        );
        println!(
            "{}",
            report::line(&format!("{what} of the crate alone"), build.own)
        );
    }
    println!("\n{}", report::pairs(&figures));
    Ok(ExitCode::SUCCESS)
}
