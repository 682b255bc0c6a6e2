//! The part of [`msgraph`](https://docs.rs/msgraph) that its crates with I/O share: connections and
//! TLS, bounded reads, traces, waits between attempts, futures that a task drives, file locks.
//!
//! Sign-in and calls to Graph are different crates, and both send requests. The crate knows neither
//! tokens nor Graph's tree.
//!
//! Programs use `msgraph`. This crate makes no promise of stability: all crates of `msgraph` have
//! the same version.

mod backoff;
pub mod connections;
mod delivery;
mod driven;
mod file_lock;
mod loopback;
pub mod network_error;
mod read;
mod refused_connection;
mod request_copy;
mod tls;
pub mod trace;

pub use backoff::Backoff;
pub use connections::{Change, Connections};
pub use delivery::Delivery;
pub use driven::Driven;
pub use file_lock::lock_within;
pub use loopback::is_loopback;
pub use read::{read, read_at_most, read_error, read_state};
pub use request_copy::RequestCopy;
