//! Divides the calls of a batch into requests.

use std::collections::{HashMap, HashSet};

/// The limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// The number of calls.
    pub(super) parts: usize,
    /// The bytes of the body, as it is written.
    pub(super) bytes: usize,
    /// The number of calls that work in one mailbox at the same time.
    pub(super) per_mailbox: usize,
}

impl Limits {
    /// The number of calls that Graph takes in one request.
    ///
    /// <https://learn.microsoft.com/graph/json-batching#batch-size-limitations>
    pub(super) const MOST_PARTS: usize = 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            parts: Self::MOST_PARTS,
            // Graph responds 413 to JSON of more than 4 MB.
            bytes: 4_000_000,
            // Outlook works on four requests of an app in one mailbox at a time, and responds 429
            // to more (https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits).
            per_mailbox: 4,
        }
    }
}

/// The share of a request's limits that a call uses.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    /// The bytes of the call, as it is written.
    pub(super) bytes: usize,
    /// The mailbox that the call works in, if it is one of Outlook's.
    pub(super) mailbox: Option<Box<str>>,
}

/// The error that more calls depend on each other than one request holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany(pub(super) usize);

/// Divides calls into requests, which are sent one after another.
///
/// `after` and `loads` are indexed by call: the call that it depends on, and its load. Calls that
/// depend on each other go into one request, because Graph then keeps their order. If they are too
/// large for one request, the first of them go first, and the others follow in a later request. A
/// call that is too large alone gets its own request, and Graph's response is its outcome.
///
/// # Errors
///
/// Returns an error when more calls depend on each other than [`Limits::parts`].
pub(super) fn plan(
    calls: &[usize],
    after: &[Option<usize>],
    loads: &[Load],
    limits: &Limits,
) -> Result<Vec<Vec<usize>>, TooMany> {
    let plan = Plan {
        after,
        loads,
        limits,
    };
    let mut requests: Vec<Request> = Vec::new();
    for group in plan.groups(calls) {
        if group.len() > limits.parts {
            return Err(TooMany(group.len()));
        }
        // The parts of a group that is too large follow each other.
        let mut earliest = 0;
        for part in plan.cut(group) {
            let part = plan.request(part);
            let mut later = requests.iter_mut().enumerate().skip(earliest);
            let room = later.find(|(_, request)| request.has_room_for(&part, limits));
            earliest = match room {
                Some((number, request)) => {
                    request.add(part);
                    number
                }
                None => {
                    requests.push(part);
                    requests.len() - 1
                }
            };
        }
    }
    Ok(requests.into_iter().map(|request| request.calls).collect())
}

/// Divides calls that run one after another into requests, in their order.
pub(super) fn plan_in_order(calls: &[usize], loads: &[Load], limits: &Limits) -> Vec<Vec<usize>> {
    let mut requests: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for call in calls {
        let of_call = bytes_of(loads, *call);
        match requests.last_mut() {
            Some(request)
                if request.len() < limits.parts && ENVELOPE + bytes + of_call <= limits.bytes =>
            {
                bytes += of_call;
                request.push(*call);
            }
            _ => {
                bytes = of_call;
                requests.push(vec![*call]);
            }
        }
    }
    requests
}

/// The length of the JSON around the calls: `{"requests":[…]}`.
const ENVELOPE: usize = r#"{"requests":[]}"#.len();

fn bytes_of(loads: &[Load], call: usize) -> usize {
    loads.get(call).map_or(0, |load| load.bytes)
}

/// A request, or calls to be added to one.
struct Request<'p> {
    calls: Vec<usize>,
    bytes: usize,
    /// The number of calls that may work at the same time, by mailbox.
    mailboxes: HashMap<&'p str, usize>,
}

impl<'p> Request<'p> {
    fn has_room_for(&self, part: &Request<'p>, limits: &Limits) -> bool {
        self.calls.len() + part.calls.len() <= limits.parts
            && ENVELOPE + self.bytes + part.bytes <= limits.bytes
            && part.mailboxes.iter().all(|(mailbox, count)| {
                let there = self.mailboxes.get(mailbox).copied().unwrap_or_default();
                there + count <= limits.per_mailbox
            })
    }

