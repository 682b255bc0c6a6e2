//! Delta queries: the changes since an earlier read.
//!
//! The first round of a delta function returns all items and a delta link. Later rounds follow that
//! link, return the changes since then, and give the next delta link. A round is a stream of
//! events; its delta link is available after the last event.
//!
//! ```no_run
//! use msgraph::Graph;
//! use msgraph::delta::DeltaEvent;
//! use msgraph::models::User;
//!
//! # async fn example(graph: &Graph, kept: Option<String>) -> msgraph::Result<()> {
//! let users = graph
//!     .users()
//!     .delta()
//!     .select([User::DISPLAY_NAME, User::MOBILE_PHONE]);
//! let mut changes = match kept {
//!     Some(link) => users.changes_since(link),
//!     None => users.changes(),
//! };
//! while let Some(event) = changes.try_next().await? {
//!     match event {
//!         DeltaEvent::Changed(user) if user.is_null(User::MOBILE_PHONE) => {
//!             println!("{:?}: no phone", user.id)
//!         }
//!         DeltaEvent::Changed(user) => println!("{:?}: {:?}", user.id, user.display_name),
//!         DeltaEvent::Removed(user) => println!("{:?} is gone", user.id()),
//!         DeltaEvent::Resync(resync) => changes = resync.start_over(),
//!         _ => {}
//!     }
//! }
//! let keep = changes.delta_link();
//! # Ok(())
//! # }
//! ```
//!
//! Graph may send an item several times, within one round and across rounds: the last one counts.
//! Apply the events before you store the link, because Graph does not send earlier changes again.
//!
//! A loop that starts over on each [`Resync`] ends. Consecutive rounds that start over wait longer
//! each time. After the fourth, the stream gives Graph's error instead of the event.
//!
//! <https://learn.microsoft.com/graph/delta-query-overview>

mod event;
mod read;
mod resync;

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use url::Url;

pub use event::{Changed, DeltaEvent, RelatedChange, Removed, RemovedReason};
#[doc(inline)]
pub use msgraph_core::model::Related;
pub(crate) use read::page as read_page;
use resync::Pause;
pub use resync::{Resync, ResyncKind};

use crate::call::{Call, Delta, Options, ReceivedResponse, Request};
use crate::model::Model;
use crate::page::{Walk, from_link, is_url};
use crate::transport::remove_headers_of_one_request;
use crate::{Graph, Result};

impl Graph {
    /// Returns the changes since a stored link: a [`Changes::delta_link`], or a
    /// [`next_link`](Changes::next_link) from the middle of a round.
    ///
    /// The link is followed as it is. It does not contain headers, so set them again. Graph may ask
    /// to start over without saying where. The new round then follows the link without its token,
    /// and the options that the token held are lost. [`changes_since`](Call::changes_since) of the
    /// typed call keeps them.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, kept: String) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    ///
    /// let mut changes = graph.delta_from::<User>(kept).changes();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The stream gives [`Error::Host`](crate::Error::Host) when the link does not lead to one of
    /// the cloud's hosts. It gives [`Error::Request`](crate::Error::Request) when the link is not a
    /// URL.
    pub fn delta_from<T: Model>(&self, link: impl Into<String>) -> Call<Delta<T>> {
        Call::new(from_link(self, link.into()))
    }
}

impl<T: Model, O: Options> Call<Delta<T>, O> {
    /// Returns a round of changes as a stream. The first round gives all items.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut changes = graph.me().mail_folders().id("inbox").messages().delta().changes();
    /// while let Some(event) = changes.try_next().await? {
    ///     println!("{event:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The stream gives the errors of the call, and ends after the first one.
    /// [`next_link`](Changes::next_link) is then the link that could not be followed.
    pub fn changes(self) -> Changes<T> {
        let graph = self.operation.graph().clone();
        match self.finish() {
            Ok(request) => {
                let restart = Request {
                    url: resync::without_token(&request.url),
                    ..request.clone()
                };
                // A first request holds no token, so no token can be too old.
                let has_token = restart.url != request.url;
                Changes::new(graph, request, restart, has_token)
            }
            Err(error) => Changes::failed(graph, error),
        }
    }

