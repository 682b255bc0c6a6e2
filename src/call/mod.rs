//! The calls that the methods of the request builders return.
//!
//! ```no_run
//! use msgraph::Graph;
//! use msgraph::models::User;
//!
//! # async fn example(graph: &Graph) -> msgraph::Result<()> {
//! let call = graph.users().list().select([User::ID, User::MAIL]).top(50);
//! let page = call.await?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Call`] is plain data until it is awaited. Its options are methods, which exist only where
//! Graph's description has the option. [`query`](Call::query) and [`header`](Call::header) send
//! anything else. [`Graph::request`](crate::Graph::request) makes a call that the description does
//! not know at all.

pub(crate) mod argument;
mod consistency;
mod content;
mod current;
mod encode;
mod future;
mod id;
mod opened;
pub(crate) mod operation;
mod options;
pub(crate) mod path;
mod prefer;
mod raw;
mod reference;
mod request;
mod response;
mod response_kind;
mod settings;
mod success;
mod template;
mod typed;

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;

pub(crate) use consistency::Advanced;
pub use consistency::ConsistencyLevel;
pub use content::Content;
pub use future::CallFuture;
pub(crate) use future::Sending;
pub use id::Id;
#[doc(inline)]
pub use msgraph_core::model::{EntityReference, IfMatch};
pub(crate) use opened::Opened;
pub(crate) use operation::RequestBuilder;
pub use options::{
    AnyOption, HasConsistencyLevel, HasCount, HasExpand, HasFilter, HasIfMatch, HasOrderBy,
    HasSearch, HasSelect, HasSkip, HasTop, Options,
};
pub use raw::RawCall;
pub use reference::Reference;
pub(crate) use request::Request;
pub use response::Response;
pub(crate) use response_kind::ReceivedResponse;
pub use response_kind::{
    Collection, CountOf, Delta, Entity, MaybeEntity, Nothing, ResponseKind, Value,
};
pub(crate) use settings::Settings;
pub(crate) use template::template;
pub use typed::TypedResponseKind;

use crate::auth::Secret;
use crate::permissions::Permissions;
use crate::query::{CommaList, Expand, Filter, OrderBy, Search, Selection};
use crate::{Cloud, Clouds, NamedCloud, Result};

/// A call that gets one entity: `GET` of anything but a collection.
pub type Get<T, O = ()> = Call<Entity<T>, O>;
/// A call that lists a collection, page by page: `GET` of a collection.
pub type List<T, O = ()> = Call<Collection<T>, O>;
/// A call that creates an entity: `POST` to a collection.
pub type Create<T, O = ()> = Call<Entity<T>, O>;
/// A call that changes an entity: `PATCH`. It returns the changed entity if Graph sends it.
pub type Update<T, O = ()> = Call<MaybeEntity<T>, O>;
/// A call that replaces an entity: `PUT`. It returns the new entity if Graph sends it.
pub type Replace<T, O = ()> = Call<MaybeEntity<T>, O>;
/// A call that deletes: `DELETE`.
pub type Delete<O = ()> = Call<Nothing, O>;
/// A call of an OData action: `POST` of a verb. `A` is the kind of its response.
pub type Action<A = Nothing, O = ()> = Call<A, O>;
/// A call of an OData function: `GET` of a computed value. `A` is the kind of its response.
pub type Function<A, O = ()> = Call<A, O>;
/// A call that returns the number of items of a collection: `GET …/$count`.
pub type Count<O = ()> = Call<CountOf, O>;
/// A call that downloads content that is not JSON: `GET …/content`, `GET …/$value`.
pub type Download<O = ()> = Call<Content, O>;
/// A call that uploads content that is not JSON: `PUT …/content`, `PUT …/$value`. `A` is the kind
/// of its response.
pub type Upload<A = Nothing, O = ()> = Call<A, O>;

/// A call of Graph that has not been sent yet.
///
/// A call is plain data: it can be kept, cloned and sent to another task. `.await` sends it. `A` is
/// the kind of response that the body is decoded into. `O` is the set of options that the operation
/// has.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// let user = graph.users().id("adele@contoso.com").get().select("displayName").await?;
/// println!("{:?}", user.display_name);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Awaiting a call returns [`Error`](crate::Error): Graph refused the request, or the request could
/// not be sent, or the response could not be read. An id or option that no request can hold (an id
/// `..`, for example) gives [`Error::Request`](crate::Error::Request). Building a call never fails.
#[must_use = "a call does nothing unless it is awaited"]
pub struct Call<A, O = ()> {
    pub(crate) operation: RequestBuilder,
    kind: PhantomData<fn() -> (A, O)>,
}

