//! Makes calls anew that failed in a way that passes.
//!
//! It stands around the redirects and the token, so that each try starts at Graph again, with the token of the moment, and
//! inside of the user's own middleware, which sees a call once. The request is the same each time, its body and its headers
//! with `client-request-id` included; a repeat has the header `Retry-Attempt` besides, by which Graph tells repeats from calls.
//!
//! What came before is dropped before the wait begins: its connection is free for others, and nothing is held meanwhile.

mod policy;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use http::{Extensions, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

pub use policy::Retry;

use super::gate::Gates;
use super::of_the_stack;
use super::workload::Workload;
use crate::error::{
    BANDWIDTH_LIMIT_EXCEEDED, Error, NotRetried, TransportError, Tries, retry_after,
};

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
#[derive(Default)]
pub(super) struct Retries {
    gates: Gates,
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
        loop {
            self.pass(&url, course).await?;
            let again = request.try_clone();
            course.count += 1;
            let outcome = next.clone().run(request, extensions);
            let outcome = match course.trying.deadline {
                Some(deadline) => timeout_at(deadline, outcome)
                    .await
                    .map_err(|_| TransportError::out_of_time())?,
                None => outcome.await,
            };
            let ended = Ended::of(outcome.map_err(of_the_stack));
            if matches!(ended.kind(), Kind::Final) {
                return ended.into_outcome();
            }
            let asked = ended.asked();
            if let Some(wait) = course.shuts(&ended, asked) {
                self.gates.shut(Workload::of(&url), wait);
            }
            let (wait, mut again) = match course.next(&ended, asked, again) {
                Ok(next) => next,
                Err(reason) => {
                    course.not_retried = reason;
                    return ended.into_outcome();
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
    async fn pass(&self, url: &Url, course: &mut Course) -> Result<(), Error> {
        let policy = &course.trying.retry;
        if policy.retries() == 0 {
            return Ok(());
        }
        let longest = policy.longest_wait();
        let workload = || Workload::of(url);
        match self.gates.pass(workload, longest, course.end).await {
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
                Err(TransportError::held_back(time).into())
            }
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
        }
    }

    fn tries(&self) -> Tries {
        Tries::new(self.count, self.waited, self.not_retried)
    }

    /// The wait before the next try, and what to send then; or why there is none.
    fn next(
        &self,
        ended: &Ended,
        asked: Option<Duration>,
        again: Option<Request>,
    ) -> Result<(Duration, Request), Option<NotRetried>> {
        let policy = &self.trying.retry;
        let harmless = match ended.kind() {
            Kind::Final => return Err(None),
            Kind::NotTaken => true,
            // RFC 9110, 9.2.2. `PATCH` is not among them: one that adds members to a group is refused the second time.
            Kind::Unclear => self.trying.idempotent || self.method.is_idempotent(),
            Kind::Faulty if !policy.takes_server_errors() => return Err(None),
            Kind::Faulty => self.trying.idempotent || self.method.is_safe(),
        };
        if self.count > policy.retries() {
            return Err(Some(NotRetried::MaxRetries));
        }
        if !harmless {
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

/// What becomes of a try.
enum Ended {
    Answered(Response),
    Failed(Error),
}

/// What it means for another one.
#[derive(Clone, Copy)]
enum Kind {
    /// There is an answer, or another try would end like this one.
    Final,
    /// Nothing has happened at Graph.
    NotTaken,
    /// Something may have happened at Graph.
    Unclear,
    /// Graph has failed at it, maybe in the middle.
    Faulty,
}

impl Ended {
    fn of(outcome: Result<Response, Error>) -> Self {
        match outcome {
            Ok(response) => Self::Answered(response),
            Err(error) => Self::Failed(error),
        }
    }

    fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answered(response) => Some(response.status()),
            Self::Failed(_) => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Answered(response) => match response.status().as_u16() {
                408 | 429 | 503 | BANDWIDTH_LIMIT_EXCEEDED => Kind::NotTaken,
                504 => Kind::Unclear,
                500 | 502 => Kind::Faulty,
                _ => Kind::Final,
            },
            Self::Failed(Error::Transport(error)) if error.is_connect() => Kind::NotTaken,
            Self::Failed(Error::Transport(error)) if error.is_retryable() => Kind::Unclear,
            // The call has not left yet. Where the platform does not say when to come back, it was asked once more already.
            Self::Failed(Error::SignIn(error))
                if error.is_retryable() && error.retry_after().is_some() =>
            {
                Kind::NotTaken
            }
            Self::Failed(_) => Kind::Final,
        }
    }

    /// How long the service asks to be left alone.
    fn asked(&self) -> Option<Duration> {
        match self {
            Self::Answered(response) => {
                retry_after(response.status(), response.headers(), Utc::now())
            }
            Self::Failed(error) => error.retry_after(),
        }
    }

    fn into_outcome(self) -> Result<Response, Error> {
        match self {
            Self::Answered(response) => Ok(response),
            Self::Failed(error) => Err(error),
        }
    }
}
