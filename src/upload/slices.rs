//! The loop that sends slice after slice, whatever becomes of them.

use std::ops::Range;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use super::Uploaded;
use super::outcome::{Outcome, Refusal, expected};
use super::ranges::{count, remove};
use super::source::Slices;
use crate::call::{Request, Response, Settings};
use crate::error::{ApiError, TransferError, TransferErrorKind};
use crate::transfer::{Backoff, Report};
use crate::{Error, Graph, Result};

/// How often a session may go without having more than it ever had.
const MOST_STALLS: u32 = 5;

/// The address of a session. No token goes there, since the address is a secret itself.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) graph: Graph,
    pub(super) url: String,
}

impl Address {
    pub(super) async fn send(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Option<Bytes>,
    ) -> Result<Response> {
        let request = Request {
            method,
            url: self.url.clone(),
            template: "{uploadUrl}".to_owned(),
            facts: None,
            headers,
            body,
            settings: Settings::one_try(None),
        };
        let answer = self.graph.open_elsewhere(request).await?.read().await?;
        answer.refuse_any_error()?;
        Ok(answer)
    }

    async fn put(&self, range: &Range<u64>, total: u64, slice: Bytes) -> Result<Response> {
        let mut headers = HeaderMap::new();
        let last = range.end.saturating_sub(1);
        if let Ok(value) = HeaderValue::from_str(&format!("bytes {}-{last}/{total}", range.start)) {
            headers.insert(CONTENT_RANGE, value);
        }
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
        self.send(Method::PUT, headers, Some(slice)).await
    }
}

/// An upload under way.
pub(super) struct Sending {
    pub(super) address: Address,
    pub(super) slices: Slices,
    pub(super) slice_size: u64,
    pub(super) backoff: Backoff,
    pub(super) report: Report,
}

impl Sending {
    /// Sends what is missing. `missing` is what the session says of it; without it, the session is asked.
    pub(super) async fn run(mut self, missing: Option<Vec<Range<u64>>>) -> Result<Uploaded> {
        let total = self.slices.length();
        let mut missing = match missing {
            Some(missing) => missing,
            None => self.ask(false).await?.unwrap_or_else(|| whole(total)),
        };
        let (mut least, mut stalls) = (count(&missing), 0);
        while let Some(gap) = missing.first().cloned() {
            self.report.tell(total - count(&missing), Some(total));
            let range = gap.start..gap.end.min(gap.start.saturating_add(self.slice_size));
            let is_last = missing.len() == 1 && range.end == gap.end;
            let slice = self.slices.get(&range).await?;
            match self.address.put(&range, total, slice).await {
                Ok(answer) => match Outcome::of(&answer, total, is_last) {
                    Outcome::Done => return Ok(self.done(answer)),
                    Outcome::More(Some(told)) if !told.is_empty() => missing = told,
                    Outcome::More(told) => {
                        remove(&mut missing, &range);
                        if told.is_some() || missing.is_empty() {
                            // The service has it all, or does not say: it is asked before that is believed.
                            match self.ask(true).await? {
                                Some(told) => missing = told,
                                None if missing.is_empty() => return Ok(self.done(answer)),
                                None => {}
                            }
                        }
                        if missing.is_empty() {
                            return Ok(self.done(answer));
                        }
                    }
                },
                Err(error) => match Refusal::of(error, is_last) {
                    Refusal::Gone(answer) => return Err(gone(answer, false)),
                    Refusal::Misplaced(error) => {
                        if stalls >= MOST_STALLS {
                            return Err(error);
                        }
                        match self.ask(is_last).await? {
                            Some(told) => missing = told,
                            // What is refused as there already is there.
                            None => remove(&mut missing, &range),
                        }
                    }
                    Refusal::Other(error) => {
                        self.backoff.wait(error).await?;
                        if let Some(told) = self.ask(is_last).await? {
                            missing = told;
                        }
                        // Each try has its wait, so that these are no stalls.
                        continue;
                    }
                },
            }
            let left = count(&missing);
            if left < least {
                (least, stalls) = (left, 0);
                self.backoff.reset();
            } else {
                stalls += 1;
            }
            if stalls > MOST_STALLS {
                return Err(TransferError::new(
                    TransferErrorKind::Stuck,
                    format!(
                        "the service keeps asking for the bytes from {} on",
                        gap.start
                    ),
                )
                .into());
            }
        }
        // Nothing is missing, and nothing was made of it yet.
        let answer = self.address.send(Method::GET, HeaderMap::new(), None).await;
        Ok(self.done(answer.map_err(|error| of_the_session(error, true))?))
    }

    fn done(&mut self, answer: Response) -> Uploaded {
        let total = self.slices.length();
        self.report.tell(total, Some(total));
        Uploaded { answer }
    }

    /// Asks the session what is missing; `None` where it does not say.
    ///
    /// `was_last` tells whether the last slice was sent and its answer lost: a session that is gone may be finished then.
    async fn ask(&mut self, was_last: bool) -> Result<Option<Vec<Range<u64>>>> {
        loop {
            let asked = self.address.send(Method::GET, HeaderMap::new(), None).await;
            match asked.map_err(|error| of_the_session(error, was_last)) {
                Ok(answer) => {
                    let state: Value = answer.json().unwrap_or_default();
                    return Ok(expected(&state, self.slices.length()));
                }
                Err(error) => self.backoff.wait(error).await?,
            }
        }
    }
}

pub(super) fn whole(total: u64) -> Vec<Range<u64>> {
    std::iter::once(0..total).collect()
}

/// Says of an error that it is the session which is gone.
pub(super) fn of_the_session(error: Error, was_last: bool) -> Error {
    match Refusal::of(error, true) {
        Refusal::Gone(answer) => gone(answer, was_last),
        Refusal::Misplaced(error) | Refusal::Other(error) => error,
    }
}

fn gone(answer: Box<ApiError>, was_last: bool) -> Error {
    let error = match was_last {
        false => TransferError::new(
            TransferErrorKind::SessionGone,
            "the upload session is not there any more",
        ),
        true => TransferError::new(
            TransferErrorKind::MaybeFinished,
            "the upload session is not there any more, and all bytes were sent: the file may be there",
        ),
    };
    error.with_answer(answer).into()
}
