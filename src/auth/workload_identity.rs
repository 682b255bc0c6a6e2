//! Signing in as a workload that another platform vouches for.

use std::path::PathBuf;

use async_trait::async_trait;

use super::{Application, CacheKey, Token, TokenProvider, TokenRequest};
use crate::error::SignInError;
use crate::{Cloud, Result};

/// Signs in as an application, with a token in a file that the platform writes on which the program runs: workload identity
/// federation, as Kubernetes has it.
///
/// The file is read each time that a token is needed, since the platform replaces it about each hour.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::WorkloadIdentity;
///
/// # fn main() -> msgraph::Result<()> {
/// let graph = Graph::new(WorkloadIdentity::from_env()?);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) when the file cannot be read or is empty, or when the identity platform
/// does not trust what is in it.
///
/// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>
#[derive(Clone, Debug)]
pub struct WorkloadIdentity(Application);

impl WorkloadIdentity {
    /// `tenant` is the tenant's id or one of its domains; `file` holds the token.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        file: impl Into<PathBuf>,
    ) -> Self {
        Self(Application::new(tenant, client_id).federated_token_file(file))
    }

    /// What the environment says: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE`, which Azure's webhook for
    /// Kubernetes sets.
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
        Ok(Self::new(
            variable("AZURE_TENANT_ID")?,
            variable("AZURE_CLIENT_ID")?,
            variable("AZURE_FEDERATED_TOKEN_FILE")?,
        ))
    }
}

#[async_trait]
impl TokenProvider for WorkloadIdentity {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        self.0.sign_in(&request).await
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(self.0.cache_key(cloud))
    }
}
