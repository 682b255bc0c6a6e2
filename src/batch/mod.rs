//! Several calls in one request.
//!
//! Calls go in as they are, and come out with the answers that they would have had. More than 20 are sent in several
//! requests, since Graph takes no more at once.
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
    /// Calls that wait for each other stand in one request, so there can be 20 of them at most.
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
        let request = match after {
            Some((batch, _)) if batch != self.id => Err(BatchError::foreign(&context).into()),
            _ => call.finish(),
        };
        self.parts.push(Queued {
            request,
            context,
            after: after.map(|(_, number)| number),
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
    /// Outlook works at four calls a mailbox at a time: many calls to one mailbox are better done so.
    pub fn sequential(mut self) -> Self {
        self.sequential = true;
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
    /// [`Error::Batch`] when more than 20 calls wait for each other; nothing was sent then. What goes wrong later is the
    /// outcome of the parts that it happened to.
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
