//! What a subscription's lifecycle endpoint is told.

use std::time::Duration;

use chrono::Utc;

use super::renewals::{ends_after, renew};
use crate::models::{ChangeNotification, LifecycleEventType, Subscription};
use crate::{Graph, Result};

/// What became of a lifecycle event, and what is left to do: what [`Graph::follow_lifecycle`] gives.
///
/// <https://learn.microsoft.com/graph/change-notifications-lifecycle-events>
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Lifecycle {
    /// `reauthorizationRequired`: the subscription was renewed, and authorized with it. What changed before that was not told:
    /// where it matters, a delta query says it.
    Renewed(Box<Subscription>),
    /// `subscriptionRemoved`: it is gone. Make it again, and find out by a delta query what changed meanwhile.
    Removed,
    /// `missed`: some notifications were not delivered. A delta query says what changed.
    Missed,
    /// An event that is not known yet.
    Unknown(String),
}

impl Graph {
    /// Does what a lifecycle event asks for, as far as it can be done without knowing what the subscription is for: renews the
    /// subscription for `lifetime` where it has to be authorized again. `None` for a notification of a change.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use msgraph::notifications::{Lifecycle, Receiver};
    ///
    /// # async fn example(graph: &msgraph::Graph, receiver: Receiver, body: &[u8]) -> msgraph::Result<()> {
    /// for notification in receiver.receive(body).await? {
    ///     match graph.follow_lifecycle(&notification.change, Duration::from_secs(86_400)).await? {
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
    /// Those of renewing: a subscription that is no longer there is [not found](crate::Error::is_not_found).
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
