//! The short form of the soak.

use soak::{Options, Server, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_soak_finds_nothing_wrong() {
    let mut options = Options::default();
    options.calls = 2_000;
    let server = Server::here().await.expect("a free port");
    let report = run(server, &options).await.expect("a soak");
    println!("{report}\n{:?}\n{:?}", report.errors, report.misbehaviors);
    let failures = report.failures();
    assert!(
        failures.is_empty(),
        "{report}: {}\n{}",
        failures.join(", "),
        report.problems.join("\n")
    );
}