impl<A, O> Call<A, O> {
    /// Creates a call. Only generated code uses this, because only it has a [`RequestBuilder`].
    #[doc(hidden)]
    pub fn new(operation: RequestBuilder) -> Self {
        Self {
            operation,
            kind: PhantomData,
        }
    }

    fn map(self, change: impl FnOnce(&mut RequestBuilder)) -> Self {
        let mut operation = self.operation;
        change(&mut operation);
        Self::new(operation)
    }

    /// Returns the permissions that the call needs, as Graph lists them.
    ///
    /// Returns `None` where nothing is known: for operations that Graph does not document, and for
    /// calls of [`Graph::request`](crate::Graph::request).
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::AccessTokenCredential;
    /// # let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
    /// let permissions = graph.me().messages().list().permissions().expect("it is listed");
    /// assert_eq!(permissions.delegated_work().to_string(), "Mail.ReadBasic");
    /// assert!(!permissions.application().is_supported());
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/permissions-overview>
    pub fn permissions(&self) -> Option<Permissions> {
        self.operation.permissions()
    }

    /// Returns the clouds that have the operation, or `None` where nothing is known.
    ///
    /// ```
    /// # use msgraph::{Graph, NamedCloud};
    /// # use msgraph::auth::AccessTokenCredential;
    /// # let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
    /// let clouds = graph.users().list().clouds().expect("it is listed");
    /// assert!(clouds.contains(NamedCloud::China));
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/deployments>
    pub fn clouds(&self) -> Option<Clouds> {
        self.operation.clouds()
    }

    /// Checks whether a cloud has the operation. Returns `None` where nothing is known of the
    /// operation or of the cloud.
    ///
    /// ```
    /// # use msgraph::{Cloud, Graph};
    /// # use msgraph::auth::AccessTokenCredential;
    /// # let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
    /// let call = graph.users().list();
    /// assert_eq!(call.is_available_in(&Cloud::UsGovL4), Some(true));
    /// assert_eq!(call.is_available_in(graph.cloud()), Some(true));
    /// ```
    pub fn is_available_in(&self, cloud: &Cloud) -> Option<bool> {
        let cloud = NamedCloud::from_cloud(cloud)?;
        Some(self.clouds()?.contains(cloud))
    }

    /// Sends a query parameter, whether or not the description has it. This method encodes the name
    /// and the value.
    ///
    /// A name with `$` is a system query option, which occurs only once in a query. A new value
    /// replaces the earlier one.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let folders = graph.me().mail_folders().list().query("includeHiddenFolders", "true").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.map(|operation| operation.set_or_push(name.into(), value.into()))
    }

    /// Sends a piece of a query that is already encoded, byte for byte: `a=b&c=d`. The text is not
    /// parsed. It is added to the call's other options, and it sets no header.
    ///
    /// Graph decodes values twice in two places: `$search` of directory objects for `#`, and
    /// filters of To Do for `&`. In these two places, send `%2523` and `%2526`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let lists = graph.me().todo().lists().list()
    ///     .raw_query("$filter=contains(displayName,%27R%2526D%27)")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the text holds a
    /// character that cannot occur in a query. These are spaces, control characters, `#`, and all
    /// characters outside ASCII.
    pub fn raw_query(self, query: impl Into<String>) -> Self {
        self.map(|operation| {
            let query = query.into();
            match raw::wrong_query(&query) {
                Some(reason) => operation.refuse(reason),
                None => operation.push_written(query),
            }
        })
    }

    /// Sends a header. A list sends it again with each page, unless the header belongs to one
    /// request or its body. Examples of such headers are conditions, `Range`, `Content-…` and
    /// `Idempotency-Key`.
    ///
    /// Several `Prefer` headers add up to several preferences, as [`prefer`](Self::prefer) and
    /// similar methods add them. Any other header replaces its earlier value.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let places = graph.request(msgraph::Method::GET, "/places/microsoft.graph.room")
    ///     .header("Accept-Language", "nb-NO")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the name is not a
    /// valid header name, or the value holds a control character.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        Self::new(self.operation.header(name.as_ref(), value.as_ref()))
    }

    /// Makes this call with an access token that the caller obtained elsewhere, in place of the
    /// client's. When Graph refuses the token, the call fails. It is not sent again with another
    /// token.
    ///
    /// Requests for further pages, and for the long-running operation that the call starts, use the
    /// same token. A batch has one token for all of its calls, and refuses a call that has its own.
    /// For many calls of one user, use [`Graph::with_provider`](crate::Graph::with_provider).
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, token: String) -> msgraph::Result<()> {
    /// let me = graph.me().get().access_token(token).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the token holds a
    /// character that a header cannot hold.
    pub fn access_token(self, token: impl Into<Secret<String>>) -> Self {
        Self::new(self.operation.access_token(&token.into()))
    }

    /// Sends bytes of the given media type as the body, in place of the method's own argument.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, page: Vec<u8>) -> msgraph::Result<()> {
    /// use msgraph::Method;
    ///
    /// graph.request(Method::POST, "/me/onenote/pages").body(page, "text/html").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn body(self, bytes: impl Into<Bytes>, media_type: impl Into<String>) -> Self {
        let content = Content::new(bytes).with_type(media_type);
        Self::new(self.operation.content(content, "application/octet-stream"))
    }

    /// Sends text as the body, as `text/plain`, in place of the method's own argument.
    ///
    /// Mail takes MIME in this form, encoded in base64:
    /// <https://learn.microsoft.com/graph/outlook-send-mime-message>.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, mime: &[u8]) -> msgraph::Result<()> {
    /// use base64::Engine;
    /// use base64::prelude::BASE64_STANDARD;
    ///
    /// graph.me().send_mail(Default::default()).body_text(BASE64_STANDARD.encode(mime)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn body_text(self, text: impl Into<String>) -> Self {
        self.body(text.into(), "text/plain")
    }

    /// Sends any serializable value as a JSON body, in place of the method's own argument.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Method;
    ///
    /// let team = serde_json::json!({ "displayName": "Contoso" });
    /// graph.request(Method::POST, "/beta/teams").body_json(&team).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the value cannot be
    /// written as JSON.
    pub fn body_json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        Self::new(self.operation.json(body))
    }
}

