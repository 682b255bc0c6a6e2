//! Sign-in of a web API for the user who called it.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::platform::{Grant, Platform};
use super::session::{StoreKey, joined, sign_in_scope};
use super::{
    AccessToken, Account, Application, CacheKey, Secret, TokenProvider, TokenRequest, TokenStore,
    UserSession,
};
use crate::error::SignInError;
use crate::{Cloud, Result, SignInClient};

/// A credential for the user whose token a web API was called with: the on-behalf-of flow
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>).
///
/// Create one for each request that the API handles. The [`TokenCache`](super::TokenCache) keeps
/// tokens by the incoming token. Ten requests of one user with the same token therefore need only
/// one token request.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{Application, OnBehalfOfCredential, Secret};
///
/// # async fn example(
/// #     graph: &Graph,
/// #     api: &Application,
/// #     bearer: Secret<String>,
/// # ) -> msgraph::Result<()> {
/// // In the handler, once the API has checked the token that it was called with.
/// let user =
///     graph.with_provider(OnBehalfOfCredential::new(api.clone(), bearer).scopes(["User.Read"]));
/// let me = user.me().get().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the platform refuses. If the user
/// has to meet claims or consent, only the API's own caller can handle that. The API then responds
/// with [`SignInError::www_authenticate`](crate::error::SignInError::www_authenticate).
#[derive(Clone)]
pub struct OnBehalfOfCredential {
    application: Application,
    incoming: Arc<Secret<String>>,
    scope: Option<String>,
    store: Option<Arc<dyn TokenStore>>,
}

impl OnBehalfOfCredential {
    /// Creates the credential. `application` is the API, with its secret, certificate or assertion,
    /// in the user's tenant. `incoming` is the access token that the API was called with. The token
    /// must be for the API: an id token or a token for Graph is refused.
    pub fn new(application: Application, incoming: impl Into<Secret<String>>) -> Self {
        Self {
            application,
            incoming: Arc::new(incoming.into()),
            scope: None,
            store: None,
        }
    }

    /// Requests these permissions in place of all that were consented to.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scope = Some(joined(scopes));
        self
    }

    /// Keeps the user's [session](Self::session) in a store beyond the run of the program, where
    /// [`UserSession::resume`] finds it again.
    #[must_use]
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Returns a session of the user, for work that outlasts the incoming token. It has a refresh
    /// token, and is valid for as long as that is.
    ///
    /// ```
    /// use msgraph::Graph;
    /// use msgraph::auth::{OnBehalfOfCredential, TokenStore};
    ///
    /// # async fn example(
    /// #     graph: Graph,
    /// #     user: OnBehalfOfCredential,
    /// #     store: impl TokenStore,
    /// # ) -> msgraph::Result<()> {
    /// let session = user.store(store).session(&graph).await?;
    /// tokio::spawn(async move {
    ///     let user = graph.with_provider(session);
    ///     user.me().messages().list().all().await
    /// });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as a call, and if the token store fails.
    pub async fn session(&self, graph: &impl SignInClient) -> Result<UserSession> {
        let request = graph.sign_in_request()?;
        let scope = sign_in_scope(self.scope.as_deref(), request.cloud());
        let grant = self.exchange(&request, &scope).await?;
        let place = |account: &Account| {
            let store = self.store.as_ref()?;
            let id = account.id();
            Some(StoreKey::of(
                store,
                &self.application,
                request.cloud(),
                Some(&id),
            ))
        };
        let session = UserSession::begun(
            self.application.clone(),
            self.scope.clone(),
            place,
            None,
            &grant,
            request.cloud(),
        )?;
        session.keep().await?;
        Ok(session)
    }

    async fn exchange(&self, request: &TokenRequest, scope: &str) -> Result<Grant> {
        if self.application.is_public() {
            return Err(SignInError::new(
                "the application has no secret, certificate or assertion, so it cannot call Graph \
                 on behalf of a user",
            )
            .into());
        }
        let platform = Platform::new(&self.application, request).await?;
        platform.on_behalf_of(&self.incoming, scope).await
    }
}

impl TokenProvider for OnBehalfOfCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let scope = self.scope.as_deref().unwrap_or(request.scope());
            Ok(self.exchange(&request, scope).await?.token())
        })
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let key = self.application.cache_key(cloud);
        // The incoming token identifies the user.
        let key = key.user("on behalf of").credential(self.incoming.expose());
        Some(match &self.scope {
            Some(scope) => key.scopes([scope]),
            None => key,
        })
    }
}

impl fmt::Debug for OnBehalfOfCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnBehalfOfCredential")
            .field("application", &self.application)
            .field("incoming", &self.incoming)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
