//! Pages of a collection, and the ways to all of them.
//!
//! Graph sends a collection in pages. A page that is not the last has an `@odata.nextLink`, which is opaque: it is
//! followed as it came and never rebuilt. How many items a page has says nothing; an empty one may be followed by more.
//!
//! The URL parser that every request goes through (<https://url.spec.whatwg.org/#query-state>) keeps a link byte for
//! byte, percent-encodings and their case included, with this exception: spaces, `"`, `<`, `>`, `'` and what is outside
//! ASCII are percent-encoded where they stand bare in the query, which a server reads as the same.
//!
//! <https://learn.microsoft.com/graph/paging>

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::call::{
    Answer, Call, Collection, Facts, List, Operation, Options, Request, Sending, Settings,
    advanced, send_request, template,
};
use crate::error::{Error, PagingError};
use crate::model::Extra;
use crate::{Graph, Result};

const VALUE: &str = "value";
const COUNT: &str = "@odata.count";
const NEXT_LINK: &str = "@odata.nextLink";
const DELTA_LINK: &str = "@odata.deltaLink";

/// One page of a collection: what awaiting a list gives.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// let page = graph.users().list().top(5).await?;
/// for user in &page {
///     println!("{:?}", user.display_name);
/// }
/// if page.next_link.is_some() {
///     println!("and more");
/// }
/// # Ok(())
/// # }
/// ```
///
/// [OData JSON Format 4.01, 12 and 13](https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html)
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items, `value`. A page that comes without it has none.
    pub value: Vec<T>,
    /// Where the next page is, `@odata.nextLink`, as it came; `None` on the last page.
    /// [`Graph::list_from`] goes on from it.
    pub next_link: Option<String>,
    /// Where the next round of changes begins, `@odata.deltaLink`, as it came: on the last page of a delta query.
    pub delta_link: Option<String>,
    /// The number of items on all pages, `@odata.count`, where it was asked for. The directory sends it with the first
    /// page only.
    pub count: Option<i64>,
    /// Everything else that came with the page, such as `@odata.context`.
    pub extra: Extra,
}

impl<T> Page<T> {
    /// The items, one by one.
    ///
    /// ```
    /// # use msgraph::Page;
    /// let page = Page { value: vec![1, 2], ..Page::default() };
    /// assert_eq!(page.iter().sum::<i32>(), 3);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.value.iter()
    }

    /// How many items are on this page.
    ///
    /// ```
    /// # use msgraph::Page;
    /// let page = Page { value: vec![1, 2], count: Some(30), ..Page::default() };
    /// assert_eq!(page.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether no items are on this page; more may follow all the same.
    ///
    /// ```
    /// # use msgraph::Page;
    /// assert!(Page::<i32>::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            value: Vec::new(),
            next_link: None,
            delta_link: None,
            count: None,
            extra: Extra::new(),
        }
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.value.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Page<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.extra.iter() {
            map.serialize_entry(name, value)?;
        }
        if let Some(count) = &self.count {
            map.serialize_entry(COUNT, count)?;
        }
        for (name, link) in [(NEXT_LINK, &self.next_link), (DELTA_LINK, &self.delta_link)] {
            if let Some(link) = link {
                map.serialize_entry(name, link)?;
            }
        }
        map.serialize_entry(VALUE, &self.value)?;
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Page<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page of a collection")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page<T>, A::Error> {
                let mut page = Page::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        VALUE => page.value = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        COUNT => {
                            page.count = map.next_value::<Option<Number>>()?.map(|number| number.0)
                        }
                        NEXT_LINK => page.next_link = link(map.next_value()?),
                        DELTA_LINK => page.delta_link = link(map.next_value()?),
                        _ => {
                            page.extra
                                .insert(name, map.next_value::<serde_json::Value>()?);
                        }
                    }
                }
                Ok(page)
            }
        }

        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// An empty link leads nowhere.
fn link(link: Option<String>) -> Option<String> {
    link.filter(|link| !link.is_empty())
}

/// A count, which OData writes as a string where the answer is asked for with `IEEE754Compatible=true`.
struct Number(i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(i64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self(number)),
            Written::Text(text) => text.parse().map(Self).map_err(serde::de::Error::custom),
        }
    }
}

impl Graph {
    /// The list that a link leads to: goes on from a [`next_link`](Page::next_link) that was kept.
    ///
    /// The link is followed as it is. The headers that the first page was asked for with are not in it; those of
    /// importance (`ConsistencyLevel`, `Prefer`) have to be given again.
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
    /// Awaiting the list gives [`Error::Host`] when the link is not of the cloud's hosts, and [`Error::Request`] when it
    /// is no URL.
    pub fn list_from<T: DeserializeOwned>(&self, link: impl Into<String>) -> List<T> {
        let link = link.into();
        let template = template(&link);
        let invalid = (!is_url(&link)).then(|| "a link to go on from has to be a whole URL".into());
        Call::new(Operation::new(
            self.clone(),
            Method::GET,
            link,
            template,
            invalid,
        ))
    }
}

fn is_url(link: &str) -> bool {
    link.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    })
}

