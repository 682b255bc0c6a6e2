//! The loop that sends the slices and handles every response.

use std::ops::Range;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use super::Uploaded;
use super::outcome::{Outcome, Refusal, expected, is_rewritten, size};
use super::ranges::{add, count, remove};
use super::source::Slices;
use crate::call::{Request, Response, Settings};
use crate::error::{ApiError, TransferError, TransferErrorKind};
use crate::transfer::{BoundedRetries, Report};
use crate::{Error, Graph, Result};

/// The maximum number of consecutive slices of which a session may take almost no bytes.
const MOST_STALLS: u32 = 5;

/// The smallest part of a slice that counts as progress: one in 64.
///
/// Without this limit, a service that takes one byte of each slice would keep the client sending
/// almost without end.
const LEAST_TAKEN: u64 = 64;

/// The address of a session. The access token is not sent there, because the address itself is a
/// secret.
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
        let opened = self.graph.open_elsewhere(request).await?;
        let response = opened.read_state().await?;
        response.refuse_any_error()?;
        Ok(response)
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
    pub(super) retries: BoundedRetries,
    pub(super) report: Report,
}

impl Sending {
    /// Sends the missing bytes. A session that is not new is first asked for its position.
    ///
    /// The service decides which of the sent bytes are missing. A claim that it has bytes that were
    /// never sent is not believed.
    pub(super) async fn run(mut self, is_new: bool) -> Result<Uploaded> {
        let total = self.slices.length();
        let at_start = match is_new {
            true => Some(whole(total)),
            false => self.ask(false).await?,
        };
        // If a session does not say what it has, all bytes may have been sent before.
        let mut unsent = at_start.clone().unwrap_or_default();
        let mut missing = at_start.unwrap_or_else(|| whole(total));
        let (mut least, mut stalls) = (count(&missing), 0);
        while let Some(gap) = missing.first().cloned() {
            let done = total.saturating_sub(count(&missing));
            self.report.tell(done, Some(total));
            let range = gap.start..gap.end.min(gap.start.saturating_add(self.slice_size));
            let is_last = missing.len() == 1 && range.end == gap.end;
            let slice = self.slices.get(&range).await?;
            remove(&mut unsent, &range);
            match self.address.put(&range, total, slice).await {
                Ok(response) => match Outcome::of(&response, total, is_last) {
                    Outcome::Done
                        if unsent.is_empty() && (is_last || size(&response).is_some()) =>
                    {
                        return self.done(response);
                    }
                    Outcome::Done => {
                        let error = too_early(count(&missing), &range, total);
                        return Err(error.with_origin(response.origin()).into());
                    }
                    Outcome::More(Some(told)) if !told.is_empty() => missing = told,
                    Outcome::More(told) => {
                        remove(&mut missing, &range);
                        if told.is_some() || missing.is_empty() {
                            // The service has all bytes, or does not say. The session is asked
                            // before that is believed.
                            match self.ask(unsent.is_empty()).await? {
                                Some(told) => missing = told,
                                None if missing.is_empty() => return self.done(response),
                                None => {}
                            }
                        }
                        if missing.is_empty() && unsent.is_empty() {
                            return self.done(response);
                        }
                    }
                },
                Err(error) => match Refusal::of(error, is_last) {
                    Refusal::Gone(response) => return Err(gone(response, false)),
                    Refusal::Misplaced(error) => {
                        if stalls >= MOST_STALLS {
                            return Err(error);
                        }
                        match self.ask(is_last).await? {
                            Some(told) => missing = told,
                            // The service refused these bytes because it has them already.
                            None => remove(&mut missing, &range),
                        }
                    }
                    Refusal::Other(error) => {
                        self.retries.wait(error).await?;
                        if let Some(told) = self.ask(is_last).await? {
                            missing = told;
                        }
                        add(&mut missing, &unsent);
                        // Each attempt has its own wait, so these attempts do not count as stalls.
                        continue;
                    }
                },
            }
            add(&mut missing, &unsent);
            let left = count(&missing);
            let taken = least.saturating_sub(left);
            least = least.min(left);
            if taken > 0 && taken >= (range.end - range.start) / LEAST_TAKEN {
                stalls = 0;
                self.retries.reset();
            } else {
                stalls += 1;
            }
            if stalls > MOST_STALLS {
                return Err(TransferError::new(
                    TransferErrorKind::Stuck,
                    format!(
                        "the upload makes no progress: the service keeps requesting the bytes from \
                         {} on",
                        gap.start
                    ),
                )
                .into());
            }
        }
        // No bytes are missing, and the file has not been created yet.
        let response = self.address.send(Method::GET, HeaderMap::new(), None).await;
        self.done(response.map_err(|error| of_the_session(error, true))?)
    }

    /// Ends the upload with the response to its last slice.
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::SizeMismatch`] if the service created a file of another size.
    fn done(&mut self, response: Response) -> Result<Uploaded> {
        let total = self.slices.length();
        match size(&response) {
            Some(size) if size != total && !is_rewritten(&response) => {
                return Err(TransferError::new(
                    TransferErrorKind::SizeMismatch,
                    format!(
                        "the service created a file of {size} bytes although {total} bytes \
                             were sent"
                    ),
                )
                .with_origin(response.origin())
                .into());
            }
            _ => self.report.tell(total, Some(total)),
        }
        Ok(Uploaded { response })
    }

    /// Asks the session for the missing ranges; returns `None` where it does not name them.
    ///
    /// `was_last` is `true` if the last slice was sent and its response was lost. A session that is
    /// gone may be finished then.
    async fn ask(&mut self, was_last: bool) -> Result<Option<Vec<Range<u64>>>> {
        loop {
            let asked = self.address.send(Method::GET, HeaderMap::new(), None).await;
            match asked.map_err(|error| of_the_session(error, was_last)) {
                Ok(response) => {
                    let state: Value = response.json().unwrap_or_default();
                    return Ok(expected(&state, self.slices.length()));
                }
                Err(error) => self.retries.wait(error).await?,
            }
        }
    }
}

pub(super) fn whole(total: u64) -> Vec<Range<u64>> {
    std::iter::once(0..total).collect()
}

fn too_early(missing: u64, last: &Range<u64>, total: u64) -> TransferError {
    let left = missing.saturating_sub(last.end.saturating_sub(last.start));
    TransferError::new(
        TransferErrorKind::SizeMismatch,
        format!(
            "the service ended the upload after {} of {total} bytes",
            total.saturating_sub(left)
        ),
    )
}

/// Turns an error that means that the session is gone into that error.
pub(super) fn of_the_session(error: Error, was_last: bool) -> Error {
    match Refusal::of(error, true) {
        Refusal::Gone(response) => gone(response, was_last),
        Refusal::Misplaced(error) | Refusal::Other(error) => error,
    }
}

fn gone(response: Box<ApiError>, was_last: bool) -> Error {
    let error = match was_last {
        false => TransferError::new(
            TransferErrorKind::SessionGone,
            "the upload session no longer exists: start the upload again",
        ),
        true => TransferError::new(
            TransferErrorKind::MaybeFinished,
            "the upload session no longer exists, but all bytes were sent: check whether the file \
             was created",
        ),
    };
    error.with_response(response).into()
}
