//! A soak from beginning to end.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::Error;
use crate::memory;
use crate::options::Options;
use crate::problems::Kind;
use crate::programs::{self, Attempts, RETRIES, programs};
use crate::report::Report;
use crate::server::{Misbehaving, Server};
use crate::shared::Shared;
use crate::task::Task;

/// The number of programs that the tasks are spread over.
const PROGRAMS: usize = 8;

/// Runs a soak.
///
/// # Errors
///
/// Returns the error that prevents the soak from being carried out. A failed call is not such an
/// error.
pub async fn run(mut server: Server, options: &Options) -> Result<Report, Error> {
    let access = server.access().clone();
    let shared = Shared::new(access.clone(), options.calls);
    let attempts: Arc<Attempts> = Arc::default();
    let programs = programs(&access, PROGRAMS.min(options.tasks), &attempts).await?;
    let scratch = tempfile::tempdir()?;
    let mut tasks = Vec::new();
    for (number, program) in (0..options.tasks).zip(programs.iter().cycle()) {
        let seed = options
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(number as u64);
        let file = scratch.path().join(format!("{number}.bin"));
        let task = Task::new(number, seed, program.clone(), Arc::clone(&shared), file);
        tasks.push(task.await?);
    }

    let misbehaving = Misbehaving {
        seed: options.seed,
        rate: options.rate,
        without: options.without.clone(),
    };
    server.chaos(misbehaving).await?;
    let mut running = JoinSet::new();
    for task in tasks {
        running.spawn(task.run());
    }
    let tasks = running.join_all().await;
    let peak = memory::peak();
    let evidence = server.calm().await?;

    let graph = programs::own(&access)?;
    for task in tasks {
        task.check(&graph).await?;
    }
    shared.ledger().compare(&evidence, &shared.problems);
    if attempts.most_retries() > RETRIES {
        shared.wrong(|| format!("a request was repeat {}", attempts.most_retries()));
    }
    let problems = &shared.problems;
    Ok(Report {
        seed: options.seed,
        calls: shared.made(),
        failed: shared.failed(),
        lost: problems.count(Kind::Lost),
        duplicated: problems.count(Kind::Duplicated),
        wrong: problems.count(Kind::Wrong),
        stuck: problems.count(Kind::Stuck),
        attempts: evidence.requests,
        token_requests: evidence.token_requests,
        peak_memory_growth: match (shared.warm(), peak) {
            (Some(warm), Some(peak)) if server.is_apart() => Some(peak - warm),
            _ => None,
        },
        misbehaviors: evidence.misbehaviors,
        errors: shared.errors(),
        problems: problems.texts(),
    })
}
