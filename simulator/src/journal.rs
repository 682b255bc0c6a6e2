//! The changes of the tenant: the source of delta queries and of change notifications.

use chrono::{DateTime, Utc};

use crate::store::{Entity, Id};

/// One change.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Properties or streams of these names were set or cleared.
    Properties {
        id: Id,
        names: Vec<String>,
        /// `true` if the properties follow from other entities, as a folder's counts do.
        computed: bool,
    },
    /// An entity was added to a relation: it was created there, or is referenced from there.
    Linked { owner: Id, relation: String, id: Id },
    /// An entity was removed from a relation, and still exists.
    Unlinked { owner: Id, relation: String, id: Id },
    /// An entity was deleted.
    Removed {
        id: Id,
        /// The entities above it, the nearest first.
        above: Vec<Id>,
        /// The entity as it was, with the relations that held it, and without the entities below
        /// it.
        entity: Box<Entity>,
    },
}

/// All changes, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    entries: Vec<(DateTime<Utc>, Change)>,
    /// The time of the next entries.
    pub(crate) now: DateTime<Utc>,
}

impl Journal {
    pub(crate) fn write(&mut self, change: Change) {
        self.entries.push((self.now, change));
    }

    /// Returns the position after the last entry.
    pub(crate) fn end(&self) -> usize {
        self.entries.len()
    }

    /// Returns the changes from one position to another.
    pub(crate) fn between(&self, since: usize, until: usize) -> impl Iterator<Item = &Change> {
        let entries = self.entries.get(since..until).unwrap_or_default();
        entries.iter().map(|(_, change)| change)
    }

    /// Returns the position of the first change since a time.
    pub(crate) fn since(&self, time: DateTime<Utc>) -> usize {
        self.entries.partition_point(|(at, _)| *at < time)
    }
}
