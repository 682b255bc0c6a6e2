//! Testing: the simulator and its faults.
//!
//! The crate `msgraph-simulator` is a local Microsoft Graph with an identity platform. A test
//! starts it, signs in, and calls it with the client that the program uses. `Simulator::cloud`
//! needs its feature `msgraph`:
//!
//! ```toml
//! [dev-dependencies]
//! msgraph-simulator = { version = "0.1", features = ["msgraph"] }
//! ```
//!
//! ```
//! use msgraph::auth::ClientSecretCredential;
//! use msgraph::Graph;
//! use msgraph_simulator::{Fault, RetryAfter, Simulator};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let simulator = Simulator::start().await?;
//! let known = simulator.credentials();
//! let credential = ClientSecretCredential::new(
//!     &*known.domain,
//!     &*known.client_id,
//!     &*known.client_secret,
//! );
//! let graph = Graph::builder(credential)
//!     .cloud(simulator.cloud())
//!     .build()?;
//!
//! // The next request is throttled once, and the client repeats it.
//! simulator.fault(Fault::throttled(RetryAfter::Seconds(1)).at("/v1.0/users"));
//! let users = graph.users().list().top(3).await?;
//! assert_eq!(users.len(), 3);
//!
//! // The simulator has seen both requests, and nothing was done twice.
//! let activity = simulator.activity();
//! assert_eq!(activity.path("/v1.0/users").len(), 2, "{activity}");
//! assert!(activity.repeated().is_empty(), "{activity}");
//! # Ok(())
//! # }
//! ```
//!
//! Faults cover what goes wrong in production: throttling, server errors, HTML instead of JSON,
//! lost and truncated responses, slow ones, and claims challenges. `Simulator::chaos` makes the
//! simulator misbehave by chance, with a seed.
//!
//! A program that wants to test its own logic without any server can implement
//! [`TokenProvider`](crate::auth::TokenProvider) for a fixed token and point
//! [`GraphBuilder::base_url`](crate::GraphBuilder::base_url) at any local HTTP server.

/// The examples in the simulator's README. They need this crate, which the simulator does not use.
#[cfg(doctest)]
#[doc = include_str!("../../simulator/README.md")]
mod readme {}
