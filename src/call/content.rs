//! Content that is not JSON: files, photos, reports, `$value`.

use std::fmt;

use bytes::Bytes;

/// Bytes and their media type. A download returns it and an upload takes it.
///
/// ```
/// use msgraph::call::Content;
///
/// let photo = Content::new(vec![0xff, 0xd8]).with_type("image/jpeg");
/// assert_eq!(photo.content_type.as_deref(), Some("image/jpeg"));
/// let text = Content::from("hello");
/// assert_eq!(text.bytes.as_ref(), b"hello");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Content {
    /// The bytes exactly as received or to be sent, never decoded.
    pub bytes: Bytes,
    /// The header `Content-Type`. In an upload, `None` stands for the type that the description
    /// gives for the operation.
    pub content_type: Option<String>,
}

impl Content {
    /// Creates content without a media type.
    ///
    /// ```
    /// # use msgraph::call::Content;
    /// assert_eq!(Content::new("a").content_type, None);
    /// ```
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            content_type: None,
        }
    }

    /// Returns the same bytes with a media type, such as `image/png`.
    ///
    /// ```
    /// # use msgraph::call::Content;
    /// let logo = Content::new(vec![0x89, b'P', b'N', b'G']).with_type("image/png");
    /// assert_eq!(logo.content_type.as_deref(), Some("image/png"));
    /// ```
    #[must_use]
    pub fn with_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }
}

/// Prints the length and the media type only, because the content may be private.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("bytes", &self.bytes.len())
            .field("content_type", &self.content_type)
            .finish()
    }
}

impl AsRef<[u8]> for Content {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

macro_rules! from {
    ($($bytes:ty),*) => {$(
        impl From<$bytes> for Content {
            fn from(bytes: $bytes) -> Self {
                Self::new(bytes)
            }
        }
    )*};
}

from!(Bytes, Vec<u8>, &'static [u8], String, &'static str);

impl<const N: usize> From<&'static [u8; N]> for Content {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self::new(bytes.as_slice())
    }
}

impl From<Content> for Bytes {
    fn from(content: Content) -> Self {
        content.bytes
    }
}
