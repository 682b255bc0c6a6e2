//! Retries: which calls are retried, when, and which are not. The clock is tokio's paused clock,
//! which advances only while a call waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use futures_util::future::join_all;
use http::{Extensions, Method};
use msgraph::auth::AccessTokenCredential;
use msgraph::error::RetryStopReason;
use msgraph::models::Message;
use msgraph::{Error, Graph, GraphBuilder, RetryPolicy};
use reqwest_middleware::{Middleware, Next};
use serde_json::json;
use simulator::{Fault, Limit, RecordedRequest, RetryAfter, Service, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, advance};

use crate::support::busy::Busy;
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulator;

#[path = "../cases/retry.rs"]
mod cases;

fn builder(url: &str) -> GraphBuilder {
    Graph::builder(AccessTokenCredential::new("token"))
        .base_url(url)
        .per_try_middleware(Busy)
}

fn client(url: &str) -> Graph {
    builder(url).build().expect("a client can be built")
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn throttled(retry_after: &str) -> Answer {
    Answer::status(429).header("Retry-After", retry_after)
}

fn http_date(time: chrono::DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn not_retried(error: &Error) -> Option<RetryStopReason> {
    error
        .attempts()
        .expect("the error has attempts")
        .stop_reason()
}

/// A middleware that gives each request a body that can be sent only once.
struct OneShot;

#[msgraph::async_trait]
impl Middleware for OneShot {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let piece = futures_util::stream::iter([Ok::<_, std::io::Error>("{}")]);
        *request.body_mut() = Some(reqwest::Body::wrap_stream(piece));
        request.headers_mut().remove("content-length");
        next.run(request, extensions).await
    }
}

/// Serves one connection after another, each until it is closed. `serve` decides the response to a
/// request.
async fn one_at_a_time<F, S>(mut serve: F) -> String
where
    F: FnMut(TcpStream, usize) -> S + Send + 'static,
    S: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    tokio::spawn(async move {
        let mut count = 0;
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, count).await;
            count += 1;
        }
    });
    format!("http://{address}")
}

