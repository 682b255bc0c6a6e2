//! The flag that tells whether issued tokens may still be used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends issued tokens, in every client that has them. The tokens of a session are in the caches of
/// clients that the session does not know.
#[derive(Clone, Debug, Default)]
pub(crate) struct RevocationFlag(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    has_ended: AtomicBool,
    /// The flag that also ends this one.
    within: Option<RevocationFlag>,
}

impl RevocationFlag {
    /// Creates a flag that may be set earlier than this one, and never later.
    pub(super) fn within(&self) -> Self {
        Self(Arc::new(Inner {
            has_ended: AtomicBool::new(false),
            within: Some(self.clone()),
        }))
    }

    pub(super) fn end(&self) {
        self.0.has_ended.store(true, Ordering::Release);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.has_ended.load(Ordering::Acquire)
            || self.0.within.as_ref().is_some_and(Self::has_ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revocation_ends_all_nested_sessions() {
        let whole = RevocationFlag::default();
        let (part, other) = (whole.within(), whole.within());
        part.end();
        assert!(part.clone().has_ended() && !other.has_ended() && !whole.has_ended());
        whole.end();
        assert!(other.has_ended());
    }
}
