//! A middleware that repeats calls that failed with a transient fault.
//!
//! It is outside of the redirects and the token, so that each attempt starts at Graph again with
//! the current token. It is inside of the user's per-call middleware, which sees a call once. Each
//! attempt sends the same request, with the same body and headers, including `client-request-id`. A
//! repeat also has the header `Retry-Attempt`, by which Graph tells repeats from new calls.
//!
//! The previous response is dropped before the wait begins. Its connection is then free for other
//! calls, and no resources are held during the wait.

mod backoff;
mod effect;
mod policy;

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

pub(crate) use backoff::Backoff;
pub(crate) use effect::Intent;
pub(crate) use msgraph_core::effect::Effect;
pub(crate) use msgraph_core::verdict::{Verdict, is_throttling};
pub use policy::RetryPolicy;

use super::delivery::Delivery;
use super::gate::{Caller, Destination, Gates, Quota};
use super::of_the_stack;
use super::workload::{Workload, is_for_me};
use crate::auth::{SentToken, Tokens};
use crate::error::{Attempts, Error, RetryStopReason, TransportError, retry_after};

const RETRY_ATTEMPT: HeaderName = HeaderName::from_static("retry-attempt");

/// The settings for the attempts of a call: the client's, unless the call has its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trying {
    pub(crate) retry: Arc<RetryPolicy>,
    /// Set to `true` if the caller declares the call idempotent.
    pub(crate) idempotent: bool,
    /// The time by which the call has to end.
    pub(crate) deadline: Option<Instant>,
}

/// A middleware that repeats calls, and holds them back while Graph throttles.
pub(super) struct Retries {
    gates: Arc<Gates>,
    /// The quota that this client's calls count against.
    quota: Quota,
    tokens: Arc<Tokens>,
}

impl Retries {
    pub(super) fn new(gates: Arc<Gates>, quota: Quota, tokens: Arc<Tokens>) -> Self {
        Self {
            gates,
            quota,
            tokens,
        }
    }
}

#[async_trait]
impl Middleware for Retries {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let trying = extensions.get::<Trying>().cloned().unwrap_or_default();
        let mut state = RetryState::new(trying, request.method().clone());
        let outcome = self.run(request, extensions, &next, &mut state).await;
        extensions.insert(state.attempts());
        outcome.map_err(reqwest_middleware::Error::middleware)
    }
}

impl Retries {
    async fn run(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: &Next<'_>,
        state: &mut RetryState,
    ) -> Result<Response, Error> {
        let url = request.url().clone();
        // The user of a call may be unknown at first. The token that was sent identifies the user.
        let mut token = request.headers().get(AUTHORIZATION).cloned();
        loop {
            self.pass(&url, token.as_ref(), state).await?;
            let again = request.try_clone();
            state.count += 1;
            let delivery = extensions
                .get::<Delivery>()
                .cloned()
                .unwrap_or_default()
                .next_attempt();
            extensions.insert(delivery.clone());
            let outcome = next.clone().run(request, extensions);
            let outcome = match state.trying.deadline {
                Some(deadline) => timeout_at(deadline, outcome)
                    .await
                    .map_err(|_| TransportError::out_of_time())?,
                None => outcome.await,
            };
            token = token.or_else(|| extensions.get::<SentToken>().map(|sent| sent.0.clone()));
            let did_nothing = delivery.attempt_did_nothing();
            let outcome = outcome.map_err(|error| of_the_stack(error, did_nothing));
            let ended = AttemptOutcome::of(outcome, did_nothing);
            if ended.verdict == Verdict::Final {
                return ended.outcome;
            }
            let asked = ended.asked();
            if let Some(wait) = state.shuts(&ended, asked) {
                self.gates
                    .shut(&self.destination(&url, token.as_ref()), wait);
            }
            let (wait, mut again) = match state.next(&ended, asked, again) {
                Ok(next) => next,
                Err(reason) => {
                    state.stop_reason = reason;
                    return ended.outcome;
                }
            };
            tracing::info!(
                target: "msgraph",
                wait = wait.as_secs_f64(),
                attempts = state.count,
                status = ended.status().map(|status| status.as_u16()),
                "retrying the call after a wait"
            );
            drop(ended);
            sleep(wait).await;
            state.waited += wait;
            again
                .headers_mut()
                .insert(RETRY_ATTEMPT, HeaderValue::from(state.count));
            request = again;
        }
    }