/// Reads until the end of a request without a body; returns `false` when the client has closed the
/// connection.
async fn request(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_tried_again_where_that_is_harmless() {
    let losing = |answer: &'static [u8]| {
        one_at_a_time(move |mut stream, count| async move {
            request(&mut stream).await;
            let answer = match count {
                0 => answer,
                _ => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            };
            let _ = stream.write_all(answer).await;
        })
    };
    // The server sends no response at all, or one that ends in the middle.
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"value\":[",
    ] {
        let url = losing(answer).await;
        let response = client(&url).request(Method::GET, "/me").await.unwrap();
        assert_eq!(response.bytes(), "{}");

        let url = losing(answer).await;
        let error = client(&url).request(Method::POST, "/me").await.unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
        assert_eq!(not_retried(&error), Some(RetryStopReason::NotIdempotent));
        assert!(
            error.to_string().contains("it may have succeeded already"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_may_be_sent_again_whatever_it_is() {
    let graph = client("http://127.0.0.1:1");
    let error = graph.request(Method::POST, "/me").await.unwrap_err();
    assert!(matches!(&error, Error::Transport(lost) if lost.is_connect()));
    assert_eq!(error.attempts().unwrap().count(), 4);
    let text = error.to_string();
    assert!(text.starts_with("POST /me → cannot connect: "), "{text}");
    assert!(text.contains(", after 4 attempts and "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_given_up_in_time_with_all_its_tries() {
    let url = one_at_a_time(|mut stream, _| async move {
        request(&mut stream).await;
        let _ = stream.read_u8().await;
    })
    .await;
    let graph = Graph::builder(AccessTokenCredential::new("token"));
    let graph = graph.base_url(url).build().unwrap();
    let start = Instant::now();
    let call = graph.request(Method::GET, "/me").timeout(seconds(5));
    let error = call.await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 5);
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert_eq!(
        error.to_string(),
        "GET /me → timed out waiting for the response"
    );
}

#[tokio::test(start_paused = true)]
async fn other_calls_wait_while_what_they_are_for_throttles() {
    let start = Instant::now();
    let recorder = Recorder::new(move |request| {
        let is_of_files = request.target.contains("drive") || request.target.contains("sites");
        match start.elapsed() < seconds(10) && is_of_files {
            true => throttled("10"),
            false => Answer::json(r#"{"value":[]}"#),
        }
    })
    .await;
    let graph = client(recorder.url());
    let first = graph.request(Method::GET, "/me/drive/root/children");
    let first = tokio::spawn(async move { first.await });
    while recorder.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;

    // Another service is not affected, nor is a call that does not wait at all.
    graph.request(Method::GET, "/me/messages").await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    let never = graph
        .request(Method::GET, "/me/drive")
        .retry(RetryPolicy::none());
    assert_eq!(never.await.unwrap_err().status().unwrap(), 429);

    // A call that cannot wait as long is not even sent.
    let sent = recorder.requests().len();
    let hurried = graph
        .request(Method::GET, "/sites/root")
        .timeout(seconds(3));
    let error = hurried.await.unwrap_err();
    assert_eq!(recorder.requests().len(), sent);
    assert!(error.is_throttled() && error.is_retryable(), "{error:?}");
    assert!(
        error.retry_after().is_some_and(|wait| wait > seconds(9)),
        "{error:?}"
    );
    assert_eq!(error.attempts().unwrap().count(), 0);
    assert!(
        error
            .to_string()
            .starts_with("GET /sites/root → not sent: throttled by Graph for another 1"),
        "{error}"
    );

    // All other calls wait, for every path that leads to a drive.
    graph
        .request(Method::GET, "/sites/root/drives")
        .await
        .unwrap();
    assert!(start.elapsed() >= seconds(10), "{:?}", start.elapsed());
    first.await.unwrap().unwrap();
    let refused = recorder.requests().len() - sent;
    assert_eq!(refused, 2, "nothing else was sent meanwhile");
}

/// A middleware that lets the simulator's time advance with tokio's.
struct InStep {
    simulator: Arc<Simulator>,
    since: Mutex<Instant>,
}

#[msgraph::async_trait]
impl Middleware for InStep {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let passed = {
            let mut since = self.since.lock().unwrap();
            let passed = since.elapsed();
            *since = Instant::now();
            passed
        };
        self.simulator.advance(passed);
        next.run(request, extensions).await
    }
}

async fn simulated() -> (Arc<Simulator>, Graph) {
    let simulator = Arc::new(simulator().await);
    let in_step = InStep {
        simulator: Arc::clone(&simulator),
        since: Mutex::new(Instant::now()),
    };
    let graph = Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .base_url(simulator.url())
        .per_try_middleware(in_step)
        .per_try_middleware(Busy)
        .build()
        .unwrap();
    (simulator, graph)
}

fn statuses(simulator: &Simulator) -> Vec<Option<u16>> {
    let requests = simulator.requests();
    let status = |request: &RecordedRequest| Some(request.status?.as_u16());
    requests.iter().map(status).collect()
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_calls_gets_through_a_limit() {
    let (simulator, graph) = simulated().await;
    simulator.limit(Limit::requests(Service::Files, 10, seconds(10)));
    let calls = (0..60).map(|_| {
        graph
            .request(Method::GET, "/me/drive/root/children")
            .into_future()
    });
    for call in join_all(calls).await {
        call.unwrap();
    }
    let statuses = statuses(&simulator);
    let taken = statuses
        .iter()
        .filter(|status| **status == Some(200))
        .count();
    let refused = statuses
        .iter()
        .filter(|status| **status == Some(429))
        .count();
    assert_eq!((taken, taken + refused), (60, statuses.len()));
    // All calls started at once, so 50 were refused. After that, only the first few of each round
    // were refused.
    assert!(refused < 130, "{refused} refused");
}

#[tokio::test(start_paused = true)]
async fn what_the_simulator_did_is_done_once() {
    let (simulator, graph) = simulated().await;
    let count = |simulator: &Simulator| {
        let messages = simulator.read("/me/messages?$filter=subject eq 'Once'&$top=50");
        messages.unwrap()["value"].as_array().unwrap().len()
    };
    let create = || {
        let draft = json!({ "subject": "Once" });
        graph
            .request(Method::POST, "/me/messages")
            .body_json(&draft)
    };
    let at = |fault: Fault| fault.method(Method::POST).at("/v1.0/me/messages");

    simulator.fault(at(Fault::throttled(RetryAfter::Seconds(3))).times(2));
    create().await.unwrap();
    assert_eq!(statuses(&simulator), [Some(429), Some(429), Some(201)]);
    assert_eq!(count(&simulator), 1);

    // The connection is reset before Graph has done anything, but the client cannot know that.
    simulator.forget_requests();
    simulator.fault(at(Fault::reset()));
    let error = create().await.unwrap_err();
    assert_eq!(not_retried(&error), Some(RetryStopReason::NotIdempotent));
    assert_eq!((simulator.requests().len(), count(&simulator)), (1, 1));

    // The connection is reset after Graph has done the work. The error is the same, which is why
    // the call is not retried.
    simulator.fault(at(Fault::lost()));
    create().await.unwrap_err();
    assert_eq!(count(&simulator), 2);

    // Reads can be repeated, also after a partial response.
    simulator.forget_requests();
    simulator.fault(Fault::reset().at("/v1.0/me/messages"));
    simulator.fault(Fault::truncated().at("/v1.0/me/messages"));
    let messages = graph.me().messages().list().top(5).await.unwrap();
    assert!(!messages.is_empty());
    assert_eq!(simulator.requests().len(), 3);
    let ids: Vec<_> = simulator
        .requests()
        .iter()
        .map(|request| request.header("client-request-id").unwrap().to_owned())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

/// A middleware that records the requests that it sees, per call or per attempt.
struct Sees(Arc<Mutex<Vec<String>>>);

#[msgraph::async_trait]
impl Middleware for Sees {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        assert!(!request.headers().contains_key("authorization"));
        let attempt = request.headers().get("retry-attempt").cloned();
        let response = next.run(request, extensions).await?;
        assert_eq!(response.url().path(), "/v1.0/me");
        let attempt = attempt.as_ref().map(|attempt| attempt.to_str().unwrap());
        let seen = format!("{:?} {}", attempt, response.status().as_u16());
        self.0.lock().unwrap().push(seen);
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn middleware_of_the_users_sees_a_call_or_each_try() {
    let recorder = Recorder::in_turn([Answer::status(503), Answer::json("{}")]).await;
    let (calls, tries) = (Arc::default(), Arc::default());
    let graph = builder(recorder.url())
        .per_call_middleware(Sees(Arc::clone(&calls)))
        .per_try_middleware(Sees(Arc::clone(&tries)))
        .build()
        .unwrap();
    graph.request(Method::GET, "/me").await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["None 200"]);
    assert_eq!(*tries.lock().unwrap(), ["None 503", "Some(\"1\") 200"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_on_once_a_call_is_dropped() {
    let recorder = Recorder::always(throttled("10")).await;
    let call = client(recorder.url())
        .request(Method::GET, "/me")
        .into_future();
    let call = tokio::spawn(call);
    while recorder.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    advance(seconds(3600)).await;
    tokio::task::yield_now().await;
    assert_eq!(recorder.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_ends_when_its_call_is_dropped() {
    let (came, coming) = tokio::sync::oneshot::channel();
    let (closed, closing) = tokio::sync::oneshot::channel();
    let mut senders = Some((came, closed));
    let url = one_at_a_time(move |mut stream, _| {
        let senders = senders.take();
        async move {
            let (came, closed) = senders.expect("one connection");
            request(&mut stream).await;
            let _ = came.send(());
            let _ = closed.send(stream.read_u8().await.is_err());
        }
    })
    .await;
    let call = tokio::spawn(client(&url).request(Method::GET, "/me").into_future());
    coming.await.unwrap();
    call.abort();
    assert!(closing.await.unwrap(), "the connection was closed");
}

/// Serves one connection with this response. After that, connections are refused.
async fn once(response: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    let served = tokio::spawn(async move {
        let Ok((mut stream, _)) = listener.accept().await else {
            return;
        };
        drop(listener);
        request(&mut stream).await;
        let _ = stream.write_all(response.as_bytes()).await;
    });
    (format!("http://{address}"), served)
}

/// An address that refuses connections.
const NOWHERE: &str = "http://127.0.0.1:1/";

/// Reports to a collector that does not exist.
async fn report() -> reqwest_middleware::Result<()> {
    let http = crate::auth::own_client().build()?;
    http.get(NOWHERE).send().await?;
    Ok(())
}

/// A middleware that reports before the request, or after it.
struct Reports {
    before: bool,
}

#[msgraph::async_trait]
impl Middleware for Reports {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        if self.before {
            report().await?;
        }
        let response = next.run(request, extensions).await?;
        report().await?;
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn failed_connection_of_middleware_never_repeats_post() {
    for before in [false, true] {
        let recorder = Recorder::always(Answer::json("{}").with_status(202)).await;
        let reports = || Reports { before };
        let graph = builder(recorder.url()).per_try_middleware(reports());
        let graph = graph.build().unwrap();
        let error = graph
            .request(Method::POST, "/me/sendMail")
            .await
            .unwrap_err();
        assert_eq!(recorder.requests().len(), usize::from(!before));
        assert_eq!(error.attempts().unwrap().count(), 1);
        assert_eq!(not_retried(&error), Some(RetryStopReason::NotIdempotent));
        assert!(
            matches!(&error, Error::Transport(lost) if !lost.is_connect()),
            "{error:?}"
        );
        // A call that changes nothing is retried.
        let error = graph.request(Method::GET, "/me").await.unwrap_err();
        assert_eq!(error.attempts().unwrap().count(), 4);

        // A per-call middleware does not reveal more.
        let graph = builder(recorder.url()).per_call_middleware(reports());
        let graph = graph.build().unwrap();
        let error = graph.request(Method::POST, "/me").await.unwrap_err();
        assert!(
            matches!(&error, Error::Transport(lost) if !lost.is_connect()),
            "{error:?}"
        );
    }
}

/// A middleware that sends each request twice.
struct Twice;

#[msgraph::async_trait]
impl Middleware for Twice {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let again = request.try_clone().expect("the body is whole");
        next.clone().run(request, extensions).await?;
        next.run(again, extensions).await
    }
}

#[tokio::test(start_paused = true)]
async fn connection_lost_after_first_request_never_repeats_post() {
    let taken = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (url, served) = once(taken).await;
    let graph = builder(&url).per_try_middleware(Twice).build().unwrap();
    let error = graph.request(Method::POST, "/me").await.unwrap_err();
    served.await.unwrap();
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert_eq!(not_retried(&error), Some(RetryStopReason::NotIdempotent));
    assert!(matches!(&error, Error::Transport(lost) if !lost.is_connect()));

    // The first hop was accepted, and the second leads to an unreachable host.
    let moved = "HTTP/1.1 307 Moved\r\nLocation: /v1.0/you\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n";
    let (url, served) = once(moved).await;
    let error = client(&url).request(Method::POST, "/me").await.unwrap_err();
    served.await.unwrap();
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert!(matches!(&error, Error::Transport(lost) if !lost.is_connect()));
}

#[tokio::test(start_paused = true)]
async fn connection_lost_after_attempt_may_have_been_sent() {
    let (url, served) = once("").await;
    let error = client(&url).request(Method::PUT, "/me").await.unwrap_err();
    served.await.unwrap();
    let tries = *error.attempts().unwrap();
    assert_eq!((tries.count(), tries.may_have_succeeded()), (4, true));
    assert!(matches!(&error, Error::Transport(lost) if !lost.is_connect()));
    let error = client(NOWHERE)
        .request(Method::PUT, "/me")
        .await
        .unwrap_err();
    assert!(!error.attempts().unwrap().may_have_succeeded());
    assert!(matches!(&error, Error::Transport(lost) if lost.is_connect()));
}

#[tokio::test(start_paused = true)]
async fn rename_is_repeated_only_on_the_callers_word() {
    let rename = json!({ "item": { "@microsoft.graph.conflictBehavior": "rename" } });
    for status in [504, 503] {
        let recorder = Recorder::always(Answer::status(status)).await;
        let graph = client(recorder.url());
        let content = || {
            graph
                .request(Method::PUT, "/me/drive/root:/a.txt:/content")
                .query("@microsoft.graph.conflictBehavior", "rename")
        };
        let in_body = graph
            .request(Method::PUT, "/me/drive/root:/a.txt")
            .body_json(&rename);
        let row = "/me/drive/items/1/workbook/tables/2/rows/3";
        let calls = [content(), in_body, graph.request(Method::DELETE, row)];
        for call in calls {
            recorder.clear();
            let error = call.await.unwrap_err();
            // With 503, Graph says that it did nothing.
            let attempts = if status == 503 { 4 } else { 1 };
            assert_eq!(recorder.requests().len(), attempts, "{status}");
            let reason = match status {
                503 => RetryStopReason::MaxRetries,
                _ => RetryStopReason::NotIdempotent,
            };
            assert_eq!(not_retried(&error), Some(reason));
        }
        recorder.clear();
        content().idempotent().await.unwrap_err();
        assert_eq!(recorder.requests().len(), 4, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusal_after_unclear_attempt_says_so() {
    for (method, status) in [("DELETE", 404), ("PUT", 412), ("PUT", 409), ("DELETE", 410)] {
        let answers = [Answer::status(504), Answer::status(status)];
        let recorder = Recorder::in_turn(answers).await;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let error = client(recorder.url())
            .request(method, "/me/messages/1")
            .await
            .unwrap_err();
        assert!(error.attempts().unwrap().may_have_succeeded(), "{status}");
        let text = error.to_string();
        let said = "an earlier attempt may have succeeded";
        assert!(text.contains(said), "{text}");
    }
    // After 429, the 404 has its usual meaning.
    let recorder = Recorder::in_turn([throttled("1"), Answer::status(404)]).await;
    let error = client(recorder.url())
        .request(Method::DELETE, "/me/messages/1")
        .await
        .unwrap_err();
    assert!(!error.attempts().unwrap().may_have_succeeded());
    assert!(!error.to_string().contains("earlier attempt"), "{error}");
}

/// Starts a recorder that throttles these targets for a minute each time, unless the request has
/// this token.
async fn throttling(targets: &'static [&'static str], but: &'static str) -> Recorder {
    Recorder::new(move |request| {
        let is_spared = request.header("authorization") == Some(but);
        match targets.contains(&request.target.as_str()) && !is_spared {
            true => throttled("60"),
            false => Answer::json("{}"),
        }
    })
    .await
}

fn is_held_back(error: &Error) -> bool {
    error.is_throttled() && error.attempts().is_some_and(|tries| tries.count() == 0)
}

#[tokio::test(start_paused = true)]
async fn throttled_me_holds_its_user_alone() {
    for target in ["/me", "/me/messages", "/me/chats", "/me/drive/root"] {
        let recorder = Recorder::new(|request| match request.header("authorization") {
            Some("Bearer token") => throttled("60"),
            _ => Answer::json("{}"),
        })
        .await;
        let graph = client(recorder.url());
        let me = |graph: &Graph| graph.request(Method::GET, target);
        let hurried = |graph: &Graph| me(graph).timeout(seconds(5));
        hurried(&graph).await.unwrap_err();
        let sent = recorder.requests().len();
        let error = hurried(&graph).await.unwrap_err();
        assert!(is_held_back(&error), "{target}: {error}");
        // The same token set on the call belongs to the same user, and another token does not.
        let error = hurried(&graph).access_token("token").await.unwrap_err();
        assert!(is_held_back(&error), "{target}: {error}");
        hurried(&graph).access_token("other").await.unwrap();
        let other = graph.with_provider(AccessTokenCredential::new("other"));
        hurried(&other).await.unwrap();
        let same = graph.with_provider(AccessTokenCredential::new("token"));
        assert!(is_held_back(&hurried(&same).await.unwrap_err()), "{target}");
        assert_eq!(recorder.requests().len(), sent + 2, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn closure_with_tokens_of_several_users_is_not_held() {
    let recorder = Recorder::new(|request| match request.header("authorization") {
        Some("Bearer ada") => throttled("60"),
        _ => Answer::json("{}"),
    })
    .await;
    let users = Mutex::new(["ada", "grace"].into_iter());
    let provider = AccessTokenCredential::from_fn(move || {
        let next = users.lock().unwrap().next().ok_or("no user is left");
        std::future::ready(next)
    });
    let graph = client(recorder.url()).with_provider(provider);
    let me = || {
        graph
            .request(Method::GET, "/me/messages")
            .timeout(seconds(5))
    };
    assert!(me().await.unwrap_err().is_throttled());
    me().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn clients_made_from_one_share_gates() {
    let targets = &["/v1.0/sites/root", "/v1.0/users/1/messages"];
    let recorder = throttling(targets, "").await;
    let graph = client(recorder.url());
    for path in ["/sites/root", "/users/1/messages"] {
        let call = |graph: &Graph| graph.request(Method::GET, path).timeout(seconds(5));
        let other = graph.with_provider(AccessTokenCredential::new("other"));
        call(&other).await.unwrap_err();
        assert!(is_held_back(&call(&graph).await.unwrap_err()), "{path}");
        let third = other.with_provider(AccessTokenCredential::new("third"));
        assert!(is_held_back(&call(&third).await.unwrap_err()), "{path}");
    }
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn applications_that_are_known_have_gates_of_their_own() {
    use msgraph::Cloud;
    use msgraph::auth::{AccessToken, CacheKey, TokenProvider, TokenRequest};

    /// A provider for the application in this tenant.
    struct Of(&'static str);

    #[msgraph::async_trait]
    impl TokenProvider for Of {
        async fn token(&self, _: TokenRequest) -> msgraph::Result<AccessToken> {
            Ok(AccessToken::new(self.0))
        }

        fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
            Some(CacheKey::new(cloud, self.0, "application"))
        }
    }

    let recorder = throttling(&["/v1.0/users"], "Bearer fabrikam.com").await;
    let contoso = client(recorder.url()).with_provider(Of("contoso.com"));
    let users = |graph: &Graph| graph.request(Method::GET, "/users").timeout(seconds(5));
    users(&contoso).await.unwrap_err();
    users(&contoso.with_provider(Of("fabrikam.com")))
        .await
        .unwrap();
    let again = contoso.with_provider(Of("contoso.com"));
    assert!(is_held_back(&users(&again).await.unwrap_err()));
    // A provider without a cache key counts as the same application.
    let user = contoso.with_provider(AccessTokenCredential::new("user"));
    assert!(is_held_back(&users(&user).await.unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn proxy_that_wants_credentials_is_asked_once() {
    let proxy = one_at_a_time(|mut stream, _| async move {
        request(&mut stream).await;
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(refusal.as_bytes()).await;
    })
    .await;
    let graph = builder("https://gateway.contoso.example")
        .allow_host("gateway.contoso.example")
        .configure_http(move |http| http.proxy(reqwest::Proxy::all(proxy).unwrap()))
        .build()
        .unwrap();
    let start = Instant::now();
    let error = graph.request(Method::GET, "/me").await.unwrap_err();
    assert_eq!(error.attempts().unwrap().count(), 1);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(!error.is_retryable());
    let text = error.to_string();
    let said = "cannot connect: the proxy requires authentication (407)";
    assert!(text.contains(said), "{text}");
    assert!(matches!(&error, Error::Transport(lost) if lost.is_connect()));
}

#[cfg(feature = "rustls-ring")]
#[tokio::test(start_paused = true)]
async fn certificate_that_tls_refuses_is_final() {
    use std::io::Read as _;

    use rustls::crypto::ring;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let tls = Arc::new(tls);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
            // The client breaks off the handshake.
            let _ = StreamOwned::new(connection, stream).read(&mut [0]);
        }
    });
    let graph = builder(&format!("https://{host}"))
        .allow_host(host)
        .configure_http(reqwest::ClientBuilder::no_proxy)
        .build()
        .unwrap();
    let start = Instant::now();
    let error = graph.request(Method::GET, "/me").await.unwrap_err();
    assert_eq!(error.attempts().unwrap().count(), 1, "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(!error.is_retryable());
    let text = error.to_string();
    assert!(
        text.contains("cannot connect: invalid TLS certificate of the server: "),
        "{text}"
    );
}
