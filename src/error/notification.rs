//! Change notifications that are not to be believed, or cannot be read.

use std::fmt;

use super::text::OneLine;
use crate::redact::text;

/// A change notification that is refused, or cannot be decrypted.
///
/// Graph is answered with a success all the same, 202, since it would send the same again; who else sends learns
/// nothing from it.
#[derive(Clone, Debug)]
pub struct NotificationError {
    kind: NotificationErrorKind,
    message: String,
}

/// Why a change notification is refused, or cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotificationErrorKind {
    /// Its `clientState` is none of the receiver's.
    ClientState,
    /// It is of a tenant that is none of the receiver's.
    Tenant,
    /// Encrypted content came without a validation token for its tenant.
    MissingToken,
    /// A validation token is no token, or not signed as the platform signs them.
    Malformed,
    /// A validation token is signed with a key that the platform does not publish.
    UnknownKey,
    /// The signature of a validation token is not that of its text.
    Signature,
    /// A validation token has run out, or is not good yet.
    Expired,
    /// A validation token is for another application.
    Audience,
    /// A validation token comes from elsewhere than the platform.
    Issuer,
    /// A validation token is of another publisher than Graph's change notifications.
    Publisher,
    /// There is no key for the certificate that the content was encrypted for.
    UnknownCertificate,
    /// The content was changed underway, or was encrypted for another key.
    Content,
    /// What was given as a key is none.
    Key,
}

impl NotificationError {
    pub(crate) fn new(kind: NotificationErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: text(message),
        }
    }

    /// Why it is refused.
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
