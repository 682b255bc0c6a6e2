//! Batches, and long-running operations.
//!
//! # Batches
//!
//! A batch sends many calls in one request. Each call goes in as it is and has its own response.
//! More calls than one request can hold are sent in several: 20 calls, 4 MB, or four calls to one
//! mailbox. The methods `max_parts`, `max_bytes` and `max_parts_per_mailbox` set these limits.
//!
//! ```
//! # use msgraph_simulator::Simulator;
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = Simulator::start().await?;
//! # let credential = msgraph::auth::AccessTokenCredential::new(simulator.user_token());
//! # let graph = msgraph::Graph::builder(credential).cloud(simulator.cloud()).build()?;
//! let mut batch = graph.batch();
//! let me = batch.add(graph.me().get());
//! let users = batch.add(graph.users().list().top(5));
//! let mut responses = batch.send().await?;
//! assert!(responses.take(me)?.display_name.is_some());
//! assert_eq!(responses.take(users)?.len(), 5);
//! # Ok(())
//! # }
//! ```
//!
//! Calls that Graph throttles are sent again in a further batch, after the wait that Graph asks
//! for. `cargo run --example invite_guests` invites a hundred guests in five requests.
//!
//! # Long-running operations
//!
//! Graph accepts some calls with `202` and carries them out later. [`Call::monitor`] makes the call
//! and gives a monitor, which can be awaited, stored, and looked at later.
//!
//! ```no_run
//! use msgraph::models::actions::DriveItemCopy;
//!
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let copy = DriveItemCopy { name: Some("copy.xlsx".into()), ..Default::default() };
//! let monitor = graph.me().drive().root().path("2026.xlsx").copy(copy).monitor().await?;
//! println!("{:?}", monitor.wait().await?.resource_id());
//! # Ok(())
//! # }
//! ```
//!
//! [`Call::monitor`]: crate::call::Call::monitor