impl<T: DeserializeOwned, O: Options> Call<Collection<T>, O> {
    /// The items of all pages, each page read when its items are wanted.
    ///
    /// The options and headers of the call hold for all pages. Nothing is sent before the stream is polled.
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
    /// An item of the stream is an [`Error`] when a page cannot be had or read: whatever awaiting a call gives,
    /// [`Error::Paging`] when a link repeats, and [`Error::Host`] when one leads to another host. The stream ends with
    /// its first error; [`Items::next_link`] says where it can be taken up.
    pub fn stream(self) -> Items<T> {
        Items {
            pages: self.pages(),
            items: VecDeque::new(),
        }
    }

    /// All pages, each read when it is wanted.
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
    /// As those of [`stream`](Call::stream).
    pub fn pages(self) -> Pages<T> {
        let graph = self.operation.graph().clone();
        let walk = match self.operation.finish(advanced::<O>()) {
            Ok(request) => Walk::new(graph, request),
            Err(error) => Walk::failed(graph, error),
        };
        Pages {
            walk,
            item: PhantomData,
        }
    }

    /// The items of all pages at once.
    ///
    /// They are all in memory then: [`stream`](Call::stream) holds one page at a time.
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
    /// As those of [`stream`](Call::stream); what was read until then is lost.
    pub async fn all(self) -> Result<Vec<T>> {
        let mut pages = self.pages();
        let mut all = Vec::new();
        while let Some(page) = pages.try_next().await? {
            if all.is_empty() {
                all = page.value;
            } else {
                all.extend(page.value);
            }
        }
        Ok(all)
    }
}

/// The pages of a collection as a stream: what [`pages`](Call::pages) gives.
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
    /// The next page; `None` after the last one, and after an error.
    ///
    /// The same as `futures::TryStreamExt::try_next`, without the need of that crate.
    ///
    /// # Errors
    ///
    /// As those of [`stream`](Call::stream).
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl<T> Pages<T> {
    /// The link of the page that comes next; after an error, of the page that could not be had, so that
    /// [`Graph::list_from`] can try it again. `None` before the first page and at the end.
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
        self.walk.followed.last.as_deref()
    }

    /// The `@odata.deltaLink` that came with the last page.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut pages = graph.users().delta().pages();
    /// while let Some(_) = pages.try_next().await? {}
    /// println!("next time from {:?}", pages.delta_link());
    /// # Ok(())
    /// # }
    /// ```
    pub fn delta_link(&self) -> Option<&str> {
        self.walk.delta_link.as_deref()
    }
}

impl<T: DeserializeOwned> Stream for Pages<T> {
    type Item = Result<Page<T>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(answered) = ready!(self.walk.poll(context)) else {
            return Poll::Ready(None);
        };
        let page = answered.and_then(Collection::<T>::read);
        if let Ok(page) = &page {
            self.walk
                .turn(page.next_link.as_deref(), page.delta_link.as_deref());
        }
        Poll::Ready(Some(page))
    }
}

impl<T: DeserializeOwned> FusedStream for Pages<T> {
    fn is_terminated(&self) -> bool {
        matches!(self.walk.state, State::Done)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("template", &self.walk.template)
            .finish_non_exhaustive()
    }
}

/// The items of a collection as a stream: what [`stream`](Call::stream) gives.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use futures_util::TryStreamExt;
///
/// let items = graph.me().messages().list().stream();
/// let subjects: Vec<_> = items.try_filter_map(async |message| Ok(message.subject)).try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Items<T> {
    pages: Pages<T>,
    items: VecDeque<T>,
}

impl<T: DeserializeOwned> Items<T> {
    /// The next item; `None` after the last one, and after an error.
    ///
    /// The same as `futures::TryStreamExt::try_next`, without the need of that crate.
    ///
    /// # Errors
    ///
    /// As those of [`stream`](Call::stream).
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl<T> Items<T> {
    /// The link of the page after the one whose items are being given; after an error, of the page that could not be
    /// had, so that [`Graph::list_from`] can try it again. `None` before the first page and at the end.
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

    /// The `@odata.deltaLink` that came with the last page.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let mut changes = graph.users().delta().stream();
    /// while let Some(_) = changes.try_next().await? {}
    /// println!("next time from {:?}", changes.delta_link());
    /// # Ok(())
    /// # }
    /// ```
    pub fn delta_link(&self) -> Option<&str> {
        self.pages.delta_link()
    }
}

// No field is pinned: what is awaited is in a box.
impl<T> Unpin for Items<T> {}

impl<T: DeserializeOwned> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.items = page.value.into(),
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

/// The walk from page to page, whatever is on them.
struct Walk {
    graph: Graph,
    /// The call's, kept for all pages.
    template: String,
    /// The call's, as well.
    facts: Option<&'static Facts>,
    /// The call's, kept for all pages: they are not in the links.
    headers: http::HeaderMap,
    /// The call's, kept for all pages.
    settings: Option<Box<Settings>>,
    state: State,
    followed: Followed,
    delta_link: Option<String>,
}

enum State {
    /// To be sent when the next page is wanted.
    Next(Request),
    Loading(Sending),
    /// To be said when the next page is wanted.
    Failed(Error),
    Done,
}

impl Walk {
    fn new(graph: Graph, first: Request) -> Self {
        let mut headers = first.headers.clone();
        // A link is read with GET and no body, whatever the first page was asked for with.
        for header in [CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH] {
            headers.remove(header);
        }
        Self {
            graph,
            template: first.template.clone(),
            facts: first.facts,
            headers,
            settings: first.settings.clone(),
            state: State::Next(first),
            followed: Followed::default(),
            delta_link: None,
        }
    }

