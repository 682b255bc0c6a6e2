//! Signing in as a workload that another platform vouches for.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;

use super::environment::{AUTHORITY, is_of};
use super::{Application, CacheKey, ManagedIdentity, Token, TokenProvider, TokenRequest};
use crate::error::SignInError;
use crate::redact::Address;
use crate::{Cloud, Result};

/// Signs in as an application, with a token by which the platform on which the program runs vouches for it: workload identity
/// federation, as Kubernetes has it, GitHub Actions, Azure Pipelines, and Azure for managed identities.
///
/// The platform's token is read or asked for each time that one for Graph is needed: it is good for minutes, or replaced about once an
/// hour.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::WorkloadIdentity;
///
/// # fn main() -> msgraph::Result<()> {
/// // In Kubernetes.
/// let graph = Graph::new(WorkloadIdentity::from_env()?);
///
/// // In a job of GitHub Actions.
/// let id = "11111111-1111-1111-1111-111111111111";
/// let graph = Graph::new(WorkloadIdentity::github_actions("contoso.com", id));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) when there is no such token, or when the identity platform does not trust it
/// (AADSTS700213 and others): what the platform presents and what the application trusts have to agree in issuer, subject and audience.
///
/// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>
#[derive(Clone)]
pub struct WorkloadIdentity {
    application: Application,
    /// The login host that the environment names.
    authority: Option<String>,
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity")
            .field("application", &self.application)
            .field("authority", &self.authority.as_deref().map(Address))
            .finish()
    }
}

impl WorkloadIdentity {
    fn of(application: Application) -> Self {
        Self {
            application,
            authority: None,
        }
    }

    /// `tenant` is the tenant's id or one of its domains; `file` holds the token.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        file: impl Into<PathBuf>,
    ) -> Self {
        Self::of(Application::new(tenant, client_id).federated_token_file(file))
    }

    /// In a job of GitHub Actions: see [`Application::github_actions`].
    ///
    /// ```
    /// use msgraph::auth::WorkloadIdentity;
    ///
    /// let id = "11111111-1111-1111-1111-111111111111";
    /// let provider = WorkloadIdentity::github_actions("contoso.com", id);
    /// ```
    pub fn github_actions(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self::of(Application::new(tenant, client_id).github_actions())
    }

    /// In a job of Azure Pipelines, by the id of a service connection: see [`Application::azure_pipelines`].
    ///
    /// ```
    /// use msgraph::auth::WorkloadIdentity;
    ///
    /// let id = "11111111-1111-1111-1111-111111111111";
    /// let service_connection = "33333333-3333-3333-3333-333333333333";
    /// let provider = WorkloadIdentity::azure_pipelines("contoso.com", id, service_connection);
    /// ```
    pub fn azure_pipelines(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        service_connection_id: impl Into<String>,
    ) -> Self {
        Self::of(Application::new(tenant, client_id).azure_pipelines(service_connection_id))
    }

    /// On a machine of Azure's whose managed identity the application trusts: see [`Application::managed_identity`]. Where the
    /// identity itself is to call Graph, in the tenant that it is of, [`ManagedIdentity`] does it alone.
    ///
    /// ```
    /// use msgraph::auth::{ManagedIdentity, WorkloadIdentity};
    ///
    /// let id = "11111111-1111-1111-1111-111111111111";
    /// let identity = ManagedIdentity::new().client_id("22222222-2222-2222-2222-222222222222");
    /// // In a tenant whose administrator has consented to the application.
    /// let provider = WorkloadIdentity::managed_identity("fabrikam.com", id, identity);
    /// ```
    pub fn managed_identity(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        identity: ManagedIdentity,
    ) -> Self {
        Self::of(Application::new(tenant, client_id).managed_identity(identity))
    }

    /// What the environment says: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE`, which the webhook of
    /// Microsoft Entra Workload ID sets in Kubernetes.
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

#[async_trait]
impl TokenProvider for WorkloadIdentity {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        is_of(self.authority.as_deref(), request.cloud())?;
        self.application.sign_in(&request).await
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        // Else a token of another provider's would hide what is wrong.
        is_of(self.authority.as_deref(), cloud).ok()?;
        Some(self.application.cache_key(cloud))
    }
}
