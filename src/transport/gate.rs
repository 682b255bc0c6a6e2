//! Holds calls back while the service that they are for throttles.
//!
//! A call that a throttled service refuses counts against the limit all the same, and SharePoint blocks clients that go on
//! asking. So what one call was told holds for all others of the client to the same [`Workload`]: they wait until it is
//! over. Then they leave in the order in which they came, and not all at once: one, a moment later two more, then four,
//! eight… Where that was too early, the first few find out, and the others wait on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::workload::Workload;

/// The longest that a gate stays shut, whatever a service says: what Microsoft's sign-in libraries take as well.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long after those before them the next calls leave, of which there are twice as many.
const STEP: Duration = Duration::from_millis(100);

/// After as many steps as there can be, everybody has left.
const ALL_STEPS: Duration = Duration::from_millis(100 * (u64::BITS as u64));

/// The gates of a client.
#[derive(Default)]
pub(super) struct Gates {
    gates: Mutex<HashMap<Workload, Gate>>,
    /// How many there are, so that calls need not look while nothing throttles.
    shut: AtomicUsize,
}

struct Gate {
    opens: Instant,
    /// How many calls have come to the gate, and how many have left through it.
    came: u64,
    left: u64,
    /// How many had left when it was shut last.
    left_before: u64,
}

impl Gate {
    /// When a call may leave, by its place in the queue.
    fn departure(&self, place: u64) -> Instant {
        let before_it = place.saturating_sub(self.left_before);
        self.opens + STEP * before_it.saturating_add(1).ilog2()
    }

    /// Whether everybody who waited at it has left.
    fn is_over(&self, now: Instant) -> bool {
        now >= self.opens + ALL_STEPS
    }
}

impl Gates {
    /// Shuts the gate of a workload for some time from now on. One that is shut for longer stays so.
    pub(super) fn shut(&self, workload: Workload, time: Duration) {
        let now = Instant::now();
        let opens = now + time.min(LONGEST);
        let mut gates = self.lock();
        gates.retain(|_, gate| !gate.is_over(now));
        let gate = gates.entry(workload).or_insert(Gate {
            opens,
            came: 0,
            left: 0,
            left_before: 0,
        });
        if gate.opens < opens {
            gate.opens = opens;
            gate.left_before = gate.left;
        }
        self.shut.store(gates.len(), Ordering::Release);
    }