    fn add(&mut self, part: Request<'p>) {
        self.calls.extend(part.calls);
        self.bytes += part.bytes;
        for (mailbox, count) in part.mailboxes {
            *self.mailboxes.entry(mailbox).or_default() += count;
        }
    }
}

struct Plan<'p> {
    after: &'p [Option<usize>],
    loads: &'p [Load],
    limits: &'p Limits,
}

impl<'p> Plan<'p> {
    /// Returns the calls grouped by the first call of their dependency chain. Each group is in the
    /// order of the calls.
    fn groups(&self, calls: &[usize]) -> Vec<Vec<usize>> {
        let there: HashSet<usize> = calls.iter().copied().collect();
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for call in calls {
            let first = self.first_of(*call, &there);
            let number = *numbers.entry(first).or_insert(groups.len());
            match groups.get_mut(number) {
                Some(group) => group.push(*call),
                None => groups.push(vec![*call]),
            }
        }
        groups
    }

    /// Returns the first call of a call's dependency chain, among the calls to be sent.
    fn first_of(&self, call: usize, there: &HashSet<usize>) -> usize {
        let mut first = call;
        while let Some(before) = self.before(first).filter(|before| there.contains(before)) {
            first = before;
        }
        first
    }

    /// Returns the call that a call depends on. A call is added before those that depend on it, so
    /// following these calls ends.
    fn before(&self, call: usize) -> Option<usize> {
        let before = self.after.get(call).copied().flatten();
        before.filter(|before| *before < call)
    }

    /// Cuts a group that is too large for one request.
    fn cut(&self, group: Vec<usize>) -> Vec<Vec<usize>> {
        let no_other_limit = Limits {
            parts: usize::MAX,
            ..*self.limits
        };
        plan_in_order(&group, self.loads, &no_other_limit)
    }

