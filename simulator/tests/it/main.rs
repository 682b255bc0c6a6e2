//! The simulator, seen by a client.

mod batch;
mod client;
mod delta;
mod description;
mod entities;
mod faults;
mod identity;
mod paging;
mod queries;
mod refusals;
mod throttling;
mod walk;
