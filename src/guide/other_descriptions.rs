//! Other descriptions: beta, or a part of Graph of your own.
//!
//! The generator is a library. `cargo xtask trim` makes a folder of a description (with `--only`,
//! of a part of it), a build script of one line generates code from the folder, and a macro takes
//! the code into any crate. The client is the same.
//!
//! ```text
//! // build.rs
//! fn main() -> std::process::ExitCode {
//!     msgraph_codegen::build("openapi")
//! }
//!
//! // src/main.rs
//! mod beta {
//!     msgraph::generated!("beta");
//! }
//!
//! let skills = beta::Root::new(&graph).me().profile().skills().list().await?;
//! ```
//!
//! `examples/beta-client` does so with people's profiles, which only beta has. Run it with
//! `cargo run -p beta-client`.
//!
//! A single call needs no generated code: [`Graph::request`](crate::Graph::request) sends any
//! method and path, and reads the response into any type.
