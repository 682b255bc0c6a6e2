//! The record of whether a call can have changed anything at Graph.
//!
//! Only the layer that hands requests to reqwest knows whether one was sent. A middleware of the
//! caller's can fail for its own reasons, before or after Graph has responded, so its error proves
//! nothing. For this reason [`RecordDelivery`] is the innermost middleware. Its count decides
//! whether to send again a call that must not be done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

/// The requests of one attempt, and those of the whole call.
///
/// The record travels in the [`Extensions`] of a request. A middleware that drops the extensions
/// drops this record too. Then no requests are counted, and nothing is proved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivery {
    attempt: Arc<Counts>,
    call: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU32,
    harmless: AtomicU32,
}

impl Counts {
    /// Checks whether every request that began is known to have had no effect. A cancelled request
    /// counts as begun and not as harmless.
    fn nothing_done(&self) -> bool {
        let begun = self.begun.load(Ordering::Acquire);
        begun > 0 && begun == self.harmless.load(Ordering::Acquire)
    }
}

impl Delivery {
    /// Returns the record for the next attempt of the same call.
    pub(super) fn next_attempt(&self) -> Self {
        Self {
            attempt: Arc::default(),
            call: Arc::clone(&self.call),
        }
    }

    /// Records that a request is about to be sent.
    fn begin(&self) {
        for counts in [&self.attempt, &self.call] {
            counts.begun.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Records that a request had no effect at Graph although it had begun: it was never sent, or
    /// its token was refused.
    pub(crate) fn did_nothing(&self) {
        for counts in [&self.attempt, &self.call] {
            counts.harmless.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Records a request that was given up before it reached the layer that sends.
    pub(crate) fn stopped(&self) {
        self.begin();
        self.did_nothing();
    }

    /// Checks whether this attempt is proved to have had no effect at Graph.
    pub(super) fn attempt_did_nothing(&self) -> bool {
        self.attempt.nothing_done()
    }

    /// Checks whether all attempts of the call are proved to have had no effect at Graph.
    pub(crate) fn call_did_nothing(&self) -> bool {
        self.call.nothing_done()
    }
}

/// A middleware that counts the requests that are sent, and the requests that failed because no
/// connection was made.
///
/// It is the innermost middleware, so an error that it sees is reqwest's own error about this
/// request.
pub(super) struct RecordDelivery;

#[async_trait]
impl Middleware for RecordDelivery {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let delivery = extensions.get::<Delivery>().cloned();
        if let Some(delivery) = &delivery {
            delivery.begin();
        }
        let outcome = next.run(request, extensions).await;
        if let (Some(delivery), Err(Error::Reqwest(error))) = (&delivery, &outcome)
            && (error.is_connect() || error.is_builder())
        {
            delivery.did_nothing();
        }
        outcome
    }
}
