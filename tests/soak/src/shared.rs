//! The state that all tasks share.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use msgraph::{Error, Result};

use crate::ledger::{Act, Ledger, Said};
use crate::memory;
use crate::problems::{Kind, Problems};
use crate::programs::RETRIES;
use crate::server::Access;

/// The time that a call may take, including all its attempts and delays.
const STUCK: Duration = Duration::from_secs(120);

/// The state that all tasks share.
pub struct Shared {
    pub access: Access,
    pub problems: Problems,
    ledger: Mutex<Ledger>,
    calls: u64,
    left: AtomicU64,
    failed: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
    next_write: AtomicU32,
    /// The peak of the memory after a tenth of the calls.
    warm: Mutex<Option<f64>>,
}

impl Shared {
    pub fn new(access: Access, calls: u64) -> Arc<Self> {
        Arc::new(Self {
            access,
            problems: Problems::default(),
            ledger: Mutex::default(),
            calls,
            left: AtomicU64::new(calls),
            failed: AtomicU64::new(0),
            errors: Mutex::default(),
            next_write: AtomicU32::new(0),
            warm: Mutex::default(),
        })
    }

    /// Checks whether no calls are left.
    pub fn is_over(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Takes calls from those that are left. Returns `false` if there are not as many.
    fn take(&self, calls: u64) -> bool {
        let take = |left: u64| left.checked_sub(calls);
        let order = Ordering::Relaxed;
        let Ok(before) = self.left.fetch_update(order, order, take) else {
            return false;
        };
        let warm = self.calls - self.calls / 10;
        if before > warm && before - calls <= warm {
            *self.warm.lock().unwrap_or_else(PoisonError::into_inner) = memory::peak();
        }
        true
    }

    /// Makes a call. Returns `None` if no calls are left, or if the call did not end.
    pub async fn call<T>(
        &self,
        what: &str,
        call: impl IntoFuture<Output = Result<T>>,
    ) -> Option<Result<T>> {
        let outcome = self.calls(1, what, call).await?;
        self.look_at(&outcome);
        Some(outcome)
    }

    /// Makes several calls at once. The task checks each outcome.
    pub async fn calls<T>(
        &self,
        calls: u64,
        what: &str,
        call: impl IntoFuture<Output = T>,
    ) -> Option<T> {
        if !self.take(calls) {
            return None;
        }
        let outcome = tokio::time::timeout(STUCK, call.into_future()).await;
        if outcome.is_err() {
            self.problems.report(Kind::Stuck, || what.to_owned());
        }
        outcome.ok()
    }

    /// Counts an outcome, and checks that an error is an expected one.
    pub fn look_at<T>(&self, outcome: &Result<T>) {
        let Err(error) = outcome else {
            return;
        };
        self.count(error);
        let attempts = error.attempts().map_or(0, msgraph::error::Attempts::count);
        if attempts > RETRIES + 1 {
            self.wrong(|| format!("{attempts} attempts: {error}"));
        }
        if let Error::SignIn(sign_in) = error
            && sign_in.needs_user()
        {
            self.wrong(|| format!("a session ended that is good: {error}"));
        }
    }

    /// Counts a call that failed.
    pub fn count(&self, error: &Error) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        *errors.entry(name(error)).or_default() += 1;
    }

    pub fn wrong(&self, what: impl FnOnce() -> String) {
        self.problems.report(Kind::Wrong, what);
    }

    /// Returns the number of a new write.
    pub fn number(&self) -> u32 {
        self.next_write.fetch_add(1, Ordering::Relaxed)
    }

    pub fn write(&self, number: u32, act: Act, said: Said) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.write(number, act, said);
    }

    pub fn ledger(&self) -> Ledger {
        std::mem::take(&mut *self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn made(&self) -> u64 {
        self.calls - self.left.load(Ordering::Relaxed)
    }

    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.errors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn warm(&self) -> Option<f64> {
        *self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the kind of an error, for counting.
fn name(error: &Error) -> String {
    let kind = format!("{error:?}");
    let kind = kind.split(['(', ' ']).next().unwrap_or_default();
    match error.status() {
        Some(status) => format!("{kind} {}", status.as_u16()),
        None => kind.to_owned(),
    }
}
