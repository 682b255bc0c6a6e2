//! The cache entry of one key: the cached token, and the one request for the next token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use msgraph_io::Backoff;
use msgraph_io::Driven;
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::moment::Moment;
use super::super::time_limit::TimeLimit;
use super::bearer::Bearer;
use crate::Result;
use crate::error::Error;

/// The pause after a failed renewal while the old token is valid. Without it, each call would
/// renew, and the identity platform refuses clients that send requests in a loop (AADSTS50196).
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// The longest time without token requests, even if the identity platform names a longer one.
const LONGEST_HELD: Duration = Duration::from_secs(3600);

/// The time without token requests after a failure that may pass, if the identity platform names
/// none. Each further failure doubles the time.
const HELD_AFTER_FAILURE: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(30));

/// The time for which a token is used that had expired on arrival, if the token before it had too.
const USED_THOUGH_EXPIRED: Duration = Duration::from_secs(30);

/// The state of the tokens of one key: the cached token, and the one request for the next token.
#[derive(Default)]
pub(crate) struct CacheEntry {
    state: Mutex<State>,
}

impl CacheEntry {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops a request that makes no progress, so that the next one can begin.
    pub(super) fn give_up(&self, flight: &Flight) {
        self.lock().give_up(flight);
        // The state must not be locked here, because the end of the request locks it.
        flight.request.stop();
    }

    /// Checks whether the entry is unused and holds nothing that a later call could use.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        let state = self.lock();
        let lives = state.kept.as_ref().is_some_and(|kept| kept.lives(now));
        !lives && state.flight.is_none() && state.is_held(now.steady()).is_ok()
    }

    /// Drops the cached token and the pending request, because the next call needs a newer token
    /// than either.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.kept = None;
        state.flight = None;
        state.generation += 1;
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) kept: Option<Bearer>,
    pub(super) flight: Option<Flight>,
    /// The end of the pause after a failed renewal.
    pause: Option<Instant>,
    /// The time without token requests, and its cause.
    held: Option<Held>,
    /// The number of consecutive failures that may pass.
    failures: u32,
    /// Set if the last token had expired on arrival.
    came_expired: bool,
    /// The claims that Graph requires of the next token, from a call that could not be sent again.
    wanted: Option<Arc<str>>,
    /// Set if Graph has refused a token, and there is no newer one yet.
    is_refused: bool,
    /// The number of times that the entry was cleared.
    generation: u64,
}

/// The reason why no token is requested.
struct Held {
    until: Instant,
    error: Error,
    /// Set if calls wait for the end, instead of failing at once.
    is_waited_for: bool,
}

impl State {
    pub(super) fn is_to_renew(&self, kept: &Bearer, now: Moment) -> bool {
        kept.is_due(now) && self.pause.is_none_or(|pause| pause <= now.steady())
    }

    /// Returns the error of the last token request while no new request may be made.
    pub(super) fn is_held(&self, now: Instant) -> Result<()> {
        match &self.held {
            Some(held) if now < held.until => Err(held.error(now)),
            _ => Ok(()),
        }
    }

    fn give_up(&mut self, flight: &Flight) {
        if self.is_under_way(flight) {
            self.flight = None;
            // A later outcome of this request is ignored.
            self.generation += 1;
        }
    }

