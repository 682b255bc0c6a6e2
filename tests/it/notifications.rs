//! Change notifications: the simulator calls a webhook, and what comes is read, checked and decrypted.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use http::StatusCode;
use msgraph::error::NotificationErrorKind;
use msgraph::models::{
    ChangeNotificationCollection, ChangeType, LifecycleEventType, Message, Subscription,
};
use msgraph::notifications::{Lifecycle, Notification, Receiver, validation_response};
use msgraph::{Error, Graph, Model};
use serde_json::{Value, json};
use simulator::{Fault, Forgery, Simulator};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::simulated::start;

#[path = "../cases/notifications.rs"]
mod cases;

const CERTIFICATE: &[u8] = include_bytes!("../../simulator/tests/it/subscriber/certificate.der");
const KEY: &[u8] = include_bytes!("../../simulator/tests/it/subscriber/key.der");

const STATE: &str = "secret of ours";

/// A webhook that hands on what it is sent.
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

/// A subscription to the user's mail, with the messages themselves.
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

/// How often the identity platform was asked for its keys.
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
    // Now there is time.
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
