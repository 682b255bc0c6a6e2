//! Programs that this program runs in its place, and the record of what each has cost.
//!
//! The kernel counts the memory of children for each process. So Cargo and each rustc run below a
//! process of their own. It writes a line into the log when they end.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Instant;

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde::{Deserialize, Serialize};

use crate::build::Cost;

/// The variable with the path of the log.
pub const LOG: &str = "MSGRAPH_COMPILE_LOG";

/// The cost of one program with all that it started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The crate that rustc compiled. `None` for Cargo.
    pub unit: Option<Unit>,
    pub cost: Cost,
}

/// A crate that was compiled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// The name of the crate, which differs from its package's for build scripts.
    pub name: String,
    /// The folder of its package.
    pub folder: PathBuf,
}

/// Runs the command of the arguments, and appends its cost to the log.
pub fn run(log: &Path) -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("there is no program to run")?;
    let arguments: Vec<_> = arguments.collect();
    let start = Instant::now();
    let status = Command::new(program).args(&arguments).status()?;
    let seconds = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time() + usage.system_time();

    let name = arguments
        .iter()
        .position(|argument| argument == "--crate-name")
        .and_then(|position| arguments.get(position + 1))
        .and_then(|name| name.to_str());
    let unit = name.map(|name| Unit {
        name: name.to_owned(),
        folder: std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_default()
            .into(),
    });
    let record = Record {
        unit,
        cost: Cost {
            seconds,
            cpu_seconds: cpu.num_milliseconds() as f64 / 1000.0,
            peak_mb: u64::try_from(usage.max_rss())? / 1024,
        },
    };
    let line = serde_json::to_string(&record)? + "\n";
    // One write for the line, because several processes append to the file.
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(log)?
        .write_all(line.as_bytes())?;
    Ok(exit_code(status))
}

/// Reads the records of a log.
pub fn read(log: &Path) -> Result<Vec<Record>> {
    let text = fs::read_to_string(log).context("nothing was run")?;
    text.lines()
        .map(|line| serde_json::from_str(line).context("the log is damaged"))
        .collect()
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
