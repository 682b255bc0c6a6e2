//! The client on whose behalf a user signs in.

use crate::{CacheKey, Cloud, Result, TokenRequest};

/// A client for Graph, on whose behalf a user signs in: `msgraph::Graph`.
///
/// A sign-in uses its connections, its cloud and its time limit.
pub trait SignInClient {
    /// Returns the cloud that the client uses.
    fn cloud(&self) -> &Cloud;

    /// Creates a token request with the connections of the client.
    ///
    /// # Errors
    ///
    /// Fails if the client could not be built.
    #[doc(hidden)]
    fn sign_in_request(&self) -> Result<TokenRequest>;

    /// Removes the token with this key from the client's cache.
    #[doc(hidden)]
    fn forget(&self, key: &CacheKey);
}
