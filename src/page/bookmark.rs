//! A stored place in a collection.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::redact::Text;

/// A place in a collection, to be stored and continued from later. It holds the link of a page, and
/// the number of its items that were already given.
///
/// [`Items::bookmark`](super::Items::bookmark) creates one, and a link converts into one.
/// [`Graph::list_from`](crate::Graph::list_from) continues from it. If the page has changed in the
/// meantime, the same number of items is skipped.
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
    /// Returns the link of the page, exactly as Graph sent it.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// Returns the number of items of the page that were already given.
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
