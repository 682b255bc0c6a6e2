//! Sessions of signed-in users.

mod account;
mod interactive;
mod refresh_token_state;
mod revocation;
mod saved;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use url::Url;

pub use self::account::Account;
pub(super) use self::interactive::InteractiveSession;
pub(super) use self::refresh_token_state::{OnRotation, RefreshTokenState, StoreKey, TokenSinks};
pub(super) use self::revocation::RevocationFlag;
use super::platform::Grant;
use super::{AccessToken, Application, CacheKey, TokenProvider, TokenRequest, TokenStore};
use crate::error::SignInError;
use crate::{Cloud, Result, SignInClient};

/// The session of a signed-in user. It provides access tokens as long as its refresh token is
/// valid.
///
/// A session results from a sign-in ([`AuthorizationCodeFlow`](super::AuthorizationCodeFlow),
/// [`InteractiveBrowserCredential`](super::InteractiveBrowserCredential),
/// [`DeviceCodeCredential`](super::DeviceCodeCredential)). It is a token provider like any other.
/// Clones are cheap, and share one session.
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
/// A call returns [`Error::SignIn`](crate::Error::SignIn) if the user has signed out, if the user
/// has to sign in again, or if the token store fails. In the first two cases,
/// [`needs_user`](SignInError::needs_user) is true.
#[derive(Clone)]
pub struct UserSession(Arc<Inner>);

struct Inner {
    token_state: RefreshTokenState,
    account: Option<Account>,
}

/// The scopes that a sign-in requests in addition to the permissions. They give the user's identity
/// and a refresh token
/// (<https://learn.microsoft.com/entra/identity-platform/scopes-oidc#openid-connect-scopes>).
const OPENID: &str = "openid profile offline_access";

/// Returns the scopes of a sign-in: the requested ones, or all that were consented to.
pub(super) fn sign_in_scope(scope: Option<&str>, cloud: &Cloud) -> String {
    format!("{} {OPENID}", scope.unwrap_or(cloud.scope()))
}

/// Joins several scopes into one text.
pub(super) fn joined<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> String {
    let scopes: Vec<_> = scopes
        .into_iter()
        .map(|scope| scope.as_ref().to_owned())
        .collect();
    scopes.join(" ")
}

impl UserSession {
    /// Creates the session of a sign-in that was just completed. [`keep`](Self::keep) stores the
    /// session. Otherwise it is stored before its first token is used.
    ///
    /// # Errors
    ///
    /// Returns an error if the identity platform does not name the user. Also returns an error if
    /// the response belongs to another application or another sign-in.
    pub(super) fn begun(
        application: Application,
        scope: Option<String>,
        place: impl FnOnce(&Account) -> Option<StoreKey>,
        nonce: Option<&str>,
        grant: &Grant,
        cloud: &Cloud,
    ) -> Result<Self> {
        let token = grant.id_token().ok_or_else(|| {
            SignInError::new(
                "the identity platform returned no ID token, so the signed-in user is unknown",
            )
        })?;
        let account = Account::read(token, application.client_id(), nonce)?;
        let sinks = TokenSinks {
            callback: None,
            store: place(&account),
        };
        let token_state =
            RefreshTokenState::begun(application, scope, sinks, account.clone(), grant, cloud);
        let account = Some(account);
        Ok(Self(Arc::new(Inner {
            token_state,
            account,
        })))
    }

    /// Stores the session, if it is not stored yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the store fails.
    pub(super) async fn keep(&self) -> Result<()> {
        self.0.token_state.keep().await
    }

    /// Returns the flag that ends the session's access tokens.
    fn life(&self) -> &RevocationFlag {
        self.0.token_state.life()
    }

    /// Loads the stored session. Returns `None` if none is stored.
    pub(super) async fn resumed(
        application: Application,
        scope: Option<String>,
        place: StoreKey,
        cloud: &Cloud,
    ) -> Result<Option<Self>> {
        let Some(token_state) =
            RefreshTokenState::resumed(application, scope, place, cloud).await?
        else {
            return Ok(None);
        };
        let account = token_state.account().await;
        Ok(Some(Self(Arc::new(Inner {
            token_state,
            account,
        }))))
    }

