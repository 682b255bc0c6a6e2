//! Sign-in as the machine: an identity that the platform on which the program runs keeps for it.

mod arc;
mod endpoint;
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
mod pinned;
mod source;
#[cfg(test)]
mod tests;
mod token_response;

use std::fmt;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::{AccessToken, CacheKey, TokenProvider, TokenRequest};
use crate::{Cloud, Result};
use endpoint::Endpoint;
pub use source::ManagedIdentitySource;

/// Signs in as the machine on which the program runs, with its managed identity, which needs no
/// secret.
///
/// It works on virtual machines, App Service, Functions, Container Apps, Service Fabric, Azure
/// Machine Learning and Cloud Shell. It also works on machines elsewhere that are connected to
/// Azure Arc. The environment determines which of these it is when the first token is needed.
/// [`source`](Self::source()) sets it instead.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::ManagedIdentityCredential;
///
/// // The machine's own identity.
/// let graph = Graph::new(ManagedIdentityCredential::new());
///
/// // One that is assigned to the machine, and perhaps to others: a user-assigned one.
/// let graph = Graph::new(
///     ManagedIdentityCredential::new().client_id("11111111-1111-1111-1111-111111111111"),
/// );
/// ```
///
/// The identity has the Graph permissions that an administrator granted to its service principal.
/// Azure caches its tokens for up to 24 hours, so a permission that is granted today may take
/// effect tomorrow.
///
/// The endpoint that issues the tokens is on the machine itself. It is never called through a
/// proxy, even if the client uses one.
///
/// # Errors
///
/// A call returns [`Error::SignIn`](crate::Error::SignIn) if the endpoint refuses, which most often
/// means that no identity is assigned. If the environment names no managed identity and no metadata
/// service of virtual machines responds, the error is
/// [unavailable](crate::error::SignInError::is_unavailable).
///
/// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview>
#[derive(Clone, Default)]
pub struct ManagedIdentityCredential {
    identity: Identity,
    source: Option<ManagedIdentitySource>,
    endpoint: OnceCell<Endpoint>,
}

/// The identity to use, of those that a machine has.
#[derive(Clone, Debug, Default)]
enum Identity {
    /// The machine's own identity.
    #[default]
    SystemAssigned,
    Client(String),
    Object(String),
    Resource(String),
}

impl ManagedIdentityCredential {
    /// Creates the provider for the machine's own identity, which is called system-assigned.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a user-assigned identity, by its client id. If several setters name one, the last one
    /// counts.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Identity::Client(id.into());
        self
    }

    /// Sets a user-assigned identity, by the object id of its service principal.
    #[must_use]
    pub fn object_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Identity::Object(id.into());
        self
    }

    /// Sets a user-assigned identity, by its resource id in Azure:
    /// `/subscriptions/…/userAssignedIdentities/…`.
    #[must_use]
    pub fn resource_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Identity::Resource(id.into());
        self
    }

    /// Sets the source of the tokens. The environment is not read in that case.
    #[must_use]
    pub fn source(mut self, source: ManagedIdentitySource) -> Self {
        self.source = Some(source);
        self.endpoint = OnceCell::new();
        self
    }

    /// Returns a name for the chosen identity.
    pub(super) fn name(&self) -> String {
        match &self.identity {
            Identity::SystemAssigned => "system-assigned".to_owned(),
            Identity::Client(id) => format!("client id {id}"),
            Identity::Object(id) => format!("object id {id}"),
            Identity::Resource(id) => format!("resource id {id}"),
        }
    }

    /// Returns the source of the tokens, if one was set.
    pub(super) fn place(&self) -> Option<String> {
        self.source.as_ref().map(ManagedIdentitySource::place)
    }

    /// Returns a token for this resource, which need not be Graph.
    pub(super) fn token_for<'a>(
        &'a self,
        resource: &'a str,
        request: &'a TokenRequest,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(async move {
            let endpoint = self
                .endpoint
                .get_or_try_init(|| async {
                    let source = self.source.clone();
                    Endpoint::new(source.unwrap_or_else(ManagedIdentitySource::of_environment))
                })
                .await?;
            endpoint.token(&self.identity, resource, request).await
        })
    }
}

impl TokenProvider for ManagedIdentityCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let scope = request.scope();
            let resource = scope.strip_suffix("/.default").unwrap_or(scope);
            self.token_for(resource, &request).await
        })
    }

    /// Returns a key of the identity's name and the source, if one was set. Without a source it is
    /// this machine's identity, of which there is one, because its environment is the same for all
    /// clients. Only the identity knows its tenant. The key has a text with a space instead, which
    /// is not a tenant's name.
    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let key = CacheKey::new(cloud, "managed identity", &self.name());
        Some(match self.place() {
            Some(place) => key.user(place),
            None => key,
        })
    }
}

impl fmt::Debug for ManagedIdentityCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentityCredential")
            .field("identity", &self.identity)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
