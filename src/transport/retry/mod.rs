//! Makes calls anew that failed in a way that passes.
//!
//! It stands around the redirects and the token, so that each try starts at Graph again, with the token of the moment, and
//! inside of the user's own middleware, which sees a call once. The request is the same each time, its body and its headers
//! with `client-request-id` included; a repeat has the header `Retry-Attempt` besides, by which Graph tells repeats from calls.
//!
//! What came before is dropped before the wait begins: its connection is free for others, and nothing is held meanwhile.

mod classify;
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

pub(crate) use classify::{BANDWIDTH_LIMIT_EXCEEDED, Verdict};
pub(crate) use effect::{Effect, Intent};
pub use policy::Retry;

use super::delivery::Delivery;
use super::gate::{Caller, Destination, Gates, Quota};
use super::of_the_stack;
use super::workload::{Workload, is_for_me};
use crate::auth::{SentToken, Tokens};
use crate::error::{Error, NotRetried, TransportError, Tries, retry_after};

const RETRY_ATTEMPT: HeaderName = HeaderName::from_static("retry-attempt");

/// How a call is to be tried: what the client says, where the call itself says nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trying {
    pub(crate) retry: Arc<Retry>,
    /// Whether the caller says that twice is the same as once.
    pub(crate) idempotent: bool,
    /// When the call has to be over.
    pub(crate) deadline: Option<Instant>,
}

/// Makes calls anew, and holds them back where Graph throttles.
pub(super) struct Retries {
    gates: Arc<Gates>,
    /// What the calls of this client count against.
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
        let mut course = Course::new(trying, request.method().clone());
        let outcome = self.run(request, extensions, &next, &mut course).await;
        extensions.insert(course.tries());
        outcome.map_err(reqwest_middleware::Error::middleware)
    }
}

impl Retries {
    async fn run(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: &Next<'_>,
        course: &mut Course,
    ) -> Result<Response, Error> {
        let url = request.url().clone();
        // A user of whom nothing is known yet is known once their token was sent.
        let mut token = request.headers().get(AUTHORIZATION).cloned();
        loop {
            self.pass(&url, token.as_ref(), course).await?;
            let again = request.try_clone();
            course.count += 1;
            let delivery = extensions
                .get::<Delivery>()
                .cloned()
                .unwrap_or_default()
                .next_attempt();
            extensions.insert(delivery.clone());
            let outcome = next.clone().run(request, extensions);
            let outcome = match course.trying.deadline {
                Some(deadline) => timeout_at(deadline, outcome)
                    .await
                    .map_err(|_| TransportError::out_of_time())?,
                None => outcome.await,
            };
            token = token.or_else(|| extensions.get::<SentToken>().map(|sent| sent.0.clone()));
            let did_nothing = delivery.attempt_did_nothing();
            let outcome = outcome.map_err(|error| of_the_stack(error, did_nothing));
            let ended = Ended::of(outcome, did_nothing);
            if ended.verdict == Verdict::Final {
                return ended.outcome;
            }
            let asked = ended.asked();
            if let Some(wait) = course.shuts(&ended, asked) {
                self.gates
                    .shut(&self.destination(&url, token.as_ref()), wait);
            }
            let (wait, mut again) = match course.next(&ended, asked, again) {
                Ok(next) => next,
                Err(reason) => {
                    course.not_retried = reason;
                    return ended.outcome;
                }
            };
            tracing::info!(
                target: "msgraph",
                wait = wait.as_secs_f64(),
                tries = course.count,
                status = ended.status().map(|status| status.as_u16()),
                "the call is made again after a wait"
            );
            drop(ended);
            sleep(wait).await;
            course.waited += wait;
            again
                .headers_mut()
                .insert(RETRY_ATTEMPT, HeaderValue::from(course.count));
            request = again;
        }
    }

