//! The number of token requests of ten thousand calls that begin at once with an expired token. The
//! bench also compares their time with that of calls with a valid token. Both use a server on this
//! machine, as the identity platform and as Graph.
//!
//! Rounds of both alternate, so that other load on the machine affects both. The best round of each
//! counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use futures_util::future::join_all;
use msgraph::auth::ClientSecretCredential;
use msgraph::{CustomCloud, Graph};
use tokio::runtime::Builder;

const CALLS: usize = 10_000;
const ROUNDS: usize = 5;
/// The response time of the identity platform.
const LATENCY: Duration = Duration::from_millis(50);
const HOUR: u64 = 3600;

/// The identity platform: the number of token requests, and the lifetime of its tokens.
#[derive(Default)]
struct Platform {
    asked: AtomicUsize,
    life: AtomicU64,
}

impl Platform {
    fn give(&self, life: u64) {
        self.life.store(life, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

async fn token(State(platform): State<Arc<Platform>>) -> String {
    let n = platform.asked.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(LATENCY).await;
    let life = platform.life.load(Ordering::SeqCst);
    format!(r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"token-{n}"}}"#)
}

/// Serves in a separate thread, and returns the address.
fn serve(platform: Arc<Platform>) -> String {
    let (started, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
            let listener = listener.expect("a port");
            let address = listener
                .local_addr()
                .expect("a bound socket has an address");
            started.send(address).expect("the receiver exists");
            let app = Router::new()
                .route("/contoso.com/oauth2/v2.0/token", post(token))
                .route("/v1.0/users/$count", get(async || "42"))
                .with_state(platform);
            axum::serve(listener, app).await.expect("a server");
        });
    });
    format!("http://{}", address.recv().expect("the server has started"))
}

fn main() {
    let platform = Arc::new(Platform::default());
    let root = serve(Arc::clone(&platform));
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let (mut expired, mut kept) = (Duration::MAX, Duration::MAX);
        let mut most = 0;
        for _ in 0..ROUNDS {
            let secret = ClientSecretCredential::new("contoso.com", "client", "secret");
            let graph = Graph::builder(secret)
                .cloud(CustomCloud::new(&root, &root))
                // All calls share one connection, because ten thousand would exceed the limit of
                // open files.
                .configure_http(reqwest::ClientBuilder::http2_prior_knowledge)
                .build()
                .expect("a client");
            platform.give(1);
            graph.sign_in().await.expect("a token");
            assert_eq!(platform.asked(), 1, "the one that is to expire");
            tokio::time::sleep(Duration::from_millis(1100)).await;

            platform.give(HOUR);
            expired = expired.min(calls(&graph).await);
            most = most.max(platform.asked());
            kept = kept.min(calls(&graph).await);
            assert_eq!(platform.asked(), 0, "the token is valid for an hour");
        }
        println!(
            "{CALLS} calls at once: {:.2} s with an expired token (the token endpoint takes {} \
             ms), {:.2} s with a valid one, best of {ROUNDS}",
            expired.as_secs_f64(),
            LATENCY.as_millis(),
            kept.as_secs_f64()
        );
        println!(
            "token_requests {most} expired_over_kept {:.3}",
            expired.as_secs_f64() / kept.as_secs_f64()
        );
    });
}

/// Makes all calls at once.
async fn calls(graph: &Graph) -> Duration {
    let start = Instant::now();
    let counts = join_all((0..CALLS).map(|_| async { graph.users().count().await }));
    for count in counts.await {
        assert_eq!(count.expect("a count"), 42);
    }
    start.elapsed()
}
