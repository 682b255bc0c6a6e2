//! Runs of Cargo.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Returns the Cargo that runs this program, or else the one on the path, for a workspace.
pub fn command(root: &Path) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root);
    command
}

/// Returns what Cargo knows of the packages of a workspace.
///
/// # Errors
///
/// Fails if Cargo fails.
pub fn metadata(root: &Path) -> Result<Value> {
    let output = command(root)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns the folder in which Cargo puts what it makes.
///
/// # Errors
///
/// Fails if the metadata does not name the folder.
pub fn target(metadata: &Value) -> Result<PathBuf> {
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target_directory")?;
    Ok(target.into())
}
