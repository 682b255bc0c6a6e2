//! Values that are never printed.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A value that prints as `[redacted]`, and is overwritten when it is dropped.
///
/// [`expose`](Self::expose) returns the value. There is no `Display`: a header written with it
/// would silently contain the word `[redacted]`.
///
/// It protects against log lines and later memory dumps, not against a compromised machine. A value
/// that is sent is copied into headers and buffers. Other crates own those and do not overwrite
/// them (SECURITY.md lists them).
///
/// ```
/// use msgraph::auth::Secret;
///
/// let secret: Secret<String> = "hunter2".into();
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_eq!(format!("Bearer {}", secret.expose()), "Bearer hunter2");
/// ```
///
/// It cannot be printed by mistake:
///
/// ```compile_fail,E0277
/// let secret = msgraph::auth::Secret::new("hunter2".to_owned());
/// let header = format!("Bearer {secret}");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value, so that it is not printed.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value. The returned reference can be printed.
    pub fn expose(&self) -> &T {
        &self.0
    }

    pub(crate) fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// Returns the value, which can then be printed and is not overwritten.
    pub fn into_inner(mut self) -> T
    where
        T: Default,
    {
        std::mem::take(&mut self.0)
    }
}

/// Joins texts of which one is a secret. The result has its full capacity from the beginning,
/// because a text that grows leaves copies behind that are not overwritten.
pub(crate) fn joined(parts: &[&str]) -> Zeroizing<String> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for part in parts {
        text.push_str(part);
    }
    text
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
