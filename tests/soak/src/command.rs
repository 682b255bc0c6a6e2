//! The command-line program of the soak.

use std::process::ExitCode;

use crate::Error;
use crate::options::Options;
use crate::report::Report;
use crate::run::run;
use crate::server::{Server, serve};

/// Runs a soak with the options of the command line, see [`Options::read`]. The simulator runs in
/// its own process, which is this program again.
///
/// # Errors
///
/// Returns the error that prevents the soak from being carried out.
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

/// Prints the results, with one line of figures at the end.
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
