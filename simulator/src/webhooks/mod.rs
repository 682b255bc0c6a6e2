//! Change notifications: who is told of which changes, and how.
//!
//! <https://learn.microsoft.com/graph/change-notifications-overview>

pub(crate) mod crypto;
pub(crate) mod deliver;
pub(crate) mod event;
pub(crate) mod post;

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use crate::query::Options;
use crate::service::Service;
use crate::store::Id;

/// What can be wrong with the next delivery of notifications.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), simulator::Error> {
/// use simulator::{Forgery, Simulator};
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
    /// A validation token whose signature is not that of its text.
    Signature,
    /// A validation token with `"alg": "none"` and without a signature.
    Unsigned,
    /// A validation token signed with a key that nobody publishes.
    Key,
    /// A validation token for another application.
    Audience,
    /// A validation token of another issuer.
    Issuer,
    /// A validation token of another publisher than Graph's change tracking.
    Publisher,
    /// A validation token that has run out.
    Expired,
    /// No validation token where there should be one.
    Missing,
    /// Encrypted content with one bit flipped.
    Content,
    /// Content encrypted for a certificate that the subscriber does not have.
    Certificate,
    /// The same delivery a second time.
    Repeated,
    /// Beside the notification, one of another tenant.
    OtherTenant,
}

/// What a subscription's lifecycle endpoint is told.
///
/// <https://learn.microsoft.com/graph/change-notifications-lifecycle-events>
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), simulator::Error> {
/// use simulator::{Lifecycle, Simulator};
///
/// let simulator = Simulator::start().await?;
/// let told = simulator.lifecycle("a subscription that nobody made", Lifecycle::Missed);
/// assert!(!told);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifecycle {
    /// The subscription has to be authorized again, or notifications stop.
    ReauthorizationRequired,
    /// The subscription is no longer there.
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
    /// Where it went.
    pub url: String,
    /// What was sent: `{"value": […]}`.
    pub body: Value,
    /// What the webhook answered; `None` where it did not, within the time that Graph waits.
    pub status: Option<StatusCode>,
    /// How often it was sent before.
    pub attempt: u32,
}

/// Something to be sent to a webhook.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) body: Value,
}

/// Whether a webhook has shown that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validation {
    /// Nobody has asked it yet.
    Unasked,
    Passed,
    Failed,
}

/// What a subscription is for.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) what: Watched,
    pub(crate) service: Service,
    /// `$select` and `$filter` of the resource.
    pub(crate) options: Options,
    /// `created`, `updated`, `deleted`
    pub(crate) changes: Vec<String>,
}

/// Where changes are looked for.
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
    /// All entities of a type, wherever they are: `chats/getAllMessages`.
    Kind(String),
}

/// The subscriptions' part of the state.
#[derive(Default)]
pub(crate) struct Webhooks {
    pub(crate) watches: BTreeMap<Id, Watch>,
    /// The place in the journal up to which everybody was told.
    pub(crate) seen: usize,
    pub(crate) forgery: Option<Forgery>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) outbox: Option<UnboundedSender<Parcel>>,
}

impl Webhooks {
    /// Hands something to those who deliver it.
    pub(crate) fn send(&self, url: &str, value: Vec<Value>, tokens: Option<Vec<String>>) {
        let mut body = json!({ "value": value });
        if let Some(tokens) = tokens {
            body["validationTokens"] = json!(tokens);
        }
        let url = url.to_owned();
        if let Some(outbox) = &self.outbox {
            // Nobody delivers any more when the simulator ends.
            let _ = outbox.send(Parcel { url, body });
        }
    }
}
