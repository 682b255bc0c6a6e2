//! The records of the simulator that the soak compares.

use std::collections::BTreeMap;

use msgraph_simulator::{ChangeKind, RecordedChange, Simulator};
use serde::{Deserialize, Serialize};

/// The records of the simulator.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// The requests to Graph and to storage, without token requests.
    pub requests: u64,
    pub token_requests: u64,
    /// The number of times that each kind of misbehavior has happened, by its name.
    pub misbehaviors: BTreeMap<String, u64>,
    /// The number of times that each write was carried out, by its number.
    pub writes: BTreeMap<u64, Times>,
}

/// The number of times that a write was carried out.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Times {
    pub created: u32,
    pub updated: u32,
}

impl Evidence {
    pub fn of(simulator: &Simulator) -> Self {
        let counts = simulator.request_counts();
        let misbehaviors = simulator.misbehaviors().into_iter();
        let mut writes: BTreeMap<u64, Times> = BTreeMap::new();
        for change in simulator.changes() {
            // A deleted group is created again among the deleted items.
            let is_write = change.method != "DELETE" && change.method != "GET";
            let Some(number) = number(&change).filter(|_| is_write) else {
                continue;
            };
            let times = writes.entry(number).or_default();
            match change.kind {
                ChangeKind::Created => times.created += 1,
                ChangeKind::Updated => times.updated += 1,
                _ => {}
            }
        }
        Self {
            requests: counts.graph + counts.storage - counts.token,
            token_requests: counts.token,
            misbehaviors: misbehaviors
                .map(|(kind, times)| (kind.name().to_owned(), times))
                .collect(),
            writes,
        }
    }
}

/// Returns the number of the write from the name of the changed entity: 7 in `w7`, `w7.bin` and `w7
/// 1.bin`.
fn number(change: &RecordedChange) -> Option<u64> {
    let rest = change.name.as_deref()?.strip_prefix('w')?;
    let end = rest.find(|character: char| !character.is_ascii_digit());
    rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
}