    /// Waits where what the call is for throttles.
    async fn pass(
        &self,
        url: &Url,
        token: Option<&HeaderValue>,
        course: &mut Course,
    ) -> Result<(), Error> {
        let policy = &course.trying.retry;
        if policy.retries() == 0 || !self.gates.are_any_shut() {
            return Ok(());
        }
        let longest = policy.longest_wait();
        let destination = self.destination(url, token);
        match self.gates.pass(&destination, longest, course.end).await {
            Ok(Duration::ZERO) => Ok(()),
            Ok(waited) => {
                let wait = waited.as_secs_f64();
                tracing::info!(target: "msgraph", wait, "the call was held back while Graph throttles");
                course.waited += waited;
                Ok(())
            }
            Err(time) => {
                course.not_retried = Some(if time > longest {
                    NotRetried::WaitTooLong
                } else {
                    NotRetried::OutOfTime
                });
                Err(TransportError::held_back(time, course.count).into())
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

/// A call's way through its tries.
struct Course {
    trying: Trying,
    method: Method,
    /// When nothing is begun any more.
    end: Option<Instant>,
    count: u32,
    waited: Duration,
    not_retried: Option<NotRetried>,
    /// Whether an attempt before the present one may have done the work.
    may_have_succeeded: bool,
}

impl Course {
    fn new(trying: Trying, method: Method) -> Self {
        let budget = Instant::now().checked_add(trying.retry.whole_time());
        Self {
            end: budget.into_iter().chain(trying.deadline).min(),
            trying,
            method,
            count: 0,
            waited: Duration::ZERO,
            not_retried: None,
            may_have_succeeded: false,
        }
    }

    fn tries(&self) -> Tries {
        Tries::new(self.count, self.waited, self.not_retried)
            .with_unclear_attempt(self.may_have_succeeded)
    }

    /// The wait before the next try, and what to send then; or why there is none.
    fn next(
        &mut self,
        ended: &Ended,
        asked: Option<Duration>,
        again: Option<Request>,
    ) -> Result<(Duration, Request), Option<NotRetried>> {
        let policy = &self.trying.retry;
        if ended.verdict == Verdict::Faulty && !policy.takes_server_errors() {
            return Err(None);
        }
        if self.count > policy.retries() {
            return Err(Some(NotRetried::MaxRetries));
        }
        let effect = match &again {
            _ if self.trying.idempotent => Effect::Safe,
            Some(again) => Intent::of(again).effect(),
            None => Effect::of_method(&self.method),
        };
        if !ended.verdict.allows(effect, policy.takes_server_errors()) {
            return Err(Some(NotRetried::NotIdempotent));
        }
        let Some(again) = again else {
            return Err(Some(NotRetried::OneShotBody));
        };
        let wait = self.wait(asked);
        if wait > policy.longest_wait() {
            return Err(Some(NotRetried::WaitTooLong));
        }
        let ends = Instant::now().checked_add(wait);
        if self
            .end
            .is_some_and(|end| ends.is_none_or(|ends| ends > end))
        {
            return Err(Some(NotRetried::OutOfTime));
        }
        self.may_have_succeeded |= ended.verdict != Verdict::NotDone;
        Ok((wait, again))
    }

    fn wait(&self, asked: Option<Duration>) -> Duration {
        self.trying.retry.wait(self.count, asked)
    }

    /// How long other calls to the same workload are to be held back: where it says that this was too much, or asks not to
    /// be asked. A 503 that does not say so may be the fault of one machine.
    fn shuts(&self, ended: &Ended, asked: Option<Duration>) -> Option<Duration> {
        match ended.status()?.as_u16() {
            429 | BANDWIDTH_LIMIT_EXCEEDED => Some(asked.unwrap_or_else(|| self.wait(None))),
            503 => asked,
            _ => None,
        }
    }
}

/// What became of an attempt, and what that says about another one.
struct Ended {
    outcome: Result<Response, Error>,
    verdict: Verdict,
}

impl Ended {
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

    /// How long the service asks to be left alone.
    fn asked(&self) -> Option<Duration> {
        match &self.outcome {
            Ok(response) => retry_after(response.status(), response.headers(), Utc::now()),
            Err(error) => error.retry_after(),
        }
    }
}
