//! Generated and damaged input for all code of `msgraph` that reads external input.
//!
//! An input is a byte sequence that a seed and a number determine. A target turns it into JSON,
//! headers, links or text, and passes it to the library. It then checks the promises: no panic, no
//! hang, no allocation beyond a multiple of the input, no lost data, no token at another host.
//!
//! `cargo xtask fuzz` runs the long form, and the tests of this package run the short one.

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
