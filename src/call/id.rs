//! The values that stand for an id in an address.

use std::borrow::Cow;
use std::sync::Arc;

use uuid::Uuid;

/// An id or a key: text, or a [`Uuid`].
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use msgraph::model::edm::Guid;
///
/// let id: Guid = "48d31887-5fad-4d73-a9f5-3c356e68a038".parse().expect("an id");
/// let user = graph.users().id(id).get().await?;
/// let me = graph.users().id(String::from("adele@contoso.com")).get().await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an id",
    note = "an id is text (`&str`, `String`) or a `Uuid`; the id of an entity is an `Option`, \
            because Graph sends what was selected"
)]
pub trait Id {
    /// Returns the text, not encoded for a URL.
    #[doc(hidden)]
    fn id_text(&self) -> Cow<'_, str>;
}

macro_rules! text {
    ($($type:ty)*) => {$(
        impl Id for $type {
            fn id_text(&self) -> Cow<'_, str> {
                Cow::Borrowed(self)
            }
        }
    )*};
}

text!(str String Box<str> Arc<str> Cow<'_, str>);

impl Id for Uuid {
    fn id_text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

impl<I: Id + ?Sized> Id for &I {
    fn id_text(&self) -> Cow<'_, str> {
        (**self).id_text()
    }
}
