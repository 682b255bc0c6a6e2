//! Sends a batch.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use http::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use tokio::time::sleep;
use url::Url;

use super::plan::{Load, TooMany, plan, plan_in_order};
use super::salvage::{Salvaged, salvage};
use super::wire::{PartRequest, PartResponse, Requests, Responses, root_of};
use super::{Batch, BatchResponses};
use crate::call::{Request, Response, Settings};
use crate::error::{
    Attempts, BatchError, ErrorOrigin, RequestContext, RetryStopReason, retry_after,
};
use crate::json::without_bom;
use crate::transport::{Effect, Verdict, Workload, harmless};
use crate::{Error, Result};

/// Sends a batch until each call has an outcome.
pub(super) async fn run(batch: Batch) -> Result<BatchResponses> {
    let after: Vec<_> = batch.parts.iter().map(|part| part.after).collect();
    let all: Vec<_> = (0..batch.parts.len()).collect();
    // The first call determines the API version of the batch.
    let mut requests = batch.parts.iter().flat_map(|part| &part.request);
    let root = match requests.next() {
        Some(first) => root_of(&batch.graph, &first.url),
        None => batch.graph.root().to_owned(),
    };
    let mut state = BatchState {
        outcomes: batch.parts.iter().map(|_| None).collect(),
        parts: HashMap::new(),
        loads: Vec::new(),
        unclear: HashSet::new(),
        made: batch.parts.iter().map(|_| Made::default()).collect(),
        after,
        root,
        batch: &batch,
    };
    state.write_all();
    if batch.sequential {
        for calls in plan_in_order(&all, &state.loads, &batch.limits) {
            state.complete(calls).await?;
        }
    } else {
        state.complete(all).await?;
    }
    Ok(BatchResponses {
        batch: batch.id,
        outcomes: batch
            .parts
            .iter()
            .zip(state.outcomes)
            .map(|(part, response)| {
                Some(response.unwrap_or_else(|| {
                    Err(
                        BatchError::unknown(&part.context, "the batch response lacks this call")
                            .into(),
                    )
                }))
            })
            .collect(),
    })
}

struct BatchState<'b> {
    batch: &'b Batch,
    /// The outcomes, by call.
    outcomes: Vec<Option<Result<Response>>>,
    /// The written parts, by call.
    parts: HashMap<usize, PartRequest>,
    /// The loads, by call.
    loads: Vec<Load>,
    /// The calls whose work may have been done by an attempt before the last one.
    unclear: HashSet<usize>,
    /// The attempts that were made, by call.
    made: Vec<Made>,
    /// The call that each call depends on, by call.
    after: Vec<Option<usize>>,
    /// The root URL of the API version of the calls.
    root: String,
}

/// The attempts that were made for a call of a batch: those of the requests that held it.
#[derive(Clone, Copy, Default)]
struct Made {
    count: u32,
    waited: Duration,
    stop_reason: Option<RetryStopReason>,
}

/// The result of a call in one request.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all parts have a response, which a box would only move once more"
)]
enum PartOutcome {
    /// A response came.
    Response(Response),
    /// No response came.
    Error(Error),
}

