//! Futures that a task polls, and that can be taken away from the task.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::runtime::{Handle, Id};
use tokio::time::sleep;

/// The time that a runtime may take to poll a task that was woken. The task is woken `QUESTIONS`
/// times before its runtime counts as stalled.
const PATIENCE: Duration = Duration::from_secs(1);
const QUESTIONS: u32 = 2;

type Polled = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future that a task of one runtime polls, while callers on any runtime wait for its result.
///
/// A runtime that is not driven neither polls nor drops its tasks. An example is a `current_thread`
/// runtime whose `block_on` has returned. [`stalled`](Self::stalled) detects that, and
/// [`stop`](Self::stop) drops the future, with all locks that it holds, from any thread.
#[derive(Default)]
pub struct Driven {
    future: Mutex<Option<Polled>>,
    runtime: OnceLock<Id>,
    /// The number of times that the task was polled.
    polls: AtomicU64,
    task: AtomicWaker,
    is_stopped: AtomicBool,
}

impl Driven {
    /// Spawns the task that polls the future. Drops the future instead if it was stopped before.
    pub fn start(
        self: &Arc<Self>,
        runtime: &Handle,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        let _ = self.runtime.set(runtime.id());
        *self.lock() = Some(Box::pin(future));
        if self.is_stopped() {
            self.end();
        } else {
            // A runtime that has shut down drops the task at once.
            runtime.spawn(Task(Arc::clone(self)));
        }
    }

    /// Waits until the runtime no longer polls the task.
    ///
    /// Waits forever on that same runtime, because a runtime that polls the caller also polls the
    /// task.
    pub async fn stalled(&self) {
        let Ok(here) = Handle::try_current() else {
            return pending().await;
        };
        let mut unsettled = 0;
        while unsettled < QUESTIONS {
            if self.runtime.get() == Some(&here.id()) {
                return pending().await;
            }
            let polls = self.polls.load(Ordering::Acquire);
            self.task.wake();
            sleep(PATIENCE).await;
            unsettled += 1;
            if self.polls.load(Ordering::Acquire) != polls {
                unsettled = 0;
            }
        }
    }

    /// Drops the future. If its task is polling it at that moment, the task drops it afterwards.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
        self.end();
    }

    fn end(&self) {
        let future = match self.future.try_lock() {
            Ok(mut future) => future.take(),
            Err(TryLockError::Poisoned(future)) => future.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        // The lock is released by now, because the drop may run code of the caller.
        drop(future);
    }

    /// Checks whether [`stop`](Self::stop) was called.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Polled>> {
        self.future.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        self.task.register(context.waker());
        self.polls.fetch_add(1, Ordering::Release);
        let mut future = self.lock();
        let outcome = match future.as_mut() {
            Some(polled) => polled.as_mut().poll(context),
            None => Poll::Ready(()),
        };
        let over = if outcome.is_ready() {
            future.take()
        } else {
            None
        };
        drop(future);
        drop(over);
        if self.is_stopped() {
            self.end();
            return Poll::Ready(());
        }
        outcome
    }
}

/// The task. When it ends, for example with its runtime, the future ends too.
struct Task(Arc<Driven>);

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll(context)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    fn runtime() -> Runtime {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().build().expect("a runtime")
    }

    /// Starts a future that never ends. The receiver observes when it is dropped.
    fn endless(runtime: &Runtime) -> (Arc<Driven>, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        let driven = Arc::new(Driven::default());
        driven.start(runtime.handle(), async move {
            let _held: oneshot::Sender<()> = sender;
            pending().await
        });
        (driven, receiver)
    }

    #[test]
    fn idle_runtime_is_found_and_loses_its_future() {
        let (idle, other) = (runtime(), runtime());
        let (driven, dropped) = endless(&idle);
        idle.block_on(tokio::task::yield_now());
        other.block_on(driven.stalled());
        driven.stop();
        assert!(other.block_on(dropped).is_err());
    }

    #[test]
    fn driven_runtime_is_not_taken_for_idle() {
        let (driving, other) = (runtime(), runtime());
        let (driven, _dropped) = endless(&driving);
        let (end, ended) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || driving.block_on(ended));
        let waits = async { timeout(3 * PATIENCE, driven.stalled()).await };
        assert!(other.block_on(waits).is_err());
        drop(end);
        assert!(thread.join().expect("no panic").is_err());
    }

    #[test]
    fn dropped_runtime_drops_the_future() {
        let ended = runtime();
        let (_driven, dropped) = endless(&ended);
        drop(ended);
        assert!(runtime().block_on(dropped).is_err());
    }

    #[test]
    fn future_started_after_stop_is_dropped() {
        let runtime = runtime();
        let driven = Arc::new(Driven::default());
        driven.stop();
        let (sender, dropped) = oneshot::channel::<()>();
        driven.start(runtime.handle(), async move {
            let _held = sender;
            pending().await
        });
        assert!(runtime.block_on(dropped).is_err());
    }
}
