//! Reads `openapi/` and writes the generated code of the enabled areas into `$OUT_DIR`.
//! `src/generated.rs` includes it from there.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The models are in `msgraph-models`.
    msgraph_codegen::build_enabled_calls("openapi")
}
