//! The gates that hold calls back while the service that they call throttles.
//!
//! A call that a throttled service refuses still counts against the limit, and SharePoint blocks
//! clients that keep sending. For this reason, a pause after one refused call applies to all other
//! calls of the client to the same [`Workload`]. They wait until the time is over. Then they leave
//! in the order in which they came, in growing groups: first one call, a moment later two more,
//! then four, eight and so on. If that was too early, only the first few calls are refused, and the
//! others keep waiting.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::workload::Workload;

/// The longest time that a gate stays shut, even if a service asks for more. Microsoft's sign-in
/// libraries have the same limit.
const LONGEST: Duration = Duration::from_secs(3600);

/// The time between one group of calls and the next, which has twice as many calls.
const STEP: Duration = Duration::from_millis(100);

/// The time of the largest possible number of steps, after which all calls have left.
const ALL_STEPS: Duration = Duration::from_millis(100 * (u64::BITS as u64));

/// The throttling quota at Graph that calls count against: an application in a tenant.
///
/// Services count for each application and tenant separately, so a limit in one tenant does not
/// apply to another. A client whose application is not known shares the quota of the client that it
/// was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Quota(u64);

/// The destination of a call with respect to throttling.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) quota: Quota,
    pub(super) workload: Workload,
    pub(super) caller: Caller,
}

/// The kind of address that a call has: `/me` or a named resource.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    /// The path names the resource.
    Anyone,
    /// The path is `/me`. The hash of the user, if known, tells this user from others.
    Me(Option<u64>),
}

/// The calls that wait at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Whose {
    /// All calls wait, because a call outside `/me` was refused.
    Everyone,
    /// Calls outside `/me` wait, because a call for `/me` was refused.
    Others,
    /// Calls for `/me` of the same user wait, because a call for `/me` was refused.
    User(u64),
}

type Key = (Quota, Workload, Whose);

/// The gates that a client shares with all clients made from it.
#[derive(Default)]
pub(crate) struct Gates {
    gates: Mutex<HashMap<Key, Gate>>,
    /// The number of gates that are shut. While it is zero, calls skip the lookup.
    shut: AtomicUsize,
    /// The salt of the hashes that tell users and applications apart.
    salt: RandomState,
}

struct Gate {
    opens: Instant,
    /// The number of calls that have come to the gate.
    came: u64,
    left: u64,
    /// The number of calls that had left when the gate was last shut.
    left_before: u64,
}

impl Gate {
    /// Returns the time at which a call may leave, by its place in the queue.
    fn departure(&self, place: u64) -> Instant {
        let before_it = place.saturating_sub(self.left_before);
        self.opens + STEP * before_it.saturating_add(1).ilog2()
    }

    /// Checks whether all calls that waited at the gate have left.
    fn is_over(&self, now: Instant) -> bool {
        now >= self.opens + ALL_STEPS
    }
}

impl Gates {
    /// Returns the quota of an application.
    pub(crate) fn quota(&self, application: impl Hash) -> Quota {
        Quota(self.salt.hash_one(application))
    }

    /// Returns the salt of the hashes that stand for users. No token is kept here, and none can be
    /// derived from a hash.
    pub(super) fn salt(&self) -> &RandomState {
        &self.salt
    }

