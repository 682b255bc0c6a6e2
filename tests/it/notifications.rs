//! Change notifications. The simulator calls a webhook, and the receiver reads, verifies and
//! decrypts the notifications.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::routing::post;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use http::StatusCode;
use msgraph::auth::AccessTokenCredential;
use msgraph::error::NotificationErrorKind;
use msgraph::models::{
    ChangeNotificationCollection, ChangeType, LifecycleEventType, Message, Subscription,
};
use msgraph::notifications::{Lifecycle, Notification, Receiver, validation_response};
use msgraph::{CustomCloud, Error, Graph, Model};
use serde_json::{Value, json};
use simulator::{Fault, Forgery, Simulator};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::busy::Busy;
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::start;

#[path = "../cases/notifications.rs"]
mod cases;

const CERTIFICATE: &[u8] = include_bytes!("../../simulator/tests/it/subscriber/certificate.der");
const KEY: &[u8] = include_bytes!("../../simulator/tests/it/subscriber/key.der");

const STATE: &str = "secret of ours";

/// A webhook that passes on the requests that it receives.
struct Webhook {
    url: String,
    bodies: UnboundedReceiver<Bytes>,
}

impl Webhook {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?tenant=1", listener.local_addr().unwrap());
        let (sender, bodies) = unbounded_channel();
        let app = Router::new()
            .route("/hook", post(webhook))
            .with_state(sender);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, bodies }
    }

    async fn next(&mut self) -> Bytes {
        self.bodies.recv().await.expect("the webhook is there")
    }
}

