//! What a run has found.

use std::fmt;

/// What a run has found. [`fmt::Display`] writes it as one line.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many inputs were fed.
    pub inputs: u64,
    /// How many panicked.
    pub panics: u64,
    /// How many did not end in time.
    pub hangs: u64,
    /// How many allocated more than a multiple of their size.
    pub allocations: u64,
    /// How many lost or changed something that was read.
    pub lost: u64,
    /// How many sent a token, or any request, to a host that is not the cloud's.
    pub leaks: u64,
    /// Each finding: target, number of the input, what was wrong, and the input.
    pub findings: Vec<String>,
}

impl Report {
    /// Adds what another run has found.
    pub fn add(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.panics += other.panics;
        self.hangs += other.hangs;
        self.allocations += other.allocations;
        self.lost += other.lost;
        self.leaks += other.leaks;
        self.findings.extend(other.findings);
    }

    /// Returns `true` if every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.panics + self.hangs + self.allocations + self.lost + self.leaks == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "inputs {} panics {} hangs {} allocations {} lost {} leaks {}",
            self.inputs, self.panics, self.hangs, self.allocations, self.lost, self.leaks
        )
    }
}
