//! What has happened to the tenant: the source of delta queries and of change notifications.

use chrono::{DateTime, Utc};

use crate::store::{Entity, Id};

/// One change.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Properties or streams of these names were set or cleared.
    Properties { id: Id, names: Vec<String> },
    /// An entity was put somewhere: it was made there, or is referred to from there.
    Linked { owner: Id, relation: String, id: Id },
    /// An entity was taken from somewhere, and is still there itself.
    Unlinked { owner: Id, relation: String, id: Id },
    /// An entity is no longer there.
    Removed {
        id: Id,
        /// Those above it, the nearest first.
        above: Vec<Id>,
        /// What it was, with the places where it hung, and without what hung there.
        entity: Box<Entity>,
    },
}

/// All changes, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    entries: Vec<(DateTime<Utc>, Change)>,
    /// The time of what is written.
    pub(crate) now: DateTime<Utc>,
}

impl Journal {
    pub(crate) fn write(&mut self, change: Change) {
        self.entries.push((self.now, change));
    }

    /// The place behind the last entry.
    pub(crate) fn end(&self) -> usize {
        self.entries.len()
    }

    /// The changes from one place to another.
    pub(crate) fn between(&self, since: usize, until: usize) -> impl Iterator<Item = &Change> {
        let entries = self.entries.get(since..until).unwrap_or_default();
        entries.iter().map(|(_, change)| change)
    }

    /// The place of the first change since a time.
    pub(crate) fn since(&self, time: DateTime<Utc>) -> usize {
        self.entries.partition_point(|(at, _)| *at < time)
    }
}
