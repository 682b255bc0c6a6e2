//! Starts the bench `soak` of the package `soak`.

mod start;

fn main() -> std::process::ExitCode {
    start::start("soak", "soak")
}
