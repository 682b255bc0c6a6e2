//! The cost of a call beyond that of its request. The bench reads the same responses into the same
//! model, once with this crate and once with reqwest alone. The server is on this machine, with 64
//! requests at a time. It responds at once, so that only the work of the client is measured, or
//! after ten milliseconds, as a remote server does.
//!
//! Rounds of both alternate, so that other load on the machine affects both. The best round of each
//! counts.
//!
//! `cargo bench --bench calls -- msgraph 4000` makes only these calls, to the server that responds
//! at once. `reqwest 4000` makes them with reqwest alone. A busy machine changes times, but not the
//! number of instructions, so this is for `valgrind --tool=callgrind --separate-threads=yes` around
//! the program. Two runs with different numbers of calls show the cost of one call: the difference
//! of the first thread's instructions, divided by the difference of the numbers.

use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph::models::User;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const AT_A_TIME: usize = 64;
const CALLS: usize = 4_000;
const ROUNDS: usize = 20;
const LATENCY: Duration = Duration::from_millis(10);

const USER: &str = concat!(
    r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users/$entity","#,
    r#""businessPhones":["+47 555 0100"],"displayName":"Adele Brandt","givenName":"Adele","#,
    r#""jobTitle":"Retail Manager","mail":"adele@contoso.com","mobilePhone":null,"#,
    r#""officeLocation":"18/2111","preferredLanguage":"nb-NO","surname":"Brandt","#,
    r#""userPrincipalName":"adele@contoso.com","id":"87d349ed-44d7-43e1-9a83-5f2406dee5bd"}"#,
);

fn main() {
    // Cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    if let (Some(client), Some(calls)) = (arguments.next(), arguments.next()) {
        return only(&client, calls.parse().expect("a number of calls"));
    }
    let at_once = compare("at once", None);
    let later = compare("after 10 ms", Some(LATENCY));
    println!("call_over_reqwest {at_once:.3} call_over_reqwest_10ms {later:.3}");
}

/// Returns the time of a call relative to that of a reqwest request, for a server that responds
/// after this latency.
fn compare(name: &str, latency: Option<Duration>) -> f64 {
    let root = serve(latency);
    let (mut raw, mut call) = (Duration::MAX, Duration::MAX);
    runtime().block_on(async {
        let (graph, http, url) = clients(&root);
        for _ in 0..ROUNDS {
            raw = raw.min(round(CALLS, || with_reqwest(&http, &url)).await);
            call = call.min(round(CALLS, || with_msgraph(&graph)).await);
        }
    });
    let each = |time: Duration| time.as_secs_f64() * 1e6 / CALLS as f64;
    println!(
        "{name}: reqwest alone {:.1} µs a call, msgraph {:.1} µs ({CALLS} calls, {AT_A_TIME} at a \
         time, best of {ROUNDS})",
        each(raw),
        each(call)
    );
    call.as_secs_f64() / raw.as_secs_f64()
}

/// Makes calls with one of the two clients, to a server that responds at once.
fn only(client: &str, calls: usize) {
    let root = serve(None);
    runtime().block_on(async {
        let (graph, http, url) = clients(&root);
        let time = match client {
            "msgraph" => round(calls, || with_msgraph(&graph)).await,
            "reqwest" => round(calls, || with_reqwest(&http, &url)).await,
            other => panic!("`{other}` is neither `msgraph` nor `reqwest`"),
        };
        println!("{client} calls {calls} seconds {:.3}", time.as_secs_f64());
    });
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

/// Returns both clients, and the address that the client of reqwest requests.
fn clients(root: &str) -> (Graph, reqwest::Client, String) {
    let graph = Graph::builder(AccessTokenCredential::new("token"))
        .base_url(root)
        .build();
    let url = format!("{root}/v1.0/users/adele@contoso.com");
    (graph.expect("a client"), plain_client(), url)
}

/// Makes the calls, a fixed number at a time, and returns the elapsed time.
async fn round<F: Future<Output = ()>>(calls: usize, call: impl Fn() -> F) -> Duration {
    let start = Instant::now();
    let mut begun = AT_A_TIME.min(calls);
    let mut under_way: FuturesUnordered<F> = (0..begun).map(|_| call()).collect();
    while under_way.next().await.is_some() {
        if begun < calls {
            begun += 1;
            under_way.push(call());
        }
    }
    start.elapsed()
}

async fn with_msgraph(graph: &Graph) {
    let user = graph.users().id("adele@contoso.com").get().await;
    check(&user.expect("a user"));
}

/// Sends the request as a program without an SDK would: without Graph's errors, retries, or a check
/// of the token's destination.
async fn with_reqwest(http: &reqwest::Client, url: &str) {
    let request = http
        .get(url)
        .bearer_auth("token")
        .header("Accept", "application/json");
    let body = request.send().await.expect("an answer").bytes().await;
    check(&serde_json::from_slice(&body.expect("a body")).expect("a user"));
}

fn check(user: &User) {
    assert_eq!(user.display_name.as_deref(), Some("Adele Brandt"));
}

/// Returns a client with default settings, plus the TLS provider that reqwest needs if it was built
/// without a default one.
fn plain_client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy();
    #[cfg(feature = "rustls-ring")]
    let builder = {
        let ring = rustls::crypto::ring::default_provider();
        let tls = rustls::ClientConfig::builder_with_provider(ring.into())
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder.tls_backend_preconfigured(tls)
    };
    builder.build().expect("a client")
}

/// Starts a server that responds to every request with the same user after the given latency.
/// Returns its address.
fn serve(latency: Option<Duration>) -> String {
    let (started, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener
                .local_addr()
                .expect("a bound socket has an address");
            started.send(address).expect("the receiver exists");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, latency));
            }
        });
    });
    format!("http://{}", address.recv().expect("the server has started"))
}

async fn answer(mut stream: TcpStream, latency: Option<Duration>) {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nrequest-id: \
         327f7bf0-6e2a-4b9c-9d55-6f4f4f1b2c3d\r\nContent-Length: {}\r\n\r\n{USER}",
        USER.len()
    );
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(4096);
    // Requests have no bodies here, and a client sends the next request after the response.
    while stream
        .read_buf(&mut buffer)
        .await
        .is_ok_and(|read| read > 0)
    {
        if buffer.ends_with(b"\r\n\r\n") {
            buffer.clear();
            if let Some(latency) = latency {
                tokio::time::sleep(latency).await;
            }
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}