impl<A, O: Options> Call<A, O> {
    pub(crate) fn finish(self) -> Result<Request> {
        self.operation.finish(advanced::<O>())
    }

    /// Returns the request that this call would send, without access token and request id.
    ///
    /// ```no_run
    /// # fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let request = graph.users().list().top(5).into_http()?;
    /// assert_eq!(request.uri(), "https://graph.microsoft.com/v1.0/users?$top=5");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Request`](crate::Error::Request) when the call holds a value that no
    /// request can hold.
    pub fn into_http(self) -> Result<http::Request<Bytes>> {
        self.finish()?.into_http()
    }

    /// Returns the same call with its response undecoded: status, headers and bytes.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let response = graph.users().list().raw().await?;
    /// println!("{:?}", response.headers().get("date"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(self) -> RawCall<O> {
        Call::new(self.operation)
    }
}

/// Returns the parts of advanced queries that the description allows for operations with these
/// options.
pub(crate) fn advanced<O: Options>() -> Advanced {
    Advanced {
        header: O::CONSISTENCY_LEVEL,
        count: O::COUNT,
    }
}

impl<A: ResponseKind, O: Options> Call<A, O> {
    /// Asks for only these properties: `$select`.
    ///
    /// Takes a property, a plain name, or several of either in an array, a `Vec`, a slice or a
    /// tuple. Repeated calls add to the list. Properties of a derived type are given by name:
    /// `.select(User::MAIL.name())`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    ///
    /// let page = graph
    ///     .users()
    ///     .list()
    ///     .select((User::ID, User::ACCOUNT_ENABLED, "brandNew"))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/query-parameters#select>
    pub fn select(self, properties: impl Selection<A::Model>) -> Self
    where
        O: HasSelect,
    {
        self.map(|operation| {
            operation.extend_list(
                "$select",
                CommaList::collect(|list| properties.add_to(list)),
            );
        })
    }

    /// Asks for related entities together with each item: `$expand`.
    ///
    /// Takes a navigation property, with or without options of its own, plain text, or several of
    /// these. Repeated calls add to the list.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, site: &str, list: &str) -> msgraph::Result<()> {
    /// use msgraph::models::ListItem;
    ///
    /// let items = graph.sites().id(site).lists().id(list).items().list()
    ///     .expand(ListItem::FIELDS.select(["Title"]))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/query-parameters#expand>
    pub fn expand(self, navigations: impl Expand<A::Model>) -> Self
    where
        O: HasExpand,
    {
        self.map(|operation| {
            operation.extend_list(
                "$expand",
                CommaList::collect(|list| navigations.add_to(list)),
            );
        })
    }

