//! Takes notifications in, and believes none before it was checked.

use std::fmt;
use std::sync::Arc;

use chrono::Utc;
use serde::de::DeserializeOwned;
use subtle::{Choice, ConstantTimeEq};

use super::content::DecryptionKeys;
use super::keys::SigningKeys;
use super::token::{Expected, Unchecked};
use crate::auth::Secret;
use crate::call::read_json;
use crate::error::{DecodeError, NotificationError, NotificationErrorKind};
use crate::models::{ChangeNotification, ChangeNotificationCollection};
use crate::{Graph, Result};

/// Receives the notifications of an application's subscriptions: reads them, and tells those from Graph from others.
///
/// Make one and keep it: it holds the keys that the identity platform signs with.
///
/// ```no_run
/// use msgraph::notifications::Receiver;
///
/// # fn example(graph: &msgraph::Graph, client_state: String, key: &[u8], old_key: &[u8]) -> msgraph::Result<()> {
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
    /// A receiver that asks the cloud of this client for the keys of the identity platform.
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

    /// Takes notifications only that have this `clientState`, or another one that was given: the secret that the subscription
    /// was made with. It is compared in constant time.
    ///
    /// Without any, notifications are not compared; those without encrypted content could come from anybody then.
    pub fn client_state(mut self, client_state: impl Into<Secret<String>>) -> Self {
        self.client_states.push(client_state.into());
        self
    }

    /// Names the application that made the subscriptions, by its id: validation tokens have to be for it, or for another one
    /// that was given. Encrypted content is not taken without.
    pub fn application(mut self, id: impl Into<String>) -> Self {
        self.applications.push(id.into());
        self
    }

    /// Takes notifications of this tenant only, and of others that were given. Without any, all tenants are taken.
    pub fn tenant(mut self, id: impl Into<String>) -> Self {
        self.tenants.push(id.into());
        self
    }

    /// Decrypts with this key what was encrypted for the certificate that subscriptions name by this
    /// `encryptionCertificateId`: a private key of RSA in PKCS #8 or PKCS #1, DER or PEM.
    ///
    /// Notifications go on to come for the certificate that their subscription was made or renewed with: keep old keys until the
    /// last of these has run out.
    ///
    /// # Errors
    ///
    /// [`NotificationErrorKind::Key`] for what is no such key.
    pub fn decryption_key(
        mut self,
        certificate_id: impl Into<String>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self> {
        Arc::make_mut(&mut self.decryption_keys).add(certificate_id.into(), key.as_ref())?;
        Ok(self)
    }

    /// Reads the body of a request to the webhook, and checks it.
    ///
    /// One item that is not to be believed makes all of them suspicious: then none is given.
    ///
    /// # Errors
    ///
    /// - [`Error::Decode`](crate::Error::Decode) for what is no collection of notifications, and
    ///   [`Error::Notification`](crate::Error::Notification) for what is not to be believed. Graph is answered 202 to these too,
    ///   as to anything else that would fail again.
    /// - Anything that [is retryable](crate::Error::is_retryable): the keys of the identity platform could not be had. With 503 for
    ///   an answer, Graph sends it again.
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
        // All of them, whichever it is, so that the time tells nothing.
        let states = self.client_states.iter();
        let is_known = states.fold(Choice::from(0), |found, state| {
            found | state.expose().as_bytes().ct_eq(sent.as_bytes())
        });
        if is_known.into() {
            return Ok(());
        }
        Err(NotificationError::new(
            NotificationErrorKind::ClientState,
            "its `clientState` is not the one that the subscription was made with",
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
            "it is of a tenant that is none of the receiver's",
        ))
    }

    /// Every token has to be good, and whatever is encrypted needs one of its tenant.
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
                "encrypted content came without a validation token for its tenant",
            )
            .into());
        }
        let is_there = |tenant: &String| changes.iter().any(|change| is_of(change, tenant));
        if !vouched.iter().all(is_there) {
            return Err(NotificationError::new(
                NotificationErrorKind::Tenant,
                "a validation token is for a tenant that no notification is of",
            )
            .into());
        }
        Ok(())
    }
}

/// Refuses an item that the reader of lists has kept although it is not an object.
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

/// Neither states nor keys.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("applications", &self.applications)
            .field("tenants", &self.tenants)
            .field("decryption_keys", &self.decryption_keys)
            .finish_non_exhaustive()
    }
}

/// A notification that was checked: what [`Receiver::receive`] gives.
#[derive(Clone, Debug)]
pub struct Notification {
    /// What Graph says of the change.
    ///
    /// Duplicates come, and out of order. Of a drive, `resource` is the folder that was subscribed, and a delta query says what
    /// changed in it.
    pub change: ChangeNotification,
    keys: Arc<DecryptionKeys>,
}

impl Notification {
    /// The changed resource itself, decrypted, where the subscription asked for it (`includeResourceData`) and it is there:
    /// of what was deleted there is none.
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
    /// [`NotificationErrorKind::UnknownCertificate`] with the id of the certificate when there is no key for it,
    /// [`NotificationErrorKind::Content`] when it was changed underway, and [`Error::Decode`](crate::Error::Decode) when it is not of
    /// this type.
    pub fn resource<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let Some(content) = &self.change.encrypted_content else {
            return Ok(None);
        };
        read_json(&self.keys.decrypt(content)?).map(Some)
    }
}
