//! Users who have signed in.

mod account;
mod lazy;
mod life;
mod rotation;
mod saved;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

pub use self::account::Account;
pub(super) use self::lazy::Lazy;
pub(super) use self::life::Life;
pub(super) use self::rotation::{Keepers, OnRotation, Place, Rotation};
use super::platform::Grant;
use super::{Application, CacheKey, Token, TokenProvider, TokenRequest, TokenStore};
use crate::error::SignInError;
use crate::{Cloud, Graph, Result};

/// A user who has signed in: gives tokens for as long as the refresh token is good.
///
/// It comes of a sign-in ([`AuthorizationCode`](super::AuthorizationCode), [`DesktopSignIn`](super::DesktopSignIn),
/// [`DeviceCode`](super::DeviceCode)) and is a provider like any other; clones are cheap, and are one session.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::UserSession;
///
/// # async fn example(graph: &Graph, session: UserSession) -> msgraph::Result<()> {
/// let user = graph.with_provider(session.clone());
/// let me = user.me().get().await?;
///
/// // The session ends here; at the platform, it ends when the browser goes to this address.
/// session.sign_out(graph).await?;
/// let url = session.sign_out_url(graph, "https://app.contoso.com/")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) when the user has signed out, when the user has to sign in again (of both,
/// [`needs_user`](SignInError::needs_user) is true), and when the token store fails.
#[derive(Clone)]
pub struct UserSession(Arc<Inner>);

struct Inner {
    rotation: Rotation,
    account: Option<Account>,
}

/// What a sign-in asks for beside the permissions: who it is, and to come back without asking
/// (<https://learn.microsoft.com/entra/identity-platform/scopes-oidc#openid-connect-scopes>).
const OPENID: &str = "openid profile offline_access";

/// The scopes of a sign-in: those that were asked for, or all that were consented to.
pub(super) fn sign_in_scope(scope: Option<&str>, cloud: &Cloud) -> String {
    format!("{} {OPENID}", scope.unwrap_or(cloud.scope()))
}

/// Several scopes as one text.
pub(super) fn joined<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> String {
    let scopes: Vec<_> = scopes
        .into_iter()
        .map(|scope| scope.as_ref().to_owned())
        .collect();
    scopes.join(" ")
}

impl UserSession {
    /// The session of a sign-in that has just been. It is stored by [`keep`](Self::keep), or before its first token is used.
    ///
    /// # Errors
    ///
    /// When the platform does not say who has signed in, or it was at another application or in another sign-in.
    pub(super) fn begun(
        application: Application,
        scope: Option<String>,
        place: impl FnOnce(&Account) -> Option<Place>,
        nonce: Option<&str>,
        grant: &Grant,
        cloud: &Cloud,
    ) -> Result<Self> {
        let token = grant.id_token().ok_or_else(|| {
            SignInError::new(
                "the identity platform gave no id token, so that nobody knows who has signed in",
            )
        })?;
        let account = Account::read(token, application.client_id(), nonce)?;
        let keepers = Keepers {
            callback: None,
            store: place(&account),
        };
        let rotation = Rotation::begun(application, scope, keepers, account.clone(), grant, cloud);
        let account = Some(account);
        Ok(Self(Arc::new(Inner { rotation, account })))
    }

    /// Stores the session, where it has not been yet.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub(super) async fn keep(&self) -> Result<()> {
        self.0.rotation.keep().await
    }

    /// What its tokens end with.
    fn life(&self) -> &Life {
        self.0.rotation.life()
    }

    /// The session that is stored; none where nothing is.
    pub(super) async fn resumed(
        application: Application,
        scope: Option<String>,
        place: Place,
        cloud: &Cloud,
    ) -> Result<Option<Self>> {
        let Some(rotation) = Rotation::resumed(application, scope, place, cloud).await? else {
            return Ok(None);
        };
        let account = rotation.account().await;
        Ok(Some(Self(Arc::new(Inner { rotation, account }))))
    }

    /// The session that an application has stored for a user, by [`Account::id`]; none where nothing is.
    ///
    /// [`AuthorizationCode::resume`](super::AuthorizationCode::resume) is the same for a web site's own, with its scopes.
    ///
    /// ```
    /// use msgraph::Graph;
    /// use msgraph::auth::{Application, TokenStore, UserSession};
    ///
    /// # async fn example(graph: Graph, api: Application, store: impl TokenStore, account_id: &str) -> msgraph::Result<()> {
    /// if let Some(session) = UserSession::resume(&graph, api, store, account_id).await? {
    ///     let messages = graph.with_provider(session).me().messages().list().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) when the token store fails.
    pub async fn resume(
        graph: &Graph,
        application: Application,
        store: impl TokenStore,
        account_id: &str,
    ) -> Result<Option<Self>> {
        let store: Arc<dyn TokenStore> = Arc::new(store);
        let place = Place::of(&store, &application, graph.cloud(), Some(account_id));
        Self::resumed(application, None, place, graph.cloud()).await
    }

    /// Who has signed in. None where the session was resumed, and it was not stored whose it is.
    pub fn account(&self) -> Option<&Account> {
        self.0.account.as_ref()
    }

    /// Signs the user out of this program: no token is used any more, in whichever client it is, and what is stored is forgotten. Other
    /// processes with the same store end their session when they next renew a token.
    ///
    /// At the platform, the user is signed out when the browser goes to [`sign_out_url`](Self::sign_out_url).
    ///
    /// The platform itself has no way to end a single refresh token. To end all of a user's, on every device, there is
    /// [`revoke_sign_in_sessions`](https://learn.microsoft.com/graph/api/user-revokesigninsessions):
    ///
    /// ```
    /// # async fn example(user: &msgraph::Graph) -> msgraph::Result<()> {
    /// user.me().revoke_sign_in_sessions().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) when the token store fails; the session has ended in this program all the same.
    pub async fn sign_out(&self, graph: &Graph) -> Result<()> {
        if let Some(key) = self.cache_key(graph.cloud()) {
            graph.forget(&key);
        }
        // A handler is given up when its browser goes away; then the refresh token would still be stored.
        let session = self.clone();
        let ended = tokio::spawn(async move { session.0.rotation.end().await });
        ended
            .await
            .map_err(|error| SignInError::new("the sign-out was cut off").with_source(error))?
    }

    /// Where a browser signs its user out of the identity platform: [`Application::sign_out_url`].
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) when the tenant's name cannot stand in a URL.
    pub fn sign_out_url(&self, graph: &Graph, redirect_uri: &str) -> Result<Url> {
        let application = self.0.rotation.application();
        application.sign_out_url(graph.cloud(), redirect_uri)
    }
}

#[async_trait]
impl TokenProvider for UserSession {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        self.0.rotation.token(&request).await
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let account = self.account()?;
        let application = self.0.rotation.application();
        let mut key = application.cache_key(cloud).user(account.id());
        // What is stored at one place is one session, however often it is resumed. Any other is on
        // its own, because another sign-in of the same user may be refused.
        if !self.0.rotation.is_stored() {
            key = key.credential(self.0.rotation.id());
        }
        Some(match self.0.rotation.scope() {
            Some(scope) => key.scopes([scope]),
            None => key,
        })
    }

    fn has_ended(&self) -> bool {
        self.life().has_ended()
    }
}

/// Of the names, none: see [`Account`].
impl fmt::Debug for UserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSession")
            .field("account", &self.0.account)
            .field("rotation", &self.0.rotation)
            .finish()
    }
}
