//! The problems that a soak has found.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of problems of each kind that are kept with their text.
const KEPT: u64 = 20;

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Lost,
    Duplicated,
    Wrong,
    Stuck,
}

/// The counts of all problems, and the first ones of each kind as text.
#[derive(Debug, Default)]
pub struct Problems {
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    counts: HashMap<Kind, u64>,
    texts: Vec<String>,
}

impl Problems {
    pub fn report(&self, kind: Kind, what: impl FnOnce() -> String) {
        let mut found = self.found();
        let count = found.counts.entry(kind).or_default();
        *count += 1;
        if *count <= KEPT {
            let text = format!("{kind:?}: {}", what());
            found.texts.push(text);
        }
    }

    pub fn count(&self, kind: Kind) -> u64 {
        self.found().counts.get(&kind).copied().unwrap_or_default()
    }

    pub fn texts(&self) -> Vec<String> {
        self.found().texts.clone()
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
