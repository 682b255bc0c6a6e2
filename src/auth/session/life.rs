//! Whether what was given out may still be used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends what was given out, wherever it is by now: tokens of a session are in the caches of clients that it knows nothing of.
#[derive(Clone, Debug, Default)]
pub(in crate::auth) struct Life(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    has_ended: AtomicBool,
    /// A life that this one ends with.
    within: Option<Life>,
}

impl Life {
    /// A life that may end earlier than this one, and never later.
    pub(super) fn within(&self) -> Self {
        Self(Arc::new(Inner {
            has_ended: AtomicBool::new(false),
            within: Some(self.clone()),
        }))
    }

    pub(super) fn end(&self) {
        self.0.has_ended.store(true, Ordering::Release);
    }

    pub(in crate::auth) fn has_ended(&self) -> bool {
        self.0.has_ended.load(Ordering::Acquire)
            || self.0.within.as_ref().is_some_and(Self::has_ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_that_of_all_within() {
        let whole = Life::default();
        let (part, other) = (whole.within(), whole.within());
        part.end();
        assert!(part.clone().has_ended() && !other.has_ended() && !whole.has_ended());
        whole.end();
        assert!(other.has_ended());
    }
}
