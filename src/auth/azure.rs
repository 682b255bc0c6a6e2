//! Tokens from credentials of the Azure SDK, and tokens for its clients.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;

use super::moment::{Moment, since_1970};
use super::{Token, TokenProvider, TokenRequest};
use crate::error::SignInError;
use crate::{Graph, Result};

/// Signs in with a credential of the Azure SDK for Rust: those of the crate `azure_identity`, or one of one's own.
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
/// A credential of the SDK takes no claims: where Graph wants something to be proved, the call fails with what it wants, unless the
/// credential happens to have another token.
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) with the credential's error as its source.
///
/// <https://docs.rs/azure_core/latest/azure_core/credentials/trait.TokenCredential.html>
#[derive(Clone)]
pub struct AzureCredential(Arc<dyn TokenCredential>);

impl AzureCredential {
    /// A credential of the SDK's; they come in an `Arc`, and one may serve several clients.
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self(credential)
    }
}

#[async_trait]
impl TokenProvider for AzureCredential {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        let scopes = [request.scope()];
        let token = self.0.get_token(&scopes, None).await.map_err(|error| {
            SignInError::new("the credential of the Azure SDK has no token").with_source(error)
        })?;
        // Not by its own conversion, which panics for dates that the system cannot count.
        let end = since_1970(token.expires_on.unix_timestamp());
        Ok(Token::new(token.token.secret().to_owned()).expires_at(end))
    }
}

/// Nothing of the credential, whose `Debug` is not this crate's.
impl fmt::Debug for AzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureCredential").finish_non_exhaustive()
    }
}

/// A client's tokens for whatever takes a credential of the Azure SDK for Rust.
///
/// They are the very tokens of the client's calls, kept and renewed for both: however many ask, one request is made. They are for
/// Graph and for nothing else.
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
/// An error of the kind [`Credential`](ErrorKind::Credential) when scopes are asked for that are not the one of the client's
/// [cloud](crate::Cloud::scope), or when the client cannot sign in; its source is this crate's [`Error`](crate::Error) then.
#[derive(Clone)]
pub struct GraphCredential(Graph);

impl GraphCredential {
    /// The credential of a client.
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
    ) -> azure_core::Result<AccessToken> {
        let own = self.0.cloud().scope();
        if scopes != [own] {
            let message = format!(
                "a client of Graph has tokens for `{own}` alone, not for `{}`",
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
        // One whose end nobody knows ends now, for those who would keep it: then they ask here again each time, where it is kept.
        let left = bearer
            .end()
            .map(|end| end.since(Moment::now()))
            .unwrap_or_default();
        let end = SystemTime::now().checked_add(left);
        let end = end.unwrap_or_else(SystemTime::now);
        Ok(AccessToken::new(bearer.text().to_owned(), end.into()))
    }
}

impl fmt::Debug for GraphCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GraphCredential").field(&self.0).finish()
    }
}
