//! Microsoft Graph for Rust.
#![deny(missing_docs)]
pub mod auth;
#[allow(dead_code, missing_docs)]
pub mod call;
mod client;
mod cloud;
pub mod error;
mod transport;
pub use async_trait::async_trait;
pub use client::{Graph, GraphBuilder};
pub use cloud::{Cloud, CustomCloud};
pub use error::{Error, Result};
