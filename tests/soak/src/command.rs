//! The soak as a program.

use std::process::ExitCode;

use crate::Error;
use crate::options::Options;
use crate::report::Report;
use crate::run::run;
use crate::server::{Server, serve};

/// Runs a soak as the command line says, see [`Options::read`]. The simulator runs in a process
/// of its own: this program again.
///
/// # Errors
///
/// What keeps the soak from being carried out.
pub async fn main() -> Result<ExitCode, Error> {
    if serve().await? {
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options::read(std::env::args().skip(1))?;
    let report = run(Server::process().await?, &options).await?;
    print(&report);
    Ok(match report.failures().is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Prints what has happened, with one line of figures at the end.
fn print(report: &Report) {
    for (name, times) in &report.misbehaviors {
        println!("misbehavior {name} {times}");
    }
    for (name, times) in &report.errors {
        println!("error {times} {name}");
    }
    for problem in &report.problems {
        println!("{problem}");
    }
    for failure in report.failures() {
        println!("failed: {failure}");
    }
    println!("{report}");
}
