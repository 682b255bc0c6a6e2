//! The tokens of a client for clients of the Azure SDK.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken as AzureToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use msgraph_auth::moment::Moment;

use crate::Graph;

/// A credential for clients of the Azure SDK for Rust that uses a Graph client's tokens.
///
/// These are the same tokens that the Graph client's calls use, cached and renewed for both. One
/// request is made, no matter how many calls wait. The tokens are only for Graph.
///
/// ```
/// use std::sync::Arc;
/// use azure_core::credentials::TokenCredential;
/// use msgraph::Graph;
/// use msgraph::auth::GraphCredential;
///
/// fn credential(graph: &Graph) -> Arc<dyn TokenCredential> {
///     Arc::new(GraphCredential::new(graph))
/// }
/// ```
///
/// # Errors
///
/// Fails with an error of the kind [`Credential`](ErrorKind::Credential) if the scopes differ from
/// the scope of the client's [cloud](crate::Cloud::scope), or if the client cannot sign in. In the
/// second case the source is this crate's [`Error`](crate::Error).
#[derive(Clone)]
pub struct GraphCredential(Graph);

impl GraphCredential {
    /// Creates the credential of a client.
    pub fn new(graph: &Graph) -> Self {
        Self(graph.clone())
    }
}

#[async_trait]
impl TokenCredential for GraphCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AzureToken> {
        let own = self.0.cloud().scope();
        if scopes != [own] {
            let message = format!(
                "this credential only provides tokens for the scope `{own}`, not for `{}`",
                scopes.join(" ").escape_debug()
            );
            return Err(azure_core::Error::with_message(
                ErrorKind::Credential,
                message,
            ));
        }
        let failed = |error: crate::Error| azure_core::Error::new(ErrorKind::Credential, error);
        let tokens = self.0.tokens().map_err(failed)?;
        let bearer = tokens.token().await.map_err(failed)?;
        // A token with an unknown expiry is reported as expired now. Callers that cache tokens then
        // request it here each time, where it is cached.
        let left = bearer
            .end()
            .map(|end| end.since(Moment::now()))
            .unwrap_or_default();
        let end = SystemTime::now().checked_add(left);
        let end = end.unwrap_or_else(SystemTime::now);
        Ok(AzureToken::new(bearer.text().to_owned(), end.into()))
    }
}

impl fmt::Debug for GraphCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GraphCredential").field(&self.0).finish()
    }
}
