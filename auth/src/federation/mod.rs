//! The assertions that authenticate an application in place of a secret of its own: workload
//! identity federation
//! (<https://learn.microsoft.com/entra/workload-id/workload-identity-federation>).

mod azure_pipelines;
mod file;
mod github_actions;
mod id_token;
#[cfg(test)]
mod tests;
mod variables;

use std::path::PathBuf;
use std::sync::Arc;

pub(super) use self::azure_pipelines::AzurePipelines;
pub(super) use self::github_actions::GitHubActions;
use super::{CacheKey, ManagedIdentityCredential, Secret, TokenRequest};
use crate::Result;

/// The source of the token that an application sends as its client assertion. A new one is obtained
/// for each token request.
#[derive(Clone, Debug)]
pub(super) enum Federation {
    /// A file that the platform writes.
    File(PathBuf),
    /// A managed identity. All clones of an application share it, because it remembers its
    /// endpoint.
    ManagedIdentityCredential(Arc<ManagedIdentityCredential>),
    GitHubActions(GitHubActions),
    AzurePipelines(AzurePipelines),
}

impl Federation {
    /// Adds the source of the token to a key. The token itself differs each time.
    pub(super) fn identify(&self, key: CacheKey) -> CacheKey {
        match self {
            Self::File(file) => {
                let file = file.as_os_str().as_encoded_bytes();
                key.credential("file").credential(file)
            }
            Self::ManagedIdentityCredential(identity) => key
                .credential("managed identity")
                .credential(identity.name())
                .credential(identity.place().unwrap_or_default()),
            Self::GitHubActions(_) => key.credential("GitHub Actions"),
            Self::AzurePipelines(pipelines) => key
                .credential("Azure Pipelines")
                .credential(pipelines.service_connection()),
        }
    }

    /// Obtains the assertion.
    ///
    /// # Errors
    ///
    /// Returns an error if the token cannot be obtained. No request was sent to the identity
    /// platform in that case.
    pub(super) async fn assertion(&self, request: &TokenRequest) -> Result<Secret<String>> {
        match self {
            Self::File(file) => file::token(file).await,
            Self::ManagedIdentityCredential(identity) => {
                let token = identity
                    .token_for(request.cloud().assertion_audience(), request)
                    .await?;
                Ok(token.secret().clone())
            }
            Self::GitHubActions(actions) => actions.id_token(request).await,
            Self::AzurePipelines(pipelines) => pipelines.id_token(request).await,
        }
    }
}
