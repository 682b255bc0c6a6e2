//! A soak: `cargo bench --bench soak -- --calls 100000 --seed 1`.
//!
//! The simulator runs in a process of its own (this program again), so that the memory which is
//! measured is that of the client alone. What is compared, and how, is in `tests/soak/`.

use std::process::ExitCode;

use soak::{Options, Server, run, serve};

#[tokio::main]
async fn main() -> Result<ExitCode, soak::Error> {
    if serve().await? {
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options::read(std::env::args().skip(1))?;
    let report = run(Server::process().await?, &options).await?;
    for (name, times) in &report.misbehaviors {
        println!("misbehavior {name} {times}");
    }
    for (name, times) in &report.errors {
        println!("error {name} {times}");
    }
    for problem in &report.problems {
        println!("{problem}");
    }
    let failures = report.failures();
    for failure in &failures {
        println!("failed: {failure}");
    }
    println!("{report}");
    Ok(match failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
