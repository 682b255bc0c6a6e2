//! Errors and retries: what fails, what is repeated, time limits, traces.
//!
//! Every call fails with one type, [`Error`]. Its methods cover the common questions:
//!
//! ```
//! # use msgraph_simulator::Simulator;
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = Simulator::start().await?;
//! # let credential = msgraph::auth::AccessTokenCredential::new(simulator.user_token());
//! # let graph = msgraph::Graph::builder(credential).cloud(simulator.cloud()).build()?;
//! let missing = graph.users().id("missing@contoso.com");
//! let error = missing.get().await.expect_err("there is no such user");
//! assert!(error.is_not_found());
//! println!("{error}");
//! # Ok(())
//! # }
//! ```
//!
//! An OData error inside a success is an error as well, and so are a truncated body and an empty
//! one where an entity was promised.
//!
//! # Retries
//!
//! A call is repeated up to three times by default:
//!
//! - after `429`, `503` and `408`, because Graph has not carried the call out;
//! - after `504` and a lost connection, when twice is the same as once: `GET`, `PUT`, `DELETE`, and
//!   calls that are marked [`idempotent`];
//! - when no connection was established.
//!
//! The wait is the one that Graph asks for, else about 3, 6 and 12 seconds. While a service
//! throttles, the client's other calls to it wait as well.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use msgraph::auth::AccessTokenCredential;
//! use msgraph::models::Message;
//! use msgraph::{Graph, RetryPolicy};
//!
//! # async fn example(token: String, id: &str) -> msgraph::Result<()> {
//! let policy = RetryPolicy::new()
//!     .max_retries(6)
//!     .max_wait(Duration::from_secs(60))
//!     .max_elapsed(Duration::from_secs(900));
//! let graph = Graph::builder(AccessTokenCredential::new(token)).retry(policy).build()?;
//!
//! let read = Message { is_read: Some(true), ..Default::default() };
//! let update = graph.me().messages().id(id).update(read);
//! update.idempotent().timeout(Duration::from_secs(30)).await?;
//!
//! match graph.me().messages().id(id).get().retry(RetryPolicy::none()).await {
//!     Err(error) if error.is_throttled() => println!("again in {:?}", error.retry_after()),
//!     message => println!("{:?}", message?.subject),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Time limits
//!
//! [`Call::timeout`] and [`GraphBuilder::timeout`] limit a call with all of its attempts and waits.
//! A limit for each attempt is `configure_http(|http| http.timeout(…))`.
//!
//! # Traces
//!
//! Each call and each request is a [`tracing`](https://docs.rs/tracing) span of the target
//! `msgraph`, with OpenTelemetry's names. No span holds a token, an id, or the value of a query.
//! Each request that has ended is one event at the level DEBUG, with its `method`, `template`,
//! `status`, `attempt`, `wait` and `duration` in seconds, and `request_id`. `tracing_subscriber`
//! prints them with `tracing_subscriber::fmt::init()` and `RUST_LOG=msgraph=debug`.
//!
//! [`Error`]: crate::Error
//! [`idempotent`]: crate::call::Call::idempotent
//! [`Call::timeout`]: crate::call::Call::timeout
//! [`GraphBuilder::timeout`]: crate::GraphBuilder::timeout
