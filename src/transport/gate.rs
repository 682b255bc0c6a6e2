//! Holds calls back while the service that they are for throttles.
//!
//! A call that a throttled service refuses counts against the limit all the same, and SharePoint blocks clients that go on
//! asking. So what one call was told holds for all others of the client to the same [`Workload`]: they wait until it is
//! over. Then they leave in the order in which they came, and not all at once: one, a moment later two more, then four,
//! eight… Where that was too early, the first few find out, and the others wait on.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
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

/// What calls count against at Graph: an application in a tenant.
///
/// Services count for each application and tenant, so what one tenant was told says nothing of
/// another. A client whose application is not known shares the quota of the client that it was made
/// from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Quota(u64);

/// Where a call goes, as far as throttling is concerned.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) quota: Quota,
    pub(super) workload: Workload,
    pub(super) caller: Caller,
}

/// Whether a call is for the user whose token it has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    /// The path names what it is for.
    Anyone,
    /// The path says `me`, with a hash that tells this user from others, where one is known.
    Me(Option<u64>),
}

/// Whose calls wait at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Whose {
    /// A call that is not for `/me` was refused: all wait.
    Everyone,
    /// A call for `/me` was refused: calls that are not for `/me` wait.
    Others,
    /// A call for `/me` was refused: calls for `/me` of the same user wait.
    User(u64),
}

type Key = (Quota, Workload, Whose);

/// The gates that a client and all made from it share.
#[derive(Default)]
pub(crate) struct Gates {
    gates: Mutex<HashMap<Key, Gate>>,
    /// How many there are, so that calls need not look while nothing throttles.
    shut: AtomicUsize,
    /// The salt of the hashes by which users and applications are told apart.
    salt: RandomState,
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
    /// The quota of an application.
    pub(crate) fn quota(&self, application: impl Hash) -> Quota {
        Quota(self.salt.hash_one(application))
    }

    /// The salt of the hashes that stand for users: no token is kept here, nor can one be found
    /// out.
    pub(super) fn salt(&self) -> &RandomState {
        &self.salt
    }

    /// Checks whether any workload throttles.
    pub(super) fn are_any_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire) > 0
    }

    /// Holds back, for some time from now on, the calls that a refused call speaks for.
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
                // Paths that are not `/me` name the owner of a mailbox, so none is for this one.
                if !matches!(workload, Workload::Outlook(_)) {
                    shut(Whose::Others);
                }
            }
        }
    }

    /// Shuts a gate for some time from now on. One that is shut for longer stays so.
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

    /// Waits until a call may go where it is to go, and gives how long that was.
    ///
    /// # Errors
    ///
    /// How long a gate stays shut for the call, where that is longer than `longest` or goes beyond
    /// `end`.
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
    async fn a_workload_waits_and_the_others_go() {
        let gates = Gates::default();
        assert_eq!(pass(&gates, Workload::Files).await, Ok(Duration::ZERO));
        shut(&gates, Workload::Files, seconds(10));
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
    async fn those_who_still_wait_begin_anew_when_the_first_were_too_early() {
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
    async fn nobody_waits_longer_than_they_may() {
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
    async fn gates_do_not_pile_up() {
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
    async fn me_is_another_mailbox_for_each_user() {
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
    async fn me_refused_holds_its_user_and_shared_paths() {
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
        // What is told to a path that names its owner holds for all.
        shut(&gates, Workload::Directory, seconds(10));
        let directory = to(Workload::Directory, Caller::Me(Some(2)));
        assert_eq!(
            gates.pass(&directory, seconds(180), None).await,
            Ok(seconds(10))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn quotas_of_applications_are_apart() {
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
