//! The addresses of entities, for links between them.

use std::borrow::Cow;

use uuid::Uuid;

/// A place of Graph's tree, such as `graph.users().id("adele@contoso.com")`. Generated code
/// implements it.
///
/// ```
/// use msgraph::auth::AccessTokenCredential;
/// use msgraph::{Cloud, Graph, Node};
///
/// # fn main() -> msgraph::Result<()> {
/// let graph = Graph::builder(AccessTokenCredential::new("token"))
///     .cloud(Cloud::UsGovL4)
///     .build()?;
/// assert_eq!(
///     graph.users().id("adele@contoso.com").url(),
///     "https://graph.microsoft.us/v1.0/users/adele%40contoso.com"
/// );
/// # Ok(())
/// # }
/// ```
pub trait Node {
    /// Returns the encoded address, and the reason why it is not valid if it is not.
    #[doc(hidden)]
    fn address(&self) -> (&str, Option<&str>);

    /// Returns the absolute address in the client's cloud, encoded, without a query.
    ///
    /// An id that cannot be a segment, such as an empty one, is not reported here. A call at such a
    /// place returns the error.
    fn url(&self) -> String {
        self.address().0.to_owned()
    }
}

impl<N: Node + ?Sized> Node for &N {
    fn address(&self) -> (&str, Option<&str>) {
        (**self).address()
    }
}

/// The address of an entity: a node of the client, or its URL as text.
///
/// A node gives the address in the client's cloud.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the address of an entity",
    note = "pass a node, such as `graph.directory_objects().id(id)`, or a URL"
)]
pub trait EntityUrl {
    /// Returns the address.
    #[doc(hidden)]
    fn entity_url(&self) -> Cow<'_, str>;
    /// Returns the reason why the address is not valid.
    #[doc(hidden)]
    fn fault(&self) -> Option<&str> {
        None
    }
}

impl<N: Node> EntityUrl for N {
    fn entity_url(&self) -> Cow<'_, str> {
        self.address().0.into()
    }

    fn fault(&self) -> Option<&str> {
        self.address().1
    }
}

macro_rules! text {
    ($($type:ty)*) => {$(
        impl EntityUrl for $type {
            fn entity_url(&self) -> Cow<'_, str> {
                let text: &str = self;
                text.into()
            }
        }
    )*};
}

text!(&str String &String Cow<'_, str>);

/// An entity that `…/$ref` adds, sets or removes: a node of the client, its URL, its path from the
/// root (`/education/users/1`), or the id of a directory object.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// let group = graph.groups().id("02bd9fd6-8f93-4758-87c3-1fb73740a315");
/// group.members().add_ref(graph.users().id("adele@contoso.com")).await?;
/// group.members().add_ref("48d31887-5fad-4d73-a9f5-3c356e68a038").await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reference to an entity",
    note = "pass a node, such as `graph.directory_objects().id(id)`, the id of a directory object, \
            or a URL"
)]
pub trait EntityReference {
    /// Returns the address, the path or the id.
    #[doc(hidden)]
    fn reference(&self) -> Cow<'_, str>;
    /// Returns the reason why the reference is not valid.
    #[doc(hidden)]
    fn reference_fault(&self) -> Option<&str> {
        None
    }
}

impl<U: EntityUrl> EntityReference for U {
    fn reference(&self) -> Cow<'_, str> {
        self.entity_url()
    }

    fn reference_fault(&self) -> Option<&str> {
        self.fault()
    }
}

impl EntityReference for Uuid {
    fn reference(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}
