//! The events that Graph sends to a subscription's lifecycle endpoint.

use std::time::Duration;

use chrono::Utc;

use super::renewals::{ends_after, renew};
use crate::models::{ChangeNotification, LifecycleEventType, Subscription};
use crate::{Graph, Result};

/// A lifecycle event after its handling, and the remaining steps; returned by
/// [`Graph::follow_lifecycle`].
///
/// <https://learn.microsoft.com/graph/change-notifications-lifecycle-events>
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Lifecycle {
    /// `reauthorizationRequired`: the subscription was renewed, which also reauthorizes it. Changes
    /// before that were not reported. A delta query returns them, where they matter.
    Renewed(Box<Subscription>),
    /// `subscriptionRemoved`: the subscription is gone. Create it again, and use a delta query for
    /// the changes in the meantime.
    Removed,
    /// `missed`: some notifications were not delivered. A delta query returns the changes.
    Missed,
    /// An event that this crate does not know.
    Unknown(String),
}

impl Graph {
    /// Handles a lifecycle event, as far as that is possible without knowing the purpose of the
    /// subscription. Where the subscription must be reauthorized, it is renewed for `lifetime`.
    /// Returns `None` for a notification of a change.
    ///
    /// ```no_run
    /// use msgraph::notifications::{Lifecycle, Receiver};
    /// use std::time::Duration;
    ///
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     receiver: Receiver,
    /// #     body: &[u8],
    /// # ) -> msgraph::Result<()> {
    /// for notification in receiver.receive(body).await? {
    ///     match graph
    ///         .follow_lifecycle(&notification.change, Duration::from_secs(86_400))
    ///         .await?
    ///     {
    ///         Some(Lifecycle::Removed) => println!("subscribe again, then a delta query"),
    ///         Some(Lifecycle::Missed) => println!("a delta query"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of renewing: a subscription that no longer exists is [not
    /// found](crate::Error::is_not_found).
    pub async fn follow_lifecycle(
        &self,
        change: &ChangeNotification,
        lifetime: Duration,
    ) -> Result<Option<Lifecycle>> {
        let Some(event) = &change.lifecycle_event else {
            return Ok(None);
        };
        Ok(Some(match event {
            LifecycleEventType::ReauthorizationRequired => {
                let id = change.subscription_id.map(|id| id.to_string());
                let ends = ends_after(Utc::now(), lifetime);
                let renewed = renew(self, &id.unwrap_or_default(), ends).await?;
                Lifecycle::Renewed(Box::new(renewed))
            }
            LifecycleEventType::SubscriptionRemoved => Lifecycle::Removed,
            LifecycleEventType::Missed => Lifecycle::Missed,
            other => Lifecycle::Unknown(other.to_string()),
        }))
    }
}
