//! The tokens of one key: the one that is kept, and the one request that gets the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::moment::Moment;
use super::bearer::Bearer;
use crate::Result;
use crate::error::Error;

/// How long a renewal that failed is not tried again while the old token lives: each call would try it, and the identity
/// platform refuses clients that ask in a loop (AADSTS50196).
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// How long the platform is not asked at the most, whatever it says.
const LONGEST_HELD: Duration = Duration::from_secs(3600);

/// What is known of the tokens of one key: the one that is kept, and the one request that gets the next.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
}

impl Slot {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Until when the platform does not want to be asked, and what it said.
    held: Option<(Instant, Error)>,
    /// What Graph wanted the next token to prove, when a call could not be made again.
    wanted: Option<Arc<str>>,
    /// Whether Graph has refused a token, and there is no newer one yet.
    is_refused: bool,
    /// How often all was dropped.
    generation: u64,
}

impl State {
    pub(super) fn is_to_renew(&self, kept: &Bearer, now: Moment) -> bool {
        kept.is_due(now) && self.pause.is_none_or(|pause| pause <= now.steady())
    }

    /// What a token request would be told once more.
    pub(super) fn is_held(&self, now: Instant) -> Result<()> {
        match &self.held {
            Some((until, error)) if now < *until => Err(error.clone()),
            _ => Ok(()),
        }
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
    pub(super) fn reserve(&mut self, claims: Option<Arc<str>>) -> (Flight, Start) {
        let (sender, outcome) = watch::channel(None);
        let flight = Flight {
            claims: claims.clone(),
            outcome,
        };
        self.flight = Some(flight.clone());
        let start = Start {
            claims,
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
                self.kept = Some(bearer.clone());
                self.pause = None;
                self.held = None;
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
                self.held = asked
                    .zip(error)
                    .map(|(asked, error)| (now + asked, error.clone()));
            }
        }
    }
}

/// A token request that is about to be made.
pub(super) struct Start {
    pub(super) claims: Option<Arc<str>>,
    pub(super) is_refused: bool,
    pub(super) generation: u64,
    pub(super) sender: watch::Sender<Option<Result<Bearer>>>,
}

/// A token request that is under way.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) claims: Option<Arc<str>>,
    outcome: watch::Receiver<Option<Result<Bearer>>>,
}

impl Flight {
    /// What came of it; `None` when it was cut off, together with the runtime that it ran in.
    pub(super) async fn landed(mut self) -> Option<Result<Bearer>> {
        self.outcome.wait_for(Option::is_some).await.ok()?.clone()
    }
}
