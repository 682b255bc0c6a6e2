//! A cold build, and what it costs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::measured::{self, LOG, Record, Unit};
use crate::metadata;

/// The cost of a build, or of a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// The peak memory of the largest process.
    pub peak_mb: u64,
}

/// The costs of a cold build.
#[derive(Clone, Debug, Serialize)]
pub struct Build {
    /// The whole build, from Cargo's start to its end.
    pub whole: Cost,
    /// The libraries of interest alone, one after the other.
    pub own: Cost,
    /// Each crate that was compiled.
    pub crates: Vec<Record>,
}

/// Runs Cargo in the folder of a package, with an empty target folder. Downloads are not counted.
///
/// The libraries of interest are those below the folder `own` that are linked into the package. So
/// generators are not counted, which are only run while it is built.
pub fn cold(package: &Path, arguments: &[&str], own: &Path) -> Result<Build> {
    let fetched = cargo()
        .arg("fetch")
        .current_dir(package)
        .output()
        .context("cannot run cargo")?;
    let message = String::from_utf8_lossy(&fetched.stderr);
    ensure!(
        fetched.status.success(),
        "`cargo fetch` failed: {}",
        message.trim()
    );
    let own = metadata::linked_libraries(package, own)?;

    let work = TempDir::new().context("cannot create a temporary folder")?;
    let log = work.path().join("log");
    let this = std::env::current_exe()?;
    let status = Command::new(&this)
        .arg(cargo().get_program())
        .args(arguments)
        .current_dir(package)
        .env("CARGO_TARGET_DIR", work.path().join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTC_WRAPPER", &this)
        .env(LOG, &log)
        .status()
        .context("cannot run this program again")?;
    let command = arguments.join(" ");
    ensure!(status.success(), "`cargo {command}` failed ({status})");
    costs(measured::read(&log)?, &own)
}

/// Returns the Cargo that runs this program.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Sorts the records of a build.
fn costs(records: Vec<Record>, own: &[Unit]) -> Result<Build> {
    let (crates, cargo): (Vec<_>, Vec<_>) = records
        .into_iter()
        .partition(|record| record.unit.is_some());
    // Cargo ends last. The others are queries of rustc, for its version.
    let whole = cargo.last().context("the cost of Cargo is unknown")?.cost;
    let mut alone = Cost {
        seconds: 0.0,
        cpu_seconds: 0.0,
        peak_mb: 0,
    };
    for library in own {
        let records = crates
            .iter()
            .filter(|record| record.unit.as_ref() == Some(library));
        // A generator may use a library that is linked as well, and it is then compiled twice.
        let cost = records
            .map(|record| record.cost)
            .max_by(|a, b| a.seconds.total_cmp(&b.seconds))
            .with_context(|| format!("{} was not compiled", library.name))?;
        alone.seconds += cost.seconds;
        alone.cpu_seconds += cost.cpu_seconds;
        alone.peak_mb = alone.peak_mb.max(cost.peak_mb);
    }
    Ok(Build {
        whole,
        own: alone,
        crates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(unit: Option<(&str, &str)>, seconds: f64, peak_mb: u64) -> Record {
        Record {
            unit: unit.map(|(name, folder)| Unit {
                name: name.to_owned(),
                folder: folder.into(),
            }),
            cost: Cost {
                seconds,
                cpu_seconds: seconds,
                peak_mb,
            },
        }
    }

    #[test]
    fn own_cost_has_linked_libraries_once() {
        let records = vec![
            record(None, 0.5, 30),
            record(Some(("build_script_build", "/msgraph")), 64.0, 640),
            record(Some(("serde", "/serde")), 32.0, 320),
            record(Some(("core", "/core")), 1.0, 10),
            record(Some(("core", "/core")), 2.0, 20),
            record(Some(("msgraph", "/msgraph")), 4.0, 15),
            record(None, 100.0, 640),
        ];
        let own: Vec<_> = [4, 5]
            .iter()
            .filter_map(|&at: &usize| records[at].unit.clone())
            .collect();
        let build = costs(records.clone(), &own).unwrap();
        assert_eq!(build.whole.seconds, 100.0);
        assert_eq!((build.own.seconds, build.own.peak_mb), (6.0, 20));
        assert_eq!(build.crates.len(), 5);

        let error = costs(records[5..].to_vec(), &own).unwrap_err();
        assert_eq!(error.to_string(), "core was not compiled");
    }
}
