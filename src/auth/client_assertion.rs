//! Signing in as an application, with an assertion that is made elsewhere.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

use super::platform::{App, platform};
use super::{BoxError, Secret, Token, TokenProvider, TokenRequest};
use crate::Result;
use crate::error::SignInError;

type MadeAssertion = Pin<Box<dyn Future<Output = Result<Secret<String>, BoxError>> + Send>>;
type MakeAssertion = Box<dyn Fn() -> MadeAssertion + Send + Sync>;

/// Signs in as an application, with an assertion in place of a secret: a token (JWT) that says who the application is, signed with
/// its certificate in a vault, or by an identity provider that the application trusts (a federated credential).
///
/// The callback is asked for one each time that a token is needed. An assertion is good for minutes, so none is kept.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::ClientAssertion;
///
/// # async fn sign_in_the_vault() -> std::io::Result<String> { Ok(String::new()) }
/// # fn example() {
/// let graph = Graph::new(ClientAssertion::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     || async { sign_in_the_vault().await },
/// ));
/// # }
/// ```
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) when the callback fails, with its error as the source, or when the platform
/// refuses the assertion.
///
/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential>
pub struct ClientAssertion {
    app: App,
    make: MakeAssertion,
}

impl ClientAssertion {
    /// `tenant` is the tenant's id or one of its domains; `assertion` gives an assertion each time it is called.
    pub fn new<F, R, S, E>(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        assertion: F,
    ) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<Secret<String>>,
        E: Into<BoxError>,
    {
        Self {
            app: App::public(tenant, client_id),
            make: Box::new(move || {
                let made = assertion();
                Box::pin(async move { made.await.map(Into::into).map_err(Into::into) })
            }),
        }
    }
}

#[async_trait]
impl TokenProvider for ClientAssertion {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        self.app.has_own_tenant()?;
        let assertion = (self.make)().await.map_err(|error| {
            SignInError::new("there is no assertion to sign in with").with_source(error)
        })?;
        let platform = platform(&self.app, &request)?;
        let grant = platform.client_credentials(Some(&assertion)).await?;
        Ok(grant.token())
    }
}

impl fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAssertion")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}
