//! Sessions that begin when they are first needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout};

use super::super::reentry::Within;
use super::super::store::TokenStore;
use super::super::{AccessToken, Application, TokenProvider, TokenRequest};
use super::{Account, RevocationFlag, StoreKey, UserSession};
use crate::error::{Error, SignInError};
use crate::{Cloud, Result};

/// The longest wait for other calls that begin or renew the session, in addition to the time of the
/// user.
const LONGEST_TURN: Duration = Duration::from_secs(2 * 60);

/// Begins a session, for the user with this name if a certain one is expected.
pub(crate) type SignIn<'a> =
    Box<dyn FnOnce(TokenRequest, Option<String>) -> BoxFuture<'a, Result<UserSession>> + Send + 'a>;

/// The session of a program that one user works with. A stored session is resumed. If there is
/// none, or it is no longer valid, a new one begins. Clones share the session.
#[derive(Clone)]
pub(crate) struct InteractiveSession {
    application: Application,
    scope: Option<String>,
    store: Option<Arc<dyn TokenStore>>,
    /// The expected user, if several users may work with the program.
    user: Option<String>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Held by the call that begins or renews the session, for as long as the user takes.
    turn: tokio::sync::Mutex<()>,
    /// Held by the call that reads the store, so that one entry becomes one session.
    loading: tokio::sync::Mutex<()>,
    current: Mutex<Option<Current>>,
    /// The time until which the user may sign in.
    user_until: Mutex<Option<Instant>>,
}

#[derive(Clone)]
struct Current {
    session: UserSession,
    /// The flag that ends the tokens issued here. When another user signs in, they are not used any
    /// more, though the session itself may continue.
    life: RevocationFlag,
}

impl Current {
    fn new(session: UserSession) -> Self {
        let life = session.life().within();
        Self { session, life }
    }

    /// Replaces the current session.
    fn replace(there: &mut Option<Self>, session: UserSession) -> Self {
        let new = Self::new(session);
        if let Some(old) = there.replace(new.clone()) {
            old.life.end();
        }
        new
    }

    async fn token(&self, request: TokenRequest) -> Result<AccessToken> {
        let token = self.session.token(request).await?;
        Ok(token.ending_with(self.life.clone()))
    }
}

impl InteractiveSession {
    pub(crate) fn new(application: Application) -> Self {
        Self {
            application,
            scope: None,
            store: None,
            user: None,
            shared: Arc::default(),
        }
    }

    pub(crate) fn application(&self) -> &Application {
        &self.application
    }

    pub(crate) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    // Clones share a session only while they have the same scopes, store and user. The setters
    // below therefore start a new one.

    pub(crate) fn set_scope(&mut self, scope: String) {
        self.scope = Some(scope);
        self.shared = Arc::default();
    }

    pub(crate) fn set_store(&mut self, store: Arc<dyn TokenStore>) {
        self.store = Some(store);
        self.shared = Arc::default();
    }

    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub(crate) fn set_user(&mut self, user: String) {
        self.user = Some(user);
        self.shared = Arc::default();
    }

    /// Returns the store entry of the session, if there is a store.
    pub(crate) fn place(&self, cloud: &Cloud) -> Option<StoreKey> {
        let store = self.store.as_ref()?;
        // The name that a user signs in with is case-insensitive.
        let user = self.user().map(str::to_ascii_lowercase);
        Some(StoreKey::of(
            store,
            &self.application,
            cloud,
            user.as_deref(),
        ))
    }

    /// Returns the user, while there is a session.
    pub(crate) fn account(&self) -> Option<Account> {
        let session = self.current()?.session;
        session.account().filter(|_| !session.has_ended()).cloned()
    }