    /// Waits until a call may go to a workload, and gives how long that was.
    ///
    /// # Errors
    ///
    /// How long the gate stays shut for the call, where that is longer than `longest` or goes beyond `end`.
    pub(super) async fn pass(
        &self,
        workload: impl FnOnce() -> Workload,
        longest: Duration,
        end: Option<Instant>,
    ) -> Result<Duration, Duration> {
        if self.shut.load(Ordering::Acquire) == 0 {
            return Ok(Duration::ZERO);
        }
        let workload = workload();
        let came = Instant::now();
        let mut place = None;
        loop {
            let now = Instant::now();
            let departure = {
                let mut gates = self.lock();
                let Some(gate) = gates.get_mut(&workload) else {
                    break;
                };
                let place = *place.get_or_insert_with(|| {
                    gate.came += 1;
                    gate.came - 1
                });
                let departure = gate.departure(place);
                if departure <= now {
                    gate.left = gate.left.max(place + 1);
                    if gate.is_over(now) {
                        gates.remove(&workload);
                        self.shut.store(gates.len(), Ordering::Release);
                    }
                    break;
                }
                departure
            };
            let wait = departure - now;
            if wait > longest || end.is_some_and(|end| departure > end) {
                return Err(wait);
            }
            sleep_until(departure).await;
        }
        Ok(came.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Workload, Gate>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::join_all;
    use tokio::time::advance;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    async fn pass(gates: &Gates, workload: Workload) -> Result<Duration, Duration> {
        gates.pass(|| workload, seconds(180), None).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_workload_waits_and_the_others_go() {
        let gates = Gates::default();
        assert_eq!(pass(&gates, Workload::Files).await, Ok(Duration::ZERO));
        gates.shut(Workload::Files, seconds(10));
        assert_eq!(pass(&gates, Workload::Directory).await, Ok(Duration::ZERO));
        assert_eq!(pass(&gates, Workload::Files).await, Ok(seconds(10)));
        // Who comes now is the second one.
        assert_eq!(pass(&gates, Workload::Files).await, Ok(STEP));
        assert_eq!(pass(&gates, Workload::Files).await, Ok(Duration::ZERO));
        assert_eq!(gates.lock().len(), 1);
        advance(ALL_STEPS).await;
        assert_eq!(pass(&gates, Workload::Files).await, Ok(Duration::ZERO));
        assert_eq!(gates.lock().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_leave_in_their_order_and_more_and_more_at_a_time() {
        let gates = Arc::new(Gates::default());
        gates.shut(Workload::Files, seconds(10));
        let order = Arc::new(Mutex::new(Vec::new()));
        let calls = (0..20).map(|call| {
            let (gates, order) = (Arc::clone(&gates), Arc::clone(&order));
            async move {
                let waited = pass(&gates, Workload::Files).await.unwrap();
                order.lock().unwrap().push((waited, call));
            }
        });
        join_all(calls).await;
        let order = std::mem::take(&mut *order.lock().unwrap());
        let calls: Vec<_> = order.iter().map(|(_, call)| *call).collect();
        assert_eq!(calls, (0..20).collect::<Vec<_>>());
        let at_a_time: Vec<_> = order
            .chunk_by(|(one, _), (next, _)| one == next)
            .map(<[_]>::len)
            .collect();
        assert_eq!(at_a_time, [1, 2, 4, 8, 5]);
        assert_eq!(order[0].0, seconds(10));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_still_wait_begin_anew_when_the_first_were_too_early() {
        let gates = Arc::new(Gates::default());
        gates.shut(Workload::Files, seconds(10));
        let waiting = (0..8).map(|_| {
            let gates = Arc::clone(&gates);
            tokio::spawn(async move { pass(&gates, Workload::Files).await })
        });
        let waiting: Vec<_> = waiting.collect();
        tokio::task::yield_now().await;
        advance(seconds(10)).await;
        tokio::task::yield_now().await;
        assert_eq!(waiting.iter().filter(|call| call.is_finished()).count(), 1);
        gates.shut(Workload::Files, seconds(20));
        let mut waits = Vec::new();
        for call in waiting {
            waits.push(call.await.unwrap().unwrap().as_millis());
        }
        let second = [30_000, 30_100, 30_100, 30_200, 30_200, 30_200, 30_200];
        assert_eq!(waits[0], 10_000);
        assert_eq!(waits[1..], second);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_they_may() {
        let gates = Gates::default();
        gates.shut(Workload::Files, seconds(100));
        let longest = gates.pass(|| Workload::Files, seconds(99), None).await;
        assert_eq!(longest, Err(seconds(100)));
        let end = Instant::now() + seconds(50);
        let over = gates
            .pass(|| Workload::Files, seconds(180), Some(end))
            .await;
        assert_eq!(over, Err(Duration::from_millis(100_100)));
    }

    #[tokio::test(start_paused = true)]
    async fn gates_do_not_pile_up() {
        let gates = Gates::default();
        for mailbox in 0..100 {
            let workload = Workload::Outlook(mailbox.to_string().into());
            gates.shut(workload, seconds(1));
            advance(seconds(1)).await;
        }
        assert!(gates.lock().len() < 10, "{}", gates.lock().len());
        gates.shut(Workload::Files, Duration::MAX);
        let shut = gates.pass(|| Workload::Files, seconds(180), None).await;
        assert_eq!(shut, Err(LONGEST));
    }
}
