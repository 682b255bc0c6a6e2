//! Reads notifications, and verifies them before they are returned.

use std::fmt;
use std::sync::Arc;

use chrono::Utc;
use msgraph_core::decode::read_json;
use serde::de::DeserializeOwned;
use subtle::{Choice, ConstantTimeEq};

use super::content::DecryptionKeys;
use super::keys::SigningKeys;
use super::token::{Expected, Unchecked};
use crate::auth::Secret;
use crate::error::{DecodeError, NotificationError, NotificationErrorKind};
use crate::models::{ChangeNotification, ChangeNotificationCollection};
use crate::{Graph, Result};

/// A receiver of the notifications of an application's subscriptions. It reads notifications and
/// rejects those that are not from Graph.
///
/// Create one receiver and keep it, because it caches the signing keys of the identity platform.
///
/// ```no_run
/// use msgraph::notifications::Receiver;
///
/// # fn example(
/// #     graph: &msgraph::Graph,
/// #     client_state: String,
/// #     key: &[u8],
/// #     old_key: &[u8],
/// # ) -> msgraph::Result<()> {
/// let receiver = Receiver::new(graph)
///     .client_state(client_state)
///     // For resource data that comes along encrypted:
///     .application("8e460676-ae3f-4b1e-8790-ee0fb5d6148f")
///     .decryption_key("certificate of 2026", key)?
///     .decryption_key("certificate of 2025", old_key)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Receiver {
    graph: Graph,
    client_states: Vec<Secret<String>>,
    applications: Vec<String>,
    tenants: Vec<String>,
    decryption_keys: Arc<DecryptionKeys>,
    signing_keys: Arc<SigningKeys>,
}

impl Receiver {
    /// Creates a receiver that fetches the keys of the identity platform from the cloud of this
    /// client.
    pub fn new(graph: &Graph) -> Self {
        Self {
            graph: graph.clone(),
            client_states: Vec::new(),
            applications: Vec::new(),
            tenants: Vec::new(),
            decryption_keys: Arc::default(),
            signing_keys: Arc::new(SigningKeys::new(graph.clone())),
        }
    }

    /// Accepts only notifications with this `clientState`, the secret of the subscription. Further
    /// calls add further secrets. Secrets are compared in constant time.
    ///
    /// Without any secret, the `clientState` is not checked. Then anyone could send notifications
    /// without encrypted content.
    pub fn client_state(mut self, client_state: impl Into<Secret<String>>) -> Self {
        self.client_states.push(client_state.into());
        self
    }

    /// Sets the id of the application that created the subscriptions. Validation tokens must be
    /// issued for it; further calls add further applications. Without an application, encrypted
    /// content is rejected.
    pub fn application(mut self, id: impl Into<String>) -> Self {
        self.applications.push(id.into());
        self
    }

    /// Accepts only notifications of this tenant; further calls add further tenants. Without any,
    /// notifications of all tenants are accepted.
    pub fn tenant(mut self, id: impl Into<String>) -> Self {
        self.tenants.push(id.into());
        self
    }

