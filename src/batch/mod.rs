//! Batches: several calls in one request.
//!
//! A batch takes ordinary calls and returns the response of each, as if it had been sent alone.
//! Calls that do not fit into one request are sent in several requests, one after another. Graph
//! takes 20 calls and 4 MB at once, and Outlook works on four calls of a mailbox at a time.
//! [`max_parts`](Batch::max_parts), [`max_bytes`](Batch::max_bytes) and
//! [`max_parts_per_mailbox`](Batch::max_parts_per_mailbox) set these limits.
//!
//! ```no_run
//! use msgraph::Graph;
//!
//! # async fn example(graph: &Graph) -> msgraph::Result<()> {
//! let mut batch = graph.batch();
//! let me = batch.add(graph.me().get());
//! let unread = batch.add(graph.me().messages().list().filter("isRead eq false").top(5));
//! let photo = batch.add(graph.me().photo().content().get());
//!
//! let mut responses = batch.send().await?;
//! println!("{:?}", responses.take(me)?.display_name);
//! for message in responses.take(unread)? {
//!     println!("{:?}", message.subject);
//! }
//! match responses.take(photo) {
//!     Ok(photo) => println!("{} bytes", photo.bytes.len()),
//!     Err(error) if error.is_not_found() => println!("no photo"),
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Each call has its own outcome. Calls that Graph throttles or postpones (429, 503) are sent again
//! in a further batch, after the longest of their `Retry-After` times.
//!
//! <https://learn.microsoft.com/graph/json-batching>

mod plan;
mod run;
mod salvage;
mod wire;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::header::ACCEPT;
use plan::Limits;
use uuid::Uuid;

use crate::call::{Call, Options, ReceivedResponse, Request, Response, ResponseKind};
use crate::download::Expected;
use crate::error::{BatchError, RequestContext};
use crate::transport::ExpectedBody;
use crate::{Error, Graph, Result, RetryPolicy};

impl Graph {
    /// Creates an empty batch.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, ids: Vec<String>) -> msgraph::Result<()> {
    /// let calls = ids.iter().map(|id| graph.users().id(id).get());
    /// for user in graph.batch().send_all(calls).await? {
    ///     println!("{:?}", user?.display_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch(&self) -> Batch {
        Batch {
            graph: self.clone(),
            id: Uuid::new_v4(),
            parts: Vec::new(),
            sequential: false,
            limits: Limits::default(),
            retry: Arc::clone(self.retry_policy()),
        }
    }
}

/// Calls to be sent in as few requests as possible: see [`Graph::batch`].
#[must_use = "a batch does nothing unless it is sent"]
pub struct Batch {
    graph: Graph,
    id: Uuid,
    parts: Vec<Queued>,
    sequential: bool,
    limits: Limits,
    retry: Arc<RetryPolicy>,
}

/// A call in a batch.
struct Queued {
    /// The request, or the error that says why the call cannot be sent.
    request: Result<Request>,
    context: RequestContext,
    /// The number of the call that has to succeed first.
    after: Option<usize>,
    /// `true` if the call requests bytes, which a batch response writes as text.
    wants_bytes: bool,
    /// The body that a successful response must have.
    expected: Option<ExpectedBody>,
}

impl Queued {
    /// Refuses an HTML page that arrived in place of the content, as for a call alone.
    fn checked(&self, response: Response) -> Result<Response> {
        if self.wants_bytes
            && let Ok(request) = &self.request
        {
            let accept = request.headers.get(ACCEPT);
            Expected::default()
                .check(&request.url, accept, &response.headers)
                .map_err(|error| error.with_origin(response.origin()))?;
        }
        Ok(response)
    }
}

/// A handle to a call in a batch. It takes the response of the call from [`BatchResponses::take`].
#[derive(Debug)]
#[must_use = "`BatchResponses::take` needs it to return the response"]
pub struct BatchHandle<A> {
    batch: Uuid,
    number: usize,
    response: PhantomData<fn() -> A>,
}

impl Batch {
    /// Adds a call. Graph works on it at the same time as the others, in any order.
    pub fn add<A: ResponseKind, O: Options>(&mut self, call: Call<A, O>) -> BatchHandle<A> {
        self.push(call, None)
    }

    /// Adds a call that runs after another one has finished. If that one fails, this one does not
    /// run, and its error says so ([`Error::Batch`]).
    ///
    /// Calls that depend on each other are sent in one request. There can be 20 of them at most, or
    /// as many as [`max_parts`](Self::max_parts) says. If they have more bytes than a request
    /// holds, the first of them are sent first, and the others once these have finished.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     folder: msgraph::models::MailFolder,
    /// # ) -> msgraph::Result<()> {
    /// let mut batch = graph.batch();
    /// let created = batch.add(graph.me().mail_folders().create(folder));
    /// let folders = batch.add_after(&created, graph.me().mail_folders().list());
    /// let mut responses = batch.send().await?;
    /// println!(
    ///     "{} folders, with {:?}",
    ///     responses.take(folders)?.len(),
    ///     responses.take(created)?.id
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_after<B, A: ResponseKind, O: Options>(
        &mut self,
        first: &BatchHandle<B>,
        call: Call<A, O>,
    ) -> BatchHandle<A> {
        self.push(call, Some((first.batch, first.number)))
    }

