//! Checks that the crate compiles with each area alone, and with none.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::table::Table;
use crate::cargo;

/// Checks the crate of a workspace with each area alone, and with none, without warnings. The
/// checks of the workspace itself have all areas.
///
/// # Errors
///
/// Fails if the crate does not compile, or with a warning.
pub fn run(root: &Path) -> Result<()> {
    let table = Table::of_project()?;
    let alone = table.areas.iter().map(|area| Some(area.name.as_str()));
    let mut failed = Vec::new();
    for area in std::iter::once(None).chain(alone) {
        let name = area.unwrap_or("no area");
        match check(root, area)? {
            None => println!("{name}: ok"),
            Some(output) => {
                eprintln!("{output}");
                println!("{name}: failed");
                failed.push(name);
            }
        }
    }
    if !failed.is_empty() {
        bail!(
            "msgraph does not compile cleanly with {} alone",
            failed.join(", ")
        );
    }
    println!("areas {}", table.areas.len());
    Ok(())
}

/// Returns the output of a check that fails or has warnings.
fn check(root: &Path, area: Option<&str>) -> Result<Option<String>> {
    // Any TLS library will do.
    let mut features = String::from("rustls-ring");
    if let Some(area) = area {
        features.push(',');
        features.push_str(area);
    }
    // Flags for the compiler would compile all dependencies again, so the output is searched for
    // warnings.
    let output = cargo::command(root)
        .args([
            "check",
            "--quiet",
            "--package",
            "msgraph",
            "--lib",
            "--no-default-features",
        ])
        .args(["--features", &features])
        .output()
        .context("cannot run cargo check")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let is_clean = output.status.success() && !text.contains("warning:");
    Ok((!is_clean).then(|| text.into_owned()))
}
