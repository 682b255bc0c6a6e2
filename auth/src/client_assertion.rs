//! Sign-in as an application, with an assertion from another source.

use std::future::Future;

use futures_util::future::BoxFuture;

use super::{AccessToken, Application, BoxError, CacheKey, Secret, TokenProvider, TokenRequest};
use crate::{Cloud, Result};

/// A credential for an application, with an assertion in place of a secret. The assertion is a
/// token (JWT) that identifies the application. It is signed by an identity provider that the
/// application trusts (a federated credential), or with the application's certificate.
///
/// If the certificate's key is in a vault, `Certificate::with_signer` makes the rest of the
/// assertion. If the platform issues an assertion to its workloads, use
/// [`WorkloadIdentityCredential`](super::WorkloadIdentityCredential).
///
/// The callback runs for each token request. Its result is not kept, because an assertion is valid
/// only for minutes.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::ClientAssertionCredential;
///
/// # async fn sign_in_the_vault() -> std::io::Result<String> { Ok(String::new()) }
/// # fn example() {
/// let graph = Graph::new(ClientAssertionCredential::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     || async { sign_in_the_vault().await },
/// ));
/// # }
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the callback fails, with its error
/// as the source, or if the platform refuses the assertion.
///
/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential>
#[derive(Clone, Debug)]
pub struct ClientAssertionCredential(Application);

impl ClientAssertionCredential {
    /// Creates the credential. `tenant` is the tenant's id or one of its domains. `assertion`
    /// returns an assertion each time it is called.
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
        Self(Application::new(tenant, client_id).client_assertion(assertion))
    }
}

impl TokenProvider for ClientAssertionCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        self.0.sign_in(request)
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(self.0.cache_key(cloud))
    }
}
