//! Token providers, token requests and tokens.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::moment::Moment;
use super::session::RevocationFlag;
use super::time_limit::TimeLimit;
use super::{CacheKey, Secret};
use crate::{Cloud, Result};

/// A provider of access tokens for Graph.
///
/// The credentials of [this module](super), such as
/// [`ClientSecretCredential`](super::ClientSecretCredential), are token providers. A closure from
/// [`TokenRequest`] to a future of a [`AccessToken`] is one as well. The client keeps the token,
/// renews it in time, and requests it once for all waiting calls. A provider only has to get a
/// token each time it is called.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{AccessToken, TokenProvider, TokenRequest};
/// use msgraph::error::SignInError;
///
/// struct Broker {
///     socket: std::path::PathBuf,
/// }
///
/// #[msgraph::async_trait]
/// impl TokenProvider for Broker {
///     async fn token(&self, request: TokenRequest) -> msgraph::Result<AccessToken> {
///         let text = tokio::fs::read_to_string(&self.socket)
///             .await
///             .map_err(|error| {
///                 SignInError::new("the broker does not respond").with_source(error)
///             })?;
///         Ok(AccessToken::new(text).expires_in(std::time::Duration::from_secs(600)))
///     }
/// }
///
/// let graph = Graph::new(Broker {
///     socket: "/run/broker".into(),
/// });
/// ```
#[async_trait]
pub trait TokenProvider: Send + Sync + 'static {
    /// Gets a token, a new one if possible. The client calls this if it has no token, if the token
    /// is about to expire, or if Graph has refused it.
    ///
    /// The future has a [time limit](TokenRequest::extend_time_limit), after which it is dropped.
    /// It must not call Graph with the client that called it, because it would wait for itself.
    /// Such a call fails.
    ///
    /// # Errors
    ///
    /// Returns a [`SignInError`](crate::error::SignInError) for every failure. All waiting calls
    /// fail with it, and the next call requests a token again.
    async fn token(&self, request: TokenRequest) -> Result<AccessToken>;

    /// Returns `true` if the client may keep a token and share it between calls. Defaults to
    /// `true`.
    ///
    /// If it is `false`, the client calls the provider for each call, within the task of that call.
    /// None of its tokens is used for another call. This is for programs whose calls belong to
    /// different users.
    fn shares_tokens(&self) -> bool {
        true
    }

    /// Returns the cache key of the tokens. All providers with the same key share one token and one
    /// token request (see [`TokenCache`](super::TokenCache)). Defaults to `None`, which keeps the
    /// tokens within the client that has this provider.
    fn cache_key(&self, _cloud: &Cloud) -> Option<CacheKey> {
        None
    }

    /// Returns the token of a provider that has only this one. For a provider that does not share
    /// tokens, the client uses it to tell users apart.
    #[doc(hidden)]
    fn only_token(&self) -> Option<&Secret<String>> {
        None
    }

    /// Returns `true` after sign-out, when calls for the user must not be sent any more. Defaults
    /// to `false`. No cached token is then used, not even one from another provider with the same
    /// key. The client calls this provider, and its error is the error of the call.
    fn has_ended(&self) -> bool {
        false
    }
}

// `#[async_trait]` has the bound `Self: 'async_trait` in what it makes of an implementation. With
// a bound that names the type, the compiler proves for each type anew that the same futures are
// `Send`, which was a third of the time that this crate took to compile. Therefore the
// implementations in this crate are written out without that bound.

/// Makes each closure a token provider.
impl<F, T> TokenProvider for F
where
    F: Fn(TokenRequest) -> T + Send + Sync + 'static,
    T: Future<Output = Result<AccessToken>> + Send,
{
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move { self(request).await })
    }
}

/// Makes it possible to use one provider in several clients, and to choose a provider at run time.
impl<T: TokenProvider + ?Sized> TokenProvider for Arc<T> {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        (**self).token(request)
    }

    fn shares_tokens(&self) -> bool {
        (**self).shares_tokens()
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        (**self).cache_key(cloud)
    }

    fn only_token(&self) -> Option<&Secret<String>> {
        (**self).only_token()
    }

    fn has_ended(&self) -> bool {
        (**self).has_ended()
    }
}

/// A request for an access token.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{AccessToken, TokenRequest};
///
/// # async fn ask_the_broker(scope: &str, claims: Option<&str>) -> msgraph::Result<String> {
/// #     Ok(String::new())
/// # }
/// let graph = Graph::new(|request: TokenRequest| async move {
///     let text = ask_the_broker(request.scope(), request.claims()).await?;
///     Ok(AccessToken::new(text))
/// });
/// ```
#[derive(Clone)]
pub struct TokenRequest {
    cloud: Arc<Cloud>,
    http: reqwest::Client,
    timeout: Option<Duration>,
    limit: TimeLimit,
    claims: Option<Arc<str>>,
    is_refused: bool,
}

