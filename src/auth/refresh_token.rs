//! Signing in for a user who has signed in before.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::platform::{App, platform};
use super::{BoxError, Secret, Token, TokenProvider, TokenRequest};
use crate::Result;
use crate::error::{Error, SignInError};

type Stored = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;
type OnRotation = Box<dyn Fn(Secret<String>) -> Stored + Send + Sync>;

/// Signs in for a user with the refresh token of an earlier sign-in
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token>).
///
/// The identity platform gives a new refresh token with each access token, and the old one ends some day: what is to
/// outlive the program has to be stored again, in [`on_rotation`](Self::on_rotation). Where the platform gives no new one,
/// the old one goes on. This type sends its token to the identity platform alone, never to Graph.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::RefreshToken;
///
/// # fn example(stored: String) {
/// let graph = Graph::new(
///     RefreshToken::new("contoso.com", "11111111-1111-1111-1111-111111111111", stored)
///         .on_rotation(|token| async move { tokio::fs::write("refresh-token", token.expose()).await }),
/// );
/// # }
/// ```
pub struct RefreshToken {
    app: App,
    scope: Option<String>,
    current: Mutex<Current>,
    on_rotation: Option<OnRotation>,
}

/// Locked as long as a request runs, so that two clients with one provider do not use one refresh token twice.
struct Current {
    token: Secret<String>,
    /// Whether the callback still has to get it.
    is_new: bool,
}

impl RefreshToken {
    /// A refresh token of a public client (a desktop or mobile application), which has no secret.
    ///
    /// `tenant` is the tenant's id or one of its domains, or `common`, `organizations`, `consumers` as in the earlier
    /// sign-in.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        refresh_token: impl Into<Secret<String>>,
    ) -> Self {
        Self {
            app: App::public(tenant, client_id),
            scope: None,
            current: Mutex::new(Current {
                token: refresh_token.into(),
                is_new: false,
            }),
            on_rotation: None,
        }
    }

    /// Adds the secret of a confidential client (a web application), without which the platform refuses its tokens.
    #[must_use]
    pub fn client_secret(mut self, secret: impl Into<Secret<String>>) -> Self {
        self.app.secret = Some(secret.into());
        self
    }

    /// Asks for these permissions in place of all that were consented to. `offline_access` goes along by itself, since
    /// without it there may be no new refresh token.
    ///
    /// ```
    /// # use msgraph::auth::RefreshToken;
    /// let provider = RefreshToken::new("common", "11111111-1111-1111-1111-111111111111", "0.AX…")
    ///     .scopes(["User.Read", "Mail.Send"]);
    /// ```
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<_> = scopes
            .into_iter()
            .map(|scope| scope.as_ref().to_owned())
            .collect();
        self.scope = Some(scopes.join(" "));
        self
    }

    /// Hands over each new refresh token, to be stored.
    ///
    /// The call that brought it about goes on when the callback is done, and fails when it fails: a token that is
    /// nowhere stored would be lost with the program. The callback gets that token again with the next call. A callback
    /// that does not wait wraps what it gives:
    ///
    /// ```
    /// # use msgraph::auth::RefreshToken;
    /// let provider = RefreshToken::new("common", "11111111-1111-1111-1111-111111111111", "0.AX…")
    ///     .on_rotation(|token| std::future::ready(std::fs::write("refresh-token", token.expose())));
    /// ```
    #[must_use]
    pub fn on_rotation<F, R, E>(mut self, store: F) -> Self
    where
        F: Fn(Secret<String>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.on_rotation = Some(Box::new(move |token| {
            let stored = store(token);
            Box::pin(async move { stored.await.map_err(Into::into) })
        }));
        self
    }

    async fn hand_over(&self, current: &mut Current) -> Result<()> {
        if let Some(store) = self.on_rotation.as_ref().filter(|_| current.is_new) {
            store(current.token.clone()).await.map_err(|error| {
                Error::from(
                    SignInError::new("the new refresh token could not be stored")
                        .with_source(error),
                )
            })?;
        }
        current.is_new = false;
        Ok(())
    }
}

#[async_trait]
impl TokenProvider for RefreshToken {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        let mut current = self.current.lock().await;
        let scope = format!(
            "{} offline_access",
            self.scope.as_deref().unwrap_or(request.scope())
        );
        let grant = platform(&self.app, &request)?
            .refresh_token(&current.token, &scope)
            .await?;
        if let Some(new) = grant.refresh_token().filter(|new| *new != current.token) {
            *current = Current {
                token: new,
                is_new: true,
            };
        }
        self.hand_over(&mut current).await?;
        Ok(grant.token())
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("app", &self.app)
            .field("scope", &self.scope)
            .field("refresh_token", &Secret::new(()))
            .finish_non_exhaustive()
    }
}