    fn is_under_way(&self, flight: &Flight) -> bool {
        let own = self.flight.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(&own.request, &flight.request))
    }

    /// Returns the pending request if it has overrun its time, because its runtime has stopped.
    pub(super) fn overrun(&self) -> Option<Flight> {
        let flight = self.flight.as_ref()?;
        flight.limit.is_overrun().then(|| flight.clone())
    }

    pub(super) fn forget(&mut self, refused: &Bearer) {
        self.kept.take_if(|kept| kept.is_same(refused));
        self.is_refused |= self.kept.is_none();
    }

    /// Records the claims that the next token must satisfy.
    pub(super) fn want(&mut self, claims: Option<Arc<str>>) {
        self.wanted = claims.or(self.wanted.take());
    }

    pub(super) fn wanted(&self) -> Option<Arc<str>> {
        self.wanted.clone()
    }

    /// Reserves the one request. The caller has to start it then.
    pub(super) fn reserve(
        &mut self,
        claims: Option<Arc<str>>,
        limit: TimeLimit,
    ) -> (Flight, Start) {
        let (sender, outcome) = watch::channel(None);
        let flight = Flight {
            claims: claims.clone(),
            limit: limit.clone(),
            request: Arc::default(),
            outcome,
        };
        self.flight = Some(flight.clone());
        let start = Start {
            claims,
            limit,
            request: Arc::clone(&flight.request),
            is_refused: self.is_refused,
            generation: self.generation,
            sender,
        };
        (flight, start)
    }

    /// Records how a request ended: `None` if it was cut off.
    pub(super) fn land(&mut self, generation: u64, outcome: Option<&Result<Bearer>>) {
        if generation != self.generation {
            return;
        }
        self.flight = None;
        match outcome {
            Some(Ok(bearer)) => {
                self.wanted.take_if(|wanted| bearer.responses(Some(wanted)));
                self.is_refused = false;
                let came_expired = bearer.has_expired(Moment::now());
                let again = came_expired && std::mem::replace(&mut self.came_expired, came_expired);
                self.came_expired = came_expired;
                let kept = bearer.clone();
                // A clock may be wrong, here or at the identity platform, and Graph decides whether
                // the token is good. Otherwise each call would request a token.
                self.kept = Some(match again {
                    true => kept.ending_at(Moment::now().after(USED_THOUGH_EXPIRED)),
                    false => kept,
                });
                self.pause = None;
                self.held = None;
                self.failures = 0;
            }
            failed => {
                let now = Instant::now();
                let error = failed.and_then(|failed| failed.as_ref().err());
                if let (Some(_), Some(error)) = (&self.kept, error) {
                    // No call fails, so without this warning the failure would not show before the
                    // old token expires.
                    tracing::warn!(
                        target: "msgraph",
                        %error,
                        "access token refresh failed; the current token is still valid"
                    );
                }
                let asked = error.and_then(Error::retry_after);
                let asked = asked.map(|asked| asked.min(LONGEST_HELD));
                self.pause = now.checked_add(PAUSE_AFTER_FAILURE.max(asked.unwrap_or_default()));
                self.held = error.and_then(|error| self.held_after(error, asked, now));
            }
        }
    }
}

impl State {
    /// Returns the time without token requests after this error. It is the time that the identity
    /// platform named, or else a short time if the error may pass.
    fn held_after(&mut self, error: &Error, asked: Option<Duration>, now: Instant) -> Option<Held> {
        let is_passing = matches!(error, Error::SignIn(error) if error.is_retryable());
        if !is_passing {
            self.failures = 0;
        }
        if asked.is_none() && !is_passing {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        let time = HELD_AFTER_FAILURE.wait(self.failures, asked);
        Some(Held {
            until: now.checked_add(time)?,
            error: error.clone(),
            // A failure that repeats is not a short disturbance.
            is_waited_for: asked.is_none() && self.failures == 1,
        })
    }
}

impl Held {
    /// Returns the error for a call that comes in this time.
    fn error(&self, now: Instant) -> Error {
        match &self.error {
            Error::SignIn(error) if self.is_waited_for => {
                let left = self.until.saturating_duration_since(now);
                let error = error.as_ref().clone();
                error.with_retry_after(left).into()
            }
            error => error.clone(),
        }
    }
}

/// A token request that is about to be sent.
pub(super) struct Start {
    pub(super) claims: Option<Arc<str>>,
    pub(super) limit: TimeLimit,
    pub(super) request: Arc<Driven>,
    pub(super) is_refused: bool,
    pub(super) generation: u64,
    pub(super) sender: watch::Sender<Option<Result<Bearer>>>,
}

/// A pending token request.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) claims: Option<Arc<str>>,
    limit: TimeLimit,
    request: Arc<Driven>,
    outcome: watch::Receiver<Option<Result<Bearer>>>,
}

/// The outcome of a token request.
pub(super) enum Landed {
    Ended(Result<Bearer>),
    /// The runtime of the request has ended, or the request was given up.
    CutOff,
    /// The runtime of the request no longer polls it.
    Stalled,
}

impl Flight {
    pub(super) async fn landed(&self) -> Landed {
        let mut outcome = self.outcome.clone();
        tokio::select! {
            biased;
            landed = outcome.wait_for(Option::is_some) => {
                let landed = landed.ok().and_then(|landed| landed.clone());
                landed.map_or(Landed::CutOff, Landed::Ended)
            }
            () = self.request.stalled() => Landed::Stalled,
        }
    }

    /// Checks whether a caller has given the request up.
    pub(super) fn is_given_up(&self) -> bool {
        self.request.is_stopped()
    }
}
