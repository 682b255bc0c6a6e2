//! Records whether a call can have done anything at Graph.
//!
//! Only the layer that hands requests to reqwest knows whether one was sent. A middleware of the
//! caller's can fail for reasons of its own, before or after Graph has responded, so its error
//! proves nothing. [`RecordDelivery`] is therefore the innermost middleware, and what it counts
//! decides whether a call that must not be done twice is sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

/// The requests of one attempt, and those of the whole call.
///
/// It travels in the [`Extensions`] of a request. A middleware that drops the extensions drops this
/// record too; then nothing is counted, and nothing is proved.
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
    /// A request that was cancelled stays begun without being harmless.
    fn nothing_done(&self) -> bool {
        let begun = self.begun.load(Ordering::Acquire);
        begun > 0 && begun == self.harmless.load(Ordering::Acquire)
    }
}

impl Delivery {
    /// The record of the next attempt of the same call.
    pub(super) fn next_attempt(&self) -> Self {
        Self {
            attempt: Arc::default(),
            call: Arc::clone(&self.call),
        }
    }

    /// A request is about to be sent.
    fn begin(&self) {
        for counts in [&self.attempt, &self.call] {
            counts.begun.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Records that a request which had begun did nothing at Graph: it was never sent, or its token
    /// was refused.
    pub(crate) fn did_nothing(&self) {
        for counts in [&self.attempt, &self.call] {
            counts.harmless.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Records a request that was given up before it reached the layer which sends.
    pub(crate) fn stopped(&self) {
        self.begin();
        self.did_nothing();
    }

    /// Checks whether it is proved that this attempt did nothing at Graph.
    pub(super) fn attempt_did_nothing(&self) -> bool {
        self.attempt.nothing_done()
    }

    /// Checks whether it is proved that no attempt of the call did anything at Graph.
    pub(crate) fn call_did_nothing(&self) -> bool {
        self.call.nothing_done()
    }
}

/// Counts each request that goes out, and each that was not sent because no connection was made.
///
/// This is the innermost middleware: an error that it sees is reqwest's own, about this request.
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