    /// Returns the changes since a stored link.
    ///
    /// The call's headers are sent as well. The call's options are in the link already; they apply
    /// again where Graph asks to start over.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, kept: String) -> msgraph::Result<()> {
    /// let mut changes = graph.users().delta().select("displayName").changes_since(kept);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Gives the errors of [`Graph::delta_from`].
    pub fn changes_since(self, link: impl Into<String>) -> Changes<T> {
        let graph = self.operation.graph().clone();
        let template = self.operation.template().to_owned();
        let facts = self.operation.known();
        let resumed = from_link(&graph, link.into()).finish(Default::default());
        let requests = self.finish().and_then(|restart| Ok((resumed?, restart)));
        match requests {
            Ok((resumed, restart)) => {
                let resumed = Request {
                    template,
                    facts,
                    headers: restart.headers.clone(),
                    settings: restart.settings.clone(),
                    ..resumed
                };
                Changes::new(graph, resumed, restart, true)
            }
            Err(error) => Changes::failed(graph, error),
        }
    }

    /// Returns a link for the changes from now on, without reading the existing items (`latest`).
    ///
    /// The directory, drives and sites support it.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let link = graph.users().delta().latest().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of the call, and [`Error::Paging`](crate::Error::Paging) when the
    /// response has no link.
    ///
    /// <https://learn.microsoft.com/graph/delta-query-overview#use-delta-query-to-track-changes-in-a-resource-collection>
    pub async fn latest(self) -> Result<String> {
        // OneDrive and SharePoint have their own parameter for it.
        let parameter = match T::default().type_name().rsplit('.').next() {
            Some("driveItem" | "listItem" | "site" | "baseItem") => "token",
            _ => "$deltatoken",
        };
        let received = self.query(parameter, "latest").receive().await?;
        let page = read_page::<T>(&received)?;
        page.delta_link.ok_or_else(|| {
            let error = received.paging_error("the response has no `@odata.deltaLink`");
            error.into()
        })
    }

    /// Starts the round at a token of drives and sites: a stored token, or a time such as
    /// `2026-01-31T00:00:00Z`.
    ///
    /// Prefer links: they hold the token and all options.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut changes = graph.me().drive().root().delta().token("2026-01-31T00:00:00Z").changes();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/api/driveitem-delta>
    pub fn token(self, token: impl Into<String>) -> Self {
        self.query("token", token)
    }
}

/// A round of changes as a stream, returned by [`changes`](Call::changes).
#[must_use = "a stream does nothing unless it is polled"]
pub struct Changes<T> {
    graph: Graph,
    walk: Walk,
    events: VecDeque<DeltaEvent<T>>,
    /// The request that starts over; `None` for a call that could not be built.
    restart: Option<Request>,
    /// `true` if the next request holds the token of an earlier round.
    has_token: bool,
    /// The number of consecutive rounds that started over, this one included.
    restarts: u32,
    /// The wait before the first request of this round.
    pause: Pause,
}

impl<T: Model> Changes<T> {
    fn new(graph: Graph, first: Request, restart: Request, has_token: bool) -> Self {
        Self {
            walk: Walk::new::<T>(graph.clone(), first),
            graph,
            events: VecDeque::new(),
            restart: Some(restart),
            has_token,
            restarts: 0,
            pause: Pause::default(),
        }
    }

    /// Creates a round that starts over, after others that did: see [`Resync::start_over`].
    fn again(graph: Graph, first: Request, restart: Request, restarts: u32) -> Self {
        Self {
            restarts,
            pause: Pause::before(restarts),
            ..Self::new(graph, first, restart, false)
        }
    }

    fn failed(graph: Graph, error: crate::Error) -> Self {
        Self {
            walk: Walk::failed(graph.clone(), error),
            graph,
            events: VecDeque::new(),
            restart: None,
            has_token: false,
            restarts: 0,
            pause: Pause::default(),
        }
    }

