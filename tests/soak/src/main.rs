//! The program `cargo run --release --package soak -- --calls 100000 --seed 1`, as `cargo xtask
//! soak` runs it.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> Result<ExitCode, soak::Error> {
    soak::main().await
}