impl BatchState<'_> {
    /// Writes each call as a part. A call that no batch can hold gets its outcome here.
    fn write_all(&mut self) {
        for (call, queued) in self.batch.parts.iter().enumerate() {
            let part = match &queued.request {
                Ok(request) => PartRequest::new(&self.root, (call + 1).to_string(), request),
                Err(error) => Err(error.clone()),
            };
            let load = match part {
                Ok(part) => {
                    let load = self.load(call, &part);
                    self.parts.insert(call, part);
                    load
                }
                Err(error) => {
                    self.outcomes[call] = Some(Err(error));
                    Load::default()
                }
            };
            self.loads.push(load);
        }
    }

    /// Returns the share of a request's limits that a call uses.
    fn load(&self, call: usize, part: &PartRequest) -> Load {
        let request = self.batch.parts[call].request.as_ref();
        let url = request
            .ok()
            .and_then(|request| Url::parse(&request.url).ok());
        Load {
            // A part that cannot be written gets its error when it is sent.
            bytes: part.written_len(self.before(call)).unwrap_or_default(),
            mailbox: url.and_then(|url| mailbox(&url)),
        }
    }

    /// Sends calls, and sends postponed ones again, until each has an outcome.
    async fn complete(&mut self, calls: Vec<usize>) -> Result<()> {
        let end = self.batch.retry.end();
        let mut attempts: HashMap<usize, u32> = HashMap::new();
        let ready = self.ready(calls);
        let mut requests = self.requests(&ready)?;
        loop {
            let mut put_off = Vec::new();
            let mut not_run = Vec::new();
            // The calls of this round that have no outcome yet.
            let mut open: HashSet<usize> = HashSet::new();
            for request in &requests {
                let mut ready = Vec::with_capacity(request.len());
                for call in request {
                    // The call that this one depends on was in an earlier request.
                    let before = self.before(*call);
                    if before.is_some_and(|before| open.contains(&before)) {
                        open.insert(*call);
                        not_run.push((*call, None));
                    } else if let Some(error) = self.failed_before(*call) {
                        self.outcomes[*call] = Some(Err(error));
                    } else {
                        ready.push(*call);
                    }
                }
                if ready.is_empty() {
                    continue;
                }
                for (call, came) in self.send(&ready).await {
                    match came {
                        PartOutcome::Response(response)
                            if response.status == StatusCode::FAILED_DEPENDENCY =>
                        {
                            open.insert(call);
                            not_run.push((call, Some(response)));
                        }
                        PartOutcome::Response(response) if self.is_put_off(call, &response) => {
                            let asked = retry_after(response.status, &response.headers, Utc::now());
                            open.insert(call);
                            put_off.push((call, response, asked));
                        }
                        PartOutcome::Response(response) => self.settle(call, response).await,
                        PartOutcome::Error(error) => self.outcomes[call] = Some(Err(error)),
                    }
                }
            }
            let mut again: Vec<usize> = Vec::new();
            let mut longest = Duration::ZERO;
            for (call, response, asked) in put_off {
                let count = attempts.entry(call).or_default();
                *count += 1;
                match self.batch.retry.wait_before(*count, asked, end) {
                    Ok(wait) => {
                        if Verdict::of_status(response.status) != Verdict::NotDone {
                            self.unclear.insert(call);
                        }
                        again.push(call);
                        longest = longest.max(wait);
                    }
                    Err(reason) => {
                        self.made[call].stop_reason = Some(reason);
                        self.settle(call, response).await;
                    }
                }
            }
            // Calls that depend on a call that is sent again are sent again as well.
            not_run.sort_unstable_by_key(|(call, _)| *call);
            for (call, response) in not_run {
                let before = self.before(call);
                if before.is_some_and(|before| again.contains(&before)) {
                    again.push(call);
                } else if let Some(response) = response {
                    self.settle(call, response).await;
                } else if let Some(error) = self.failed_before(call) {
                    self.outcomes[call] = Some(Err(error));
                } else {
                    again.push(call);
                }
            }
            if again.is_empty() {
                return Ok(());
            }
            again.sort_unstable();
            tracing::info!(
                target: "msgraph",
                wait = longest.as_secs_f64(),
                calls = again.len(),
                "retrying calls of a batch after a wait"
            );
            sleep(longest).await;
            for call in &again {
                self.made[*call].waited += longest;
            }
            requests = self.requests(&again)?;
        }
    }

    /// Returns the calls that can be sent. Calls that could not be built, and those that depend on
    /// them, already have an outcome.
    fn ready(&mut self, calls: Vec<usize>) -> Vec<usize> {
        let mut ready = Vec::new();
        for call in calls {
            if let Some(error) = self.failed_before(call) {
                self.outcomes[call] = Some(Err(error));
            } else if self.outcomes[call].is_none() {
                ready.push(call);
            }
        }
        ready
    }

    /// Returns the error of a call that cannot be sent because the call that it depends on has
    /// failed.
    fn failed_before(&self, call: usize) -> Option<Error> {
        let before = self.before(call)?;
        match &self.outcomes[before] {
            Some(Err(error)) => Some(self.not_run(call, before, error.clone())),
            _ => None,
        }
    }

    /// Returns the error of a call that did not run because of another one. If that one did not run
    /// either, the error names the call that failed first.
    fn not_run(&self, call: usize, before: usize, error: Error) -> Error {
        let context = &self.batch.parts[call].context;
        match error {
            Error::Batch(first) if first.kind() == crate::error::BatchErrorKind::NotRun => {
                first.of(context).into()
            }
            error => BatchError::not_run(context, &self.batch.parts[before].context, error).into(),
        }
    }

    /// Returns the call that a call depends on.
    fn before(&self, call: usize) -> Option<usize> {
        match self.batch.sequential {
            true => call.checked_sub(1),
            false => self.after[call],
        }
    }

    fn requests(&self, calls: &[usize]) -> Result<Vec<Vec<usize>>> {
        if self.batch.sequential {
            return Ok(match calls {
                [] => Vec::new(),
                calls => vec![calls.to_vec()],
            });
        }
        let limits = &self.batch.limits;
        plan(calls, &self.after, &self.loads, limits)
            .map_err(|TooMany(calls)| BatchError::too_many(calls, limits.parts).into())
    }

    /// Sends calls in one request.
    async fn send(&mut self, calls: &[usize]) -> Vec<(usize, PartOutcome)> {
        let requests = calls.iter().filter_map(|call| {
            let mut part = self.parts.get(call)?.clone();
            if let Some(before) = self.before(*call).filter(|before| calls.contains(before)) {
                part.depends_on = vec![(before + 1).to_string()];
            }
            Some(part)
        });
        let requests = Requests {
            requests: requests.collect(),
        };
        let response = match serde_json::to_vec(&requests) {
            Ok(body) => {
                self.batch
                    .graph
                    .send(self.request(calls, body.into()), None)
                    .await
            }
            // Each part was JSON before, so this does not fail.
            Err(_) => return Vec::new(),
        };
        let response = match response {
            Ok(response) => {
                let attempts = response.context.attempts;
                if attempts.may_have_succeeded() {
                    self.unclear.extend(calls);
                }
                for call in calls {
                    let made = &mut self.made[*call];
                    made.count += attempts.count();
                    made.waited += attempts.waited();
                }
                response
            }
            Err(error) => {
                return calls
                    .iter()
                    .map(|call| (*call, PartOutcome::Error(error.clone())))
                    .collect();
            }
        };
        let Ok(Responses { mut responses }) = serde_json::from_slice(without_bom(&response.body))
        else {
            return self.damaged(calls, &response).await;
        };
        calls
            .iter()
            .map(|call| {
                let came = self.take(*call, &mut responses, &response);
                let came = came.unwrap_or_else(|| {
                    let message = "the batch response lacks this call";
                    PartOutcome::Error(self.unknown(*call, message, &response))
                });
                (*call, came)
            })
            .collect()
    }

    /// Takes the part of a batch response that belongs to a call.
    fn take(
        &self,
        call: usize,
        responses: &mut Vec<PartResponse>,
        batch: &Response,
    ) -> Option<PartOutcome> {
        let id = (call + 1).to_string();
        let place = responses.iter().position(|response| response.is_for(&id))?;
        let part = &self.batch.parts[call];
        let response = responses.swap_remove(place);
        let context = RequestContext {
            client_request_id: batch.context.client_request_id.clone(),
            ..part.context.clone()
        };
        let mut response = response.into_response(context, part.wants_bytes)?;
        // Graph gives ids to the whole batch, and only some services give ids to their parts.
        for name in ["request-id", "client-request-id"] {
            if let (None, Some(id)) = (response.headers.get(name), batch.headers.get(name)) {
                response.headers.insert(name, id.clone());
            }
        }
        Some(PartOutcome::Response(response))
    }

    /// Returns the attempts that were made for a call.
    fn attempts(&self, call: usize) -> Attempts {
        let Made {
            count,
            waited,
            stop_reason,
        } = self.made[call];
        let is_unclear = self.unclear.contains(&call);
        Attempts::new(count, waited, stop_reason).with_unclear_attempt(is_unclear)
    }

    /// Returns the error of a call that has no response of its own in the response to the batch.
    fn unknown(&self, call: usize, message: &str, batch: &Response) -> Error {
        let context = RequestContext {
            attempts: self.attempts(call),
            ..batch.context.clone()
        };
        let origin = ErrorOrigin::new(&context, batch.status, &batch.headers);
        BatchError::unknown(&self.batch.parts[call].context, message)
            .with_origin(origin)
            .into()
    }

    fn request(&self, calls: &[usize], body: Bytes) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Request {
            method: Method::POST,
            url: format!("{}/$batch", self.root),
            template: "/$batch".to_owned(),
            facts: None,
            headers,
            body: Some(body),
            settings: Some(Box::new(Settings {
                retry: Some(self.batch.retry.clone()),
                // A batch is idempotent if each of its calls is.
                idempotent: calls.iter().all(|call| self.is_repeatable(*call)),
                timeout: None,
            })),
        }
    }

    /// Returns the outcomes of a batch whose response is not a batch response: damaged JSON, or an
    /// error of Graph's about the whole batch.
    ///
    /// Calls get the parts that can be read. Of the other calls, those that read are sent alone.
    /// The outcome of those that write is unknown.
    async fn damaged(&self, calls: &[usize], response: &Response) -> Vec<(usize, PartOutcome)> {
        if let Err(error) = response.refuse_any_error() {
            let refused = |call: &usize| (*call, PartOutcome::Error(error.clone()));
            return calls.iter().map(refused).collect();
        }
        let mut salvaged = salvage(&response.body);
        let mut all = Vec::with_capacity(calls.len());
        for call in calls {
            let came = match self.take(*call, &mut salvaged.responses, response) {
                Some(came) => came,
                None => self.alone(*call, &salvaged, response).await,
            };
            all.push((*call, came));
        }
        all
    }

    /// Sends a call alone, where that does no harm.
    async fn alone(&self, call: usize, salvaged: &Salvaged, batch: &Response) -> PartOutcome {
        let part = &self.batch.parts[call];
        match &part.request {
            Ok(request) if request.method == Method::GET => {
                match self.batch.graph.send(request.clone(), part.expected).await {
                    Ok(response) => PartOutcome::Response(response),
                    Err(error) => PartOutcome::Error(error),
                }
            }
            _ => {
                let message = match salvaged.status(&(call + 1).to_string()) {
                    Some(status) => {
                        format!(
                            "the batch response is damaged in the part of this call (status \
                             {status})"
                        )
                    }
                    None => {
                        "the batch response is damaged and lacks the part of this call".to_owned()
                    }
                };
                PartOutcome::Error(self.unknown(call, &message, batch))
            }
        }
    }

    fn is_repeatable(&self, call: usize) -> bool {
        self.effect(call) >= Effect::Idempotent
    }

    fn effect(&self, call: usize) -> Effect {
        match &self.batch.parts[call].request {
            Ok(request) => request.effect(),
            Err(_) => Effect::Other,
        }
    }

    /// Checks whether Graph has postponed a call: it did not run, or it may safely run twice.
    fn is_put_off(&self, call: usize, response: &Response) -> bool {
        let server_errors = self.batch.retry.takes_server_errors();
        Verdict::of_status(response.status).allows(self.effect(call), server_errors)
    }

    /// Records a response as the outcome of a call.
    async fn settle(&mut self, call: usize, mut response: Response) {
        response.context.attempts = self.attempts(call);
        let part = &self.batch.parts[call];
        let context = &part.context;
        let outcome = if response.status.is_success() {
            Ok(response)
        } else if let Some(url) = part.wants_bytes.then(|| location(&response)).flatten() {
            let headers = match &part.request {
                Ok(request) => harmless(&request.headers),
                Err(_) => HeaderMap::new(),
            };
            self.follow(context, url, headers).await
        } else if response.status == StatusCode::FAILED_DEPENDENCY
            && let Some(before) = self.before(call)
            && let Some(Err(error)) = &self.outcomes[before]
        {
            Err(self.not_run(call, before, error.clone()))
        } else {
            Err(Error::from_response(
                &response.context,
                response.status,
                &response.headers,
                &response.body,
                None,
            ))
        };
        self.outcomes[call] = Some(outcome.and_then(|response| part.checked(response)));
    }

    /// Fetches content from another address, which takes no access token.
    async fn follow(
        &self,
        context: &RequestContext,
        url: String,
        headers: HeaderMap,
    ) -> Result<Response> {
        let request = Request {
            method: Method::GET,
            url,
            template: context.template.clone(),
            facts: context.facts,
            headers,
            body: None,
            settings: Some(Box::new(Settings {
                retry: Some(self.batch.retry.clone()),
                ..Settings::default()
            })),
        };
        let opened = self.batch.graph.open_elsewhere(request).await?;
        opened.read().await
    }
}

/// Returns the mailbox that a call works in, if it is one of Outlook's.
fn mailbox(url: &Url) -> Option<Box<str>> {
    match Workload::of(url) {
        Workload::Outlook(mailbox) => Some(mailbox),
        _ => None,
    }
}

/// Returns the target of a redirect.
fn location(response: &Response) -> Option<String> {
    if !response.status.is_redirection() {
        return None;
    }
    let location = response.headers.get(LOCATION)?.to_str().ok()?;
    Some(location.to_owned())
}
