//! Change notifications. The simulator calls a webhook, and the receiver reads, verifies and
//! decrypts the notifications.

mod contents;
mod subscriptions;
mod verification;

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use msgraph::auth::AccessTokenCredential;
use msgraph::models::{Message, Subscription};
use msgraph::notifications::{Receiver, validation_response};
use msgraph::{CustomCloud, Graph};
use msgraph_simulator::Simulator;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::busy::Busy;
use crate::support::recorder::Recorder;

const CERTIFICATE: &[u8] = include_bytes!("../../../simulator/tests/it/subscriber/certificate.der");
const KEY: &[u8] = include_bytes!("../../../simulator/tests/it/subscriber/key.der");
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

/// Creates a [`subscription`].
async fn subscribe(graph: &Graph, webhook: &Webhook) -> Subscription {
    let call = graph.subscriptions().create(subscription(webhook));
    call.await.unwrap()
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

/// Creates a client that requests the keys of the identity platform from a recorder.
fn client_of(recorder: &Recorder) -> Graph {
    Graph::builder(AccessTokenCredential::new("token"))
        .cloud(CustomCloud::new(recorder.url(), recorder.url()))
        .per_try_middleware(Busy)
        .build()
        .expect("a client of this machine's own address")
}
