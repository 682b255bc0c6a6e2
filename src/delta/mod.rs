//! Changes since the last time: delta queries.
//!
//! A delta function gives first everything and a link, and to that link later what has changed in the meantime, and the next
//! link. A round is a stream of events; its link can be had once it is over.
//!
//! ```no_run
//! use msgraph::Graph;
//! use msgraph::delta::DeltaEvent;
//! use msgraph::models::User;
//!
//! # async fn example(graph: &Graph, kept: Option<String>) -> msgraph::Result<()> {
//! let users = graph.users().delta().select([User::DISPLAY_NAME, User::MOBILE_PHONE]);
//! let mut changes = match kept {
//!     Some(link) => users.changes_since(link),
//!     None => users.changes(),
//! };
//! while let Some(event) = changes.try_next().await? {
//!     match event {
//!         DeltaEvent::Changed(user) if user.is_null(User::MOBILE_PHONE) => println!("{:?}: no phone", user.id),
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
//! Graph may send an item several times, in one round and in the next: the last one counts. What was read has to be applied
//! before the link is stored, since what came before the link is not sent again.
//!
//! A loop that starts over on each [`Resync`] ends. Rounds that begin anew, one after the other, wait longer each time, and
//! after the fourth the stream gives Graph's error instead of the event.
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

pub use event::{Changed, DeltaEvent, Related, RelatedChange, Removed, RemovedReason};
pub(crate) use read::page as read_page;
use resync::Pause;
pub use resync::{Resync, ResyncKind};

use crate::call::{Call, Delta, Options, Request, remove_headers_of_one_request};
use crate::error::PagingError;
use crate::model::Model;
use crate::page::{Walk, from_link, is_url};
use crate::{Graph, Result};

impl Graph {
    /// The changes since a link that was kept: what [`Changes::delta_link`] gave, or a
    /// [`next_link`](Changes::next_link) in the midst of a round.
    ///
    /// The link is followed as it is. Headers are not in it, and have to be given again. Where Graph asks to start over and
    /// says not where, the way back is the link without its token; the options that the token held are lost then, which
    /// [`changes_since`](Call::changes_since) of the typed call keeps.
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
    /// The stream gives [`Error::Host`](crate::Error::Host) when the link is not of the cloud's hosts, and
    /// [`Error::Request`](crate::Error::Request) when it is no URL.
    pub fn delta_from<T: Model>(&self, link: impl Into<String>) -> Call<Delta<T>> {
        Call::new(from_link(self, link.into()))
    }
}

impl<T: Model, O: Options> Call<Delta<T>, O> {
    /// A round of changes: everything, where this is the first one.
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
    /// The stream gives what the call would, and ends after it; [`next_link`](Changes::next_link) is the link that could not
    /// be followed.
    pub fn changes(self) -> Changes<T> {
        let graph = self.operation.graph().clone();
        match self.finish() {
            Ok(request) => {
                let restart = Request {
                    url: resync::without_token(&request.url),
                    ..request.clone()
                };
                // The first request of all holds no token, so nothing can be too old.
                let has_token = restart.url != request.url;
                Changes::new(graph, request, restart, has_token)
            }
            Err(error) => Changes::failed(graph, error),
        }
    }

    /// The changes since a link that was kept. The call's headers go along; its options stand in the link already, and
    /// count again where Graph asks to start over.
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
    /// As those of [`Graph::delta_from`].
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

    /// The link for changes from now on, without reading what is there: `latest`.
    ///
    /// The directory, drives and sites have it.
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
    /// What the call gives, and [`Error::Paging`](crate::Error::Paging) when the answer has no link.
    ///
    /// <https://learn.microsoft.com/graph/delta-query-overview#use-delta-query-to-track-changes-in-a-resource-collection>
    pub async fn latest(self) -> Result<String> {
        let template = self.operation.template().to_owned();
        // What OneDrive and SharePoint keep has a parameter of its own for it.
        let parameter = match T::default().type_name().rsplit('.').next() {
            Some("driveItem" | "listItem" | "site" | "baseItem") => "token",
            _ => "$deltatoken",
        };
        let page = self.query(parameter, "latest").await?;
        page.delta_link.ok_or_else(|| {
            let message = "the response has no `@odata.deltaLink`".to_owned();
            PagingError::new(template, message).into()
        })
    }

    /// Begins at a token of drives and sites: one that was kept, or a moment as `2026-01-31T00:00:00Z`.
    ///
    /// Links are preferable: they hold the token and everything else.
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

/// A round of changes as a stream: what [`changes`](Call::changes) gives.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Changes<T> {
    graph: Graph,
    walk: Walk,
    events: VecDeque<DeltaEvent<T>>,
    /// What starts over; none for a call that could not be made.
    restart: Option<Request>,
    /// Whether the next request holds the token of an earlier round.
    has_token: bool,
    /// How many rounds in a row began anew, this one included.
    restarts: u32,
    /// What this round waits for before its first request.
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

    /// A round that begins anew, after others that did: see [`Resync::start_over`].
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

    /// The next event; `None` after the last one, and after an error.
    ///
    /// The same as `futures::TryStreamExt::try_next`, without the need of that crate.
    ///
    /// # Errors
    ///
    /// - What the call gives. That a token is too old is an event and not an error, unless Graph asks to start over again
    ///   and again: see [`Resync::start_over`].
    /// - [`Error::Paging`](crate::Error::Paging) when the last page has no `@odata.deltaLink`, since the next round could
    ///   not go on from there.
    pub async fn try_next(&mut self) -> Result<Option<DeltaEvent<T>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }

    /// What an error means: an event, where Graph asks to start over.
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

    /// Goes on from a page with these links, or ends the round.
    ///
    /// A page with both is not the last one: its delta link is not used, since the pages after it belong to the round, too.
    fn turn(&mut self, next: Option<&str>, delta: Option<&str>) {
        match (next, delta) {
            (None, None) => self.walk.fail(
                "the round of changes ends without an `@odata.deltaLink`, so that nothing can go on from there",
            ),
            (None, Some(link)) if !is_url(link) => {
                self.walk.fail("the `@odata.deltaLink` is not a URL");
            }
            (None, delta) => self.walk.turn(None, delta),
            (next, _) => self.walk.turn(next, None),
        }
    }
}

impl<T> Changes<T> {
    /// The link to go on from next time, `@odata.deltaLink`: once the round is over, `None` before.
    ///
    /// It is text to be stored, [`changes_since`](Call::changes_since) or [`Graph::delta_from`] go on from it.
    pub fn delta_link(&self) -> Option<&str> {
        match self.events.is_empty() {
            true => self.walk.delta_link(),
            false => None,
        }
    }

    /// The link of the page after the one whose events are being given; after an error, of the page that could not be had.
    /// [`Graph::delta_from`] goes on from it. `None` before the first page and at the end.
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
            let Some(answered) = ready!(self.walk.poll(context)) else {
                return Poll::Ready(None);
            };
            match answered.and_then(read::page::<T>) {
                Ok(page) => {
                    self.turn(page.next_link.as_deref(), page.delta_link.as_deref());
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

// No field is pinned: what is awaited is in a box.
impl<T> Unpin for Changes<T> {}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("template", &self.walk.template())
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}