    /// Adds the private key of a certificate that subscriptions name by this
    /// `encryptionCertificateId`. It is an RSA key in PKCS #8 or PKCS #1, as DER or PEM.
    ///
    /// Graph encrypts notifications for the certificate with which their subscription was created
    /// or renewed. Keep old keys until the last of these subscriptions has expired.
    ///
    /// # Errors
    ///
    /// Returns [`NotificationErrorKind::Key`] for bytes that are not such a key.
    pub fn decryption_key(
        mut self,
        certificate_id: impl Into<String>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self> {
        Arc::make_mut(&mut self.decryption_keys).add(certificate_id.into(), key.as_ref())?;
        Ok(self)
    }

    /// Reads and verifies the body of a request to the webhook.
    ///
    /// If one notification cannot be trusted, none is returned.
    ///
    /// # Errors
    ///
    /// - Returns [`Error::Decode`](crate::Error::Decode) for a body that is not a collection of
    ///   notifications, and [`Error::Notification`](crate::Error::Notification) for notifications
    ///   that cannot be trusted. Respond 202 to these requests too, as to every other request that
    ///   would fail again.
    /// - Returns an error that [is retryable](crate::Error::is_retryable) when the keys of the
    ///   identity platform could not be fetched. If the webhook responds 503, Graph sends the
    ///   notifications again.
    pub async fn receive(&self, body: impl AsRef<[u8]>) -> Result<Vec<Notification>> {
        let collection: ChangeNotificationCollection = read_json(body.as_ref())?;
        let changes = collection.value.unwrap_or_default();
        for (index, change) in changes.iter().enumerate() {
            check_is_object(index, change)?;
        }
        let tokens = collection.validation_tokens.unwrap_or_default();
        for change in &changes {
            self.check_client_state(change)?;
            self.check_tenant(change)?;
        }
        self.check_tokens(&changes, &tokens).await?;
        let notifications = changes.into_iter().map(|change| Notification {
            change,
            keys: Arc::clone(&self.decryption_keys),
        });
        Ok(notifications.collect())
    }

    fn check_client_state(&self, change: &ChangeNotification) -> Result<(), NotificationError> {
        if self.client_states.is_empty() {
            return Ok(());
        }
        let sent = change.client_state.as_deref().unwrap_or_default();
        // The value is compared with all secrets, so that the time reveals nothing about them.
        let states = self.client_states.iter();
        let is_known = states.fold(Choice::from(0), |found, state| {
            found | state.expose().as_bytes().ct_eq(sent.as_bytes())
        });
        if is_known.into() {
            return Ok(());
        }
        Err(NotificationError::new(
            NotificationErrorKind::ClientState,
            "its `clientState` does not match the subscription's",
        ))
    }

    fn check_tenant(&self, change: &ChangeNotification) -> Result<(), NotificationError> {
        let of = tenant_of(change);
        let mut tenants = self.tenants.iter();
        if self.tenants.is_empty() || tenants.any(|tenant| tenant.eq_ignore_ascii_case(&of)) {
            return Ok(());
        }
        Err(NotificationError::new(
            NotificationErrorKind::Tenant,
            "it belongs to a tenant that the receiver does not accept",
        ))
    }

    /// Checks that every token is valid, and that all encrypted content has a token for its tenant.
    async fn check_tokens(&self, changes: &[ChangeNotification], tokens: &[String]) -> Result<()> {
        let mut vouched = Vec::with_capacity(tokens.len());
        for token in tokens {
            let token = Unchecked::read(token)?;
            let key = self.signing_keys.get(&token.key_id).await?;
            let expected = Expected {
                applications: &self.applications,
                cloud: self.graph.cloud(),
                now: Utc::now(),
            };
            vouched.push(token.check(&key, &expected)?);
        }
        let is_of = |change: &ChangeNotification, tenant: &String| {
            tenant.eq_ignore_ascii_case(&tenant_of(change))
        };
        let is_vouched = |change: &ChangeNotification| {
            change.encrypted_content.is_none() || vouched.iter().any(|tenant| is_of(change, tenant))
        };
        if !changes.iter().all(is_vouched) {
            return Err(NotificationError::new(
                NotificationErrorKind::MissingToken,
                "encrypted content has no validation token for its tenant",
            )
            .into());
        }
        let is_there = |tenant: &String| changes.iter().any(|change| is_of(change, tenant));
        if !vouched.iter().all(is_there) {
            return Err(NotificationError::new(
                NotificationErrorKind::Tenant,
                "a validation token names a tenant that no notification belongs to",
            )
            .into());
        }
        Ok(())
    }
}

/// Refuses an item that the list reader kept although it is not an object.
fn check_is_object(index: usize, change: &ChangeNotification) -> Result<()> {
    if change.extra.instead_of_object().is_none() {
        return Ok(());
    }
    let message = "expected an object".to_owned();
    let error = DecodeError::new(format!("value[{index}]"), "ChangeNotification", message);
    Err(crate::Error::Decode(Box::new(error)))
}

fn tenant_of(change: &ChangeNotification) -> String {
    change
        .tenant_id
        .map(|id| id.to_string())
        .unwrap_or_default()
}

/// Prints neither client states nor keys.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("applications", &self.applications)
            .field("tenants", &self.tenants)
            .field("decryption_keys", &self.decryption_keys)
            .finish_non_exhaustive()
    }
}

/// A verified notification, returned by [`Receiver::receive`].
#[derive(Clone, Debug)]
pub struct Notification {
    /// The change, as Graph describes it.
    ///
    /// Notifications may be duplicated and out of order. For a drive, `resource` is the subscribed
    /// folder, and a delta query returns the changes in it.
    pub change: ChangeNotification,
    keys: Arc<DecryptionKeys>,
}

impl Notification {
    /// Returns the changed resource itself, decrypted, where the subscription requested it
    /// (`includeResourceData`). Deleted resources have no data.
    ///
    /// ```no_run
    /// use msgraph::models::ChatMessage;
    ///
    /// # fn example(notification: msgraph::notifications::Notification) -> msgraph::Result<()> {
    /// let message = notification.resource::<ChatMessage>()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`NotificationErrorKind::UnknownCertificate`] with the id of the certificate when
    /// there is no key for it. Returns [`NotificationErrorKind::Content`] when the content was
    /// changed in transit, and [`Error::Decode`](crate::Error::Decode) when it is not of this type.
    pub fn resource<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let Some(content) = &self.change.encrypted_content else {
            return Ok(None);
        };
        read_json(&self.keys.decrypt(content)?).map(Some)
    }
}
