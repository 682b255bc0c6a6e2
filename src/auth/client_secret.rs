//! Signing in as an application, with a secret.

use async_trait::async_trait;

use super::platform::{App, platform};
use super::{Secret, Token, TokenProvider, TokenRequest};
use crate::Result;

/// Signs in as an application, with a client secret: the client credentials grant
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>).
///
/// The application has the permissions that an administrator granted to it; there is no user, and so no `/me`.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::ClientSecret;
///
/// # fn example(secret: String) {
/// let graph = Graph::new(ClientSecret::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     secret,
/// ));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ClientSecret(App);

impl ClientSecret {
    /// `tenant` is the tenant's id or one of its domains; `secret` is the secret's value, not its id.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        secret: impl Into<Secret<String>>,
    ) -> Self {
        Self(App {
            tenant: tenant.into(),
            client_id: client_id.into(),
            secret: Some(secret.into()),
        })
    }
}

#[async_trait]
impl TokenProvider for ClientSecret {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        self.0.has_own_tenant()?;
        Ok(platform(&self.0, &request)?
            .client_credentials(None)
            .await?
            .token())
    }
}
