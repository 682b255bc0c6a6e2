//! Values that are never printed.

use std::fmt;

/// A value that prints as `[redacted]`, whatever prints it.
///
/// It guards against the log line, not against the machine: the value is in memory as any other is.
///
/// ```
/// use msgraph::auth::Secret;
///
/// let secret: Secret<String> = "hunter2".into();
/// assert_eq!(format!("{secret} {secret:?}"), "[redacted] [redacted]");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Keeps a value from being printed.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Whoever calls this takes over that it is not printed.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, without the guard.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
