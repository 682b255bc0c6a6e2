//! The simulator, seen by a client.

mod client;
mod walk;
