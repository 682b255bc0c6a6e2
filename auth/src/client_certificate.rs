//! Sign-in as an application, with a certificate.

use futures_util::future::BoxFuture;

use super::{AccessToken, Application, CacheKey, Certificate, TokenProvider, TokenRequest};
use crate::{Cloud, Result};

/// A credential for an application, with a certificate in place of a secret. It uses the client
/// credentials grant
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#second-case-access-token-request-with-a-certificate>).
///
/// The application has the permissions that an administrator granted to it. There is no user, and
/// therefore no `/me`.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::{Certificate, ClientCertificateCredential};
///
/// # fn main() -> msgraph::Result<()> {
/// let graph = Graph::new(ClientCertificateCredential::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     Certificate::from_file("/run/secrets/graph.pem")?,
/// ));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the platform refuses the
/// certificate. It may not be registered with the application (AADSTS700027), it may be not yet
/// valid or expired (AADSTS7000222), or this machine's clock is wrong (AADSTS700024).
#[derive(Clone, Debug)]
pub struct ClientCertificateCredential(Application);

impl ClientCertificateCredential {
    /// Creates the credential. `tenant` is the tenant's id or one of its domains.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        certificate: Certificate,
    ) -> Self {
        Self(Application::new(tenant, client_id).certificate(certificate))
    }
}

impl TokenProvider for ClientCertificateCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        self.0.sign_in(request)
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(self.0.cache_key(cloud))
    }
}
