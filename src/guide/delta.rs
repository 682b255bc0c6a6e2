//! Delta queries: synchronizing changes.
//!
//! A delta query gives everything in its first round, and what has changed in each further one. The
//! delta link at the end of a round is where the next one begins; store it.
//!
//! ```no_run
//! use msgraph::delta::DeltaEvent;
//! use msgraph::models::User;
//!
//! # async fn example(graph: msgraph::Graph, stored: Option<String>) -> msgraph::Result<()> {
//! let users = graph.users().delta().select([User::DISPLAY_NAME]);
//! let mut changes = match stored {
//!     Some(link) => users.changes_since(link),
//!     None => users.changes(),
//! };
//! while let Some(event) = changes.try_next().await? {
//!     match event {
//!         DeltaEvent::Changed(user) => println!("{:?} is {:?}", user.id, user.display_name),
//!         DeltaEvent::Removed(user) => println!("{:?} is gone", user.id()),
//!         // The link is too old. Drop the copy, and read everything again.
//!         DeltaEvent::Resync(resync) => changes = resync.start_over(),
//!         _ => {}
//!     }
//! }
//! let stored = changes.delta_link();
//! # Ok(())
//! # }
//! ```
//!
//! Awaiting the delta call itself gives one page of the same events, so a removed item cannot be
//! mistaken for a user.
//!
//! A change carries only what has changed. A property that became `null` is told apart from one
//! that did not change: see [`Changed`]. Members that came or went are in
//! [`Changed::related_changes`].
//!
//! Where Graph asks to start over again and again, each further round waits longer. After four of
//! them the stream gives Graph's error.
//!
//! A round that ends without a delta link is an error, because the program could never go on.
//!
//! `cargo run --example mailbox_sync` keeps a mail folder in sync.
//!
//! [`Changed`]: crate::delta::Changed
//! [`Changed::related_changes`]: crate::delta::Changed::related_changes