    fn current(&self) -> Option<Current> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.shared
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, session: UserSession) -> Current {
        Current::replace(&mut self.lock(), session)
    }

    /// Records that the user is being asked now, and has this much time. The token request waits as
    /// long, and so do others for this session.
    pub(crate) fn wait_for_user(&self, request: &TokenRequest, time: Duration) {
        request.extend_time_limit(time.saturating_add(LONGEST_TURN));
        *self.user_until() = Instant::now().checked_add(time);
    }

    fn user_until(&self) -> MutexGuard<'_, Option<Instant>> {
        let until = self.shared.user_until.lock();
        until.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for other calls that begin or renew the session, for as long as the user has time.
    ///
    /// # Errors
    ///
    /// Returns an error if those calls make no progress.
    async fn turn(
        &self,
        request: Option<&TokenRequest>,
    ) -> Result<tokio::sync::MutexGuard<'_, ()>> {
        loop {
            let until = *self.user_until();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let time = left.unwrap_or_default().saturating_add(LONGEST_TURN);
            if let Some(request) = request {
                request.extend_time_limit(time.saturating_add(LONGEST_TURN));
            }
            if let Ok(turn) = timeout(time, self.shared.turn.lock()).await {
                return Ok(turn);
            }
            if *self.user_until() <= until {
                return Err(stalled());
            }
        }
    }

    /// Returns the existing session, from memory or from the store. Asks neither the user nor the
    /// identity platform.
    pub(crate) async fn resume(&self, cloud: &Cloud) -> Result<Option<UserSession>> {
        let current = self.resumed(cloud).await?;
        Ok(current.map(|current| current.session))
    }

    /// Returns the current session, or makes the stored one current. Calls at the same time get the
    /// same session.
    async fn resumed(&self, cloud: &Cloud) -> Result<Option<Current>> {
        let goes_on = |current: &Current| !current.session.has_ended();
        let loading = timeout(LONGEST_TURN, self.shared.loading.lock()).await;
        let _loading = loading.map_err(|_| stalled())?;
        if let Some(current) = self.current().filter(goes_on) {
            return Ok(Some(current));
        }
        let stored = self.stored(cloud).await?;
        let mut there = self.lock();
        // Another call has signed the user in meanwhile.
        if let Some(newer) = there.clone().filter(goes_on) {
            return Ok(Some(newer));
        }
        Ok(stored.map(|session| Current::replace(&mut there, session)))
    }

    async fn stored(&self, cloud: &Cloud) -> Result<Option<UserSession>> {
        match self.place(cloud) {
            Some(place) => {
                let (application, scope) = (self.application.clone(), self.scope.clone());
                UserSession::resumed(application, scope, place, cloud).await
            }
            None => Ok(None),
        }
    }

    /// Begins a new session, even if there is one.
    pub(crate) async fn begin(
        &self,
        sign_in: BoxFuture<'_, Result<UserSession>>,
    ) -> Result<UserSession> {
        // The callback that prompts the user may call Graph, but not with this session.
        let within = Within::enter(&*self.shared)?;
        let begun = async {
            let _turn = self.turn(None).await?;
            let session = sign_in.await;
            *self.user_until() = None;
            let session = session?;
            self.replace(session.clone());
            session.keep().await?;
            Ok(session)
        };
        within.scope(begun).await
    }

    /// Returns a token of the current session, or of the stored one. If there is neither, `sign_in`
    /// begins a new session for the user whose name it receives.
    ///
    /// A new session in the middle of a program must belong to the same user. Calls that began as
    /// one user do not continue as another.
    pub(crate) fn token<'a>(
        &'a self,
        request: TokenRequest,
        sign_in: SignIn<'a>,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(async move {
            let within = Within::enter(&*self.shared)?;
            within.scope(self.next_token(&request, sign_in)).await
        })
    }

    async fn next_token(&self, request: &TokenRequest, sign_in: SignIn<'_>) -> Result<AccessToken> {
        let _turn = self.turn(Some(request)).await?;
        let mut current = self.current();
        if current.is_none() {
            current = self.resumed(request.cloud()).await?;
        }
        let former = current
            .as_ref()
            .filter(|current| !current.session.has_ended())
            .and_then(|current| current.session.account().cloned());
        let mut claims = None;
        if let Some(current) = current {
            match current.token(request.clone()).await {
                Err(Error::SignIn(error)) if error.needs_user() => {
                    claims = error.claims().map(Into::into);
                }
                outcome => return outcome,
            }
        }
        // The claims are those of the refusal, or else those that Graph requested.
        let mut request = request.clone();
        if claims.is_some() {
            request = request.with_claims(claims);
        }
        let username = former.as_ref().and_then(Account::username);
        let expected = self.user.as_deref().or(username).map(str::to_owned);
        let session = sign_in(request.clone(), expected).await;
        *self.user_until() = None;
        let session = session?;
        if let (Some(former), Some(new)) = (former, session.account())
            && former.id() != new.id()
        {
            return Err(SignInError::user_needed(
                "another user has signed in than before: to change the user, call `sign_in`",
            )
            .into());
        }
        let anew = request.with_claims(None).with_refusal(false);
        self.replace(session).token(anew).await
    }
}

fn stalled() -> Error {
    SignInError::new(
        "another token request of this session is stuck, because the Tokio runtime that it began \
         on has stopped",
    )
    .into()
}