    fn push<A: ResponseKind, O: Options>(
        &mut self,
        call: Call<A, O>,
        after: Option<(Uuid, usize)>,
    ) -> BatchHandle<A> {
        let number = self.parts.len();
        let context = call.operation.context();
        let (request, after) = match after {
            // A handle of another batch does not refer to a call of this one.
            Some((batch, _)) if batch != self.id => {
                (Err(BatchError::foreign(&context).into()), None)
            }
            Some((_, number)) => (call.finish(), Some(number)),
            None => (call.finish(), None),
        };
        self.parts.push(Queued {
            request,
            context,
            after,
            wants_bytes: A::IS_CONTENT,
            expected: A::expected_body(),
        });
        BatchHandle {
            batch: self.id,
            number,
            response: PhantomData,
        }
    }

    /// Runs the calls one after another, in their order. After a call that failed, no further call
    /// runs.
    ///
    /// The limit per mailbox does not apply then, because one call runs at a time.
    pub fn sequential(mut self) -> Self {
        self.sequential = true;
        self
    }

    /// Sets the largest number of calls in one request, from 1 to 20. Defaults to 20, which is
    /// Graph's maximum. A larger number counts as 20, and 0 counts as 1.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, ids: Vec<String>) -> msgraph::Result<()> {
    /// let calls = ids.iter().map(|id| graph.sites().id(id).get());
    /// let sites = graph.batch().max_parts(5).send_all(calls).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/json-batching#batch-size-limitations>
    pub fn max_parts(mut self, parts: usize) -> Self {
        self.limits.parts = parts.clamp(1, Limits::MOST_PARTS);
        self
    }

    /// Sets the largest number of bytes in the body of one request. Defaults to 4,000,000, because
    /// Graph refuses larger JSON (413).
    ///
    /// Bytes count as they are written: a body that is not JSON is written as base64, which is a
    /// third longer. A call that exceeds the limit alone is sent in a request of its own, and
    /// Graph's response is its outcome. Send files of that size with an [upload](crate::upload).
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     drafts: Vec<msgraph::models::Message>,
    /// # ) -> msgraph::Result<()> {
    /// let calls = drafts
    ///     .into_iter()
    ///     .map(|draft| graph.me().messages().create(draft));
    /// let created = graph.batch().max_bytes(2_000_000).send_all(calls).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/errors>
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// Sets the largest number of calls in one request that work in one mailbox at the same time.
    /// Defaults to 4; 0 counts as 1.
    ///
    /// Outlook works on four requests of an app in a mailbox at a time, and may respond 429 to
    /// more. Calls that depend on each other count once, because only one of them runs at a time. A
    /// larger number saves requests where the mailbox is idle. Throttled calls are sent again in
    /// any case.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, ids: Vec<String>) -> msgraph::Result<()> {
    /// let calls = ids.iter().map(|id| graph.me().messages().id(id).get());
    /// let messages = graph.batch().max_parts_per_mailbox(20).send_all(calls).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits>
    pub fn max_parts_per_mailbox(mut self, parts: usize) -> Self {
        self.limits.per_mailbox = parts.max(1);
        self
    }

    /// Sets the retry policy for postponed calls and for the requests that contain them. It
    /// replaces the client's policy. Each call has its own number of attempts and its own time
    /// limit.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Arc::new(retry);
        self
    }

    /// Returns the number of calls in the batch.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Checks whether the batch has no calls.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Sends the batch. An empty batch sends no request.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Batch`] when more calls depend on each other than one request holds; no
    /// request was sent then. Later failures are the outcomes of the calls that they affect.
    pub async fn send(self) -> Result<BatchResponses> {
        run::run(self).await
    }

    /// Adds these calls, sends the batch, and returns the outcomes of these calls in their order.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, guests: Vec<String>) -> msgraph::Result<()> {
    /// use msgraph::models::Invitation;
    ///
    /// let invitations = guests.iter().map(|guest| {
    ///     graph.invitations().create(Invitation {
    ///         invited_user_email_address: Some(guest.clone()),
    ///         invite_redirect_url: Some("https://contoso.example".into()),
    ///         ..Default::default()
    ///     })
    /// });
    /// for (guest, invitation) in guests.iter().zip(graph.batch().send_all(invitations).await?) {
    ///     match invitation {
    ///         Ok(invitation) => println!("{guest}: {:?}", invitation.status),
    ///         Err(error) => println!("{guest}: {error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`send`](Self::send).
    pub async fn send_all<A: ResponseKind, O: Options>(
        mut self,
        calls: impl IntoIterator<Item = Call<A, O>>,
    ) -> Result<Vec<Result<A::Output>>> {
        let parts: Vec<_> = calls.into_iter().map(|call| self.add(call)).collect();
        let mut responses = self.send().await?;
        Ok(parts.into_iter().map(|part| responses.take(part)).collect())
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("calls", &self.parts.len())
            .field("sequential", &self.sequential)
            .finish_non_exhaustive()
    }
}

/// The outcomes of a batch, one for each of its calls.
#[derive(Debug)]
pub struct BatchResponses {
    batch: Uuid,
    outcomes: Vec<Option<Result<Response>>>,
}

impl BatchResponses {
    /// Returns the response to a call.
    ///
    /// # Errors
    ///
    /// Returns the error that awaiting the call alone would give. Returns [`Error::Batch`] where
    /// the call did not run because an earlier one failed, or where it is unknown whether it ran.
    pub fn take<A: ResponseKind>(&mut self, part: BatchHandle<A>) -> Result<A::Output> {
        let outcome = match part.batch == self.batch {
            true => self.outcomes.get_mut(part.number).and_then(Option::take),
            false => None,
        };
        let Some(response) = outcome else {
            return Err(Error::from(BatchError::not_of_this_batch()));
        };
        A::read(ReceivedResponse::new(response?))
    }
}
