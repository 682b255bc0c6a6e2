//! Starts a bench of another package.

use std::env;
use std::process::{Command, ExitCode};

/// Runs a bench of a package. It gets the arguments of this program.
pub fn start(package: &str, bench: &str) -> ExitCode {
    // Cargo adds it, and adds it again.
    let arguments = env::args_os().skip(1).filter(|of| of != "--bench");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["bench", "--package", package, "--bench", bench, "--"])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run Cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