    /// Waits while the workload of the call throttles.
    async fn pass(
        &self,
        url: &Url,
        token: Option<&HeaderValue>,
        state: &mut RetryState,
    ) -> Result<(), Error> {
        let policy = &state.trying.retry;
        if !policy.allows(1) || !self.gates.are_any_shut() {
            return Ok(());
        }
        let longest = policy.longest_wait();
        let destination = self.destination(url, token);
        match self.gates.pass(&destination, longest, state.end).await {
            Ok(Duration::ZERO) => Ok(()),
            Ok(waited) => {
                let wait = waited.as_secs_f64();
                tracing::info!(target: "msgraph", wait, "the call waited while Graph throttled its \
                                                         service");
                state.waited += waited;
                Ok(())
            }
            Err(time) => {
                let left = |end: Instant| end.saturating_duration_since(Instant::now());
                let (reason, limit) = match state.end.map(left) {
                    Some(left) if time <= longest => (RetryStopReason::OutOfTime, left),
                    _ => (RetryStopReason::WaitTooLong, longest),
                };
                state.stop_reason = Some(reason);
                Err(TransportError::held_back(time, limit, state.count).into())
            }
        }
    }

    fn destination(&self, url: &Url, token: Option<&HeaderValue>) -> Destination {
        let caller = match is_for_me(url) {
            false => Caller::Anyone,
            true => Caller::Me(match token {
                Some(header) => Some(self.gates.salt().hash_one(header.as_bytes())),
                None => self.tokens.user(self.gates.salt()),
            }),
        };
        Destination {
            quota: self.quota,
            workload: Workload::of(url),
            caller,
        }
    }
}

/// The state of a call over its attempts.
struct RetryState {
    trying: Trying,
    method: Method,
    /// The time after which no attempt or wait is started.
    end: Option<Instant>,
    count: u32,
    waited: Duration,
    stop_reason: Option<RetryStopReason>,
    /// Set to `true` if an earlier attempt may have succeeded at Graph.
    may_have_succeeded: bool,
}

impl RetryState {
    fn new(trying: Trying, method: Method) -> Self {
        Self {
            end: trying.retry.end().into_iter().chain(trying.deadline).min(),
            trying,
            method,
            count: 0,
            waited: Duration::ZERO,
            stop_reason: None,
            may_have_succeeded: false,
        }
    }

    fn attempts(&self) -> Attempts {
        Attempts::new(self.count, self.waited, self.stop_reason)
            .with_unclear_attempt(self.may_have_succeeded)
    }

    /// Returns the wait before the next attempt and the request to send then, or the reason why
    /// there is no further attempt.
    fn next(
        &mut self,
        ended: &AttemptOutcome,
        asked: Option<Duration>,
        again: Option<Request>,
    ) -> Result<(Duration, Request), Option<RetryStopReason>> {
        let policy = &self.trying.retry;
        if ended.verdict == Verdict::Faulty && !policy.takes_server_errors() {
            return Err(None);
        }
        if !policy.allows(self.count) {
            return Err(Some(RetryStopReason::MaxRetries));
        }
        let effect = match &again {
            _ if self.trying.idempotent => Effect::Safe,
            Some(again) => Intent::of(again).effect(),
            None => Effect::of_method(&self.method),
        };
        if !ended.verdict.allows(effect, policy.takes_server_errors()) {
            return Err(Some(RetryStopReason::NotIdempotent));
        }
        let Some(again) = again else {
            return Err(Some(RetryStopReason::OneShotBody));
        };
        let wait = policy.wait_before(self.count, asked, self.end)?;
        self.may_have_succeeded |= ended.verdict != Verdict::NotDone;
        Ok((wait, again))
    }

    /// Returns how long to hold back other calls to the same workload. They are held back if the
    /// response says that there were too many calls, or asks for a pause. A 503 that says neither
    /// may be the fault of one machine.
    fn shuts(&self, ended: &AttemptOutcome, asked: Option<Duration>) -> Option<Duration> {
        match ended.status()? {
            status if is_throttling(status) => {
                Some(asked.unwrap_or_else(|| self.trying.retry.wait(self.count, None)))
            }
            StatusCode::SERVICE_UNAVAILABLE => asked,
            _ => None,
        }
    }
}

/// The outcome of an attempt, and its meaning for another one.
struct AttemptOutcome {
    outcome: Result<Response, Error>,
    verdict: Verdict,
}

impl AttemptOutcome {
    fn of(outcome: Result<Response, Error>, did_nothing: bool) -> Self {
        let verdict = match &outcome {
            Ok(response) => Verdict::of_status(response.status()),
            Err(error) => Verdict::of_error(error, did_nothing),
        };
        Self { outcome, verdict }
    }

    fn status(&self) -> Option<StatusCode> {
        let response = self.outcome.as_ref().ok()?;
        Some(response.status())
    }

    /// Returns the pause that the service asks for.
    fn asked(&self) -> Option<Duration> {
        match &self.outcome {
            Ok(response) => retry_after(response.status(), response.headers(), Utc::now()),
            Err(error) => error.retry_after(),
        }
    }
}
