//! Calls that wait because others were throttled.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use http::{Extensions, Method};
use msgraph::auth::AccessTokenCredential;
use msgraph::error::RetryStopReason;
use msgraph::{Error, Graph, RetryPolicy};
use msgraph_simulator::{Fault, Limit, RecordedRequest, RetryAfter, Service, Simulator};
use reqwest_middleware::{Middleware, Next};
use serde_json::json;
use tokio::time::Instant;

use super::{client, not_retried, seconds, throttled};
use crate::support::busy::Busy;
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulator;

#[tokio::test(start_paused = true)]
async fn calls_wait_while_their_service_throttles() {
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
        .cloud(simulator.cloud())
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
async fn many_calls_complete_under_a_rate_limit() {
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
async fn writes_are_done_once_despite_faults() {
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
    error.is_throttled()
        && error
            .attempts()
            .is_some_and(|attempts| attempts.count() == 0)
}

#[tokio::test(start_paused = true)]
async fn throttled_me_delays_only_its_user() {
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
async fn token_closure_for_several_users_is_not_delayed() {
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
async fn clients_from_one_builder_share_throttling() {
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
async fn known_applications_are_throttled_separately() {
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
