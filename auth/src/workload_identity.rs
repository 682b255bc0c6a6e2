//! Sign-in as a workload, with a token of the platform that runs it.

use std::fmt;
use std::path::PathBuf;

use futures_util::future::BoxFuture;

use super::environment::{AUTHORITY, is_of};
use super::{
    AccessToken, Application, CacheKey, ManagedIdentityCredential, TokenProvider, TokenRequest,
};
use crate::error::SignInError;
use crate::redact::Address;
use crate::{Cloud, Result};

/// A credential for an application, with a token that the platform issues to the programs it runs.
/// This is workload identity federation, which Kubernetes, GitHub Actions, Azure Pipelines, and
/// Azure for managed identities support.
///
/// The platform's token is read or requested for each token request to the identity platform. It is
/// valid for minutes, or is replaced about once an hour.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::WorkloadIdentityCredential;
///
/// # fn main() -> msgraph::Result<()> {
/// // In Kubernetes.
/// let graph = Graph::new(WorkloadIdentityCredential::from_env()?);
///
/// // In a job of GitHub Actions.
/// let id = "11111111-1111-1111-1111-111111111111";
/// let graph = Graph::new(WorkloadIdentityCredential::github_actions("contoso.com", id));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the platform's token is missing, or
/// if the identity platform does not trust it (AADSTS700213 and others). The token and the
/// application's registration must agree in issuer, subject and audience.
///
/// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>
#[derive(Clone)]
pub struct WorkloadIdentityCredential {
    application: Application,
    /// The login host from the environment.
    authority: Option<String>,
}

impl fmt::Debug for WorkloadIdentityCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentityCredential")
            .field("application", &self.application)
            .field("authority", &self.authority.as_deref().map(Address))
            .finish()
    }
}

impl WorkloadIdentityCredential {
    fn of(application: Application) -> Self {
        Self {
            application,
            authority: None,
        }
    }

    /// Creates the credential. `tenant` is the tenant's id or one of its domains. `file` contains
    /// the token.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        file: impl Into<PathBuf>,
    ) -> Self {
        Self::of(Application::new(tenant, client_id).federated_token_file(file))
    }

    /// Creates the credential for a job of GitHub Actions: see [`Application::github_actions`].
    ///
    /// ```
    /// use msgraph::auth::WorkloadIdentityCredential;
    ///
    /// let id = "11111111-1111-1111-1111-111111111111";
    /// let provider = WorkloadIdentityCredential::github_actions("contoso.com", id);
    /// ```
    pub fn github_actions(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self::of(Application::new(tenant, client_id).github_actions())
    }

    /// Creates the credential for a job of Azure Pipelines, by the id of a service connection: see
    /// [`Application::azure_pipelines`].
    ///
    /// ```
    /// use msgraph::auth::WorkloadIdentityCredential;
    ///
    /// let id = "11111111-1111-1111-1111-111111111111";
    /// let service_connection = "33333333-3333-3333-3333-333333333333";
    /// let provider =
    ///     WorkloadIdentityCredential::azure_pipelines("contoso.com", id, service_connection);
    /// ```
    pub fn azure_pipelines(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        service_connection_id: impl Into<String>,
    ) -> Self {
        Self::of(Application::new(tenant, client_id).azure_pipelines(service_connection_id))
    }

    /// Creates the credential for an Azure machine whose managed identity the application trusts:
    /// see [`Application::managed_identity`]. If the identity itself calls Graph, in its own
    /// tenant, [`ManagedIdentityCredential`] is enough.
    ///
    /// ```
    /// use msgraph::auth::{ManagedIdentityCredential, WorkloadIdentityCredential};
    ///
    /// let id = "11111111-1111-1111-1111-111111111111";
    /// let identity =
    ///     ManagedIdentityCredential::new().client_id("22222222-2222-2222-2222-222222222222");
    /// // In a tenant whose administrator has consented to the application.
    /// let provider = WorkloadIdentityCredential::managed_identity("fabrikam.com", id, identity);
    /// ```
    pub fn managed_identity(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        identity: ManagedIdentityCredential,
    ) -> Self {
        Self::of(Application::new(tenant, client_id).managed_identity(identity))
    }

    /// Reads the environment variables `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and
    /// `AZURE_FEDERATED_TOKEN_FILE`. The webhook of Microsoft Entra Workload ID sets them in
    /// Kubernetes.
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) that names the variable that is not set.
    pub fn from_env() -> Result<Self> {
        let variable = |name: &str| -> Result<String> {
            match std::env::var(name) {
                Ok(value) if !value.is_empty() => Ok(value),
                _ => {
                    let message = format!("the environment variable `{name}` is not set");
                    Err(SignInError::new(message).into())
                }
            }
        };
        let workload = Self::new(
            variable("AZURE_TENANT_ID")?,
            variable("AZURE_CLIENT_ID")?,
            variable("AZURE_FEDERATED_TOKEN_FILE")?,
        );
        Ok(Self {
            authority: variable(AUTHORITY).ok(),
            ..workload
        })
    }
}

impl TokenProvider for WorkloadIdentityCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            is_of(self.authority.as_deref(), request.cloud())?;
            self.application.sign_in(request).await
        })
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        // Otherwise a cached token of another provider would hide the error.
        is_of(self.authority.as_deref(), cloud).ok()?;
        Some(self.application.cache_key(cloud))
    }
}