async fn webhook(
    State(sender): State<UnboundedSender<Bytes>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> (StatusCode, String) {
    match query.as_deref().and_then(validation_response) {
        Some(text) => (StatusCode::OK, text),
        None => {
            sender.send(body).unwrap();
            (StatusCode::ACCEPTED, String::new())
        }
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Returns a subscription to the user's mail that includes the messages themselves.
fn subscription(webhook: &Webhook) -> Subscription {
    Subscription {
        resource: Some("/me/messages?$select=subject".into()),
        change_type: Some("created".into()),
        notification_url: Some(webhook.url.clone()),
        lifecycle_notification_url: Some(webhook.url.clone()),
        client_state: Some(STATE.into()),
        expiration_date_time: Some((SystemTime::now() + minutes(60)).into()),
        include_resource_data: Some(true),
        encryption_certificate: Some(BASE64_STANDARD.encode(CERTIFICATE)),
        encryption_certificate_id: Some("ours".into()),
        ..Default::default()
    }
}

fn receiver(simulator: &Simulator, graph: &Graph) -> Receiver {
    Receiver::new(graph)
        .client_state(STATE)
        .client_state("of another subscription")
        .application(&simulator.credentials().client_id)
        .decryption_key("older", KEY)
        .unwrap()
        .decryption_key("ours", KEY)
        .unwrap()
}

async fn mail(graph: &Graph, subject: &str) {
    let message = Message {
        subject: Some(subject.into()),
        ..Default::default()
    };
    graph.me().messages().create(message).await.unwrap();
}

/// Returns the number of requests for the keys of the identity platform.
fn key_requests(simulator: &Simulator) -> usize {
    let requests = simulator.requests().into_iter();
    requests
        .filter(|request| request.path().ends_with("/keys"))
        .count()
}

#[track_caller]
fn refused(result: msgraph::Result<Vec<Notification>>) -> NotificationErrorKind {
    match result {
        Err(Error::Notification(error)) => error.kind(),
        other => panic!("a refusal was expected: {other:?}"),
    }
}

#[tokio::test]
async fn a_subscription_is_renewed_before_it_runs_out() {
    let (simulator, graph) = start().await;
    let webhook = Webhook::start().await;
    let made = graph
        .subscriptions()
        .create(subscription(&webhook))
        .await
        .unwrap();
    let id = made.id.clone().unwrap();
    let lifetime = minutes(200);
    let mut renewals = graph.renewals(made.clone(), lifetime);
    // Less than a third of the lifetime is left.
    let renewed = renewals.try_next().await.unwrap().unwrap();
    let ends: DateTime<Utc> = renewed.expiration_date_time.unwrap().into();
    let left = ends.signed_duration_since(Utc::now()).num_minutes();
    assert!((198..=200).contains(&left), "{left}");
    assert_eq!(
        (renewed.id, renewed.resource),
        (Some(id.clone()), made.resource)
    );
    // The next renewal is not due yet.
    assert!(renewals.try_next().now_or_never().is_none());
    let patched = simulator
        .requests()
        .into_iter()
        .filter(|request| request.method == http::Method::PATCH);
    assert_eq!(patched.count(), 1);

    graph.subscriptions().id(&id).delete().await.unwrap();
    let mut renewals = graph.renewals(
        Subscription {
            id: Some(id),
            ..Default::default()
        },
        lifetime,
    );
    let error = renewals.try_next().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(renewals.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn receivers_can_be_shared() {
    let (simulator, graph) = start().await;
    let receiver = Arc::new(receiver(&simulator, &graph));
    let shown = format!("{receiver:?}");
    assert!(!shown.contains(STATE) && shown.contains("ours"), "{shown}");
    let other = Arc::clone(&receiver);
    let received = tokio::spawn(async move { other.receive(r#"{"value":[]}"#).await });
    assert!(received.await.unwrap().unwrap().is_empty());
}

/// Returns a notification with a validation token that names this key as its signer.
fn with_token_of(key_id: &str) -> String {
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(json!({ "alg": "RS256", "typ": "JWT", "kid": key_id }));
    let token = format!("{header}.{}.{}", part(json!({})), part(json!("signature")));
    json!({ "value": [], "validationTokens": [token] }).to_string()
}

/// Creates a client that requests the keys of the identity platform from a recorder.
fn client_of(recorder: &Recorder) -> Graph {
    Graph::builder(AccessTokenCredential::new("token"))
        .cloud(CustomCloud::new(recorder.url(), recorder.url()))
        .per_try_middleware(Busy)
        .build()
        .expect("a client of this machine's own address")
}

#[tokio::test]
async fn forged_tokens_cause_few_key_requests_while_the_platform_fails() {
    let recorder = Recorder::always(Answer::status(500)).await;
    let receiver = Receiver::new(&client_of(&recorder)).application("x");
    for forged in 0..200 {
        let error = receiver
            .receive(with_token_of(&forged.to_string()))
            .await
            .unwrap_err();
        assert!(error.is_retryable(), "{error}");
    }
    assert_eq!(recorder.requests().len(), 2);

    // Parallel notifications do not cause more requests either.
    let receiver = Receiver::new(&client_of(&recorder)).application("x");
    recorder.clear();
    let all = (0..200).map(|forged| {
        let receiver = receiver.clone();
        async move { receiver.receive(with_token_of(&forged.to_string())).await }
    });
    for result in futures_util::future::join_all(all).await {
        result.unwrap_err();
    }
    assert!(recorder.requests().len() <= 2);
}

#[tokio::test(start_paused = true)]
async fn silent_platform_holds_no_notification_for_long() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let graph = Graph::builder(AccessTokenCredential::new("token"));
    let graph = graph.cloud(CustomCloud::new(&url, &url)).build().unwrap();
    let receiver = Receiver::new(&graph).application("x");
    let began = tokio::time::Instant::now();
    let all = (0..50).map(|forged| {
        let receiver = receiver.clone();
        async move { receiver.receive(with_token_of(&forged.to_string())).await }
    });
    for result in futures_util::future::join_all(all).await {
        let error = result.unwrap_err();
        assert!(error.is_timeout() && error.is_retryable(), "{error}");
    }
    assert!(
        began.elapsed() <= Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    silent.abort();
}

#[tokio::test]
async fn known_keys_outlive_an_empty_set() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    graph
        .subscriptions()
        .create(subscription(&webhook))
        .await
        .unwrap();
    mail(&graph, "x").await;
    let body = webhook.next().await;
    let receiver = receiver(&simulator, &graph);
    assert_eq!(receiver.receive(&body).await.unwrap().len(), 1);

    let empty = || Fault::answer(StatusCode::OK, r#"{"keys":[]}"#).at("/common/discovery/*");
    let later = async |minutes_later: u64| {
        tokio::time::pause();
        tokio::time::advance(minutes(minutes_later)).await;
        tokio::time::resume();
    };
    // An unknown key makes the receiver request the keys, and the platform publishes an empty set.
    simulator.fault(empty());
    later(6).await;
    let forged = receiver.receive(with_token_of("forged")).await;
    assert_eq!(refused(forged), NotificationErrorKind::UnknownKey);
    assert_eq!(key_requests(&simulator), 2);
    assert_eq!(receiver.receive(&body).await.unwrap().len(), 1);

    // Old keys are used without a wait, while the platform responds slowly.
    let slow = Fault::slow(Duration::from_secs(3600));
    simulator.fault(slow.at("/common/.well-known/*"));
    later(25 * 60).await;
    let received = tokio::time::timeout(Duration::from_secs(5), receiver.receive(&body));
    assert_eq!(received.await.unwrap().unwrap().len(), 1);
}

/// Starts a recorder that grants an end this number of seconds ahead, or names none.
async fn granting(seconds: Option<i64>) -> Recorder {
    Recorder::new(move |_| {
        let mut granted = json!({ "id": "1", "resource": "/users" });
        if let Some(seconds) = seconds {
            let ends = Utc::now() + chrono::TimeDelta::seconds(seconds);
            granted["expirationDateTime"] = ends.to_rfc3339().into();
        }
        Answer::json(granted)
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn renewals_pause_whatever_end_is_granted() {
    let lifetime = minutes(3 * 60);
    for (granted, least, most) in [
        // Two thirds of the granted time.
        (Some(3600), 2399, 2401),
        (Some(10), 59, 61),
        (Some(-5), 59, 61),
        // Two thirds of the requested time, which a response without an end has granted.
        (None, 7199, 7201),
    ] {
        let recorder = granting(granted).await;
        let subscription = Subscription {
            id: Some("1".into()),
            ..Default::default()
        };
        let mut renewals = client_of(&recorder).renewals(subscription, lifetime);
        let began = tokio::time::Instant::now();
        let renewed = renewals.try_next().await.unwrap().unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert!(renewed.expiration_date_time.is_some(), "{granted:?}");
        for _ in 0..3 {
            let began = tokio::time::Instant::now();
            renewals.try_next().await.unwrap().unwrap();
            let waited = began.elapsed().as_secs();
            assert!((least..=most).contains(&waited), "{granted:?}: {waited}");
        }
        assert_eq!(recorder.requests().len(), 4);
    }
}