    fn request(&self, calls: Vec<usize>) -> Request<'p> {
        let bytes = calls.iter().map(|call| bytes_of(self.loads, *call)).sum();
        let mut mailboxes: HashMap<&'p str, usize> = HashMap::new();
        for call in &calls {
            let Some(mailbox) = self.mailbox(*call) else {
                continue;
            };
            // A call that another one of the same mailbox depends on has finished before that one
            // runs.
            let is_waited_for = calls.iter().any(|other| {
                self.mailbox(*other) == Some(mailbox) && self.waits_for(*other, *call)
            });
            if !is_waited_for {
                *mailboxes.entry(mailbox).or_default() += 1;
            }
        }
        Request {
            calls,
            bytes,
            mailboxes,
        }
    }

    fn mailbox(&self, call: usize) -> Option<&'p str> {
        self.loads.get(call)?.mailbox.as_deref()
    }

    /// Checks whether a call depends on another one, directly or through others.
    fn waits_for(&self, call: usize, other: usize) -> bool {
        let mut at = call;
        while let Some(before) = self.before(at) {
            if before == other {
                return true;
            }
            at = before;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(calls: usize, after: &[Option<usize>]) -> Result<Vec<usize>, TooMany> {
        let calls: Vec<_> = (0..calls).collect();
        let plan = plan(&calls, after, &[], &Limits::default())?;
        Ok(plan.iter().map(Vec::len).collect())
    }

    /// Plans independent calls of these sizes.
    fn planned(bytes: &[usize], limits: &Limits) -> Vec<Vec<usize>> {
        let calls: Vec<_> = (0..bytes.len()).collect();
        plan(&calls, &vec![None; bytes.len()], &loads(bytes), limits).expect("a plan")
    }

    fn loads(bytes: &[usize]) -> Vec<Load> {
        let load = |bytes: &usize| Load {
            bytes: *bytes,
            mailbox: None,
        };
        bytes.iter().map(load).collect()
    }

    fn in_mailboxes(mailboxes: &[&str]) -> Vec<Load> {
        let load = |mailbox: &&str| Load {
            bytes: 1,
            mailbox: Some((*mailbox).into()).filter(|_| !mailbox.is_empty()),
        };
        mailboxes.iter().map(load).collect()
    }

    fn of_bytes(bytes: usize) -> Limits {
        Limits {
            bytes: ENVELOPE + bytes,
            ..Limits::default()
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-design#88.
    #[test]
    fn more_than_twenty_calls_are_several_requests() {
        assert_eq!(sizes(45, &[None; 45]), Ok(vec![20, 20, 5]));
        assert_eq!(sizes(20, &[None; 20]), Ok(vec![20]));
        assert_eq!(sizes(0, &[]), Ok(vec![]));
    }

    // Reported: microsoftgraph/msgraph-sdk-design#88.
    #[test]
    fn dependent_calls_stay_in_one_request() {
        // Calls 0..15 are independent; a chain of 10 follows.
        let mut after = vec![None; 16];
        after.extend((16..25usize).map(|call| Some(call - 1)));
        assert_eq!(sizes(25, &after), Ok(vec![15, 10]));
        let chain: Vec<_> = (0..21usize).map(|call| call.checked_sub(1)).collect();
        assert_eq!(sizes(20, &chain), Ok(vec![20]));
        assert_eq!(sizes(21, &chain), Err(TooMany(21)));
        // The earlier calls of those that are sent again have finished.
        let again = plan(&[3, 20], &chain, &[], &Limits::default());
        assert_eq!(again, Ok(vec![vec![3, 20]]));
    }

    #[test]
    fn requests_are_no_larger_than_the_limit() {
        let limits = of_bytes(100);
        assert_eq!(planned(&[50, 50, 1], &limits), [vec![0, 1], vec![2]]);
        assert_eq!(planned(&[60, 60, 40], &limits), [vec![0, 2], vec![1]]);
        // A call that is too large alone gets its own request.
        assert_eq!(planned(&[1, 200, 1], &limits), [vec![0, 2], vec![1]]);
    }

    #[test]
    fn too_large_group_is_sent_in_order() {
        let limits = of_bytes(100);
        let after = [None, Some(0), Some(1), None];
        let plan = plan(&[0, 1, 2, 3], &after, &loads(&[60, 60, 30, 40]), &limits);
        assert_eq!(plan, Ok(vec![vec![0, 3], vec![1, 2]]));
    }

    #[test]
    fn mailbox_has_at_most_four_calls() {
        let twenty = in_mailboxes(&["me"; 20]);
        let calls: Vec<_> = (0..20).collect();
        let limits = Limits::default();
        let requests = plan(&calls, &[None; 20], &twenty, &limits).expect("a plan");
        assert_eq!(requests.len(), 5);
        assert!(requests.iter().all(|request| request.len() == 4));
        // A request that is full for one mailbox has room for calls of another mailbox, or of none.
        let mut all = ["a"; 12];
        all[5] = "b";
        all[7] = "";
        let requests = plan(&calls[..12], &[None; 12], &in_mailboxes(&all), &limits);
        let requests = requests.expect("a plan");
        assert_eq!(
            requests,
            [vec![0, 1, 2, 3, 5, 7], vec![4, 6, 8, 9], vec![10, 11]]
        );
    }

    #[test]
    fn chain_in_a_mailbox_counts_once() {
        let chain: Vec<_> = (0..20usize).map(|call| call.checked_sub(1)).collect();
        let calls: Vec<_> = (0..20).collect();
        let loads = in_mailboxes(&["me"; 20]);
        let requests = plan(&calls, &chain, &loads, &Limits::default()).expect("a plan");
        assert_eq!(requests, [calls]);
    }

    #[test]
    fn sequential_calls_keep_their_order() {
        let limits = Limits {
            parts: 3,
            ..of_bytes(100)
        };
        let loads = loads(&[10, 10, 10, 10, 90, 20, 200, 1]);
        let calls: Vec<_> = (0..8).collect();
        assert_eq!(
            plan_in_order(&calls, &loads, &limits),
            [vec![0, 1, 2], vec![3, 4], vec![5], vec![6], vec![7]]
        );
    }
}
