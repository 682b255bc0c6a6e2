//! A soak: many calls of every kind, from many tasks at once, against a simulator that misbehaves.
//!
//! Each write has a number of its own, which is in the name of what it creates or changes. When the
//! calls are over, what the client said of each write is compared with what the simulator has
//! recorded, and what is there with what should be there:
//!
//! - `lost`: the client said that a write was carried out, and it was not;
//! - `duplicated`: a write was carried out twice;
//! - `wrong`: anything else that is not as it should be, as a list that lacks an item, content with
//!   another hash, a write that was carried out after the client said that it was not, or a call
//!   that was attempted more often than the retry policy allows;
//! - `stuck`: a call did not end within two minutes.
//!
//! A call that fails is none of these: where the response to a POST is lost, an error is right.

mod command;
mod evidence;
mod ledger;
mod memory;
mod options;
mod problems;
mod programs;
mod report;
mod run;
mod server;
mod shared;
mod task;

pub use command::main;
pub use options::Options;
pub use report::Report;
pub use run::run;
pub use server::Server;

/// An error of the soak itself: it could not be carried out.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
