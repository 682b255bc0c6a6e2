//! Starts the bench `tokens` of the package `msgraph-tests`.

mod start;

fn main() -> std::process::ExitCode {
    start::start("msgraph-tests", "tokens")
}
