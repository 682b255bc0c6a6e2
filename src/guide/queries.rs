//! Queries: `$select`, `$filter`, `$expand`, `$search`, counts.
//!
//! A call has a method for each query option that Graph's description gives it. Properties are
//! constants of their model, so the compiler checks names and types. Text is taken everywhere, too.
//!
//! ```
//! # use msgraph_simulator::Simulator;
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = Simulator::start().await?;
//! # let credential = msgraph::auth::AccessTokenCredential::new(simulator.user_token());
//! # let graph = msgraph::Graph::builder(credential).cloud(simulator.cloud()).build()?;
//! use msgraph::models::User;
//!
//! let page = graph.users().list()
//!     .filter(User::DISPLAY_NAME.startswith("A").and(User::ACCOUNT_ENABLED.eq(true)))
//!     .select((User::ID, User::DISPLAY_NAME))
//!     .orderby(User::DISPLAY_NAME)
//!     .top(5)
//!     .await?;
//! for user in &page {
//!     assert!(user.display_name.as_deref().is_some_and(|name| name.starts_with('A')));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Filters
//!
//! Each value is written as OData wants it for its type: quotes are doubled, dates and identifiers
//! have no quotes. A slash leads to a nested property, and `any` and `all` look into collections.
//!
//! ```no_run
//! use msgraph::model::edm::DateTimeOffset;
//! use msgraph::models::{EmailAddress, Group, Message, Recipient};
//!
//! # async fn example(graph: msgraph::Graph, since: DateTimeOffset) -> msgraph::Result<()> {
//! let sender = Message::FROM / Recipient::EMAIL_ADDRESS / EmailAddress::ADDRESS;
//! let recent = Message::RECEIVED_DATE_TIME.ge(since).and(sender.eq("adele@contoso.com"));
//! let mail = graph.me().messages().list().filter(recent).await?;
//!
//! let teams = Group::GROUP_TYPES.any(|kind| kind.eq("Unified"));
//! let groups = graph.groups().list().filter(teams).expand(Group::OWNERS.select(["id"])).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Advanced queries
//!
//! The directory processes some queries only with `ConsistencyLevel: eventual` and `$count=true`.
//! The client adds both where the query needs them.
//!
//! ```no_run
//! use msgraph::models::User;
//! use msgraph::query::Null;
//!
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let guests = (!User::MAIL.endswith("@contoso.com")).and(User::MAIL.ne(Null));
//! println!("{} guests", graph.users().list().filter(guests).count_total().await?);
//! # Ok(())
//! # }
//! ```
//!
//! # What the description lacks
//!
//! An option that a call lacks does not compile. The error names the option, as in "Graph's
//! description does not have `$top` for this call", and the options that the call has are on the
//! page of its set in [`options`](crate::options). [`Call::query`] and [`Call::header`] send any
//! query option and any header.
//!
//! [`Call::query`]: crate::call::Call::query
//! [`Call::header`]: crate::call::Call::header