    /// Returns the next event; `None` after the last one, and after an error.
    ///
    /// Does the same as `futures::TryStreamExt::try_next`, without a dependency on that crate.
    ///
    /// # Errors
    ///
    /// - Returns the errors of the call. A token that is too old is an event, not an error, unless
    ///   Graph asks to start over repeatedly: see [`Resync::start_over`].
    /// - Returns [`Error::Paging`](crate::Error::Paging) when the last page has no
    ///   `@odata.deltaLink`, because the next round could not continue from there.
    pub async fn try_next(&mut self) -> Result<Option<DeltaEvent<T>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }

    /// Turns an error into an event where Graph asks to start over; else returns the error.
    fn failure(&mut self, error: crate::Error) -> Result<DeltaEvent<T>> {
        let kind = match &error {
            crate::Error::Api(error) if self.restarts < resync::MAX_RESTARTS => {
                resync::kind(error, self.has_token)
            }
            _ => None,
        };
        let (Some(kind), Some(mut request), crate::Error::Api(said)) =
            (kind, self.restart.take(), &error)
        else {
            return Err(error);
        };
        if let Some(location) = said.headers().get(http::header::LOCATION)
            && let Ok(location) = location.to_str()
            && let Ok(url) = Url::parse(&request.url).and_then(|base| base.join(location))
        {
            request.url = url.into();
        }
        if request.body.is_none() {
            remove_headers_of_one_request(&mut request.headers);
        }
        Ok(DeltaEvent::Resync(Resync::new(
            self.graph.clone(),
            kind,
            request,
            error,
            self.restarts,
        )))
    }

    /// Continues from a page with these links, or ends the round.
    ///
    /// A page with both links is not the last one. Its delta link is ignored, because the pages
    /// after it also belong to the round.
    fn turn(&mut self, received: &ReceivedResponse, next: Option<&str>, delta: Option<&str>) {
        match (next, delta) {
            (None, None) => self.walk.fail(
                received,
                "the last page of the delta query has no `@odata.deltaLink`, so the next round has \
                 no link to begin with",
            ),
            (None, Some(link)) if !is_url(link) => {
                self.walk
                    .fail(received, "the `@odata.deltaLink` is not a URL");
            }
            (None, delta) => self.walk.turn(received, None, delta),
            (next, _) => self.walk.turn(received, next, None),
        }
    }
}

impl<T> Changes<T> {
    /// Returns the link for the next round, `@odata.deltaLink`. It is `None` until the round is
    /// over.
    ///
    /// Store it as text; [`changes_since`](Call::changes_since) and [`Graph::delta_from`] continue
    /// from it.
    pub fn delta_link(&self) -> Option<&str> {
        match self.events.is_empty() {
            true => self.walk.delta_link(),
            false => None,
        }
    }

    /// Returns the link of the page after the current one; after an error, the link of the page
    /// that failed.
    ///
    /// [`Graph::delta_from`] continues from it. The link is `None` before the first page and at the
    /// end.
    pub fn next_link(&self) -> Option<&str> {
        self.walk.next_link()
    }
}

impl<T: Model> Stream for Changes<T> {
    type Item = Result<DeltaEvent<T>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            ready!(self.pause.poll(context));
            let Some(received) = ready!(self.walk.poll(context)) else {
                return Poll::Ready(None);
            };
            let read = |received: ReceivedResponse| Ok((read::page::<T>(&received)?, received));
            match received.and_then(read) {
                Ok((page, received)) => {
                    let (next, delta) = (page.next_link.as_deref(), page.delta_link.as_deref());
                    self.turn(&received, next, delta);
                    self.events = page.value.into();
                    self.has_token = false;
                }
                Err(error) => return Poll::Ready(Some(self.failure(error))),
            }
        }
    }
}

impl<T: Model> FusedStream for Changes<T> {
    fn is_terminated(&self) -> bool {
        self.events.is_empty() && self.walk.is_done()
    }
}

// No field is pinned: the awaited futures are boxed.
impl<T> Unpin for Changes<T> {}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("template", &self.walk.template())
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}
