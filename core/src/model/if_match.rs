//! The values that `If-Match` accepts.

use super::Model;

/// An etag, or an item that carries one in `@odata.etag`.
///
/// The value is sent exactly as received, including quotes and `W/` ([RFC 9110,
/// 13.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1)). `*` matches any current state.
///
/// ```
/// use msgraph::call::IfMatch;
///
/// assert_eq!(IfMatch::etag(&r#"W/"JzEt==""#), Some(r#"W/"JzEt==""#));
/// ```
pub trait IfMatch {
    /// Returns the etag, or `None` for an item that came without one.
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
