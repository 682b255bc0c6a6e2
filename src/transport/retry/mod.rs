//! A middleware that repeats calls that failed with a transient fault.
//!
//! It is outside of the redirects and the token, so that each attempt starts at Graph again with
//! the current token. It is inside of the user's per-call middleware, which sees a call once. Each
//! attempt sends the same request, with the same body and headers, including `client-request-id`. A
//! repeat also has the header `Retry-Attempt`, by which Graph tells repeats from new calls.
//!
//! The previous response is dropped before the wait begins. Its connection is then free for other
//! calls, and no resources are held during the wait.

mod effect;
mod policy;

use std::hash::BuildHasher;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderName, HeaderValue, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};
use tokio::time::{Instant, sleep, timeout_at};

pub(crate) use effect::Intent;
pub(crate) use msgraph_core::effect::Effect;
pub(crate) use msgraph_core::verdict::{Verdict, is_throttling};
pub(crate) use msgraph_io::Backoff;
pub use policy::RetryPolicy;

use super::RequestCopy;
use super::buffer_body::{BodyMode, buffer, with_body};
use super::call_state::CallState;
use super::gate::{Caller, Destination, Gates, Quota};
use super::of_the_stack;
use super::workload::{Workload, is_for_me};
use crate::auth::Tokens;
use crate::error::{Attempts, Error, RetryStopReason, TransportError, retry_after};

const RETRY_ATTEMPT: HeaderName = HeaderName::from_static("retry-attempt");

/// The settings for the attempts of a call: the client's, unless the call has its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trying {
    pub(crate) retry: Arc<RetryPolicy>,
    /// Set to `true` if the caller declares the call idempotent.
    pub(crate) idempotent: bool,
}

/// A middleware that repeats calls, and holds them back while Graph throttles.
pub(super) struct Retries {
    gates: Arc<Gates>,
    /// The quota that this client's calls count against.
    quota: Quota,
    tokens: Arc<Tokens>,
    /// Set to `true` if no middleware of the caller's is around this one. A body that was read then
    /// goes to the call directly, and not in a response built anew.
    is_outermost: bool,
}

impl Retries {
    pub(super) fn new(
        gates: Arc<Gates>,
        quota: Quota,
        tokens: Arc<Tokens>,
        is_outermost: bool,
    ) -> Self {
        Self {
            gates,
            quota,
            tokens,
            is_outermost,
        }
    }
}

impl Middleware for Retries {
    // Written out for the same reason as in `auth/src/provider.rs`.
    fn handle<'a: 'f, 'e: 'f, 'n: 'f, 'f>(
        &'a self,
        request: Request,
        extensions: &'e mut Extensions,
        next: Next<'n>,
    ) -> BoxFuture<'f, reqwest_middleware::Result<Response>> {
        Box::pin(self.call(request, extensions, next))
    }
}

impl Retries {
    async fn call(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let call = CallState::of(extensions);
        let mut state = RetryState::new(call.trying.clone(), call.auth.deadline, request);
        let outcome = self.run(extensions, &next, &mut state).await;
        let call = CallState::of(extensions);
        call.attempts = state.attempts();
        let response = match outcome {
            Ok((response, Some(body))) if !self.is_outermost => with_body(response, body),
            Ok((response, body)) => {
                call.buffered = body;
                Ok(response)
            }
            Err(error) => Err(error),
        };
        response.map_err(reqwest_middleware::Error::middleware)
    }

