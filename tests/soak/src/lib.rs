//! A soak: many calls of every kind, from many tasks at once, against a simulator that misbehaves.
//!
//! Each write has its own number, which is in the name of the entity that it creates or changes.
//! After the calls, the soak compares the outcome of each write, as the client reported it, with
//! the records of the simulator. It also compares the existing entities with the expected ones. It
//! counts these problems:
//!
//! - `lost`: the client reported that a write was carried out, but it was not;
//! - `duplicated`: a write was carried out twice;
//! - `wrong`: any other deviation. Examples are a list that lacks an item, content with another
//!   hash, a write that was carried out after the client reported that it was not, and a call with
//!   more attempts than the retry policy allows;
//! - `stuck`: a call did not end within two minutes.
//!
//! A failed call is none of these: if the response to a POST is lost, an error is right.

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

/// An error of the soak itself, which could not be carried out.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
