//! Streams over all pages of a collection, and over all their items.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use http::Method;
use serde::de::DeserializeOwned;

use super::{Bookmark, COUNT, Page, Walk, is_url};
use crate::call::{Call, Collection, HasCount, List, Options, RequestBuilder, advanced, template};
use crate::{Graph, Result};

impl Graph {
    /// Returns the list that a link leads to. It continues from a stored
    /// [`next_link`](Page::next_link) or [`Bookmark`].
    ///
    /// The link is followed as it is. [`stream`](Call::stream) skips the items that a bookmark has
    /// counted. The link does not contain the headers of the first request. Set the important ones
    /// again (`ConsistencyLevel`, `Prefer`).
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, kept: String) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    ///
    /// let rest = graph.list_from::<User>(kept).all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the list returns [`Error::Host`](crate::Error::Host) when the link does not lead to
    /// one of the cloud's hosts. It returns [`Error::Request`](crate::Error::Request) when the link
    /// is not a URL.
    pub fn list_from<T: DeserializeOwned>(&self, place: impl Into<Bookmark>) -> List<T> {
        let Bookmark { link, items } = place.into();
        Call::new(from_link(self, link).after_items(items))
    }
}

/// Creates a request builder from a stored link.
pub(crate) fn from_link(graph: &Graph, link: String) -> RequestBuilder {
    let template = template(&link);
    let invalid = (!is_url(&link)).then(|| "a stored link must be an absolute URL".into());
    RequestBuilder::new(graph.clone(), Method::GET, link, template, invalid)
}

impl<T: DeserializeOwned, O: Options> Call<Collection<T>, O> {
    /// Returns the items of all pages as a stream, which reads each page when its items are needed.
    ///
    /// The options and headers of the call apply to all pages. No request is sent before the stream
    /// is polled.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut messages = graph.me().messages().list().top(50).stream();
    /// while let Some(message) = messages.try_next().await? {
    ///     println!("{:?}", message.subject);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The stream gives an [`Error`](crate::Error) when a page cannot be fetched or decoded:
    ///
    /// - It gives any error that awaiting a call gives.
    /// - It gives [`Error::Paging`](crate::Error::Paging) when a link repeats.
    /// - It gives [`Error::Host`](crate::Error::Host) when a link leads to another host.
    ///
    /// The stream ends with its first error. [`Items::next_link`] is then the link to continue
    /// from.
    pub fn stream(self) -> Items<T> {
        let left_out = self.operation.items_before();
        Items {
            pages: self.pages(),
            items: VecDeque::new(),
            given: 0,
            left_out,
        }
    }

    /// Returns all pages as a stream, which reads each page when it is needed.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut pages = graph.users().list().top(999).pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("{} users", page.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Gives the errors of [`stream`](Call::stream).
    pub fn pages(self) -> Pages<T> {
        let graph = self.operation.graph().clone();
        let walk = match self.operation.finish(advanced::<O>()) {
            Ok(request) => Walk::new::<T>(graph, request),
            Err(error) => Walk::failed(graph, error),
        };
        Pages {
            walk,
            item: PhantomData,
        }
    }

    /// Returns the items of all pages in one list.
    ///
    /// The whole list is in memory; [`stream`](Call::stream) holds one page at a time.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let groups = graph.groups().list().top(999).all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`stream`](Call::stream). Items that were read before the error are
    /// lost.
    pub async fn all(self) -> Result<Vec<T>> {
        let mut left_out = self.operation.items_before();
        let mut pages = self.pages();
        let mut all = Vec::new();
        while let Some(mut page) = pages.try_next().await? {
            page.value.drain(..left_out.min(page.value.len()));
            left_out = 0;
            if all.is_empty() {
                all = page.value;
            } else {
                all.extend(page.value);
            }
        }
        Ok(all)
    }

    /// Returns the number of items on all pages without reading them. It sends `$count` and
    /// requests a page of one item.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let unread = graph.me().messages().list().filter("isRead eq false").count_total().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of the call, and [`Error::Paging`](crate::Error::Paging) when the server
    /// does not know the number. Some services leave the number out without an error; that is
    /// [`Error::Paging`](crate::Error::Paging), too.
    ///
    /// <https://learn.microsoft.com/graph/query-parameters#count>
    pub async fn count_total(self) -> Result<i64>
    where
        O: HasCount,
    {
        let call = self.query("$count", "true").query("$top", "1");
        let received = call.receive().await?;
        let page = received.page::<T, T>()?;
        page.count.ok_or_else(|| {
            let message = match page.extra.contains_key(COUNT) {
                // Some services write `-1` where counting would take too long.
                true => {
                    "the server could not count the items: `@odata.count` is not a valid number"
                }
                false => "the response has no `@odata.count`",
            };
            received.paging_error(message).into()
        })
    }
}

