//! The results of a run.

use std::fmt;

/// The results of a run. [`fmt::Display`] writes them as one line.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The number of inputs.
    pub inputs: u64,
    /// The number of inputs that panicked.
    pub panics: u64,
    /// The number of inputs that exceeded the time limit.
    pub hangs: u64,
    /// The number of inputs that allocated more than a multiple of their size.
    pub allocations: u64,
    /// The number of inputs with lost or changed data.
    pub lost: u64,
    /// The number of inputs that sent a token, or any request, to a host outside the cloud.
    pub leaks: u64,
    /// The findings: target, number of the input, fault, and the input.
    pub findings: Vec<String>,
}

impl Report {
    /// Adds the results of another run.
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
