//! The access tokens of a client.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;

use super::super::moment::Moment;
use super::super::reentry::Within;
use super::super::time_limit::TimeLimit;
use super::super::{AccessToken, TokenProvider, TokenRequest};
use super::TokenCache;
use super::bearer::Bearer;
use super::slot::{CacheEntry, Flight, Landed, Start};
use crate::Result;
use crate::error::{Error, SignInError};

/// The access tokens of a client.
pub struct Tokens {
    provider: Arc<dyn TokenProvider>,
    request: TokenRequest,
    slot: Arc<CacheEntry>,
    /// The token of a provider that has only one, if it is valid as a header.
    only: Option<Bearer>,
}

impl Tokens {
    /// Creates the tokens of a provider. Providers that have the same cache key share their tokens
    /// in this cache.
    pub fn new(
        provider: Arc<dyn TokenProvider>,
        request: TokenRequest,
        cache: &TokenCache,
    ) -> Arc<Self> {
        let slot = match provider.cache_key(request.cloud()) {
            Some(key) => cache.slot(&key),
            None => Arc::default(),
        };
        let only = provider.only_token();
        let only = only.and_then(|token| Bearer::new(&AccessToken::new(token.clone()), None).ok());
        Arc::new(Self {
            provider,
            request,
            slot,
            only,
        })
    }

    /// Returns a valid token. Waits only if there is none.
    pub async fn token(self: &Arc<Self>) -> Result<Bearer> {
        self.token_of_call(None).await
    }

    /// Returns the token that most calls get: the cached one, while no request is needed or
    /// pending, or the only token of the provider. Returns `None` if the call may have to wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the call comes from the provider itself.
    pub fn at_hand(&self) -> Result<Option<Bearer>> {
        self.is_not_within_itself()?;
        if self.provider.has_ended() {
            return Ok(None);
        }
        if self.only.is_some() {
            return Ok(self.only.clone());
        }
        if !self.provider.shares_tokens() {
            return Ok(None);
        }
        let state = self.slot.lock();
        let now = Moment::now();
        let kept = state.kept.as_ref().filter(|kept| {
            state.flight.is_none() && kept.lives(now) && !state.is_to_renew(kept, now)
        });
        Ok(kept.cloned())
    }

    /// Returns a valid token, for a call with this deadline.
    pub async fn token_of_call(self: &Arc<Self>, deadline: Option<Instant>) -> Result<Bearer> {
        self.is_not_within_itself()?;
        loop {
            self.give_up_overrun();
            if !self.provider.shares_tokens() || self.provider.has_ended() {
                let limit = self.limit(deadline);
                return self.ask(None, false, limit).await;
            }
            let (kept, flight, start) = {
                let mut state = self.slot.lock();
                let now = Moment::now();
                let kept = state.kept.clone().filter(|kept| kept.lives(now));
                match (&kept, &state.flight) {
                    (Some(kept), under_way)
                        if under_way.is_some() || !state.is_to_renew(kept, now) =>
                    {
                        return Ok(kept.clone());
                    }
                    (None, Some(flight)) => (None, flight.clone(), None),
                    _ => {
                        if kept.is_none() {
                            state.is_held(now.steady())?;
                        }
                        let wanted = state.wanted();
                        let (flight, start) = state.reserve(wanted, self.limit(deadline));
                        (kept, flight, Some(start))
                    }
                }
            };
            let is_own = start.is_some();
            if let Some(start) = start {
                self.take_off(start)?;
            }
            if let Some(kept) = kept {
                return Ok(kept);
            }
            match self.landed(&flight, is_own).await? {
                // The user has signed out meanwhile. The provider reports that.
                Some(Ok(bearer)) if bearer.has_ended() => {}
                Some(outcome) => return outcome,
                None => {}
            }
        }
    }