impl TokenRequest {
    #[doc(hidden)]
    pub fn new(cloud: Arc<Cloud>, http: reqwest::Client, timeout: Option<Duration>) -> Self {
        Self {
            cloud,
            http,
            timeout,
            limit: TimeLimit::new(timeout),
            claims: None,
            is_refused: false,
        }
    }

    pub(crate) fn with_claims(&self, claims: Option<Arc<str>>) -> Self {
        Self {
            claims,
            ..self.clone()
        }
    }

    /// Checks whether Graph has refused the previous token, so that an older token must not be
    /// used.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    pub(crate) fn with_refusal(self, is_refused: bool) -> Self {
        Self { is_refused, ..self }
    }

    /// Returns the same request with a time limit of its own.
    pub(super) fn with_limit(self, limit: TimeLimit) -> Self {
        Self { limit, ..self }
    }

    /// Returns the time limit of the request.
    pub(super) fn limit(&self) -> &TimeLimit {
        &self.limit
    }

    /// Returns the cloud of the token, which contains the root of its identity platform.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Returns the scope of the token, which is the scope of the cloud.
    pub fn scope(&self) -> &str {
        self.cloud.scope()
    }

    /// Returns the claims that Graph requires of the token, as JSON, if it refused the previous
    /// token for lack of them
    /// (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>).
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// Returns the client's own connections, for requests to a token endpoint.
    pub fn http_client(&self) -> &reqwest::Client {
        &self.http
    }

    /// Returns the time limit of a single request, if the client has one.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Gives the provider at least this much time from now on, up to a day.
    ///
    /// By default, the client drops a token request after 60 seconds, or after its own
    /// `timeout` if that is shorter, so that no call waits forever. A
    /// provider that waits for a person, or for another slow source, must call this first.
    ///
    /// ```
    /// use std::time::Duration;
    /// use msgraph::Graph;
    /// use msgraph::auth::{AccessToken, TokenRequest};
    ///
    /// # async fn ask_the_user() -> msgraph::Result<String> { Ok(String::new()) }
    /// let graph = Graph::new(|request: TokenRequest| async move {
    ///     request.extend_time_limit(Duration::from_secs(5 * 60));
    ///     Ok(AccessToken::new(ask_the_user().await?))
    /// });
    /// ```
    pub fn extend_time_limit(&self, time: Duration) {
        self.limit.extend(time);
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("cloud", &self.cloud)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// An access token and its expiry.
///
/// A token without an expiry is kept until Graph refuses it.
///
/// ```
/// use std::time::Duration;
/// use msgraph::auth::AccessToken;
///
/// let token = AccessToken::new("eyJ0eXAi…").expires_in(Duration::from_secs(3599));
/// assert!(format!("{token:?}").contains("[redacted]"));
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken {
    secret: Secret<String>,
    expires_at: Option<Moment>,
    renew_at: Option<Moment>,
    /// The session of the token. The token ends with it.
    life: Option<RevocationFlag>,
}

impl AccessToken {
    /// Creates a token from its text, without the word `Bearer`.
    pub fn new(secret: impl Into<Secret<String>>) -> Self {
        Self {
            secret: secret.into(),
            expires_at: None,
            renew_at: None,
            life: None,
        }
    }

    /// Sets how long the token is valid from now on, at most ten years.
    ///
    /// A token that is already expired when it arrives serves the calls that wait for it. If the
    /// next one is expired too, it is used for 30 seconds, so that not every call requests a token.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.expires_at = Some(Moment::now().after(life));
        self
    }

    /// Sets when the token expires, by the wall clock, at most ten years from now. Other crates'
    /// types for times convert into it.
    #[must_use]
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(Moment::now().at(time));
        self
    }

    /// Renews the token earlier than five minutes before it expires. The identity platform calls
    /// this time `refresh_in`.
    ///
    /// A token is renewed no earlier than five minutes, or half of its life, after it arrived.
    #[must_use]
    pub fn renew_in(mut self, age: Duration) -> Self {
        self.renew_at = Some(Moment::now().after(age));
        self
    }

    /// Returns the token.
    pub fn secret(&self) -> &Secret<String> {
        &self.secret
    }

    pub(super) fn end(&self) -> Option<Moment> {
        self.expires_at
    }

    pub(super) fn renewal(&self) -> Option<Moment> {
        self.renew_at
    }

    pub(super) fn ending_with(mut self, life: RevocationFlag) -> Self {
        self.life = Some(life);
        self
    }

    pub(super) fn life(&self) -> Option<&RevocationFlag> {
        self.life.as_ref()
    }
}
