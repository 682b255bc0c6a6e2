//! A place in a collection.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::redact::Text;

/// A place in a collection, to be kept and to go on from: the link of a page, and how many of its items were given.
///
/// [`Items::bookmark`](super::Items::bookmark) makes it, and so does a link; [`Graph::list_from`](crate::Graph::list_from)
/// goes on from it. Where the items of the page have changed in the meantime, as many are left out as were given before.
///
/// ```
/// use msgraph::page::Bookmark;
///
/// let bookmark = Bookmark::from("https://graph.microsoft.com/v1.0/users?$skiptoken=a");
/// let kept = serde_json::to_string(&bookmark)?;
/// assert_eq!(serde_json::from_str::<Bookmark>(&kept)?, bookmark);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bookmark {
    pub(super) link: String,
    #[serde(default)]
    pub(super) items: usize,
}

impl Bookmark {
    /// The link of the page, as it came.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// How many of the page's items were given.
    pub fn items(&self) -> usize {
        self.items
    }
}

impl fmt::Debug for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bookmark")
            .field("link", &Text(&self.link))
            .field("items", &self.items)
            .finish()
    }
}

impl From<String> for Bookmark {
    fn from(link: String) -> Self {
        Self { link, items: 0 }
    }
}

impl From<&str> for Bookmark {
    fn from(link: &str) -> Self {
        link.to_owned().into()
    }
}

impl From<&String> for Bookmark {
    fn from(link: &String) -> Self {
        link.clone().into()
    }
}
