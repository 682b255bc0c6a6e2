//! The outcome of a soak.

use std::collections::BTreeMap;
use std::fmt;

/// The most that memory may grow by after a tenth of the calls, in MiB.
const MOST_GROWTH: f64 = 32.0;

/// The outcome of a soak. It prints as one line of names and values.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The number of calls.
    pub calls: u64,
    /// How many of them gave an error.
    pub failed: u64,
    /// Writes that the client said were carried out, and were not.
    pub lost: u64,
    /// Writes that were carried out twice.
    pub duplicated: u64,
    /// Whatever else is not as it should be.
    pub wrong: u64,
    /// Calls that did not end.
    pub stuck: u64,
    /// The requests that the simulator got, without token requests.
    pub attempts: u64,
    /// The token requests that the simulator got.
    pub token_requests: u64,
    /// By how much the peak of the client's memory grew after a tenth of the calls, in MiB. `None`
    /// where it cannot be measured.
    pub peak_memory_growth: Option<f64>,
    /// How often each kind of misbehavior has happened.
    pub misbehaviors: BTreeMap<String, u64>,
    /// By the kind of error, how many calls gave it.
    pub errors: BTreeMap<String, u64>,
    /// The first problems, as text.
    pub problems: Vec<String>,
}

impl Report {
    /// Why the soak has failed; empty where it has not.
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

/// `calls 100000 failed … lost 0 … seed 1`
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "calls {} failed {} lost {} duplicated {} wrong {} stuck {} attempts {} token_requests {}",
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