    /// Resumes the session that an application has stored for a user, by [`Account::id`]. Returns
    /// `None` if none is stored.
    ///
    /// [`AuthorizationCodeFlow::resume`](super::AuthorizationCodeFlow::resume) does the same for a
    /// web site's own sessions, with its scopes.
    ///
    /// ```
    /// use msgraph::Graph;
    /// use msgraph::auth::{Application, TokenStore, UserSession};
    ///
    /// # async fn example(
    /// #     graph: Graph,
    /// #     api: Application,
    /// #     store: impl TokenStore,
    /// #     account_id: &str,
    /// # ) -> msgraph::Result<()> {
    /// if let Some(session) = UserSession::resume(&graph, api, store, account_id).await? {
    ///     let messages = graph.with_provider(session).me().messages().list().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::SignIn`](crate::Error::SignIn) if the token store fails.
    pub async fn resume(
        graph: &impl SignInClient,
        application: Application,
        store: impl TokenStore,
        account_id: &str,
    ) -> Result<Option<Self>> {
        let store: Arc<dyn TokenStore> = Arc::new(store);
        let place = StoreKey::of(&store, &application, graph.cloud(), Some(account_id));
        Self::resumed(application, None, place, graph.cloud()).await
    }

    /// Returns the signed-in user. Returns `None` if the session was resumed, and its user was not
    /// stored.
    pub fn account(&self) -> Option<&Account> {
        self.0.account.as_ref()
    }

    /// Signs the user out of this program. No client of the program uses a token of the session any
    /// more, and the stored session is deleted. Other processes with the same store end their
    /// session when they next renew a token.
    ///
    /// The user is signed out of the identity platform when the browser opens
    /// [`sign_out_url`](Self::sign_out_url).
    ///
    /// The identity platform has no way to revoke a single refresh token. To revoke all refresh
    /// tokens of a user, on every device, there is [the method
    /// `revoke_sign_in_sessions`](https://learn.microsoft.com/graph/api/user-revokesigninsessions):
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
    /// Returns [`Error::SignIn`](crate::Error::SignIn) if the token store fails. The session has
    /// ended in this program all the same.
    pub async fn sign_out(&self, graph: &impl SignInClient) -> Result<()> {
        if let Some(key) = self.cache_key(graph.cloud()) {
            graph.forget(&key);
        }
        // A request handler may be dropped when its browser disconnects. Without a task of its own,
        // the refresh token would then stay stored.
        let session = self.clone();
        let ended = tokio::spawn(async move { session.0.token_state.end().await });
        ended
            .await
            .map_err(|error| SignInError::new("the sign-out was interrupted").with_source(error))?
    }

    /// Returns the URL at which a browser signs its user out of the identity platform:
    /// [`Application::sign_out_url`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::SignIn`](crate::Error::SignIn) if the tenant's name is not valid in a URL.
    pub fn sign_out_url(&self, graph: &impl SignInClient, redirect_uri: &str) -> Result<Url> {
        let application = self.0.token_state.application();
        application.sign_out_url(graph.cloud(), redirect_uri)
    }
}

impl TokenProvider for UserSession {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        self.0.token_state.token(request)
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let account = self.account()?;
        let application = self.0.token_state.application();
        let mut key = application.cache_key(cloud).user(account.id());
        // Sessions that are resumed from the same store entry are one session. Every other session
        // has its own key, because another sign-in of the same user may be refused.
        if !self.0.token_state.is_stored() {
            key = key.credential(self.0.token_state.id());
        }
        Some(match self.0.token_state.scope() {
            Some(scope) => key.scopes([scope]),
            None => key,
        })
    }

    fn has_ended(&self) -> bool {
        self.life().has_ended()
    }
}

/// Prints no names: see [`Account`].
impl fmt::Debug for UserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSession")
            .field("account", &self.0.account)
            .field("token_state", &self.0.token_state)
            .finish()
    }
}
