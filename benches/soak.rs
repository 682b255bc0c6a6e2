//! A soak: `cargo bench -p soak --bench soak -- --calls 100000 --seed 1`.
//!
//! The simulator runs in a process of its own (this program again), so that the measured memory is
//! that of the client alone. `tests/soak/` defines the comparison.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> Result<ExitCode, soak::Error> {
    soak::main().await
}