    /// Returns another token than the one that Graph refused, with the claims that Graph requested.
    /// If the provider has no other token, returns the same one.
    pub async fn renew(
        self: &Arc<Self>,
        refused: &Bearer,
        claims: Option<String>,
    ) -> Result<Bearer> {
        self.is_not_within_itself()?;
        let claims: Option<Arc<str>> = claims.map(Into::into);
        loop {
            self.give_up_overrun();
            if !self.provider.shares_tokens() || self.provider.has_ended() {
                return self.ask(claims, true, self.limit(None)).await;
            }
            let (flight, start) = {
                let mut state = self.slot.lock();
                state.forget(refused);
                // Another call was refused before, and its new token is here.
                let kept = state
                    .kept
                    .as_ref()
                    .filter(|kept| kept.responses(claims.as_ref()));
                if let Some(kept) = kept.filter(|kept| kept.lives(Moment::now())) {
                    return Ok(kept.clone());
                }
                match &state.flight {
                    Some(flight) => (flight.clone(), None),
                    None => {
                        state.is_held(Moment::now().steady())?;
                        let (flight, start) = state.reserve(claims.clone(), self.limit(None));
                        (flight, Some(start))
                    }
                }
            };
            let is_own = start.is_some();
            if let Some(start) = start {
                self.take_off(start)?;
            }
            let responses = claims.is_none() || flight.claims == claims;
            match self.landed(&flight, is_own).await? {
                Some(Ok(bearer)) if bearer.has_ended() => {}
                Some(outcome) if responses => return outcome,
                // There is one request at a time, so this also waits for a request that does not
                // satisfy the challenge.
                _ => {}
            }
        }
    }

    /// Drops this token, which Graph refused. The next token is requested with these claims.
    pub fn forget(&self, refused: &Bearer, claims: Option<String>) {
        let mut state = self.slot.lock();
        state.forget(refused);
        state.want(claims.map(Into::into));
    }

    /// Returns a number that distinguishes the user of the next token from other users, as far as
    /// the user is known before the token. It is a hash of the provider's only token, of the cache
    /// key, or of the cached token.
    pub fn user(&self, salt: &RandomState) -> Option<u64> {
        if let Some(only) = &self.only {
            return Some(salt.hash_one(only.header().as_bytes()));
        }
        if let Some(key) = self.provider.cache_key(self.request.cloud()) {
            return Some(salt.hash_one(key));
        }
        let kept = self.slot.lock().kept.clone()?;
        Some(salt.hash_one(kept.header().as_bytes()))
    }

    /// Requests a new token with the next call.
    pub fn renew_next(&self) {
        self.slot.clear();
    }

    /// Checks that the call does not come from the provider whose token it needs.
    ///
    /// # Errors
    ///
    /// Returns an error if a provider that is asked for this token calls Graph with it.
    fn is_not_within_itself(&self) -> Result<()> {
        Ok(Within::check(&*self.slot)?)
    }

    fn limit(&self, deadline: Option<Instant>) -> TimeLimit {
        TimeLimit::new(self.request.timeout()).of_call(deadline)
    }

    /// Gives up a request that has overrun its time, because its runtime has stopped.
    fn give_up_overrun(&self) {
        let overrun = self.slot.lock().overrun();
        if let Some(overrun) = overrun {
            self.slot.give_up(&overrun);
        }
    }

    /// Waits for a request. Returns `None` if another request has to be made.
    ///
    /// # Errors
    ///
    /// Returns an error if it is the caller's own request, and its runtime has ended.
    async fn landed(&self, flight: &Flight, is_own: bool) -> Result<Option<Result<Bearer>>> {
        match flight.landed().await {
            Landed::Ended(outcome) => Ok(Some(outcome)),
            Landed::CutOff if is_own && !flight.is_given_up() && !self.provider.has_ended() => {
                Err(runtime_ended())
            }
            Landed::CutOff => Ok(None),
            Landed::Stalled => {
                tracing::warn!(
                    target: "msgraph",
                    "the Tokio runtime of a token request no longer polls it; repeating the request"
                );
                self.slot.give_up(flight);
                Ok(None)
            }
        }
    }

    async fn ask(
        &self,
        claims: Option<Arc<str>>,
        is_refused: bool,
        limit: TimeLimit,
    ) -> Result<Bearer> {
        let within = Within::enter(&*self.slot)?;
        let request = self.request.with_claims(claims.clone());
        let request = request.with_refusal(is_refused).with_limit(limit.clone());
        let asked = within.scope(self.provider.token(request));
        let token = limit.enforce(asked).await??;
        Bearer::new(&token, claims)
    }

    /// Starts the request in a task of its own. The call that needs it first may be given up while
    /// others still wait.
    ///
    /// The state must not be locked here, because a runtime that is shutting down drops the task at
    /// once.
    fn take_off(self: &Arc<Self>, start: Start) -> Result<()> {
        let Start {
            claims,
            limit,
            request,
            is_refused,
            generation,
            sender,
        } = start;
        let guard = RefreshGuard {
            tokens: Arc::clone(self),
            generation,
            sender: Some(sender),
        };
        let runtime = Handle::try_current().map_err(|error| {
            SignInError::new("a token request needs a Tokio runtime").with_source(error)
        })?;
        let flight = async move {
            let outcome = guard.tokens.ask(claims, is_refused, limit).await;
            // A sign-out of this provider's user does not concern calls that wait with another
            // provider.
            if outcome.is_ok() || !guard.tokens.provider.has_ended() {
                guard.land(outcome);
            }
        };
        // The request is traced with the call that needed it first. It also runs within the token
        // requests of that call.
        let flight = Within::current().scope(flight.in_current_span());
        request.start(&runtime, flight);
        Ok(())
    }
}