    async fn run(
        &self,
        extensions: &mut Extensions,
        next: &Next<'_>,
        state: &mut RetryState,
    ) -> Result<Received, Error> {
        let mut waited = state.waited;
        loop {
            if state.trying.retry.allows(1) && self.gates.are_any_shut() {
                Box::pin(self.pass(state)).await?;
            }
            let call = CallState::of(extensions);
            call.wait = state.waited - waited;
            waited = state.waited;
            let (request, mode) = (state.begin(call)?, call.body);
            let response = next.clone().run(request, extensions);
            let outcome = receive(response, mode, state.deadline).await?;
            let auth = &mut CallState::of(extensions).auth;
            let did_nothing = auth.delivery.attempt_did_nothing();
            let outcome = outcome.map_err(|error| of_the_stack(error, did_nothing));
            let ended = AttemptOutcome::of(outcome, did_nothing);
            if ended.verdict == Verdict::Final {
                return ended.outcome;
            }
            state.token = state.token.take().or_else(|| auth.sent_token.take());
            let asked = ended.asked();
            if let Some(wait) = state.shuts(&ended, asked) {
                self.gates.shut(&self.destination(state), wait);
            }
            let wait = match state.next(&ended, asked) {
                Ok(wait) => wait,
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
        }
    }

    /// Waits while the workload of the call throttles.
    async fn pass(&self, state: &mut RetryState) -> Result<(), Error> {
        let longest = state.trying.retry.longest_wait();
        let destination = self.destination(state);
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

    fn destination(&self, state: &RetryState) -> Destination {
        let url = state.copy.request().url();
        let caller = match is_for_me(url) {
            false => Caller::Anyone,
            true => Caller::Me(match &state.token {
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

/// A response, and its body if it was read.
type Received = (Response, Option<Bytes>);

/// Waits for the response of an attempt and reads its body.
///
/// # Errors
///
/// Returns an error if the deadline of the call comes first.
async fn receive(
    response: impl Future<Output = reqwest_middleware::Result<Response>>,
    mode: BodyMode,
    deadline: Option<Instant>,
) -> Result<reqwest_middleware::Result<Received>, Error> {
    let received = pin!(async {
        let mut response = response.await?;
        let body = buffer(&mut response, mode).await;
        let body = body.map_err(reqwest_middleware::Error::middleware)?;
        Ok((response, body))
    });
    match deadline {
        Some(deadline) => Box::pin(timeout_at(deadline, received))
            .await
            .map_err(|_| TransportError::out_of_time().into()),
        None => Ok(received.await),
    }
}

/// The state of a call over its attempts.
struct RetryState {
    trying: Trying,
    /// The request of the current attempt.
    copy: RequestCopy,
    /// The request itself, if its body can be sent only once.
    once: Option<Box<Request>>,
    /// The token of the call. It identifies the user, who may be unknown before the first attempt.
    token: Option<HeaderValue>,
    /// The time by which the call has to end.
    deadline: Option<Instant>,
    /// The time after which no attempt or wait is started.
    end: Option<Instant>,
    count: u32,
    waited: Duration,
    stop_reason: Option<RetryStopReason>,
    /// Set to `true` if an earlier attempt may have succeeded at Graph.
    may_have_succeeded: bool,
}

impl RetryState {
    fn new(trying: Trying, deadline: Option<Instant>, request: Request) -> Self {
        let token = request.headers().get(AUTHORIZATION).cloned();
        let (copy, once) = RequestCopy::keep(request);
        Self {
            copy,
            once,
            token,
            end: trying.retry.end().into_iter().chain(deadline).min(),
            trying,
            deadline,
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

    /// Begins an attempt: returns the request to send.
    fn begin(&mut self, call: &mut CallState) -> Result<Request, Error> {
        call.auth.copy = Some(self.copy.clone());
        call.auth.delivery.begin_attempt();
        self.count += 1;
        match self.once.take() {
            Some(request) => Ok(*request),
            None => self
                .copy
                .again()
                .ok_or_else(|| TransportError::new("the body can only be sent once").into()),
        }
    }

    /// Prepares the next attempt, and returns the wait before it, or the reason why there is no
    /// further attempt.
    fn next(
        &mut self,
        ended: &AttemptOutcome,
        asked: Option<Duration>,
    ) -> Result<Duration, Option<RetryStopReason>> {
        let policy = &self.trying.retry;
        if ended.verdict == Verdict::Faulty && !policy.takes_server_errors() {
            return Err(None);
        }
        if !policy.allows(self.count) {
            return Err(Some(RetryStopReason::MaxRetries));
        }
        let effect = match self.trying.idempotent {
            true => Effect::Safe,
            false => Intent::of(self.copy.request()).effect(),
        };
        if !ended.verdict.allows(effect, policy.takes_server_errors()) {
            return Err(Some(RetryStopReason::NotIdempotent));
        }
        let Some(mut again) = self.copy.again() else {
            return Err(Some(RetryStopReason::OneShotBody));
        };
        let wait = policy.wait_before(self.count, asked, self.end)?;
        let number = HeaderValue::from(self.count);
        again.headers_mut().insert(RETRY_ATTEMPT, number);
        (self.copy, self.once) = RequestCopy::keep(again);
        self.may_have_succeeded |= ended.verdict != Verdict::NotDone;
        Ok(wait)
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
    outcome: Result<Received, Error>,
    verdict: Verdict,
}

impl AttemptOutcome {
    fn of(outcome: Result<Received, Error>, did_nothing: bool) -> Self {
        let verdict = match &outcome {
            Ok((response, _)) => Verdict::of_status(response.status()),
            Err(error) => error.verdict(did_nothing),
        };
        Self { outcome, verdict }
    }

    fn status(&self) -> Option<StatusCode> {
        let (response, _) = self.outcome.as_ref().ok()?;
        Some(response.status())
    }

    /// Returns the pause that the service asks for.
    fn asked(&self) -> Option<Duration> {
        match &self.outcome {
            Ok((response, _)) => retry_after(response.status(), response.headers(), Utc::now()),
            Err(error) => error.retry_after(),
        }
    }
}