    /// Checks whether any workload throttles.
    pub(super) fn are_any_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire) > 0
    }

    /// Holds back the calls that share the limit of a refused call, for the given time from now on.
    pub(super) fn shut(&self, refused: &Destination, time: Duration) {
        let Destination {
            quota,
            workload,
            caller,
        } = refused;
        let shut = |whose| self.shut_one((*quota, workload.clone(), whose), time);
        match caller {
            Caller::Anyone => shut(Whose::Everyone),
            Caller::Me(user) => {
                if let Some(user) = user {
                    shut(Whose::User(*user));
                }
                // Paths outside `/me` name the owner of a mailbox, so none of them is for this
                // mailbox.
                if !matches!(workload, Workload::Outlook(_)) {
                    shut(Whose::Others);
                }
            }
        }
    }

    /// Shuts a gate for the given time from now on. A gate that is already shut for longer stays
    /// shut for longer.
    fn shut_one(&self, key: Key, time: Duration) {
        let now = Instant::now();
        let opens = now + time.min(LONGEST);
        let mut gates = self.lock();
        gates.retain(|_, gate| !gate.is_over(now));
        let gate = gates.entry(key).or_insert(Gate {
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

    /// Waits until a call may be sent, and returns how long it waited.
    ///
    /// # Errors
    ///
    /// Returns the time that the gate stays shut for the call, if it is longer than `longest` or
    /// ends after `end`.
    pub(super) async fn pass(
        &self,
        destination: &Destination,
        longest: Duration,
        end: Option<Instant>,
    ) -> Result<Duration, Duration> {
        let came = Instant::now();
        let own = match destination.caller {
            Caller::Anyone => Some(Whose::Others),
            Caller::Me(user) => user.map(Whose::User),
        };
        for whose in std::iter::once(Whose::Everyone).chain(own) {
            let key = (destination.quota, destination.workload.clone(), whose);
            self.pass_one(&key, longest, end).await?;
        }
        Ok(came.elapsed())
    }

    async fn pass_one(
        &self,
        key: &Key,
        longest: Duration,
        end: Option<Instant>,
    ) -> Result<(), Duration> {
        let mut place = None;
        loop {
            let now = Instant::now();
            let departure = {
                let mut gates = self.lock();
                let Some(gate) = gates.get_mut(key) else {
                    return Ok(());
                };
                let place = *place.get_or_insert_with(|| {
                    gate.came += 1;
                    gate.came - 1
                });
                let departure = gate.departure(place);
                if departure <= now {
                    gate.left = gate.left.max(place + 1);
                    if gate.is_over(now) {
                        gates.remove(key);
                        self.shut.store(gates.len(), Ordering::Release);
                    }
                    return Ok(());
                }
                departure
            };
            let wait = departure - now;
            if wait > longest || end.is_some_and(|end| departure > end) {
                return Err(wait);
            }
            sleep_until(departure).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Gate>> {
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

    fn to(workload: Workload, caller: Caller) -> Destination {
        Destination {
            quota: Quota::default(),
            workload,
            caller,
        }
    }

    fn shut(gates: &Gates, workload: Workload, time: Duration) {
        gates.shut(&to(workload, Caller::Anyone), time);
    }

    async fn pass(gates: &Gates, workload: Workload) -> Result<Duration, Duration> {
        let destination = to(workload, Caller::Anyone);
        gates.pass(&destination, seconds(180), None).await
    }

    #[tokio::test(start_paused = true)]
    async fn throttled_workload_waits_and_others_continue() {
        let gates = Gates::default();
        assert_eq!(pass(&gates, Workload::Files).await, Ok(Duration::ZERO));
        shut(&gates, Workload::Files, seconds(10));
        assert_eq!(pass(&gates, Workload::Directory).await, Ok(Duration::ZERO));
        assert_eq!(pass(&gates, Workload::Files).await, Ok(seconds(10)));
        // The next call is the second in the queue.
        assert_eq!(pass(&gates, Workload::Files).await, Ok(STEP));
        assert_eq!(pass(&gates, Workload::Files).await, Ok(Duration::ZERO));
        assert_eq!(gates.lock().len(), 1);
        advance(ALL_STEPS).await;
        assert_eq!(pass(&gates, Workload::Files).await, Ok(Duration::ZERO));
        assert_eq!(gates.lock().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_calls_resume_in_order_and_ramp_up() {
        let gates = Arc::new(Gates::default());
        shut(&gates, Workload::Files, seconds(10));
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
    async fn waiting_calls_restart_after_another_throttle() {
        let gates = Arc::new(Gates::default());
        shut(&gates, Workload::Files, seconds(10));
        let waiting = (0..8).map(|_| {
            let gates = Arc::clone(&gates);
            tokio::spawn(async move { pass(&gates, Workload::Files).await })
        });
        let waiting: Vec<_> = waiting.collect();
        tokio::task::yield_now().await;
        advance(seconds(10)).await;
        tokio::task::yield_now().await;
        assert_eq!(waiting.iter().filter(|call| call.is_finished()).count(), 1);
        shut(&gates, Workload::Files, seconds(20));
        let mut waits = Vec::new();
        for call in waiting {
            waits.push(call.await.unwrap().unwrap().as_millis());
        }
        let second = [30_000, 30_100, 30_100, 30_200, 30_200, 30_200, 30_200];
        assert_eq!(waits[0], 10_000);
        assert_eq!(waits[1..], second);
    }

    #[tokio::test(start_paused = true)]
    async fn call_never_waits_beyond_its_limit() {
        let gates = Gates::default();
        shut(&gates, Workload::Files, seconds(100));
        let files = to(Workload::Files, Caller::Anyone);
        let longest = gates.pass(&files, seconds(99), None).await;
        assert_eq!(longest, Err(seconds(100)));
        let end = Instant::now() + seconds(50);
        let over = gates.pass(&files, seconds(180), Some(end)).await;
        assert_eq!(over, Err(Duration::from_millis(100_100)));
    }

    #[tokio::test(start_paused = true)]
    async fn unused_throttles_are_removed() {
        let gates = Gates::default();
        for mailbox in 0..100 {
            let workload = Workload::Outlook(mailbox.to_string().into());
            shut(&gates, workload, seconds(1));
            advance(seconds(1)).await;
        }
        assert!(gates.lock().len() < 10, "{}", gates.lock().len());
        shut(&gates, Workload::Files, Duration::MAX);
        assert_eq!(pass(&gates, Workload::Files).await, Err(LONGEST));
    }

    #[tokio::test(start_paused = true)]
    async fn me_is_a_separate_mailbox_per_user() {
        let gates = Gates::default();
        let me = |user| to(Workload::Outlook("me".into()), Caller::Me(user));
        gates.shut(&me(Some(1)), seconds(10));
        let pass = |destination: Destination| {
            let gates = &gates;
            async move { gates.pass(&destination, seconds(180), None).await }
        };
        assert_eq!(pass(me(Some(2))).await, Ok(Duration::ZERO));
        assert_eq!(pass(me(None)).await, Ok(Duration::ZERO));
        assert_eq!(pass(me(Some(1))).await, Ok(seconds(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn throttled_me_delays_user_and_shared_paths() {
        let gates = Gates::default();
        let me = |user| to(Workload::Files, Caller::Me(Some(user)));
        gates.shut(&me(1), seconds(10));
        assert_eq!(
            gates.pass(&me(2), seconds(180), None).await,
            Ok(Duration::ZERO)
        );
        let short = gates.pass(&me(1), seconds(5), None).await;
        assert_eq!(short, Err(seconds(10)));
        assert_eq!(pass(&gates, Workload::Files).await, Ok(seconds(10)));
        // A limit for a path that names its owner holds for all.
        shut(&gates, Workload::Directory, seconds(10));
        let directory = to(Workload::Directory, Caller::Me(Some(2)));
        assert_eq!(
            gates.pass(&directory, seconds(180), None).await,
            Ok(seconds(10))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn application_quotas_are_separate() {
        let gates = Gates::default();
        let files = |application: &str| Destination {
            quota: gates.quota(application),
            workload: Workload::Files,
            caller: Caller::Anyone,
        };
        gates.shut(&files("a"), seconds(10));
        let other = gates.pass(&files("b"), seconds(180), None).await;
        assert_eq!(other, Ok(Duration::ZERO));
        let same = gates.pass(&files("a"), seconds(180), None).await;
        assert_eq!(same, Ok(seconds(10)));
    }
}
