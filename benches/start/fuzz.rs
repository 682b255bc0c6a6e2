//! Starts the bench `fuzz` of the package `fuzz`.

mod start;

fn main() -> std::process::ExitCode {
    start::start("fuzz", "fuzz")
}
