//! Generated and damaged input for everything of `msgraph` that reads what comes from outside.
//!
//! An input is a row of bytes that a seed and a number determine. A target turns it into JSON,
//! headers, links or text, hands it to the library, and checks the promises: no panic, no hang, no
//! allocation beyond a multiple of the input, nothing lost, no token at another host.
//!
//! `cargo bench --bench fuzz` runs the long form, and the tests of this package run the short one.

mod description;
mod input;
mod json;
mod report;
mod run;
mod same;
mod targets;
mod watch;

pub use report::Report;
pub use run::{Options, run};
