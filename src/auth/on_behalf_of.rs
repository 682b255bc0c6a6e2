//! Calling Graph for the user who called.

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::platform::Platform;
use super::session::joined;
use super::{Application, CacheKey, Secret, Token, TokenProvider, TokenRequest};
use crate::error::SignInError;
use crate::{Cloud, Result};

/// Signs in to Graph for the user whose token a web API was called with: the on-behalf-of flow
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>).
///
/// One is made for each request that the API answers; the tokens are kept by the incoming token in the
/// [`TokenCache`](super::TokenCache), so that ten requests of one user with one token cost one token request.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{Application, OnBehalfOf, Secret};
///
/// # async fn example(graph: &Graph, api: &Application, bearer: Secret<String>) -> msgraph::Result<()> {
/// // In the handler, once the API has checked the token that it was called with.
/// let user = graph.with_provider(OnBehalfOf::new(api.clone(), bearer).scopes(["User.Read"]));
/// let me = user.me().get().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) when the platform refuses. Where the user has to prove more or has not
/// consented, which only the API's own caller can see to,
/// [`SignInError::www_authenticate`](crate::error::SignInError::www_authenticate) is what the API answers with.
pub struct OnBehalfOf {
    application: Application,
    incoming: Secret<String>,
    scope: Option<String>,
}

impl OnBehalfOf {
    /// `application` is the API, with its secret, certificate or assertion, and its tenant the user's; `incoming` is the access
    /// token that the API was called with, which is for the API: an id token or one for Graph is refused.
    pub fn new(application: Application, incoming: impl Into<Secret<String>>) -> Self {
        Self {
            application,
            incoming: incoming.into(),
            scope: None,
        }
    }

    /// Asks for these permissions in place of all that were consented to.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scope = Some(joined(scopes));
        self
    }

    /// What tells this user's sign-in from all others without being a secret.
    fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.incoming.expose().as_bytes());
        format!("on-behalf-of:{}", BASE64_URL_SAFE_NO_PAD.encode(digest))
    }
}

#[async_trait]
impl TokenProvider for OnBehalfOf {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        if self.application.is_public() {
            return Err(SignInError::new(
                "an application needs a secret, a certificate or an assertion to call Graph on behalf of a user",
            )
            .into());
        }
        let platform = Platform::new(&self.application, &request).await?;
        let scope = self.scope.as_deref().unwrap_or(request.scope());
        let grant = platform.on_behalf_of(&self.incoming, scope).await?;
        Ok(grant.token())
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let key = self.application.cache_key(cloud).user(self.fingerprint());
        Some(match &self.scope {
            Some(scope) => key.scopes(scope),
            None => key,
        })
    }
}

impl fmt::Debug for OnBehalfOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnBehalfOf")
            .field("application", &self.application)
            .field("incoming", &self.incoming)
            .field("scope", &self.scope)
            .finish()
    }
}
