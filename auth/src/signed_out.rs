//! A provider without a user.

use futures_util::future::BoxFuture;

use super::{AccessToken, TokenProvider, TokenRequest};
use crate::Result;
use crate::error::SignInError;

/// A provider without a user: each call fails before anything is sent.
///
/// A web application builds one client with it, which signs users in and makes each user's own
/// client (`Graph::with_provider`).
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{NoCredential, UserSession};
///
/// # fn example(session: UserSession) {
/// let graph = Graph::new(NoCredential);
/// let user = graph.with_provider(session);
/// # }
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn), for which
/// [`needs_user`](SignInError::needs_user) returns `true`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredential;

impl TokenProvider for NoCredential {
    fn token<'a: 'f, 'f>(&'a self, _: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move { Err(SignInError::user_needed("no user has signed in").into()) })
    }

    /// Returns `false`, because there are no tokens to share.
    fn shares_tokens(&self) -> bool {
        false
    }
}
