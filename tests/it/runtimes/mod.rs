//! One client on several runtimes: those that come and go, that stand still, and that end.

mod pages;
mod silence;
mod token_requests;

use std::time::Duration;

use msgraph::auth::ClientSecretCredential;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// A time limit far beyond the duration of these tests. A test that exceeds it hangs.
const LONG: Duration = Duration::from_secs(60);

/// Creates a runtime that stands still whenever no future is awaited on it.
fn current_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// Creates the runtime of the servers, with its own threads.
fn servers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Awaits a future on a runtime, and panics if it hangs.
#[track_caller]
fn in_time<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    let outcome = runtime.block_on(async { timeout(LONG, future).await });
    outcome.expect("it does not hang")
}

fn secret() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "client", "secret")
}
