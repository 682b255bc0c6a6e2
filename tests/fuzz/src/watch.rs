//! Detects an input that does not end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The time limit of one input. The slowest takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(20);

/// A watch over a worker, in a separate thread.
///
/// A hang cannot be ended from inside the worker, so the program ends with a report of it.
pub(crate) struct Watch {
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    input: AtomicU64,
    ended: Mutex<bool>,
    end: Condvar,
}

impl Watch {
    /// Starts watching a target.
    pub(crate) fn start(target: &'static str, seed: u64) -> Self {
        let progress = Arc::<Progress>::default();
        let seen = Arc::clone(&progress);
        std::thread::spawn(move || {
            let mut last = u64::MAX;
            let mut ended = seen.ended.lock().unwrap_or_else(PoisonError::into_inner);
            while !*ended {
                let now = seen.input.load(Ordering::Relaxed);
                if now == last {
                    eprintln!("{target} input {now} of seed {seed}: no end after {LIMIT:?}");
                    eprintln!("hangs 1");
                    std::process::exit(2);
                }
                last = now;
                ended = seen
                    .end
                    .wait_timeout(ended, LIMIT)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        });
        Self { progress }
    }

    /// Records the input that begins.
    pub(crate) fn begin(&self, input: u64) {
        self.progress.input.store(input, Ordering::Relaxed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut ended = self
            .progress
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *ended = true;
        self.progress.end.notify_all();
    }
}
