//! Change notifications: their subscribers, their changes and their delivery.
//!
//! <https://learn.microsoft.com/graph/change-notifications-overview>

#[cfg(feature = "encryption")]
mod crypto;
pub(crate) mod deliver;
pub(crate) mod event;
pub(crate) mod post;
#[cfg(not(feature = "encryption"))]
mod unencrypted;

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

#[cfg(feature = "encryption")]
pub(crate) use crypto::Recipient;
#[cfg(not(feature = "encryption"))]
pub(crate) use unencrypted::Recipient;

use crate::query::Options;
use crate::service::Service;
use crate::store::Id;

/// A defect of the next delivery of notifications.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// use msgraph_simulator::{Forgery, Simulator};
///
/// let simulator = Simulator::start().await?;
/// simulator.forge(Forgery::Expired);
/// // … something changes, and the token of what the webhook gets has run out.
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forgery {
    /// Another `clientState` than the subscription has.
    ClientState,
    /// A validation token whose signature does not match its text.
    Signature,
    /// A validation token with `"alg": "none"` and without a signature.
    Unsigned,
    /// A validation token signed with a key that is not published.
    Key,
    /// A validation token for another application.
    Audience,
    /// A validation token of another issuer.
    Issuer,
    /// A validation token of another publisher than Graph's change tracking.
    Publisher,
    /// A validation token that has expired.
    Expired,
    /// No validation token, although one is required.
    Missing,
    /// Encrypted content with one bit flipped.
    Content,
    /// Content encrypted for a certificate that the subscriber does not have.
    Certificate,
    /// The same delivery a second time.
    Repeated,
    /// A notification of another tenant, beside the real one.
    OtherTenant,
}

/// An event that a subscription's lifecycle endpoint is notified of.
///
/// <https://learn.microsoft.com/graph/change-notifications-lifecycle-events>
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// use msgraph_simulator::{Lifecycle, Simulator};
///
/// let simulator = Simulator::start().await?;
/// let told = simulator.lifecycle("no such subscription", Lifecycle::Missed);
/// assert!(!told);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifecycle {
    /// The subscription must be authorized again, or notifications stop.
    ReauthorizationRequired,
    /// The subscription no longer exists.
    SubscriptionRemoved,
    /// Notifications were missed.
    Missed,
}

impl Lifecycle {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ReauthorizationRequired => "reauthorizationRequired",
            Self::SubscriptionRemoved => "subscriptionRemoved",
            Self::Missed => "missed",
        }
    }
}

/// A request that a simulator made to a webhook.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The URL of the webhook.
    pub url: String,
    /// The body that was sent: `{"value": […]}`.
    pub body: Value,
    /// The status of the webhook's response. `None` if it did not respond within the time that
    /// Graph waits.
    pub status: Option<StatusCode>,
    /// The number of earlier attempts.
    pub attempt: u32,
}

/// A body to be sent to a webhook.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) body: Value,
    round: u32,
}

/// The state of the validation of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validation {
    /// The webhook was not called yet.
    Unasked,
    Passed,
    Failed,
}

/// The target of a subscription.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) what: Watched,
    pub(crate) service: Service,
    /// The options `$select` and `$filter` of the resource.
    pub(crate) options: Options,
    /// The kinds of changes: `created`, `updated`, `deleted`.
    pub(crate) changes: Vec<String>,
}

/// The entities whose changes are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Watched {
    /// A collection.
    Set {
        owner: Id,
        relation: String,
        declared: String,
    },
    /// One entity.
    Entity { id: Id, declared: String },
    /// All entities of a type, at any place: `chats/getAllMessages`.
    Kind(String),
}

/// The subscriptions' part of the state.
#[derive(Default)]
pub(crate) struct Webhooks {
    pub(crate) watches: BTreeMap<Id, Watch>,
    /// The position in the journal up to which all subscribers were notified.
    pub(crate) seen: usize,
    pub(crate) forgery: Option<Forgery>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) outbox: Option<UnboundedSender<Parcel>>,
    /// The number of resets so far. Parcels of an earlier round are not delivered.
    round: u32,
}

impl Webhooks {
    /// Continues with the delivery task of the state before a reset.
    pub(crate) fn continues(&mut self, before: &mut Self) {
        self.outbox = before.outbox.take();
        self.round = before.round.wrapping_add(1);
    }

    /// Checks whether a parcel is still to be delivered.
    pub(crate) fn awaits(&self, parcel: &Parcel) -> bool {
        self.round == parcel.round
    }

    /// Records an attempt to deliver a parcel.
    pub(crate) fn delivered(&mut self, parcel: &Parcel, status: Option<StatusCode>, attempt: u32) {
        if self.awaits(parcel) {
            self.deliveries.push(Delivery {
                url: parcel.url.clone(),
                body: parcel.body.clone(),
                status,
                attempt,
            });
        }
    }

    /// Passes a body to the delivery task.
    pub(crate) fn send(&self, url: &str, value: Vec<Value>, tokens: Option<Vec<String>>) {
        let mut body = json!({ "value": value });
        if let Some(tokens) = tokens {
            body["validationTokens"] = json!(tokens);
        }
        let url = url.to_owned();
        if let Some(outbox) = &self.outbox {
            // The delivery task has ended if the simulator is being dropped.
            let round = self.round;
            let _ = outbox.send(Parcel { url, body, round });
        }
    }
}
