//! Refresh tokens, each of which is replaced by the next.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::super::moment::Moment;
use super::super::platform::{Grant, Platform};
use super::super::reentry::Within;
use super::super::store::{StoreOutcome, TokenStore};
use super::super::{AccessToken, Application, BoxError, Secret, TokenRequest};
use super::saved::Saved;
use super::{Account, RevocationFlag};
use crate::cloud::authority;
use crate::error::{Error, SignInError};
use crate::{Cloud, Result};

type HandedOver = BoxFuture<'static, Result<(), BoxError>>;
pub(crate) type OnRotation = dyn Fn(Secret<String>) -> HandedOver + Send + Sync;

/// The time that another process may take between the identity platform's response and its write.
/// The store is read `LOOKS` times meanwhile.
const OTHERS_WRITE: Duration = Duration::from_secs(1);
const LOOKS: u32 = 20;

/// The longest wait for another token request of the same session. A request takes less time if its
/// runtime still runs.
const LONGEST_TURN: Duration = Duration::from_secs(2 * 60);

/// The number of attempts at a write while other processes write at the same time.
const MAX_ATTEMPTS: u32 = 5;

/// The receivers that keep refresh tokens beyond the program.
#[derive(Default)]
pub(crate) struct TokenSinks {
    pub(crate) callback: Option<Arc<OnRotation>>,
    pub(crate) store: Option<StoreKey>,
}

/// An entry of a store.
#[derive(Clone)]
pub(crate) struct StoreKey {
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) key: String,
}

impl StoreKey {
    /// Returns the store entry for the session of an application's user. Without a user, returns
    /// the entry of the application's only session.
    pub(crate) fn of(
        store: &Arc<dyn TokenStore>,
        application: &Application,
        cloud: &Cloud,
        user: Option<&str>,
    ) -> Self {
        let mut key = application.cache_key(cloud);
        if let Some(user) = user {
            key = key.user(user);
        }
        Self {
            store: Arc::clone(store),
            key: key.name(),
        }
    }
}

/// The refresh tokens of a user. A new refresh token is passed to its receivers before the access
/// token from the same response is used.
pub(crate) struct RefreshTokenState {
    application: Application,
    /// The requested scopes. `None` requests all that were consented to.
    scope: Option<String>,
    sinks: TokenSinks,
    /// Set if the tokens come from a sign-in. The end of a session also applies to other processes,
    /// so a session that was signed out is not stored again.
    is_session: bool,
    /// The authority that issued the refresh tokens. They are sent to no other authority.
    authority: String,
    /// An id that distinguishes this sign-in from other sign-ins of its user.
    id: Uuid,
    /// The flag that ends the access tokens.
    life: RevocationFlag,
    /// Locked while a request runs, so that one refresh token is not used twice at once.
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    refresh_token: Option<Secret<String>>,
    /// The first refresh token, as the program received it. It may be valid when the stored one is
    /// no longer.
    given: Option<Secret<String>>,
    account: Option<Account>,
    /// The last known version of the store entry.
    version: Option<u64>,
    /// Set if the callback does not have the newest refresh token yet. `store_waits` says the same
    /// of the store.
    callback_waits: bool,
    store_waits: bool,
    /// Set after a new sign-in. The tokens then replace any stored ones.
    is_new: bool,
    /// The access token from the same response, until it is returned.
    token: Option<AccessToken>,
}

impl Current {
    /// Keeps only the account.
    fn end(&mut self) {
        *self = Self {
            account: self.account.take(),
            ..Self::default()
        };
    }

    /// Takes over the tokens of a response. Without a new refresh token, the old one stays in use.
    fn take(&mut self, grant: &Grant) {
        self.token = Some(grant.token());
        let Some(new) = grant.refresh_token() else {
            return;
        };
        if self.refresh_token.as_ref() != Some(&new) {
            self.refresh_token = Some(new);
            self.callback_waits = true;
            self.store_waits = true;
        }
    }
}

