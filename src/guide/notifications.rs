//! Change notifications: webhooks.
//!
//! A subscription asks Graph to call a webhook when a resource changes. The module
//! [`notifications`](crate::notifications) works with any web framework.
//!
//! ```no_run
//! use std::time::{Duration, SystemTime};
//!
//! use msgraph::Graph;
//! use msgraph::models::{Message, Subscription};
//! use msgraph::notifications::{Receiver, new_client_state, validation_response};
//!
//! # async fn example(graph: Graph, query: &str, body: &[u8], key: &[u8]) -> msgraph::Result<()> {
//! let state = new_client_state();
//! let day = Duration::from_secs(24 * 60 * 60);
//! let subscription = graph.subscriptions().create(Subscription {
//!     resource: Some("me/mailFolders('Inbox')/messages".into()),
//!     change_type: Some("created,updated".into()),
//!     notification_url: Some("https://contoso.example/webhook".into()),
//!     client_state: Some(state.expose().clone()),
//!     expiration_date_time: Some((SystemTime::now() + day).into()),
//!     ..Default::default()
//! }).await?;
//! // A stream that renews the subscription before it expires.
//! let mut renewals = graph.renewals(subscription, day);
//!
//! let receiver = Receiver::new(&graph)
//!     .client_state(state)
//!     .application("client id")
//!     .decryption_key("certificate of 2026", key)?;
//!
//! // In the webhook. Graph first asks whether the webhook exists: respond with 200 and this text.
//! let validation = validation_response(query);
//! // Answer 202 to each notification. A forged one is an error.
//! for notification in receiver.receive(body).await? {
//!     println!("{:?}", notification.change.resource);
//!     if let Some(message) = notification.resource::<Message>()? {
//!         println!("{:?}", message.subject);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The receiver checks the client state, and the signature, issuer, audience and publisher of each
//! token, before it decrypts anything. `cargo run -p web-examples --bin webhook_receiver` is a
//! whole program with axum.
