//! Reads `openapi/` and writes the generated code into `$OUT_DIR`. `src/generated.rs` includes it
//! from there.

use std::process::ExitCode;

fn main() -> ExitCode {
    msgraph_codegen::build("openapi")
}
