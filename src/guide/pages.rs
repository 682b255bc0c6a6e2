//! Pages: streams, bookmarks, prefetching.
//!
//! Graph returns a list in pages. Awaiting the call gets one page; [`stream`] gets the items of all
//! pages as they are needed, and [`all`] collects them.
//!
//! ```
//! # use msgraph_simulator::Simulator;
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = Simulator::start().await?;
//! # let credential = msgraph::auth::AccessTokenCredential::new(simulator.user_token());
//! # let graph = msgraph::Graph::builder(credential).cloud(simulator.cloud()).build()?;
//! let page = graph.users().list().top(5).await?;
//! assert_eq!(page.len(), 5);
//! assert!(page.next_link.is_some());
//!
//! let mut users = graph.users().list().top(5).stream();
//! let mut count = 0;
//! while let Some(user) = users.try_next().await? {
//!     assert!(user.id.is_some());
//!     count += 1;
//! }
//! assert_eq!(count, graph.users().list().top(5).all().await?.len());
//! # Ok(())
//! # }
//! ```
//!
//! `top` sets the size of a page. It does not limit how many items a stream gives.
//!
//! # Prefetching
//!
//! `stream().prefetch()` requests the next page while the program works on the current one.
//!
//! # Bookmarks
//!
//! A bookmark is the place of a stream. It can be stored, and another run goes on at the next item.
//!
//! ```no_run
//! use msgraph::models::User;
//!
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let mut users = graph.users().list().top(999).stream();
//! let first = users.try_next().await?;
//! if let Some(bookmark) = users.bookmark() {
//!     let stored = serde_json::to_string(&bookmark).expect("a bookmark is plain data");
//!     let rest = graph.list_from::<User>(bookmark).all().await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`stream`]: crate::call::Call::stream
//! [`all`]: crate::call::Call::all
