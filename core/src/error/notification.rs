//! Errors about change notifications that are not genuine, or cannot be read.

use std::fmt;

use crate::redact::OneLine;
use crate::redact::text;

/// A change notification that is refused, or cannot be decrypted.
///
/// The receiver still responds to Graph with a success, 202, because Graph would otherwise send the
/// same notification again. Another sender learns nothing from that response.
#[derive(Clone, Debug)]
pub struct NotificationError {
    kind: NotificationErrorKind,
    message: String,
}

/// The reason why a change notification is refused, or cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotificationErrorKind {
    /// The `clientState` is not one of the receiver's.
    ClientState,
    /// The tenant is not one of the receiver's.
    Tenant,
    /// Encrypted content arrived without a validation token for its tenant.
    MissingToken,
    /// A validation token is not a token, or is not signed as the platform signs them.
    Malformed,
    /// A validation token is signed with a key that the platform does not publish.
    UnknownKey,
    /// The signature of a validation token does not match its text.
    Signature,
    /// A validation token has expired, or is not valid yet.
    Expired,
    /// A validation token is for another application.
    Audience,
    /// A validation token was not issued by the platform.
    Issuer,
    /// A validation token is from another publisher than Graph's change notifications.
    Publisher,
    /// The receiver has no key for the certificate that encrypted the content.
    UnknownCertificate,
    /// The content was changed in transit, or was encrypted for another key.
    Content,
    /// The given key is not a valid key.
    Key,
}

impl NotificationError {
    #[doc(hidden)]
    pub fn new(kind: NotificationErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: text(message),
        }
    }

    /// Returns the reason for the refusal.
    pub fn kind(&self) -> NotificationErrorKind {
        self.kind
    }
}

impl fmt::Display for NotificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "change notification: {}", OneLine(&self.message))
    }
}

impl std::error::Error for NotificationError {}