fn runtime_ended() -> Error {
    SignInError::new("the Tokio runtime has shut down").into()
}

/// Ends a request, also if its task ends early.
struct RefreshGuard {
    tokens: Arc<Tokens>,
    generation: u64,
    sender: Option<watch::Sender<Option<Result<Bearer>>>>,
}

impl RefreshGuard {
    fn land(mut self, outcome: Result<Bearer>) {
        self.end(Some(outcome));
    }

    fn end(&mut self, outcome: Option<Result<Bearer>>) {
        let Some(sender) = self.sender.take() else {
            return;
        };
        self.tokens
            .slot
            .lock()
            .land(self.generation, outcome.as_ref());
        if outcome.is_some() {
            sender.send_replace(outcome);
        }
    }
}

impl Drop for RefreshGuard {
    fn drop(&mut self) {
        let panicked = std::thread::panicking();
        self.end(panicked.then(|| Err(SignInError::new("the token provider panicked").into())));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;
    use tokio::task::yield_now;
    use tokio::time::{advance, sleep};

    use super::super::bearer::RENEWED_BEFORE_END;
    use super::super::slot::PAUSE_AFTER_FAILURE;
    use super::*;
    use crate::Cloud;

    const HOUR: Duration = Duration::from_secs(3600);

    /// A provider that takes some time and counts its requests.
    struct Counting {
        asked: AtomicUsize,
        claims: Mutex<Vec<Option<String>>>,
        takes: Duration,
        lives: Option<Duration>,
        fails: fn(usize) -> bool,
    }

    impl Counting {
        fn new() -> Self {
            Self {
                asked: AtomicUsize::new(0),
                claims: Mutex::default(),
                takes: Duration::from_secs(1),
                lives: Some(HOUR),
                fails: |_| false,
            }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    #[async_trait::async_trait]
    impl TokenProvider for Counting {
        async fn token(&self, request: TokenRequest) -> Result<AccessToken> {
            let n = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            self.claims
                .lock()
                .unwrap()
                .push(request.claims().map(str::to_owned));
            sleep(self.takes).await;
            if (self.fails)(n) {
                return Err(SignInError::new(format!("failure {n}")).into());
            }
            let token = AccessToken::new(format!("token-{n}"));
            Ok(match self.lives {
                Some(life) => token.expires_in(life),
                None => token,
            })
        }
    }

    fn tokens(provider: impl TokenProvider) -> Arc<Tokens> {
        let http = crate::tests::plain_client();
        Tokens::new(
            Arc::new(provider),
            TokenRequest::new(Arc::new(Cloud::Global), http, None),
            &TokenCache::default(),
        )
    }

    fn counting(provider: Counting) -> (Arc<Counting>, Arc<Tokens>) {
        let provider = Arc::new(provider);
        (Arc::clone(&provider), tokens(provider))
    }

    fn text(bearer: &Bearer) -> String {
        bearer.header().to_str().unwrap().to_owned()
    }

    /// Lets the spawned tasks run as far as they can.
    async fn settle() {
        for _ in 0..10 {
            yield_now().await;
        }
    }

    // Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
    #[tokio::test(start_paused = true)]
    async fn thousand_concurrent_calls_make_one_request() {
        let (provider, tokens) = counting(Counting::new());
        let all = join_all((0..1000).map(|_| tokens.token())).await;
        assert_eq!(provider.asked(), 1);
        assert!(
            all.into_iter()
                .all(|bearer| text(&bearer.unwrap()) == "Bearer token-1")
        );
        tokens.token().await.unwrap();
        assert_eq!(provider.asked(), 1);
    }

    // Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
    #[tokio::test(start_paused = true)]
    async fn ten_thousand_calls_renew_expired_token_once() {
        let (provider, tokens) = counting(Counting::new());
        tokens.token().await.unwrap();
        advance(HOUR).await;
        let all = join_all((0..10_000).map(|_| tokens.token())).await;
        assert_eq!(provider.asked(), 2);
        assert!(
            all.into_iter()
                .all(|bearer| text(&bearer.unwrap()) == "Bearer token-2")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn token_requested_before_clear_is_not_cached() {
        let (provider, tokens) = counting(Counting::new());
        let before = tokio::spawn({
            let tokens = Arc::clone(&tokens);
            async move { tokens.token().await.map(|bearer| text(&bearer)) }
        });
        settle().await;
        tokens.renew_next();
        // The next call does not wait for the pending request.
        let after = text(&tokens.token().await.unwrap());
        assert_eq!(before.await.unwrap().unwrap(), "Bearer token-1");
        assert_eq!(after, "Bearer token-2");
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-2");
        assert_eq!(provider.asked(), 2);
    }

    // Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
    #[tokio::test(start_paused = true)]
    async fn other_waiters_get_token_when_first_is_dropped() {
        let (provider, tokens) = counting(Counting::new());
        let first = tokio::spawn({
            let tokens = Arc::clone(&tokens);
            async move { tokens.token().await.map(drop) }
        });
        settle().await;
        assert_eq!(provider.asked(), 1);
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-1");
        assert_eq!(provider.asked(), 1);
    }

    // Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
    #[tokio::test(start_paused = true)]
    async fn failure_fails_waiters_and_next_call_retries() {
        let (provider, tokens) = counting(Counting {
            fails: |n| n == 1,
            ..Counting::new()
        });
        for failed in join_all((0..100).map(|_| tokens.token())).await {
            assert_eq!(
                failed.err().unwrap().to_string(),
                "sign-in failed: failure 1"
            );
        }
        assert_eq!(provider.asked(), 1);
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-2");
    }

    // Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
    #[tokio::test(start_paused = true)]
    async fn token_is_renewed_in_background_before_expiry() {
        let (provider, tokens) = counting(Counting::new());
        tokens.token().await.unwrap();
        advance(HOUR - RENEWED_BEFORE_END - Duration::from_secs(1)).await;
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-1");
        settle().await;
        assert_eq!(provider.asked(), 1);

        advance(Duration::from_secs(1)).await;
        let before = Instant::now();
        for call in join_all((0..1000).map(|_| tokens.token())).await {
            assert_eq!(text(&call.unwrap()), "Bearer token-1");
        }
        assert_eq!(Instant::now(), before, "a call has waited");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(provider.asked(), 2);
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-2");
    }

    #[tokio::test(start_paused = true)]
    async fn failed_renewal_keeps_token_and_is_retried() {
        let (provider, tokens) = counting(Counting {
            fails: |n| n == 2,
            ..Counting::new()
        });
        tokens.token().await.unwrap();
        advance(HOUR - RENEWED_BEFORE_END).await;
        for _ in 0..20 {
            assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-1");
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(provider.asked(), 2);
        sleep(PAUSE_AFTER_FAILURE).await;
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-1");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer token-3");
    }

    #[tokio::test(start_paused = true)]
    async fn short_lived_token_is_not_renewed_per_call() {
        let life = Duration::from_secs(120);
        let (provider, tokens) = counting(Counting {
            lives: Some(life),
            ..Counting::new()
        });
        for _ in 0..55 {
            tokens.token().await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(provider.asked(), 1);
        for _ in 0..10 {
            tokens.token().await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(provider.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn token_without_expiry_is_cached() {
        let (provider, tokens) = counting(Counting {
            lives: None,
            ..Counting::new()
        });
        tokens.token().await.unwrap();
        advance(HOUR * 1000).await;
        tokens.token().await.unwrap();
        assert_eq!(provider.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn refresh_in_advances_the_renewal() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let tokens = tokens(move |_: TokenRequest| {
            let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                Ok(AccessToken::new(format!("t{n}"))
                    .expires_in(HOUR * 24)
                    .renew_in(HOUR * 12))
            }
        });
        tokens.token().await.unwrap();
        advance(HOUR * 12).await;
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer t1");
        settle().await;
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer t2");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn thousand_refusals_of_one_token_renew_once() {
        let (provider, tokens) = counting(Counting::new());
        let old = tokens.token().await.unwrap();
        let new = join_all((0..1000).map(|_| tokens.renew(&old, None))).await;
        assert!(
            new.into_iter()
                .all(|bearer| text(&bearer.unwrap()) == "Bearer token-2")
        );
        // A call whose refusal arrives late gets the token that exists by now.
        assert_eq!(
            text(&tokens.renew(&old, None).await.unwrap()),
            "Bearer token-2"
        );
        assert_eq!(provider.asked(), 2);
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
    #[tokio::test(start_paused = true)]
    async fn claims_of_challenge_reach_provider_once() {
        let (provider, tokens) = counting(Counting::new());
        let old = tokens.token().await.unwrap();
        let challenge = Some(r#"{"access_token":{}}"#.to_owned());
        let new = join_all((0..100).map(|_| tokens.renew(&old, challenge.clone()))).await;
        assert!(
            new.into_iter()
                .all(|bearer| text(&bearer.unwrap()) == "Bearer token-2")
        );
        assert_eq!(
            text(&tokens.renew(&old, challenge.clone()).await.unwrap()),
            "Bearer token-2"
        );
        assert_eq!(*provider.claims.lock().unwrap(), [None, challenge]);
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
    #[tokio::test(start_paused = true)]
    async fn request_without_claims_does_not_satisfy_challenge() {
        let (provider, tokens) = counting(Counting::new());
        let old = tokens.token().await.unwrap();
        let challenge = Some(r#"{"access_token":{}}"#.to_owned());
        let (plain, challenged) = tokio::join!(
            tokens.renew(&old, None),
            tokens.renew(&old, challenge.clone())
        );
        assert_eq!(text(&plain.unwrap()), "Bearer token-2");
        assert_eq!(text(&challenged.unwrap()), "Bearer token-3");
        assert_eq!(*provider.claims.lock().unwrap(), [None, None, challenge]);
    }

    #[tokio::test(start_paused = true)]
    async fn uncached_provider_runs_in_the_calls_task() {
        tokio::task_local!(static USER: &'static str);
        let tokens = tokens(crate::AccessTokenCredential::from_fn(|| {
            std::future::ready(USER.try_with(|user| user.to_string()))
        }));
        let (adele, alex) = tokio::join!(
            USER.scope("adele", tokens.token()),
            USER.scope("alex", tokens.token())
        );
        assert_eq!(
            (text(&adele.unwrap()), text(&alex.unwrap())),
            ("Bearer adele".into(), "Bearer alex".into())
        );
        let error = tokens.token().await.err().unwrap().to_string();
        assert!(
            error.starts_with(
                "sign-in failed: the closure given to `AccessTokenCredential::from_fn` failed: "
            ),
            "{error}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn panicking_provider_fails_waiters_and_is_retried() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let tokens = tokens(move |_: TokenRequest| {
            let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                assert!(n > 1, "the provider of this test panics once");
                Ok(AccessToken::new("t"))
            }
        });
        for failed in join_all((0..10).map(|_| tokens.token())).await {
            assert_eq!(
                failed.err().unwrap().to_string(),
                "sign-in failed: the token provider panicked"
            );
        }
        assert_eq!(text(&tokens.token().await.unwrap()), "Bearer t");
    }

    #[test]
    fn request_of_ended_runtime_does_not_block_next() {
        let (provider, tokens) = counting(Counting {
            takes: Duration::from_secs(30),
            lives: None,
            ..Counting::new()
        });
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap()
        };
        let first = runtime();
        first.block_on(async {
            let waits = tokio::time::timeout(Duration::from_secs(1), tokens.token()).await;
            assert!(waits.is_err());
        });
        drop(first);
        let bearer = runtime().block_on(tokens.token()).unwrap();
        assert_eq!(
            (text(&bearer).as_str(), provider.asked()),
            ("Bearer token-2", 2)
        );
    }

    #[test]
    fn ended_runtime_is_an_error_without_deadlock() {
        let (_, tokens) = counting(Counting::new());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let error = futures_util::FutureExt::now_or_never(tokens.token())
            .unwrap()
            .err()
            .unwrap();
        assert_eq!(
            error.to_string(),
            "sign-in failed: the Tokio runtime has shut down"
        );
    }

    #[test]
    fn missing_tokio_runtime_is_an_error() {
        let (_, tokens) = counting(Counting::new());
        let error = futures_util::FutureExt::now_or_never(tokens.token())
            .unwrap()
            .err()
            .unwrap();
        assert!(
            error
                .to_string()
                .starts_with("sign-in failed: a token request needs a Tokio runtime"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn invalid_token_text_is_refused_unsent() {
        for (given, says) in [
            ("", "empty"),
            (" \n", "empty"),
            ("Bearer eyJ", "the word `Bearer`"),
            ("bearer eyJ", "the word `Bearer`"),
            ("ey\nJ", "characters"),
        ] {
            let error = tokens(crate::AccessTokenCredential::new(given))
                .token()
                .await
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains(says), "{given:?}: {error}");
        }
        let trimmed = tokens(crate::AccessTokenCredential::new("eyJ\r\n"))
            .token()
            .await
            .unwrap();
        assert_eq!(text(&trimmed), "Bearer eyJ");
    }
}