impl RefreshTokenState {
    /// Starts with a refresh token that the program received.
    pub(crate) fn given(
        application: Application,
        scope: Option<String>,
        sinks: TokenSinks,
        refresh_token: Secret<String>,
        cloud: &Cloud,
    ) -> Self {
        Self::new(
            application,
            scope,
            sinks,
            cloud,
            false,
            Current {
                given: Some(refresh_token),
                ..Current::default()
            },
        )
    }

    /// Starts with a sign-in that was just completed, which the receivers do not have yet.
    pub(crate) fn begun(
        application: Application,
        scope: Option<String>,
        sinks: TokenSinks,
        account: Account,
        grant: &Grant,
        cloud: &Cloud,
    ) -> Self {
        let mut current = Current {
            account: Some(account),
            is_new: true,
            ..Current::default()
        };
        current.take(grant);
        Self::new(application, scope, sinks, cloud, true, current)
    }

    /// Passes the new tokens to the receivers that do not have them yet.
    ///
    /// # Errors
    ///
    /// Returns an error if a receiver fails. That receiver gets the tokens again with the next
    /// call.
    pub(crate) async fn keep(&self) -> Result<()> {
        let mut current = self.turn().await?;
        self.hand_over(&mut current).await
    }

    /// Loads the stored tokens. Returns `None` if none are stored.
    ///
    /// # Errors
    ///
    /// Returns an error if the store fails.
    pub(crate) async fn resumed(
        application: Application,
        scope: Option<String>,
        place: StoreKey,
        cloud: &Cloud,
    ) -> Result<Option<Self>> {
        let sinks = TokenSinks {
            callback: None,
            store: Some(place),
        };
        let token_state = Self::new(application, scope, sinks, cloud, true, Current::default());
        let found = {
            let mut current = token_state.current.lock().await;
            token_state.look(&mut current).await?;
            current.refresh_token.is_some()
        };
        Ok(found.then_some(token_state))
    }

    fn new(
        application: Application,
        scope: Option<String>,
        sinks: TokenSinks,
        cloud: &Cloud,
        is_session: bool,
        current: Current,
    ) -> Self {
        Self {
            application,
            scope,
            sinks,
            is_session,
            authority: authority(cloud.login()),
            id: Uuid::new_v4(),
            life: RevocationFlag::default(),
            current: Mutex::new(current),
        }
    }

    pub(crate) fn application(&self) -> &Application {
        &self.application
    }

    pub(crate) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    pub(crate) fn id(&self) -> &Uuid {
        &self.id
    }

    pub(crate) fn is_stored(&self) -> bool {
        self.sinks.store.is_some()
    }

    pub(crate) fn life(&self) -> &RevocationFlag {
        &self.life
    }

    pub(crate) async fn account(&self) -> Option<Account> {
        self.current.lock().await.account.clone()
    }

    /// Returns an access token.
    ///
    /// # Errors
    ///
    /// Returns the errors of the identity platform and of the receivers. Without a refresh token,
    /// [`needs_user`](SignInError::needs_user) is true.
    pub(crate) fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<AccessToken>> {
        Box::pin(async move {
            // A callback or a store that calls Graph for this session would wait for itself.
            let within = Within::enter(self)?;
            within.scope(self.next_token(&request)).await
        })
    }

    async fn next_token(&self, request: &TokenRequest) -> Result<AccessToken> {
        if self.authority != authority(request.cloud().login()) {
            return Err(SignInError::new(format!(
                "the user signed in at `{}`, but the client's cloud uses `{}`: check \
                 `GraphBuilder::cloud`",
                self.authority,
                request.cloud().login()
            ))
            .into());
        }
        let mut current = self.turn().await?;
        self.has_not_ended()?;
        // A receiver that failed the last time gets the tokens again.
        self.hand_over(&mut current).await?;
        let there = current
            .token
            .take()
            .filter(|token| !token.end().is_some_and(|end| end.has_come(Moment::now())));
        if let Some(token) = there.filter(|_| request.claims().is_none() && !request.is_refused()) {
            return self.given_out(token);
        }
        self.look(&mut current).await?;
        let grant = self.renew(&mut current, request).await?;
        self.has_not_ended()?;
        current.take(&grant);
        self.hand_over(&mut current).await?;
        current.token = None;
        self.given_out(grant.token())
    }

