//! Feeds inputs to targets.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::input;
use crate::report::Report;
use crate::targets::{Fault, TARGETS, Target, World};
use crate::watch::Watch;

/// The number of findings that are kept with their inputs.
const KEPT: usize = 20;

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The number of inputs, divided among the targets by their weights.
    pub inputs: u64,
    /// The seed that determines the inputs.
    pub seed: u64,
    /// The target to run, by its name. `None` runs all targets.
    pub target: Option<String>,
    /// The number of the first input, to repeat one that failed.
    pub first: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            inputs: 20_000,
            seed: 1,
            target: None,
            first: 0,
        }
    }
}

/// Feeds inputs to the targets, one after another on this thread.
///
/// # Errors
///
/// Fails if the description cannot be read, or if the local servers cannot be started.
pub fn run(options: &Options) -> Result<Report, Box<dyn std::error::Error + Send + Sync>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let world = runtime.block_on(World::new())?;
    let chosen = |target: &&Target| {
        options
            .target
            .as_deref()
            .is_none_or(|name| name == target.name)
    };
    let weights: u64 = TARGETS.iter().filter(chosen).map(|t| t.weight).sum();
    if weights == 0 {
        return Err("unknown target".into());
    }
    let mut report = Report::default();
    for (index, target) in TARGETS.iter().enumerate() {
        if !chosen(&target) {
            continue;
        }
        let count = (options.inputs * target.weight).div_ceil(weights);
        let watch = Watch::start(target.name, options.seed);
        for number in options.first..options.first.saturating_add(count) {
            watch.begin(number);
            let bytes = input::bytes(options.seed, index, number);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on((target.run)(&world, &bytes))
            }));
            report.inputs += 1;
            let Some((kind, what)) = finding(outcome) else {
                continue;
            };
            match kind {
                Fault::Panic => report.panics += 1,
                Fault::Allocation => report.allocations += 1,
                Fault::Lost => report.lost += 1,
                Fault::Leak => report.leaks += 1,
            }
            if report.findings.len() < KEPT {
                report
                    .findings
                    .push(format!("{} input {number}: {what}", target.name));
            }
        }
    }
    Ok(report)
}

fn finding(outcome: std::thread::Result<Result<(), (Fault, String)>>) -> Option<(Fault, String)> {
    match outcome {
        Ok(Ok(())) => None,
        Ok(Err(found)) => Some(found),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Some((Fault::Panic, text.unwrap_or("a panic").to_owned()))
        }
    }
}
