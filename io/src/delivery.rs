//! The record of whether a call can have changed anything at Graph.
//!
//! Only the layer that hands requests to reqwest knows whether one was sent. A middleware of the
//! caller's can fail for its own reasons, before or after Graph has responded, so its error proves
//! nothing. For this reason the innermost middleware counts. Its count decides
//! whether to send again a call that must not be done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The requests of one attempt, and those of the whole call.
///
/// The record travels in the extensions of a request. A middleware that drops the
/// extensions drops this record too. Then no requests are counted, and nothing is proved.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    call: Arc<Counts>,
    /// The requests of an attempt that is not the first one. The first attempt has the requests of
    /// the call.
    later_attempt: Option<Arc<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU32,
    harmless: AtomicU32,
}

impl Counts {
    fn is_empty(&self) -> bool {
        self.begun.load(Ordering::Acquire) == 0
    }

    /// Checks whether every request that began is known to have had no effect. A cancelled request
    /// counts as begun and not as harmless.
    fn nothing_done(&self) -> bool {
        let begun = self.begun.load(Ordering::Acquire);
        begun > 0 && begun == self.harmless.load(Ordering::Acquire)
    }
}

impl Delivery {
    /// Begins the record of the next attempt of the same call.
    pub fn begin_attempt(&mut self) {
        self.later_attempt = (!self.call.is_empty()).then(Arc::default);
    }

    fn counts(&self) -> impl Iterator<Item = &Counts> {
        [Some(&self.call), self.later_attempt.as_ref()]
            .into_iter()
            .flatten()
            .map(Arc::as_ref)
    }

    /// Records that a request is about to be sent.
    pub fn begin(&self) {
        for counts in self.counts() {
            counts.begun.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Records that a request had no effect at Graph although it had begun: it was never sent, or
    /// its token was refused.
    pub fn did_nothing(&self) {
        for counts in self.counts() {
            counts.harmless.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Records a request that was given up before it reached the layer that sends.
    pub fn stopped(&self) {
        self.begin();
        self.did_nothing();
    }

    /// Checks whether this attempt is proved to have had no effect at Graph.
    pub fn attempt_did_nothing(&self) -> bool {
        self.later_attempt
            .as_ref()
            .unwrap_or(&self.call)
            .nothing_done()
    }

    /// Checks whether all attempts of the call are proved to have had no effect at Graph.
    pub fn call_did_nothing(&self) -> bool {
        self.call.nothing_done()
    }
}
