//! What vouches for an application in place of a secret of its own: workload identity federation
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
use super::cache::authority;
use super::{CacheKey, ManagedIdentity, Secret, TokenRequest};
use crate::{Cloud, Result};

/// Where the token is from that an application shows as its assertion. It is asked for anew for each token request.
#[derive(Clone, Debug)]
pub(super) enum Federation {
    /// The platform writes it into a file.
    File(PathBuf),
    /// Shared by all clones of an application, since it keeps where it is asked.
    ManagedIdentity(Arc<ManagedIdentity>),
    GitHubActions(GitHubActions),
    AzurePipelines(AzurePipelines),
}

impl Federation {
    /// Adds to a key where the token is from. The token itself is another each time.
    pub(super) fn identify(&self, key: CacheKey) -> CacheKey {
        match self {
            Self::File(file) => {
                let file = file.as_os_str().as_encoded_bytes();
                key.credential("file").credential(file)
            }
            Self::ManagedIdentity(identity) => key
                .credential("managed identity")
                .credential(identity.name())
                .credential(identity.place().unwrap_or_default()),
            Self::GitHubActions(_) => key.credential("GitHub Actions"),
            Self::AzurePipelines(pipelines) => key
                .credential("Azure Pipelines")
                .credential(pipelines.service_connection()),
        }
    }

    /// # Errors
    ///
    /// Whatever is in the way of the token. Nothing was sent to the identity platform then.
    pub(super) async fn assertion(&self, request: &TokenRequest) -> Result<Secret<String>> {
        match self {
            Self::File(file) => file::token(file).await,
            Self::ManagedIdentity(identity) => {
                let token = identity
                    .token_for(audience(request.cloud()), request)
                    .await?;
                Ok(token.secret().clone())
            }
            Self::GitHubActions(actions) => actions.id_token(request).await,
            Self::AzurePipelines(pipelines) => pipelines.id_token(request).await,
        }
    }
}

/// For whom a token has to be that vouches for an application: each cloud's identity platform has a name of its own
/// (<https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity>). Nobody has
/// documented those of the sovereign clouds, nor can anybody those of custom ones: there it is that of the global cloud.
fn audience(cloud: &Cloud) -> &'static str {
    match authority(cloud.login()).as_str() {
        "login.microsoftonline.us" => "api://AzureADTokenExchangeUSGov",
        "login.partner.microsoftonline.cn" => "api://AzureADTokenExchangeChina",
        _ => "api://AzureADTokenExchange",
    }
}
