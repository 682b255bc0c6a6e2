//! Refresh tokens, each of which is followed by the next.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};

use super::super::platform::{Grant, Platform};
use super::super::store::{StoreOutcome, TokenStore};
use super::super::{Application, BoxError, Secret, Token, TokenRequest};
use super::Account;
use super::saved::Saved;
use crate::Result;
use crate::error::{Error, SignInError};

type HandedOver = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;
pub(in crate::auth) type OnRotation = dyn Fn(Secret<String>) -> HandedOver + Send + Sync;

/// How long another process may take from the platform's answer to its write.
const OTHERS_WRITE: Duration = Duration::from_secs(1);

/// Who keeps refresh tokens beyond the program.
#[derive(Default)]
pub(in crate::auth) struct Keepers {
    pub(in crate::auth) callback: Option<Arc<OnRotation>>,
    pub(in crate::auth) store: Option<Place>,
}

/// An entry of a store.
#[derive(Clone)]
pub(in crate::auth) struct Place {
    pub(in crate::auth) store: Arc<dyn TokenStore>,
    pub(in crate::auth) key: String,
}

/// A user's refresh tokens. The next one is with its keepers before the access token that came along is used.
pub(in crate::auth) struct Rotation {
    application: Application,
    /// None: all that was consented to.
    scope: Option<String>,
    keepers: Keepers,
    /// Locked as long as a request runs, so that one refresh token is not used twice at once.
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    refresh_token: Option<Secret<String>>,
    /// The first one, as the program was given it: good where what is stored is not any more.
    given: Option<Secret<String>>,
    account: Option<Account>,
    /// What the store has, as far as is known.
    version: Option<u64>,
    /// Who does not have the newest yet.
    callback_waits: bool,
    store_waits: bool,
    /// The access token that came with the sign-in, until it is asked for.
    first: Option<Token>,
    has_ended: bool,
}