    fn failed(graph: Graph, error: Error) -> Self {
        Self {
            graph,
            template: String::new(),
            facts: None,
            headers: http::HeaderMap::new(),
            settings: None,
            state: State::Failed(error),
            followed: Followed::default(),
            delta_link: None,
        }
    }

    /// The answer that is the next page. Whoever reads it says with `turn` how the walk goes on; until then, it is done.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<crate::call::Answered>>> {
        loop {
            match &mut self.state {
                State::Loading(sending) => {
                    let answered = ready!(sending.as_mut().poll(context));
                    self.state = State::Done;
                    return Poll::Ready(Some(answered));
                }
                state => match mem::replace(state, State::Done) {
                    State::Next(request) => {
                        *state = State::Loading(send_request(self.graph.clone(), request));
                    }
                    State::Failed(error) => return Poll::Ready(Some(Err(error))),
                    State::Loading(_) | State::Done => return Poll::Ready(None),
                },
            }
        }
    }

    fn turn(&mut self, next: Option<&str>, delta: Option<&str>) {
        self.delta_link = delta.map(str::to_owned);
        let Some(link) = next else {
            self.followed = Followed::default();
            return;
        };
        let wrong = if !is_url(link) {
            Some("the link to the next page is no URL")
        } else if !self.followed.follow(link) {
            Some("the link to the next page leads back to a page that was read already")
        } else {
            None
        };
        self.state = match wrong {
            Some(reason) => {
                State::Failed(PagingError::new(self.template.clone(), reason.to_owned()).into())
            }
            None => State::Next(Request {
                method: Method::GET,
                url: link.to_owned(),
                template: self.template.clone(),
                facts: self.facts,
                headers: self.headers.clone(),
                body: None,
                settings: self.settings.clone(),
            }),
        };
    }
}

/// The links that were followed, as far as they have to be known to see one come back.
///
/// The last one tells a link that repeats itself. A longer circle is found by Brent's method (R. P. Brent, "An improved
/// Monte Carlo factorization algorithm", 1980): one link is remembered, a new one each time the way has doubled, so the
/// memory is the same however many pages there are.
#[derive(Default)]
struct Followed {
    last: Option<String>,
    mark: Option<String>,
    since_mark: u64,
    until_mark: u64,
}

impl Followed {
    /// Goes on to a link; `false` when it was followed before.
    fn follow(&mut self, link: &str) -> bool {
        if self.last.as_deref() == Some(link) || self.mark.as_deref() == Some(link) {
            return false;
        }
        self.since_mark += 1;
        if self.since_mark > self.until_mark {
            self.mark = Some(link.to_owned());
            self.since_mark = 0;
            self.until_mark = self.until_mark * 2 + 1;
        }
        self.last = Some(link.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Page<String> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_page_keeps_all_that_came() {
        let text = r#"{"@odata.context":"c","@odata.count":3,"@odata.nextLink":"https://n","@odata.deltaLink":"https://d","value":["a","b"]}"#;
        let page = read(text);
        assert_eq!(page.value, ["a", "b"]);
        assert_eq!(page.count, Some(3));
        assert_eq!(page.next_link.as_deref(), Some("https://n"));
        assert_eq!(page.delta_link.as_deref(), Some("https://d"));
        assert_eq!(page.extra.get("@odata.context"), Some(&"c".into()));
        assert_eq!(serde_json::to_string(&page).unwrap(), text);
        assert_eq!((&page).into_iter().count(), page.len());
    }

    #[test]
    fn case_4_4_a_page_without_value_is_empty() {
        for text in [
            r#"{"@odata.context":"x"}"#,
            r#"{"value":null}"#,
            r#"{"value":[]}"#,
            "{}",
        ] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn links_and_counts_are_read_leniently() {
        let page = read(r#"{"@odata.count":"42","@odata.nextLink":"","@odata.deltaLink":null}"#);
        assert_eq!(page.count, Some(42));
        assert_eq!(page.next_link, None);
        assert_eq!(page.delta_link, None);
        assert!(serde_json::from_str::<Page<String>>(r#"{"@odata.count":"many"}"#).is_err());
    }

    #[test]
    fn a_circle_of_links_is_seen_whatever_its_length() {
        for length in 1..40 {
            for lead in 0..10 {
                let mut followed = Followed::default();
                let links = (0..lead + length).chain((lead..lead + length).cycle());
                let steps = links
                    .take_while(|link| followed.follow(&link.to_string()))
                    .count();
                assert!(steps >= lead + length, "a link that was new was refused");
                assert!(
                    steps <= 4 * (lead + length),
                    "{length} after {lead}: {steps}"
                );
            }
        }
    }
}
