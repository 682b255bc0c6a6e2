//! What `If-Match` is given.

use crate::model::Model;

/// An etag, or an item that carries one in `@odata.etag`.
///
/// The value goes out as it came, quotes and `W/` included
/// ([RFC 9110, 13.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1)); `*` matches whatever is there.
///
/// ```
/// use msgraph::call::IfMatch;
///
/// assert_eq!(IfMatch::etag(&r#"W/"JzEt==""#), Some(r#"W/"JzEt==""#));
/// ```
pub trait IfMatch {
    /// The etag; `None` for an item that came without one.
    fn etag(&self) -> Option<&str>;
}

impl IfMatch for &str {
    fn etag(&self) -> Option<&str> {
        Some(self)
    }
}

impl IfMatch for String {
    fn etag(&self) -> Option<&str> {
        Some(self)
    }
}

impl IfMatch for &String {
    fn etag(&self) -> Option<&str> {
        Some(self)
    }
}

impl<M: Model> IfMatch for &M {
    fn etag(&self) -> Option<&str> {
        Model::etag(*self)
    }
}
