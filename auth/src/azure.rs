//! Credentials of the Azure SDK as token providers.

use std::fmt;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use futures_util::future::BoxFuture;

use super::moment::since_1970;
use super::{AccessToken, TokenProvider, TokenRequest};
use crate::Result;
use crate::error::SignInError;

/// A credential of the Azure SDK for Rust: one of the crate `azure_identity`, or a custom one.
///
/// ```
/// use std::sync::Arc;
/// use azure_core::credentials::TokenCredential;
/// use msgraph::Graph;
/// use msgraph::auth::AzureCredential;
///
/// fn client(credential: Arc<dyn TokenCredential>) -> Graph {
///     Graph::new(AzureCredential::new(credential))
/// }
/// ```
///
/// A credential of the SDK takes no claims. If Graph requires claims, the call fails with Graph's
/// error, unless the credential happens to have another token.
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn), whose source is the credential's
/// error.
///
/// <https://docs.rs/azure_core/latest/azure_core/credentials/trait.TokenCredential.html>
#[derive(Clone)]
pub struct AzureCredential(Arc<dyn TokenCredential>);

impl AzureCredential {
    /// Wraps a credential of the SDK. Credentials come in an `Arc`, and one may serve several
    /// clients.
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self(credential)
    }
}

impl TokenProvider for AzureCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let scopes = [request.scope()];
            let token = self.0.get_token(&scopes, None).await.map_err(|error| {
                SignInError::new("the Azure SDK credential failed").with_source(error)
            })?;
            // The SDK's own conversion panics for dates that the system cannot represent.
            let end = since_1970(token.expires_on.unix_timestamp());
            Ok(AccessToken::new(token.token.secret().to_owned()).expires_at(end))
        })
    }
}

/// Omits the credential, because this crate does not control its `Debug`.
impl fmt::Debug for AzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureCredential").finish_non_exhaustive()
    }
}
