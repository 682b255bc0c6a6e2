//! Values that are never printed.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A value that prints as `[redacted]`, and is overwritten where it ends.
///
/// [`expose`](Self::expose) gives the value. There is no `Display`, because a header that is
/// written with one would hold the word `[redacted]`, and nobody would be told.
///
/// It guards against the log line and the memory dump afterwards, not against the machine: what is sent somewhere is copied
/// into headers and buffers, which other crates own and do not overwrite (SECURITY.md lists them).
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
    /// Keeps a value from being printed.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. From here on, nothing keeps it from being printed.
    pub fn expose(&self) -> &T {
        &self.0
    }

    pub(crate) fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// The value itself, which is then neither kept from being printed nor overwritten.
    pub fn into_inner(mut self) -> T
    where
        T: Default,
    {
        std::mem::take(&mut self.0)
    }
}

/// Joins texts of which one is a secret. The text has room for all from the beginning: one that grows
/// leaves copies behind that are not overwritten.
pub(in crate::auth) fn joined(parts: &[&str]) -> Zeroizing<String> {
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
