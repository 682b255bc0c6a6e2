//! The outcome of a soak.

use std::collections::BTreeMap;
use std::fmt;

/// The most that memory may grow after a tenth of the calls, in MiB.
const MOST_GROWTH: f64 = 32.0;

/// The outcome of a soak. It prints as one line of names and values.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The number of calls.
    pub calls: u64,
    /// The number of calls that returned an error.
    pub failed: u64,
    /// The number of writes that the client reported as carried out, although they were not.
    pub lost: u64,
    /// The number of writes that were carried out twice.
    pub duplicated: u64,
    /// The number of all other deviations.
    pub wrong: u64,
    /// The number of calls that did not end.
    pub stuck: u64,
    /// The number of requests that the simulator received, without token requests.
    pub attempts: u64,
    /// The number of token requests that the simulator received.
    pub token_requests: u64,
    /// The growth of the client's peak memory after a tenth of the calls, in MiB. `None` if it
    /// cannot be measured.
    pub peak_memory_growth: Option<f64>,
    /// The number of times that each kind of misbehavior has happened.
    pub misbehaviors: BTreeMap<String, u64>,
    /// The number of failed calls, by the kind of error.
    pub errors: BTreeMap<String, u64>,
    /// The first problems, as text.
    pub problems: Vec<String>,
}

impl Report {
    /// Returns the reasons why the soak has failed. It is empty if the soak has succeeded.
    pub fn failures(&self) -> Vec<String> {
        let counted = [
            ("lost", self.lost),
            ("duplicated", self.duplicated),
            ("wrong", self.wrong),
            ("stuck", self.stuck),
        ];
        let counted = counted.into_iter().filter(|(_, count)| *count > 0);
        let mut failures: Vec<_> = counted.map(|(name, n)| format!("{name} is {n}")).collect();
        // The rarest kinds come once in some thousand calls.
        let is_long = self.calls >= 20_000;
        let never = self.misbehaviors.iter().filter(|(_, times)| **times == 0);
        let never = never.filter(|_| is_long);
        failures.extend(never.map(|(name, _)| format!("the misbehavior {name} never happened")));
        if self
            .peak_memory_growth
            .is_some_and(|growth| growth > MOST_GROWTH)
        {
            failures.push(format!("memory grew by more than {MOST_GROWTH} MiB"));
        }
        failures
    }
}

/// Prints one line: `calls 100000 failed … lost 0 … seed 1`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "calls {} failed {} lost {} duplicated {} wrong {} stuck {} attempts {} token_requests \
             {}",
            self.calls,
            self.failed,
            self.lost,
            self.duplicated,
            self.wrong,
            self.stuck,
            self.attempts,
            self.token_requests,
        )?;
        match self.peak_memory_growth {
            Some(growth) => write!(f, " peak_memory_growth_mb {growth:.1}")?,
            None => f.write_str(" peak_memory_growth_mb unknown")?,
        }
        write!(f, " seed {}", self.seed)
    }
}
