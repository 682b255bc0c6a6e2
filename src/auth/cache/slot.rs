//! The tokens of one key: the one that is kept, and the one request that gets the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::moment::Moment;
use super::super::time_limit::TimeLimit;
use super::bearer::Bearer;
use crate::Result;
use crate::driven::Driven;
use crate::error::Error;

/// How long a renewal that failed is not tried again while the old token lives: each call would try it, and the identity
/// platform refuses clients that ask in a loop (AADSTS50196).
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// How long the platform is not asked at the most, whatever it says.
const LONGEST_HELD: Duration = Duration::from_secs(3600);

/// How long the platform is not asked after a failure that may pass, where it does not say itself
/// how long. Each further failure doubles the time.
const HELD_AFTER_FAILURE: Duration = Duration::from_secs(2);
const LONGEST_HELD_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// How long a token is used that had expired when it came, as the one before had.
const USED_THOUGH_EXPIRED: Duration = Duration::from_secs(30);

/// What is known of the tokens of one key: the one that is kept, and the one request that gets the next.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
}

impl Slot {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops a request that makes no progress, so that the next one can begin.
    pub(super) fn give_up(&self, flight: &Flight) {
        self.lock().give_up(flight);
        // Not while the state is locked: the request's end is noted there.
        flight.request.stop();
    }

    /// Whether nobody is using it, and nothing of it will be used.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        let state = self.lock();
        let lives = state.kept.as_ref().is_some_and(|kept| kept.lives(now));
        !lives && state.flight.is_none() && state.is_held(now.steady()).is_ok()
    }

    /// Drops the token that is kept, and the one that is under way: for the next call, neither is new enough.
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
    /// Until when no renewal is tried.
    pause: Option<Instant>,
    /// Until when the platform is not asked, and why.
    held: Option<Held>,
    /// How many requests in a row have failed in a way that may pass.
    failures: u32,
    /// Whether the last token had expired when it came.
    came_expired: bool,
    /// What Graph wanted the next token to prove, when a call could not be made again.
    wanted: Option<Arc<str>>,
    /// Whether Graph has refused a token, and there is no newer one yet.
    is_refused: bool,
    /// How often all was dropped.
    generation: u64,
}

/// Why the platform is not asked.
struct Held {
    until: Instant,
    error: Error,
    /// Whether calls wait for the end, instead of failing at once.
    is_waited_for: bool,
}

impl State {
    pub(super) fn is_to_renew(&self, kept: &Bearer, now: Moment) -> bool {
        kept.is_due(now) && self.pause.is_none_or(|pause| pause <= now.steady())
    }

    /// What a token request would be told once more.
    pub(super) fn is_held(&self, now: Instant) -> Result<()> {
        match &self.held {
            Some(held) if now < held.until => Err(held.error(now)),
            _ => Ok(()),
        }
    }

    fn give_up(&mut self, flight: &Flight) {
        if self.is_under_way(flight) {
            self.flight = None;
            // Whatever it still brings came too late.
            self.generation += 1;
        }
    }

    fn is_under_way(&self, flight: &Flight) -> bool {
        let own = self.flight.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(&own.request, &flight.request))
    }

    /// Returns the request under way if its runtime has stopped: it has not ended in its time.
    pub(super) fn overrun(&self) -> Option<Flight> {
        let flight = self.flight.as_ref()?;
        flight.limit.is_overrun().then(|| flight.clone())
    }

    pub(super) fn forget(&mut self, refused: &Bearer) {
        self.kept.take_if(|kept| kept.is_same(refused));
        self.is_refused |= self.kept.is_none();
    }

    /// Notes what the next token has to prove.
    pub(super) fn want(&mut self, claims: Option<Arc<str>>) {
        self.wanted = claims.or(self.wanted.take());
    }

    pub(super) fn wanted(&self) -> Option<Arc<str>> {
        self.wanted.clone()
    }

    /// Takes the place of the one request, which has to be started then.
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

    /// Notes how a request ended: `None` when it was cut off.
    pub(super) fn land(&mut self, generation: u64, outcome: Option<&Result<Bearer>>) {
        if generation != self.generation {
            return;
        }
        self.flight = None;
        match outcome {
            Some(Ok(bearer)) => {
                self.wanted.take_if(|wanted| bearer.answers(Some(wanted)));
                self.is_refused = false;
                let came_expired = bearer.has_expired(Moment::now());
                let again = came_expired && std::mem::replace(&mut self.came_expired, came_expired);
                self.came_expired = came_expired;
                let kept = bearer.clone();
                // A clock may be wrong, or the platform: Graph tells whether the token is good.
                // Otherwise each call would ask for a token.
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
                    // No call fails, and so nobody would know before the old one ends.
                    tracing::warn!(target: "msgraph", %error, "the token was not renewed, and is still good");
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
    /// How long the platform is not asked after this error: as long as it said itself, or else for
    /// a moment if the error may pass.
    fn held_after(&mut self, error: &Error, asked: Option<Duration>, now: Instant) -> Option<Held> {
        let is_passing = matches!(error, Error::SignIn(error) if error.is_retryable());
        if !is_passing {
            self.failures = 0;
        }
        if asked.is_none() && !is_passing {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        let doubled = 2_u32.saturating_pow(self.failures - 1);
        let moment = HELD_AFTER_FAILURE.saturating_mul(doubled);
        let time = asked.unwrap_or(moment.min(LONGEST_HELD_AFTER_FAILURE));
        Some(Held {
            until: now.checked_add(time)?,
            error: error.clone(),
            // What fails again is no hiccup.
            is_waited_for: asked.is_none() && self.failures == 1,
        })
    }
}

impl Held {
    /// What a call is told that comes meanwhile.
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

/// A token request that is about to be made.
pub(super) struct Start {
    pub(super) claims: Option<Arc<str>>,
    pub(super) limit: TimeLimit,
    pub(super) request: Arc<Driven>,
    pub(super) is_refused: bool,
    pub(super) generation: u64,
    pub(super) sender: watch::Sender<Option<Result<Bearer>>>,
}

/// A token request that is under way.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) claims: Option<Arc<str>>,
    limit: TimeLimit,
    request: Arc<Driven>,
    outcome: watch::Receiver<Option<Result<Bearer>>>,
}

/// What came of a request.
pub(super) enum Landed {
    Ended(Result<Bearer>),
    /// Its runtime has ended, or it was given up.
    CutOff,
    /// Its runtime polls it no more.
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

    /// Whether a caller has given it up.
    pub(super) fn is_given_up(&self) -> bool {
        self.request.is_stopped()
    }
}
