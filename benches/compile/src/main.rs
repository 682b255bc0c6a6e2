//! Measures the cost of compiling msgraph, beside the cost of compiling other things.
//!
//! `cargo run --manifest-path benches/compile/Cargo.toml` measures every row of the table,
//! `-- --help` prints the options.

mod build;
mod description;
mod measured;
mod metadata;
mod options;
mod package;
mod report;
mod rows;

use std::process::ExitCode;

use anyhow::Result;

use options::Options;

fn main() -> ExitCode {
    // Cargo and rustc are run by this program, which then only writes down what they cost.
    let result = match std::env::var_os(measured::LOG) {
        Some(log) => measured::run(log.as_ref()),
        None => measure(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn measure() -> Result<ExitCode> {
    let Some(options) = Options::parse(lexopt::Parser::from_env())? else {
        print!("{}", options::HELP);
        return Ok(ExitCode::SUCCESS);
    };
    match &options.description {
        Some(folder) => description::measure(folder),
        None => rows::measure(&options),
    }
}