/// The pages of a collection as a stream, returned by [`pages`](Call::pages).
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// let mut pages = graph.users().list().pages();
/// let first = pages.try_next().await?;
/// let rest = pages.next_link();
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Pages<T> {
    walk: Walk,
    item: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Pages<T> {
    /// Returns the next page; `None` after the last one, and after an error.
    ///
    /// Does the same as `futures::TryStreamExt::try_next`, without a dependency on that crate.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`stream`](Call::stream).
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl<T> Pages<T> {
    /// Requests each page while the caller still works on the one before it.
    ///
    /// A tokio task sends the request; it ends with the stream. The stream holds at most one page
    /// that the caller has not seen.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut pages = graph.users().list().top(999).pages().prefetch();
    /// # Ok(())
    /// # }
    /// ```
    pub fn prefetch(mut self) -> Self {
        self.walk.prefetch();
        self
    }

    /// Returns the link of the page that comes next; after an error, the link of the page that
    /// failed.
    ///
    /// [`Graph::list_from`] can attempt that page again. The link is `None` before the first page
    /// and at the end.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    ///
    /// let mut pages = graph.users().list().pages();
    /// if let Err(error) = pages.try_next().await {
    ///     let link = pages.next_link().ok_or(error)?;
    ///     pages = graph.list_from::<User>(link).pages();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn next_link(&self) -> Option<&str> {
        self.walk.next_link()
    }
}

impl<T: DeserializeOwned> Stream for Pages<T> {
    type Item = Result<Page<T>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(received) = ready!(self.walk.poll(context)) else {
            return Poll::Ready(None);
        };
        let page = received.and_then(|received| {
            let page = received.page::<T, T>()?;
            let (next, delta) = (page.next_link.as_deref(), page.delta_link.as_deref());
            self.walk.turn(&received, next, delta);
            Ok(page)
        });
        Poll::Ready(Some(page))
    }
}

impl<T: DeserializeOwned> FusedStream for Pages<T> {
    fn is_terminated(&self) -> bool {
        self.walk.is_done()
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("template", &self.walk.template())
            .finish_non_exhaustive()
    }
}

/// The items of a collection as a stream, returned by [`stream`](Call::stream).
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use futures_util::TryStreamExt;
///
/// let items = graph.me().messages().list().stream();
/// let subjects: Vec<_> = items
///     .try_filter_map(async |message| Ok(message.subject))
///     .try_collect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Items<T> {
    pages: Pages<T>,
    items: VecDeque<T>,
    /// The number of items of the current page that were given, including those that a bookmark
    /// counted.
    given: usize,
    /// The number of items of the first page that a bookmark counted.
    left_out: usize,
}

impl<T: DeserializeOwned> Items<T> {
    /// Returns the next item; `None` after the last one, and after an error.
    ///
    /// Does the same as `futures::TryStreamExt::try_next`, without a dependency on that crate.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`stream`](Call::stream).
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl<T> Items<T> {
    /// Requests each page while the stream still gives the items of the one before it.
    ///
    /// A tokio task sends the request; it ends with the stream. The stream holds at most one page
    /// besides the current one.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut users = graph.users().list().top(999).stream().prefetch();
    /// # Ok(())
    /// # }
    /// ```
    pub fn prefetch(mut self) -> Self {
        self.pages = self.pages.prefetch();
        self
    }

    /// Returns the place of the stream, which is before the next item. It is `None` before the
    /// first page and at the end.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    ///
    /// let mut users = graph.users().list().stream();
    /// let first = users.try_next().await?;
    /// if let Some(place) = users.bookmark() {
    ///     let kept = serde_json::to_string(&place).unwrap();
    ///     let rest = graph.list_from::<User>(place).all().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn bookmark(&self) -> Option<Bookmark> {
        if self.items.is_empty() {
            return Some(self.next_link()?.into());
        }
        Some(Bookmark {
            link: self.pages.walk.at()?.to_owned(),
            items: self.given,
        })
    }

    /// Returns the link of the page after the current one; after an error, the link of the page
    /// that failed.
    ///
    /// [`Graph::list_from`] can attempt that page again. The link is `None` before the first page
    /// and at the end.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    ///
    /// let mut users = graph.users().list().stream();
    /// if let Err(error) = users.try_next().await {
    ///     let link = users.next_link().ok_or(error)?;
    ///     users = graph.list_from::<User>(link).stream();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn next_link(&self) -> Option<&str> {
        self.pages.next_link()
    }
}

// No field is pinned: the awaited futures are boxed.
impl<T> Unpin for Items<T> {}

impl<T: DeserializeOwned> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                self.given += 1;
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => {
                    self.items = page.value.into();
                    self.given = mem::take(&mut self.left_out).min(self.items.len());
                    let given = self.given;
                    self.items.drain(..given);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let last = self.pages.is_terminated().then_some(self.items.len());
        (self.items.len(), last)
    }
}

impl<T: DeserializeOwned> FusedStream for Items<T> {
    fn is_terminated(&self) -> bool {
        self.items.is_empty() && self.pages.is_terminated()
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("items", &self.items.len())
            .finish()
    }
}