impl Current {
    /// Takes over what the platform gave. Where it gave no new refresh token, the old one goes on.
    fn take(&mut self, grant: &Grant) {
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

impl Rotation {
    /// Of a refresh token that the program was given.
    pub(in crate::auth) fn given(
        application: Application,
        scope: Option<String>,
        keepers: Keepers,
        refresh_token: Secret<String>,
    ) -> Self {
        Self::new(
            application,
            scope,
            keepers,
            Current {
                given: Some(refresh_token),
                ..Current::default()
            },
        )
    }

    /// Of a sign-in that has just been.
    ///
    /// # Errors
    ///
    /// When a keeper fails.
    pub(in crate::auth) async fn begun(
        application: Application,
        scope: Option<String>,
        keepers: Keepers,
        account: Option<Account>,
        grant: &Grant,
    ) -> Result<Self> {
        let mut current = Current {
            account,
            first: Some(grant.token()),
            ..Current::default()
        };
        current.take(grant);
        let rotation = Self::new(application, scope, keepers, current);
        {
            let mut current = rotation.current.lock().await;
            rotation.overwrite(&mut current).await?;
            rotation.hand_over(&mut current).await?;
        }
        Ok(rotation)
    }

    /// Of what is stored; none where nothing is.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub(in crate::auth) async fn resumed(
        application: Application,
        scope: Option<String>,
        place: Place,
    ) -> Result<Option<Self>> {
        let keepers = Keepers {
            callback: None,
            store: Some(place),
        };
        let rotation = Self::new(application, scope, keepers, Current::default());
        let found = {
            let mut current = rotation.current.lock().await;
            rotation.look(&mut current).await?;
            current.refresh_token.is_some()
        };
        Ok(found.then_some(rotation))
    }

    fn new(
        application: Application,
        scope: Option<String>,
        keepers: Keepers,
        current: Current,
    ) -> Self {
        Self {
            application,
            scope,
            keepers,
            current: Mutex::new(current),
        }
    }

    pub(in crate::auth) fn application(&self) -> &Application {
        &self.application
    }

    pub(in crate::auth) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    pub(in crate::auth) async fn account(&self) -> Option<Account> {
        self.current.lock().await.account.clone()
    }

    /// An access token.
    ///
    /// # Errors
    ///
    /// What the platform and the keepers say; [`needs_user`](SignInError::needs_user) where there is nothing to renew with.
    pub(in crate::auth) async fn token(&self, request: &TokenRequest) -> Result<Token> {
        let mut current = self.current.lock().await;
        if current.has_ended {
            return Err(SignInError::user_needed("the user has signed out").into());
        }
        if let Some(first) = current.first.take()
            && request.claims().is_none()
            && first.end().is_none_or(|end| Instant::now() < end)
        {
            return Ok(first);
        }
        self.look(&mut current).await?;
        let grant = self.renew(&mut current, request).await?;
        current.take(&grant);
        self.hand_over(&mut current).await?;
        Ok(grant.token())
    }

    /// Uses no token any more, and forgets what is stored.
    ///
    /// # Errors
    ///
    /// When the store fails; in this program, the session has ended all the same.
    pub(in crate::auth) async fn end(&self) -> Result<()> {
        let mut current = self.current.lock().await;
        *current = Current {
            has_ended: true,
            ..Current::default()
        };
        match &self.keepers.store {
            Some(Place { store, key }) => store.delete(key).await.map_err(store_failed),
            None => Ok(()),
        }
    }

    /// Asks the platform; with another refresh token where the first one is dead and another process has the next.
    async fn renew(
        &self,
        current: &mut MutexGuard<'_, Current>,
        request: &TokenRequest,
    ) -> Result<Grant> {
        let platform = Platform::new(&self.application, request).await?;
        let scope = format!(
            "{} offline_access",
            self.scope.as_deref().unwrap_or(request.scope())
        );
        let mut waited = false;
        loop {
            let token = current.refresh_token.as_ref().or(current.given.as_ref());
            let Some(token) = token.cloned() else {
                return Err(SignInError::user_needed(
                    "there is no refresh token, so the user has to sign in again",
                )
                .into());
            };
            let refused = match platform.refresh_token(&token, &scope).await {
                Ok(grant) => {
                    // From now on it is the current one, whatever it was before.
                    current.refresh_token.get_or_insert(token);
                    current.given = None;
                    return Ok(grant);
                }
                Err(error) if is_dead(&error) => error,
                Err(error) => return Err(error),
            };
            if self.keepers.store.is_some() {
                self.look(current).await?;
                if current
                    .refresh_token
                    .as_ref()
                    .is_some_and(|new| *new != token)
                {
                    continue;
                }
                if !waited {
                    // On a platform where a refresh token is good for one use, another process has used it, and is about to
                    // write the next one.
                    waited = true;
                    sleep(OTHERS_WRITE).await;
                    self.look(current).await?;
                    if current
                        .refresh_token
                        .as_ref()
                        .is_some_and(|new| *new != token)
                    {
                        continue;
                    }
                }
            }
            // What is stored is dead: perhaps the program was given a new one since.
            match current.given.take() {
                Some(given) if given != token => current.refresh_token = Some(given),
                _ => return Err(refused),
            }
        }
    }

    /// Takes over what another process has stored.
    async fn look(&self, current: &mut Current) -> Result<()> {
        let Some(Place { store, key }) = &self.keepers.store else {
            return Ok(());
        };
        // What this process has is newer, and not written yet.
        if current.store_waits {
            return Ok(());
        }
        let stored = store.load(key).await.map_err(store_failed)?;
        let version = stored.as_ref().map(|stored| stored.version);
        if version == current.version {
            return Ok(());
        }
        current.version = version;
        if let Some(stored) = stored {
            let saved = Saved::read(&stored.contents)?;
            current.refresh_token = Some(saved.refresh_token);
            current.account = saved.account.or(current.account.take());
        }
        Ok(())
    }

    /// Finds out what the store has, so that it is replaced: somebody has signed in anew.
    async fn overwrite(&self, current: &mut Current) -> Result<()> {
        if let Some(Place { store, key }) = &self.keepers.store {
            let stored = store.load(key).await.map_err(store_failed)?;
            current.version = stored.map(|stored| stored.version);
        }
        Ok(())
    }

    /// Gives a new refresh token to all who do not have it yet. One who fails is given it again with the next call.
    async fn hand_over(&self, current: &mut Current) -> Result<()> {
        let Some(token) = current.refresh_token.clone() else {
            return Ok(());
        };
        if let Some(callback) = self
            .keepers
            .callback
            .as_ref()
            .filter(|_| current.callback_waits)
        {
            callback(token.clone()).await.map_err(|error| {
                Error::from(
                    SignInError::new("the new refresh token could not be stored")
                        .with_source(error),
                )
            })?;
        }
        current.callback_waits = false;
        if let Some(Place { store, key }) =
            self.keepers.store.as_ref().filter(|_| current.store_waits)
        {
            let contents = Saved::write(&token, current.account.as_ref())?;
            let outcome = store.store(key, contents, current.version).await;
            match outcome.map_err(store_failed)? {
                StoreOutcome::Stored { version } => {
                    current.version = Some(version);
                    current.store_waits = false;
                }
                // Another process has renewed as well, and its token is as good: the one that everybody sees is the one to go on
                // with.
                StoreOutcome::Conflict => {
                    current.store_waits = false;
                    self.look(current).await?;
                }
            }
        }
        current.store_waits = false;
        Ok(())
    }
}

fn is_dead(error: &Error) -> bool {
    matches!(error, Error::SignIn(error) if error.error() == Some("invalid_grant"))
}

fn store_failed(error: BoxError) -> Error {
    SignInError::new("the token store failed")
        .with_source(error)
        .into()
}

impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotation")
            .field("application", &self.application)
            .field("scope", &self.scope)
            .field(
                "store",
                &self.keepers.store.as_ref().map(|place| &place.key),
            )
            .finish_non_exhaustive()
    }
}
