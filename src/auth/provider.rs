//! What gives tokens.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::moment::Moment;
use super::session::Life;
use super::time_limit::TimeLimit;
use super::{CacheKey, Secret};
use crate::{Cloud, Result};

/// Gives access tokens for Graph.
///
/// The credentials of [this module](super) are such providers, [`ClientSecret`](super::ClientSecret) and the others, and so is any closure
/// from [`TokenRequest`] to a future of a [`Token`]. The client keeps what a provider gives, renews it in time, and asks once however many
/// calls wait: a provider just gets a token, each time it is asked.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{Token, TokenProvider, TokenRequest};
/// use msgraph::error::SignInError;
///
/// struct Broker { socket: std::path::PathBuf }
///
/// #[msgraph::async_trait]
/// impl TokenProvider for Broker {
///     async fn token(&self, request: TokenRequest) -> msgraph::Result<Token> {
///         let text = tokio::fs::read_to_string(&self.socket)
///             .await
///             .map_err(|error| SignInError::new("the broker does not answer").with_source(error))?;
///         Ok(Token::new(text).expires_in(std::time::Duration::from_secs(600)))
///     }
/// }
///
/// let graph = Graph::new(Broker { socket: "/run/broker".into() });
/// ```
#[async_trait]
pub trait TokenProvider: Send + Sync + 'static {
    /// Gets a token, a new one if it can: this is asked when none is there, when one is about to expire, and when Graph
    /// has refused one.
    ///
    /// It has a [time limit](TokenRequest::extend_time_limit), after which this future is dropped.
    /// It must not call Graph with the client that asks it, since it would wait for itself: such a
    /// call fails.
    ///
    /// # Errors
    ///
    /// [`SignInError`](crate::error::SignInError) for whatever is in the way; all calls that wait fail with it, and the
    /// next one asks again.
    async fn token(&self, request: TokenRequest) -> Result<Token>;

    /// Whether the client may keep a token and share it between calls, as it does if this says nothing else.
    ///
    /// A provider that says no is asked for each call, within the call's own task, and none of its tokens meets
    /// another call: that is for programs whose calls belong to different users.
    fn shares_tokens(&self) -> bool {
        true
    }

    /// What the tokens are of: all providers with the same key share one token, and one request for it (see
    /// [`TokenCache`](super::TokenCache)). Without a key, as it is if this says nothing else, tokens stay with the client that this
    /// provider was given to.
    fn cache_key(&self, _cloud: &Cloud) -> Option<CacheKey> {
        None
    }

    /// The one token that this provider ever gives, where it has no other. By it, the client tells
    /// the user of a provider that shares no tokens from other users.
    #[doc(hidden)]
    fn only_token(&self) -> Option<&Secret<String>> {
        None
    }

    /// Whether its user has signed out, so that nothing may be done for them any more; it has not if this says nothing else. No token that
    /// is kept is used then, not even one that another provider with the same key brought: this provider is asked, and its error is the
    /// call's.
    fn has_ended(&self) -> bool {
        false
    }
}

/// A closure is a provider.
#[async_trait]
impl<F, T> TokenProvider for F
where
    F: Fn(TokenRequest) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Token>> + Send,
{
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        self(request).await
    }
}

/// One provider may serve several clients, and a provider that is chosen at run time is one as well.
#[async_trait]
impl<T: TokenProvider + ?Sized> TokenProvider for Arc<T> {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        (**self).token(request).await
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

/// What a token is asked for.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{Token, TokenRequest};
///
/// # async fn ask_the_broker(scope: &str, claims: Option<&str>) -> msgraph::Result<String> { Ok(String::new()) }
/// let graph = Graph::new(|request: TokenRequest| async move {
///     let text = ask_the_broker(request.scope(), request.claims()).await?;
///     Ok(Token::new(text))
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
    pub(crate) fn new(cloud: Arc<Cloud>, http: reqwest::Client, timeout: Option<Duration>) -> Self {
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

    /// Whether it is asked since Graph has refused a token: one that is older will not do then.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    pub(crate) fn with_refusal(self, is_refused: bool) -> Self {
        Self { is_refused, ..self }
    }

    /// The same request with a time limit of its own.
    pub(super) fn with_limit(self, limit: TimeLimit) -> Self {
        Self { limit, ..self }
    }

    /// When the request is given up.
    pub(super) fn limit(&self) -> &TimeLimit {
        &self.limit
    }

    /// The cloud that the token is for, with the root of its identity platform.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The scope that the token is for: the cloud's.
    pub fn scope(&self) -> &str {
        self.cloud.scope()
    }

    /// What Graph wants the token to prove, as JSON, where it refused the last one for want of it
    /// (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>).
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// The client's own connections, for requests to a token endpoint.
    pub fn http_client(&self) -> &reqwest::Client {
        &self.http
    }

    /// How long a single request may take, where the client has a limit.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Gives the provider at least this much time from now on, up to a day.
    ///
    /// A provider that gives no token within 60 seconds, or the client's
    /// [timeout](crate::GraphBuilder::timeout) where that is shorter, is given up, so that no call
    /// waits forever. Whoever waits for a person, or for another slow source, says so before.
    ///
    /// ```
    /// use std::time::Duration;
    /// use msgraph::Graph;
    /// use msgraph::auth::{Token, TokenRequest};
    ///
    /// # async fn ask_the_user() -> msgraph::Result<String> { Ok(String::new()) }
    /// let graph = Graph::new(|request: TokenRequest| async move {
    ///     request.extend_time_limit(Duration::from_secs(5 * 60));
    ///     Ok(Token::new(ask_the_user().await?))
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

/// An access token and its time.
///
/// A token that says nothing of its time is kept until Graph refuses it.
///
/// ```
/// use std::time::Duration;
/// use msgraph::auth::Token;
///
/// let token = Token::new("eyJ0eXAi…").expires_in(Duration::from_secs(3599));
/// assert!(format!("{token:?}").contains("[redacted]"));
/// ```
#[derive(Clone, Debug)]
pub struct Token {
    secret: Secret<String>,
    expires_at: Option<Moment>,
    renew_at: Option<Moment>,
    /// The session that it is of, with which it ends.
    life: Option<Life>,
}

impl Token {
    /// A token, without the word `Bearer`.
    pub fn new(secret: impl Into<Secret<String>>) -> Self {
        Self {
            secret: secret.into(),
            expires_at: None,
            renew_at: None,
            life: None,
        }
    }

    /// Sets how long the token lives from now on, at most ten years.
    ///
    /// A token that has expired when it arrives serves the calls that wait for it. When the next
    /// one has expired too, it is used for 30 seconds, so that not every call asks for a token.
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

    /// Sets that the token is to be renewed earlier than five minutes before its end: what the
    /// identity platform calls `refresh_in`.
    ///
    /// A token is renewed no earlier than five minutes, or half of its life, after it arrived.
    #[must_use]
    pub fn renew_in(mut self, age: Duration) -> Self {
        self.renew_at = Some(Moment::now().after(age));
        self
    }

    /// The token.
    pub fn secret(&self) -> &Secret<String> {
        &self.secret
    }

    pub(super) fn end(&self) -> Option<Moment> {
        self.expires_at
    }

    pub(super) fn renewal(&self) -> Option<Moment> {
        self.renew_at
    }

    pub(super) fn ending_with(mut self, life: Life) -> Self {
        self.life = Some(life);
        self
    }

    pub(super) fn life(&self) -> Option<&Life> {
        self.life.as_ref()
    }
}
