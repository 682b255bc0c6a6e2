//! Change notifications for webhooks, independent of the web framework.
//!
//! Graph calls a subscription's URL for two purposes. First it sends a token in the query, which
//! the response must contain. Then it sends each change.
//!
//! ```no_run
//! use msgraph::models::Message;
//! use msgraph::notifications::{Receiver, validation_response};
//!
//! # async fn example(receiver: Receiver, query: &str, body: &[u8]) -> msgraph::Result<()> {
//! // POST /webhook?validationToken=…: 200, `text/plain`, within ten seconds.
//! if let Some(text) = validation_response(query) {
//!     println!("{text}");
//! }
//! // POST /webhook: 202, within three seconds, so work that takes longer is done afterwards.
//! for notification in receiver.receive(body).await? {
//!     println!("{:?} {:?}", notification.change.change_type, notification.change.resource);
//!     if let Some(message) = notification.resource::<Message>()? {
//!         println!("{:?}", message.subject);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `graph.subscriptions()` creates, changes and deletes subscriptions.
//! [`Graph::renewals`](crate::Graph::renewals) keeps a subscription alive, and
//! [`Graph::follow_lifecycle`](crate::Graph::follow_lifecycle) handles its lifecycle events:
//!
//! ```no_run
//! use std::time::{Duration, SystemTime};
//! use msgraph::models::Subscription;
//! use msgraph::notifications::new_client_state;
//!
//! # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
//! let lifetime = Duration::from_secs(24 * 60 * 60);
//! let client_state = new_client_state();
//! let subscription = graph.subscriptions().create(Subscription {
//!     resource: Some("me/mailFolders('Inbox')/messages".into()),
//!     change_type: Some("created,updated".into()),
//!     notification_url: Some("https://contoso.example/webhook".into()),
//!     lifecycle_notification_url: Some("https://contoso.example/webhook".into()),
//!     client_state: Some(client_state.expose().clone()),
//!     expiration_date_time: Some((SystemTime::now() + lifetime).into()),
//!     ..Default::default()
//! }).await?;
//! let mut renewals = graph.renewals(subscription, lifetime);
//! while let Some(renewed) = renewals.try_next().await? {
//!     println!("good until {:?}", renewed.expiration_date_time);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! <https://learn.microsoft.com/graph/change-notifications-overview>

mod content;
mod handshake;
mod keys;
mod lifecycle;
mod receiver;
mod renewals;
mod token;

pub use handshake::{new_client_state, validation_response};
pub use lifecycle::Lifecycle;
pub use receiver::{Notification, Receiver};
pub use renewals::Renewals;
