//! rustdoc's JSON of a package.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use rustdoc_types::FORMAT_VERSION;
use serde::Deserialize;
use serde_json::Value;

use crate::cargo;

/// Makes the JSON of a package, with the features that docs.rs documents it with, and returns the
/// file.
///
/// The option is unstable, and `RUSTC_BOOTSTRAP` lets a stable rustdoc take it. Build scripts see
/// the variable as well and would run again in the usual target folder. All dependencies would then
/// be compiled twice. So this has a target folder of its own.
///
/// # Errors
///
/// Fails if rustdoc fails, or if it writes another format than this program reads.
pub fn json(root: &Path, package: &str) -> Result<PathBuf> {
    let metadata = cargo::metadata(root)?;
    let target = cargo::target(&metadata)?.join("api");
    let status = cargo::command(root)
        .args(["rustdoc", "--quiet", "--lib", "--package", package])
        .args(["--features", &documented_features(&metadata, package)])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTDOCFLAGS")
        .status()
        .context("cannot run cargo rustdoc")?;
    ensure!(status.success(), "cargo rustdoc failed");
    let file = target
        .join("doc")
        .join(package.replace('-', "_"))
        .with_extension("json");
    ensure_format(&file)?;
    Ok(file)
}

/// Returns the features that docs.rs documents a package with, as Cargo takes them.
fn documented_features(metadata: &Value, package: &str) -> String {
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let found = packages.find(|of| of["name"] == package);
    let features = found.and_then(|of| of["metadata"]["docs"]["rs"]["features"].as_array());
    let names = features.into_iter().flatten().filter_map(Value::as_str);
    names.collect::<Vec<_>>().join(",")
}

/// Checks the format first, because JSON of another format may be read wrongly.
fn ensure_format(file: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct Format {
        format_version: u32,
    }
    let json = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let Format { format_version } = serde_json::from_reader(BufReader::new(json))?;
    ensure!(
        format_version == FORMAT_VERSION,
        "this rustdoc writes JSON of format {format_version}, and `public-api` reads format \
         {FORMAT_VERSION}: use another Rust (`cargo +VERSION xtask api`), or update `public-api` \
         and `rustdoc-types` in xtask/Cargo.toml"
    );
    Ok(())
}