    /// Waits for the other requests of this session.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them makes no progress.
    async fn turn(&self) -> Result<MutexGuard<'_, Current>> {
        let turn = timeout(LONGEST_TURN, self.current.lock()).await;
        turn.map_err(|_| {
            SignInError::new(
                "another token request of this session is stuck, because the Tokio runtime that it \
                 began on has stopped",
            )
            .into()
        })
    }

    fn given_out(&self, token: AccessToken) -> Result<AccessToken> {
        self.has_not_ended()?;
        Ok(token.ending_with(self.life.clone()))
    }

    fn has_not_ended(&self) -> Result<()> {
        if self.life.has_ended() {
            return Err(SignInError::user_needed("the user has signed out").into());
        }
        Ok(())
    }

    /// Stops the use of all tokens, and deletes the stored ones.
    ///
    /// # Errors
    ///
    /// Returns an error if the store fails. The session has ended in this program all the same.
    pub(crate) async fn end(&self) -> Result<()> {
        self.life.end();
        // A pending request ends first, and its tokens are not stored.
        let mut current = self.turn().await?;
        current.end();
        let Some(StoreKey { store, key }) = &self.sinks.store else {
            return Ok(());
        };
        let stored = store.load(key).await.map_err(store_failed)?;
        let stored = stored.and_then(|stored| Saved::read(&stored.contents).ok());
        if stored.is_some_and(|stored| is_anothers(&stored, current.account.as_ref())) {
            return Ok(());
        }
        store.delete(key).await.map_err(store_failed)
    }

    /// Renews the token at the identity platform. Uses another refresh token if the first one is no
    /// longer valid and another process has stored the next.
    async fn renew(&self, current: &mut Current, request: &TokenRequest) -> Result<Grant> {
        let platform = Platform::new(&self.application, request).await?;
        let scope = format!(
            "{} offline_access",
            self.scope.as_deref().unwrap_or(request.scope())
        );
        let (mut has_waited, mut is_given) = (false, false);
        loop {
            let known = current.refresh_token.clone();
            let given = current.given.as_ref();
            let token = known.as_ref().filter(|_| !is_given).or(given).cloned();
            let Some(token) = token else {
                return Err(SignInError::user_needed(
                    "no refresh token is available, so the user has to sign in again",
                )
                .into());
            };
            let refused = match platform.refresh_token(&token, &scope).await {
                Ok(grant) => {
                    // This refresh token is the current one from now on.
                    current.refresh_token = Some(token);
                    current.given = None;
                    // Otherwise each start would send the invalid token first.
                    current.store_waits |= is_given;
                    return Ok(grant);
                }
                Err(error) if is_dead(&error) => error,
                Err(error) => return Err(error),
            };
            let mut is_followed = self.is_followed(current, known.as_ref()).await?;
            if !is_followed && !has_waited && self.sinks.store.is_some() {
                // On a platform where a refresh token is good for one use, another process has used
                // it. That process is about to write the next one.
                has_waited = true;
                for _ in 0..LOOKS {
                    sleep(OTHERS_WRITE / LOOKS).await;
                    is_followed = self.is_followed(current, known.as_ref()).await?;
                    if is_followed {
                        break;
                    }
                }
            }
            if is_followed {
                // Other processes may be as quick with this refresh token.
                (has_waited, is_given) = (false, false);
                continue;
            }
            // The stored refresh token is not valid. The program may have received a new one since.
            // That one is kept even if it is refused as well, because the cause may pass: missing
            // consent has the same error code.
            let given = current.given.as_ref();
            if is_given || given.is_none_or(|given| *given == token) {
                return Err(refused);
            }
            is_given = true;
        }
    }

    /// Checks whether another process has stored a refresh token other than the known one.
    async fn is_followed(
        &self,
        current: &mut Current,
        known: Option<&Secret<String>>,
    ) -> Result<bool> {
        self.look(current).await?;
        Ok(current.refresh_token.as_ref() != known)
    }

    /// Takes over the tokens that another process has stored.
    async fn look(&self, current: &mut Current) -> Result<()> {
        let Some(StoreKey { store, key }) = &self.sinks.store else {
            return Ok(());
        };
        // This process has a newer token that is not written yet.
        if current.store_waits {
            return Ok(());
        }
        let stored = store.load(key).await.map_err(store_failed)?;
        let version = stored.as_ref().map(|stored| stored.version);
        if version == current.version {
            return Ok(());
        }
        let Some(stored) = stored else {
            if self.is_session {
                self.life.end();
                current.end();
            }
            current.version = None;
            return self.has_not_ended();
        };
        let saved = Saved::read(&stored.contents)?;
        // A session belongs to one user. It does not overwrite an entry of another user, because
        // the version of that entry stays unknown here.
        if is_anothers(&saved, current.account.as_ref()) {
            return Ok(());
        }
        current.version = version;
        current.refresh_token = Some(saved.refresh_token);
        current.account = saved.account.or(current.account.take());
        Ok(())
    }

    /// Passes a new refresh token to all receivers that do not have it yet. A receiver that fails
    /// gets it again with the next call.
    async fn hand_over(&self, current: &mut Current) -> Result<()> {
        let Some(token) = current.refresh_token.clone() else {
            return Ok(());
        };
        if let Some(callback) = self
            .sinks
            .callback
            .as_ref()
            .filter(|_| current.callback_waits)
        {
            callback(token.clone()).await.map_err(|error| {
                Error::from(
                    SignInError::new("cannot store the new refresh token").with_source(error),
                )
            })?;
        }
        current.callback_waits = false;
        let mut attempts = 0;
        while let Some(StoreKey { store, key }) = self
            .sinks
            .store
            .as_ref()
            .filter(|_| current.store_waits && attempts < MAX_ATTEMPTS)
        {
            attempts += 1;
            if current.is_new {
                let stored = store.load(key).await.map_err(store_failed)?;
                current.version = stored.map(|stored| stored.version);
            }
            let contents = Saved::write(&token, current.account.as_ref())?;
            let outcome = store.store(key, contents, current.version).await;
            match outcome.map_err(store_failed)? {
                StoreOutcome::Stored { version } => {
                    current.version = Some(version);
                    current.store_waits = false;
                }
                // This sign-in is new, so it replaces tokens that another process renewed for the
                // earlier sign-in.
                StoreOutcome::Conflict if current.is_new => {}
                // Another process has renewed as well, and its token is as good. All processes see
                // the stored token, so this process uses it too.
                StoreOutcome::Conflict => {
                    current.store_waits = false;
                    self.look(current).await?;
                    // The entry was deleted, and it was not a session that could have ended.
                    current.store_waits = current.version.is_none();
                }
            }
        }
        if self.sinks.store.is_some() && current.store_waits {
            return Err(SignInError::new(
                "cannot store the refresh token, because other processes keep changing the token \
                 store",
            )
            .into());
        }
        current.store_waits = false;
        current.is_new = false;
        Ok(())
    }
}

/// Checks whether the entry belongs to another user.
fn is_anothers(saved: &Saved, account: Option<&Account>) -> bool {
    match (&saved.account, account) {
        (Some(there), Some(own)) => there.id() != own.id(),
        // The stored entry has no account, and a session with an account must not use it.
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

fn is_dead(error: &Error) -> bool {
    let Error::SignIn(error) = error else {
        return false;
    };
    error.error() == Some("invalid_grant") && error.needs_user()
}

fn store_failed(error: BoxError) -> Error {
    SignInError::new("the token store failed")
        .with_source(error)
        .into()
}

impl fmt::Debug for RefreshTokenState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokenState")
            .field("application", &self.application)
            .field("scope", &self.scope)
            .field("is_stored", &self.is_stored())
            .finish_non_exhaustive()
    }
}
