//! Reads `openapi/` and writes the generated code into `$OUT_DIR`, from where `src/generated.rs` includes it.

use std::process::ExitCode;

fn main() -> ExitCode {
    msgraph_codegen::build("openapi")
}
