//! Reads the schemas of `openapi/` and writes the models into `$OUT_DIR`. `src/lib.rs` includes
//! them from there.

use std::path::Path;
use std::process::ExitCode;

/// The types that have handwritten methods in `src/`.
const EXTENDED: &[&str] = &[
    "attendee",
    "dateTimeTimeZone",
    "emailAddress",
    "itemBody",
    "recipient",
];

fn main() -> ExitCode {
    // The folder is a symbolic link in the repository, which Git for Windows may check out as a
    // file.
    let is_folder = Path::new("openapi").is_dir();
    let folder = if is_folder { "openapi" } else { "../openapi" };
    msgraph_description::build_enabled_models(folder, EXTENDED)
}
