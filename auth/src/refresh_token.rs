//! Sign-in of a user who has signed in before.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::session::{OnRotation, RefreshTokenState, StoreKey, TokenSinks, joined};
use super::{
    AccessToken, Application, BoxError, CacheKey, Secret, TokenProvider, TokenRequest, TokenStore,
};
use crate::{Cloud, Result};

/// A credential for a user, with the refresh token of an earlier sign-in
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token>).
///
/// The identity platform issues a new refresh token with each access token, and the old one expires
/// some day. To use the token after the program ends, store each new one in
/// [`on_rotation`](Self::on_rotation). If the platform issues no new one, the old one stays in use.
/// This type sends its token only to the identity platform, never to Graph.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::RefreshTokenCredential;
///
/// # fn example(stored: String) {
/// let graph = Graph::new(
///     RefreshTokenCredential::new(
///         "contoso.com",
///         "11111111-1111-1111-1111-111111111111",
///         stored,
///     )
///     .on_rotation(|token| async move {
///         tokio::fs::write("refresh-token", token.expose()).await
///     }),
/// );
/// # }
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the refresh token is no longer
/// valid ([`needs_user`](crate::error::SignInError::needs_user)). It also fails if the callback or
/// the store fails, with that error as the source.
#[derive(Clone)]
pub struct RefreshTokenCredential {
    application: Application,
    token: Arc<Secret<String>>,
    scope: Option<String>,
    on_rotation: Option<Arc<OnRotation>>,
    store: Option<Arc<dyn TokenStore>>,
    user: Option<String>,
    sign_in: Arc<SignIn>,
}

/// The refresh tokens that all clones of a credential use.
struct SignIn {
    id: Uuid,
    token_state: OnceCell<RefreshTokenState>,
}

impl SignIn {
    fn new() -> Self {
        Self {
            id: Uuid::new_v4(),
            token_state: OnceCell::new(),
        }
    }
}

impl RefreshTokenCredential {
    /// Creates the credential for a public client (a desktop or mobile application), which has no
    /// secret.
    ///
    /// `tenant` is the tenant's id or one of its domains, or `common`, `organizations`, `consumers`
    /// as in the earlier sign-in.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        refresh_token: impl Into<Secret<String>>,
    ) -> Self {
        Self::from_application(Application::new(tenant, client_id), refresh_token)
    }

    /// Creates the credential for any application, such as one with a certificate.
    ///
    /// ```
    /// use msgraph::auth::{Application, Certificate, RefreshTokenCredential};
    ///
    /// # fn example(certificate: Certificate, stored: String) {
    /// let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
    ///     .certificate(certificate);
    /// let provider = RefreshTokenCredential::from_application(application, stored);
    /// # }
    /// ```
    pub fn from_application(
        application: Application,
        refresh_token: impl Into<Secret<String>>,
    ) -> Self {
        Self {
            application,
            token: Arc::new(refresh_token.into()),
            scope: None,
            on_rotation: None,
            store: None,
            user: None,
            sign_in: Arc::new(SignIn::new()),
        }
    }

    /// Adds the secret of a confidential client (a web application). The platform refuses its
    /// tokens without it.
    #[must_use]
    pub fn client_secret(mut self, secret: impl Into<Secret<String>>) -> Self {
        self.application = self.application.client_secret(secret);
        self.apart()
    }

    /// Requests these permissions in place of all that were consented to. `offline_access` is added
    /// automatically, because the platform may otherwise issue no new refresh token.
    ///
    /// ```
    /// # use msgraph::auth::RefreshTokenCredential;
    /// let provider =
    ///     RefreshTokenCredential::new("common", "11111111-1111-1111-1111-111111111111", "0.AX…")
    ///         .scopes(["User.Read", "Mail.Send"]);
    /// ```
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scope = Some(joined(scopes));
        self.apart()
    }

    /// Passes each new refresh token to a callback, which stores it.
    ///
    /// The call that caused the new token waits for the callback, and fails if the callback fails.
    /// Otherwise a token that is not stored would be lost with the program. The callback receives
    /// that token again with the next call. A callback that does not wait wraps its result:
    ///
    /// ```
    /// # use msgraph::auth::RefreshTokenCredential;
    /// let provider =
    ///     RefreshTokenCredential::new("common", "11111111-1111-1111-1111-111111111111", "0.AX…")
    ///         .on_rotation(|token| {
    ///             std::future::ready(std::fs::write("refresh-token", token.expose()))
    ///         });
    /// ```
    #[must_use]
    pub fn on_rotation<F, R, E>(mut self, store: F) -> Self
    where
        F: Fn(Secret<String>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.on_rotation = Some(Arc::new(move |token| {
            let stored = store(token);
            Box::pin(async move { stored.await.map_err(Into::into) })
        }));
        self.apart()
    }

    /// Keeps each new refresh token in a store, and starts with the stored token. If none is
    /// stored, or it is no longer valid, it starts with the token that was given to the
    /// constructor. Several processes may share one store. After one of them renews the token, the
    /// others use the new one.
    ///
    /// ```
    /// # use msgraph::auth::RefreshTokenCredential;
    /// use msgraph::auth::FileStore;
    ///
    /// let provider =
    ///     RefreshTokenCredential::new("common", "11111111-1111-1111-1111-111111111111", "0.AX…")
    ///         .store(FileStore::new("/var/lib/mailer/tokens.json"));
    /// ```
    #[must_use]
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self.apart()
    }

    /// Identifies this user's token in the [`store`](Self::store). It is the name that the user
    /// signs in with, or any other name. Without a name, the store's entry is for the token of the
    /// constructor, and for no later one that the program is given.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self.apart()
    }

    /// Returns the credential with refresh tokens of its own, because a clone with other settings
    /// is another credential.
    fn apart(mut self) -> Self {
        self.sign_in = Arc::new(SignIn::new());
        self
    }

    /// Returns the user of the store's entry. Two tokens of one application may belong to two
    /// users. Without a name, the token that the program was given identifies the user.
    fn user_of_place(&self) -> String {
        match &self.user {
            // The name that a user signs in with is not case-sensitive.
            Some(user) => user.to_ascii_lowercase(),
            None => {
                let digest = Sha256::digest(self.token.expose().as_bytes());
                format!("refresh-token:{}", BASE64_URL_SAFE_NO_PAD.encode(digest))
            }
        }
    }

    /// Returns the state of the refresh token. It is created when the first request names the
    /// cloud.
    async fn token_state(&self, request: &TokenRequest) -> &RefreshTokenState {
        let begin = || async {
            let user = self.user_of_place();
            let place =
                |store| StoreKey::of(store, &self.application, request.cloud(), Some(&user));
            let store = self.store.as_ref().map(place);
            let callback = self.on_rotation.clone();
            RefreshTokenState::given(
                self.application.clone(),
                self.scope.clone(),
                TokenSinks { callback, store },
                Secret::clone(&self.token),
                request.cloud(),
            )
        };
        self.sign_in.token_state.get_or_init(begin).await
    }
}

impl TokenProvider for RefreshTokenCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move { self.token_state(&request).await.token(request).await })
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let key = self.application.cache_key(cloud).user("refresh token");
        // Clones share their tokens. Another credential may have a refresh token that is refused.
        let key = key.credential(self.sign_in.id);
        Some(match &self.scope {
            Some(scope) => key.scopes([scope]),
            None => key,
        })
    }
}

impl fmt::Debug for RefreshTokenCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokenCredential")
            .field("application", &self.application)
            .field("scope", &self.scope)
            .field("refresh_token", &self.token)
            .finish_non_exhaustive()
    }
}
