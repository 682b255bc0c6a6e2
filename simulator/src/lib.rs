//! A local Microsoft Graph and identity platform, for tests, examples and benches.

#![deny(missing_docs)]

mod answer;
mod body;
mod clock;
mod core;
mod description;
mod domain;
mod error;
mod fault;
mod graph;
mod identity;
mod ids;
mod query;
mod recorder;
mod refusal;
mod render;
mod request;
mod resource;
mod seed;
mod segment;
mod server;
mod service;
mod simulator;
mod store;
mod synth;

pub use description::Description;
pub use error::Error;
pub use fault::{Fault, RetryAfter};
pub use identity::RefreshTokens;
pub use recorder::RecordedRequest;
pub use seed::Seed;
pub use simulator::{Builder, Credentials, Simulator};
