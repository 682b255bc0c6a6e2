//! Signing in as the machine: an identity that the platform on which the program runs keeps for it.

mod answer;
mod arc;
mod endpoint;
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
mod pinned;
#[cfg(test)]
#[path = "../../../tests/it/support/recorder.rs"]
#[allow(dead_code, reason = "integration tests need more of it")]
pub(super) mod recorder;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::{CacheKey, Token, TokenProvider, TokenRequest};
use crate::{Cloud, Result};
use endpoint::Endpoint;
pub use source::ManagedIdentitySource;

/// Signs in as the machine on which the program runs: with its managed identity, which needs no secret.
///
/// It works on virtual machines, App Service, Functions, Container Apps, Service Fabric, Azure Machine Learning, Cloud Shell,
/// and on machines elsewhere that Azure Arc knows. Which of these it is, the environment says, when the first token is needed;
/// [`source`](Self::source()) says it instead.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::ManagedIdentity;
///
/// // The machine's own identity.
/// let graph = Graph::new(ManagedIdentity::new());
///
/// // One that is assigned to the machine, and perhaps to others: a user-assigned one.
/// let graph = Graph::new(ManagedIdentity::new().client_id("11111111-1111-1111-1111-111111111111"));
/// ```
///
/// The identity has the permissions of Graph that an administrator granted to its service principal. Azure keeps its tokens for up
/// to 24 hours, so a permission that is granted today may show tomorrow.
///
/// The endpoint that gives tokens is the machine's own, so it is never asked through a proxy, whatever the client's connections are.
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) when the endpoint refuses, which most often means that no identity is assigned.
/// Where the environment names no managed identity and no metadata service of virtual machines answers, the error is
/// [unavailable](crate::error::SignInError::is_unavailable).
///
/// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview>
#[derive(Clone, Default)]
pub struct ManagedIdentity {
    identity: Identity,
    source: Option<ManagedIdentitySource>,
    endpoint: OnceCell<Endpoint>,
}

/// Which of a machine's identities.
#[derive(Clone, Debug, Default)]
enum Identity {
    /// The machine's own.
    #[default]
    SystemAssigned,
    Client(String),
    Object(String),
    Resource(String),
}

impl ManagedIdentity {
    /// The machine's own identity, which is called system-assigned.
    pub fn new() -> Self {
        Self::default()
    }

    /// A user-assigned identity, by its client id. Of several ways to name one, the last one counts.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Identity::Client(id.into());
        self
    }

    /// A user-assigned identity, by the object id of its service principal.
    #[must_use]
    pub fn object_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Identity::Object(id.into());
        self
    }

    /// A user-assigned identity, by its id in Azure: `/subscriptions/…/userAssignedIdentities/…`.
    #[must_use]
    pub fn resource_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Identity::Resource(id.into());
        self
    }

    /// Asks here for tokens, whatever the environment says.
    #[must_use]
    pub fn source(mut self, source: ManagedIdentitySource) -> Self {
        self.source = Some(source);
        self.endpoint = OnceCell::new();
        self
    }

    /// Returns which of the machine's identities it is.
    pub(super) fn name(&self) -> String {
        match &self.identity {
            Identity::SystemAssigned => "system-assigned".to_owned(),
            Identity::Client(id) => format!("client id {id}"),
            Identity::Object(id) => format!("object id {id}"),
            Identity::Resource(id) => format!("resource id {id}"),
        }
    }

    /// Returns where it is asked, if that was set.
    pub(super) fn place(&self) -> Option<String> {
        self.source.as_ref().map(ManagedIdentitySource::place)
    }

    /// A token for this resource, which need not be Graph.
    pub(super) async fn token_for(&self, resource: &str, request: &TokenRequest) -> Result<Token> {
        let endpoint = self
            .endpoint
            .get_or_try_init(|| async {
                let source = self.source.clone();
                Endpoint::new(source.unwrap_or_else(ManagedIdentitySource::of_environment))
            })
            .await?;
        endpoint.token(&self.identity, resource, request).await
    }
}

#[async_trait]
impl TokenProvider for ManagedIdentity {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        let scope = request.scope();
        let resource = scope.strip_suffix("/.default").unwrap_or(scope);
        self.token_for(resource, &request).await
    }

    /// The identity by its name, and where it was said to be asked. Without that it is this machine's, of which there is one: its
    /// environment is the same for all. Of which tenant the identity is, it alone knows; a name with a space is none of a tenant's.
    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let key = CacheKey::new(cloud, "managed identity", &self.name());
        Some(match self.place() {
            Some(place) => key.user(place),
            None => key,
        })
    }
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentity")
            .field("identity", &self.identity)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
