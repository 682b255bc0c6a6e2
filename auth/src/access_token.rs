//! Access tokens from another source.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{AccessToken, BoxError, Secret, TokenProvider, TokenRequest};
use crate::Result;
use crate::error::SignInError;

type Asked = BoxFuture<'static, Result<Secret<String>>>;

/// An access token that another part of the program gets and renews. It is a fixed text, or a
/// closure that runs for each call.
///
/// This token is not kept or shared. The closure runs within the task of each call, so it may
/// return the token of the user whom that task serves. It runs again when Graph refuses a token; a
/// fixed text is not sent again.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::AccessTokenCredential;
///
/// // As Graph Explorer or `az account get-access-token` shows it, for as long as it lives.
/// let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
///
/// // Out of a store that keeps it fresh.
/// let graph = Graph::new(AccessTokenCredential::from_fn(|| {
///     tokio::fs::read_to_string("/run/secrets/graph-token")
/// }));
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the closure fails, with its error
/// as the source. It also fails if the text is empty, begins with the word `Bearer`, or contains
/// characters that a header cannot.
#[derive(Clone)]
pub struct AccessTokenCredential(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Arc<Secret<String>>),
    Asked(Arc<dyn Fn() -> Asked + Send + Sync>),
}

impl AccessTokenCredential {
    /// Creates the provider from a token, without the word `Bearer`.
    pub fn new(token: impl Into<Secret<String>>) -> Self {
        Self(Kind::Fixed(Arc::new(token.into())))
    }

    /// Creates the provider from a closure, which runs each time a token is needed.
    ///
    /// A closure that does not wait wraps its result: `|| std::future::ready(lookup())`.
    pub fn from_fn<F, R, T, E>(ask: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<Secret<String>>,
        E: Into<BoxError>,
    {
        Self(Kind::Asked(Arc::new(move || {
            let response = ask();
            Box::pin(async move {
                response.await.map(Into::into).map_err(|error| {
                    SignInError::new("the closure given to `AccessTokenCredential::from_fn` failed")
                        .with_source(error)
                        .into()
                })
            })
        })))
    }
}

impl TokenProvider for AccessTokenCredential {
    fn token<'a: 'f, 'f>(&'a self, _: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let text = match &self.0 {
                Kind::Fixed(text) => Secret::clone(text),
                Kind::Asked(ask) => ask().await?,
            };
            Ok(AccessToken::new(text))
        })
    }

    fn shares_tokens(&self) -> bool {
        false
    }

    fn only_token(&self) -> Option<&Secret<String>> {
        match &self.0 {
            Kind::Fixed(token) => Some(token),
            Kind::Asked(_) => None,
        }
    }
}

impl fmt::Debug for AccessTokenCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Fixed(text) => f.debug_tuple("AccessTokenCredential").field(text).finish(),
            Kind::Asked(_) => f
                .debug_tuple("AccessTokenCredential")
                .field(&format_args!("from_fn"))
                .finish(),
        }
    }
}
