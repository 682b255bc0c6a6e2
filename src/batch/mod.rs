//! Several calls in one request.
//!
//! Calls go in as they are, and come out with the responses that they would have had. Calls that do
//! not fit into one request are sent in several, one after another: Graph takes 20 calls and 4 MB
//! at once, and Outlook works on four calls of a mailbox at a time. [`max_parts`](Batch::max_parts),
//! [`max_bytes`](Batch::max_bytes) and [`max_parts_per_mailbox`](Batch::max_parts_per_mailbox) set
//! these limits.
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
//! let mut answers = batch.send().await?;
//! println!("{:?}", answers.take(me)?.display_name);
//! for message in answers.take(unread)? {
//!     println!("{:?}", message.subject);
//! }
//! match answers.take(photo) {
//!     Ok(photo) => println!("{} bytes", photo.bytes.len()),
//!     Err(error) if error.is_not_found() => println!("no photo"),
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Each part has an outcome of its own. What Graph puts off (429, 503) is sent again in a further batch, after as long as the
//! longest of them asks.
//!
//! <https://learn.microsoft.com/graph/json-batching>

mod plan;
mod run;
mod salvage;
mod wire;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use plan::Limits;
use uuid::Uuid;

use crate::call::{Answer, Answered, Call, ExpectedBody, Options, Request, Response};
use crate::error::{BatchError, RequestContext};
use crate::{Error, Graph, Result, Retry};

impl Graph {
    /// A batch, empty yet.
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

/// Calls to be made in one request, or in as few as there have to be: see [`Graph::batch`].
#[must_use = "a batch does nothing until it is sent"]
pub struct Batch {
    graph: Graph,
    id: Uuid,
    parts: Vec<Queued>,
    sequential: bool,
    limits: Limits,
    retry: Arc<Retry>,
}

/// A call in a batch.
struct Queued {
    /// The request, or why it cannot be one.
    request: Result<Request>,
    context: RequestContext,
    /// The number of the call that has to succeed first.
    after: Option<usize>,
    /// Whether the call is for bytes, which a batch writes as text.
    wants_bytes: bool,
    /// The body that a success has to have.
    expected: Option<ExpectedBody>,
}

/// A call's place in a batch, by which its answer is taken: [`Answers::take`].
#[derive(Debug)]
#[must_use = "the answer is had by it"]
pub struct Part<A> {
    batch: Uuid,
    number: usize,
    answer: PhantomData<fn() -> A>,
}

impl Batch {
    /// Adds a call. Graph does it at the same time as the others, in whatever order.
    pub fn add<A: Answer, O: Options>(&mut self, call: Call<A, O>) -> Part<A> {
        self.push(call, None)
    }

    /// Adds a call that is done once another one was: where that one fails, this one is not done, and its error says so
    /// ([`Error::Batch`]).
    ///
    /// Calls that wait for each other stand in one request, so there can be 20 of them at most, or
    /// as many as [`max_parts`](Self::max_parts) says. Where they have more bytes than a request
    /// holds, the first of them are sent ahead, and the others once these are done.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, folder: msgraph::models::MailFolder) -> msgraph::Result<()> {
    /// let mut batch = graph.batch();
    /// let created = batch.add(graph.me().mail_folders().create(folder));
    /// let folders = batch.add_after(&created, graph.me().mail_folders().list());
    /// let mut answers = batch.send().await?;
    /// println!("{} folders, with {:?}", answers.take(folders)?.len(), answers.take(created)?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_after<B, A: Answer, O: Options>(
        &mut self,
        first: &Part<B>,
        call: Call<A, O>,
    ) -> Part<A> {
        self.push(call, Some((first.batch, first.number)))
    }

    fn push<A: Answer, O: Options>(
        &mut self,
        call: Call<A, O>,
        after: Option<(Uuid, usize)>,
    ) -> Part<A> {
        let number = self.parts.len();
        let context = call.operation.context();
        let (request, after) = match after {
            // A number of another batch says nothing about the calls of this one.
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
        Part {
            batch: self.id,
            number,
            answer: PhantomData,
        }
    }

    /// Has the calls done one after another, in their order. After one that failed, none is done.
    ///
    /// The limit for a mailbox does not apply then, because there is one call at a time.
    pub fn sequential(mut self) -> Self {
        self.sequential = true;
        self
    }

    /// Sets the largest number of calls in one request, from 1 to 20. Defaults to 20, which is as
    /// many as Graph takes: a larger number counts as 20, and 0 as 1.
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
    /// Bytes count as they are written: a body that is not JSON is base64, which is a third longer.
    /// A call that is larger alone is sent in a request of its own, and what Graph responds is its
    /// outcome. Files of that size are better sent with an [upload](crate::upload).
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, drafts: Vec<msgraph::models::Message>) -> msgraph::Result<()> {
    /// let calls = drafts.into_iter().map(|draft| graph.me().messages().create(draft));
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
    /// Outlook works on four requests of an app in a mailbox at a time, and may respond 429 to more.
    /// Calls that wait for each other count once, since only one of them runs. A larger number saves
    /// requests where the mailbox is idle: calls that are throttled are sent again in any case.
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

    /// Says how parts are tried again that Graph puts off, and the requests that they are in, in place of what the client
    /// does. A part has a count and a budget of its own.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Arc::new(retry);
        self
    }

    /// How many calls are in it.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether no call is in it.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Sends it. An empty batch sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Batch`] when more calls wait for each other than one request holds; nothing was sent
    /// then. What goes wrong later is the outcome of the parts that it happened to.
    pub async fn send(self) -> Result<Answers> {
        run::run(self).await
    }

    /// Adds these calls, sends all, and gives the outcomes of these in their order.
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
    /// As those of [`send`](Self::send).
    pub async fn send_all<A: Answer, O: Options>(
        mut self,
        calls: impl IntoIterator<Item = Call<A, O>>,
    ) -> Result<Vec<Result<A::Output>>> {
        let parts: Vec<_> = calls.into_iter().map(|call| self.add(call)).collect();
        let mut answers = self.send().await?;
        Ok(parts.into_iter().map(|part| answers.take(part)).collect())
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
pub struct Answers {
    batch: Uuid,
    outcomes: Vec<Option<Result<Response>>>,
}

impl Answers {
    /// The answer to a call.
    ///
    /// # Errors
    ///
    /// What awaiting the call would give, and [`Error::Batch`] where the call was not done, because the one before it failed,
    /// or where nobody knows whether it was.
    pub fn take<A: Answer>(&mut self, part: Part<A>) -> Result<A::Output> {
        let outcome = match part.batch == self.batch {
            true => self.outcomes.get_mut(part.number).and_then(Option::take),
            false => None,
        };
        let Some(response) = outcome else {
            return Err(Error::from(BatchError::not_of_this_batch()));
        };
        A::read(Answered::new(response?))
    }
}
