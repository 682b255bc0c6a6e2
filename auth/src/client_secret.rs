//! Sign-in as an application, with a secret.

use futures_util::future::BoxFuture;

use super::{AccessToken, Application, CacheKey, Secret, TokenProvider, TokenRequest};
use crate::{Cloud, Result};

/// A credential for an application, with a client secret. It uses the client credentials grant
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>).
///
/// The application has the permissions that an administrator granted to it. There is no user, and
/// therefore no `/me`.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::ClientSecretCredential;
///
/// # fn example(secret: String) {
/// let graph = Graph::new(ClientSecretCredential::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     secret,
/// ));
/// # }
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the platform refuses the secret: it
/// is wrong (AADSTS7000215), or it has expired (AADSTS7000222).
#[derive(Clone, Debug)]
pub struct ClientSecretCredential(Application);

impl ClientSecretCredential {
    /// Creates the credential. `tenant` is the tenant's id or one of its domains. `secret` is the
    /// secret's value, not its id.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        secret: impl Into<Secret<String>>,
    ) -> Self {
        Self(Application::new(tenant, client_id).client_secret(secret))
    }
}

impl TokenProvider for ClientSecretCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        self.0.sign_in(request)
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(self.0.cache_key(cloud))
    }
}