    /// Asks for the items that meet a condition: `$filter`. Repeated calls are joined with `and`,
    /// so an item has to meet all of the conditions.
    ///
    /// Properties have methods that build conditions. Plain text works too;
    /// [`literal`](crate::query::literal) formats values for it.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, name: &str) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    /// use msgraph::query::literal;
    ///
    /// let page = graph.users().list().filter(User::DISPLAY_NAME.eq(name)).await?;
    /// let same = graph.users().list().filter(format!("displayName eq {}", literal(name))).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the list that a value
    /// has to be [in] is empty.
    ///
    /// <https://learn.microsoft.com/graph/filter-query-parameter>
    ///
    /// [in]: crate::model::Property::is_in
    pub fn filter(self, filter: impl Into<Filter<A::Model>>) -> Self
    where
        O: HasFilter,
    {
        self.map(|operation| operation.and_filter(filter.into().finish()))
    }

    /// Asks for the items that a search finds: `$search`.
    ///
    /// Plain text is one search term and is put into quotes. [`Search`] joins several terms.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let found = graph.users().list().search("displayName:adele").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/search-query-parameter>
    pub fn search(self, search: impl Into<Search>) -> Self
    where
        O: HasSearch,
    {
        self.map(|operation| operation.set("$search".into(), search.into().into_text()))
    }

    /// Asks for an order: `$orderby`. Repeated calls add further criteria of lower priority.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::models::Message;
    ///
    /// let newest = graph.me().messages().list()
    ///     .orderby((Message::RECEIVED_DATE_TIME.desc(), Message::SUBJECT))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/query-parameters#orderby>
    pub fn orderby(self, order: impl OrderBy<A::Model>) -> Self
    where
        O: HasOrderBy,
    {
        self.map(|operation| {
            operation.extend_list("$orderby", CommaList::collect(|list| order.add_to(list)));
        })
    }

    /// Asks for this number of items a page: `$top`. It does not limit how many items a stream
    /// returns.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let all = graph.users().list().top(999).all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/query-parameters#top>
    pub fn top(self, items: u32) -> Self
    where
        O: HasTop,
    {
        self.map(|operation| operation.set("$top".into(), items.to_string()))
    }

    /// Skips this number of items at the beginning: `$skip`. Graph's directory objects do not
    /// support it.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let page = graph.me().messages().list().skip(20).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/query-parameters#skip>
    pub fn skip(self, items: u32) -> Self
    where
        O: HasSkip,
    {
        self.map(|operation| operation.set("$skip".into(), items.to_string()))
    }

    /// Asks for the number of all items together with the first page: `$count`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let page = graph.users().list().count(true).top(1).await?;
    /// println!("{:?} users", page.count);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/query-parameters#count>
    pub fn count(self, count: bool) -> Self
    where
        O: HasCount,
    {
        self.map(|operation| operation.set("$count".into(), count.to_string()))
    }

    /// Overrides the header `ConsistencyLevel`. Without this, the call sends the header when the
    /// query needs it.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::call::ConsistencyLevel;
    ///
    /// let page = graph.users().list()
    ///     .filter("userType ne 'Guest'")
    ///     .consistency_level(ConsistencyLevel::Unset)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/aad-advanced-queries>
    pub fn consistency_level(self, level: ConsistencyLevel) -> Self
    where
        O: HasConsistencyLevel,
    {
        self.map(|operation| consistency::set(operation, level))
    }

    /// Makes the call only if the current state still has this etag: `If-Match`.
    ///
    /// Takes the etag exactly as Graph sent it, `*`, or the item that carried it.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, drive: &str, item: &str) -> msgraph::Result<()> {
    /// let item = graph.drives().id(drive).items().id(item);
    /// let read = item.get().await?;
    /// item.delete().if_match(&read).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the item came without
    /// an etag. When the item has changed since, it gives an error for which
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) is `true`.
    pub fn if_match(self, etag: impl IfMatch) -> Self
    where
        O: HasIfMatch,
    {
        Self::new(self.operation.if_match(&etag))
    }
}

// Written by hand, because a derive would require `A: Clone` and `O: Clone`.
impl<A, O> Clone for Call<A, O> {
    fn clone(&self) -> Self {
        Self::new(self.operation.clone())
    }
}

impl<A, O> fmt::Debug for Call<A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.operation).finish()
    }
}
