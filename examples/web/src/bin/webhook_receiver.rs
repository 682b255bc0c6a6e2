//! A webhook that receives change notifications, with axum.
//!
//! It subscribes to new mail of a simulated Microsoft Graph, with the messages themselves in the
//! notifications, and prints each notification. For the real Graph, the webhook must be reachable
//! by https from the internet, and you need a certificate of your own:
//!
//! ```text
//! openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=notifications \
//!     -outform DER -out certificate.der -keyout key.pem
//! ```

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph::models::{Message, Subscription};
use msgraph::notifications::{Lifecycle, Receiver, new_client_state, validation_response};
use msgraph_simulator::{Forgery, Simulator};
use tokio::sync::mpsc::{Sender, channel};

const CERTIFICATE: &[u8] =
    include_bytes!("../../../../simulator/tests/it/subscriber/certificate.der");
const KEY: &[u8] = include_bytes!("../../../../simulator/tests/it/subscriber/key.der");

/// The state of the webhook.
struct Webhook {
    graph: Graph,
    receiver: Receiver,
    /// The channel for the output lines.
    told: Sender<String>,
}

/// Handles `POST /webhook`.
async fn webhook(
    State(webhook): State<Arc<Webhook>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> (StatusCode, String) {
    // Graph's validation request for the endpoint. A `String` is sent as text/plain, which Graph
    // requires.
    if let Some(text) = query.as_deref().and_then(validation_response) {
        return (StatusCode::OK, text);
    }
    // Graph waits three seconds, so longer work is done after the response.
    match webhook.receiver.receive(&body).await {
        Ok(notifications) => {
            tokio::spawn(async move {
                for notification in notifications {
                    let line = match follow(&webhook, &notification).await {
                        Ok(line) => line,
                        Err(error) => error.to_string(),
                    };
                    let _ = webhook.told.send(line).await;
                }
            });
            (StatusCode::ACCEPTED, String::new())
        }
        // The keys could not be downloaded, so Graph must send the notification again.
        Err(error) if error.is_retryable() => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
        Err(_) => {
            let line = "a forged notification: responded 202, then ignored it".to_owned();
            let _ = webhook.told.send(line).await;
            (StatusCode::ACCEPTED, String::new())
        }
    }
}

/// Does the work that a notification requires, and reports it.
async fn follow(
    webhook: &Webhook,
    notification: &msgraph::notifications::Notification,
) -> msgraph::Result<String> {
    let change = &notification.change;
    let event = change.lifecycle_event.as_ref().map(ToString::to_string);
    let event = event.unwrap_or_default();
    let followed = webhook.graph.follow_lifecycle(change, DAY);
    Ok(match followed.await? {
        Some(Lifecycle::Renewed(_)) => format!("{event}: renewed"),
        Some(Lifecycle::Removed) => format!("{event}: create a new subscription"),
        Some(Lifecycle::Missed) => format!("{event}: run a delta query"),
        Some(_) => format!("{event}: unknown"),
        None => {
            let kind = change.change_type.as_ref().map(ToString::to_string);
            let message: Option<Message> = notification.resource()?;
            let subject = message.and_then(|message| message.subject);
            format!(
                "{}: {}",
                kind.unwrap_or_default(),
                subject.unwrap_or_default()
            )
        }
    })
}

const DAY: Duration = Duration::from_secs(23 * 60 * 60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut std::io::stdout()).await
}

/// Lets a simulated Microsoft Graph call the webhook.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start().await?;
    let graph = Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .build()?;

    // The webhook must run before a client subscribes.
    let client_state = new_client_state();
    let (told, mut lines) = channel(16);
    let app = Router::new()
        .route("/webhook", post(webhook))
        .with_state(Arc::new(Webhook {
            graph: graph.clone(),
            receiver: Receiver::new(&graph)
                .client_state(client_state.clone())
                .application(&simulator.credentials().client_id)
                .decryption_key("certificate of 2026", KEY)?,
            told,
        }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhook", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let subscription = graph
        .subscriptions()
        .create(Subscription {
            resource: Some("/me/messages?$select=subject".into()),
            change_type: Some("created".into()),
            notification_url: Some(url.clone()),
            lifecycle_notification_url: Some(url),
            client_state: Some(client_state.expose().clone()),
            expiration_date_time: Some((SystemTime::now() + DAY).into()),
            include_resource_data: Some(true),
            encryption_certificate: Some(BASE64_STANDARD.encode(CERTIFICATE)),
            encryption_certificate_id: Some("certificate of 2026".into()),
            ..Default::default()
        })
        .await?;
    writeln!(out, "subscribed, and passed the validation handshake")?;

    let subject = |text: &str| Message {
        subject: Some(text.into()),
        ..Default::default()
    };
    graph
        .me()
        .messages()
        .create(subject("For your eyes"))
        .await?;
    writeln!(out, "{}", lines.recv().await.unwrap_or_default())?;

    simulator.forge(Forgery::Signature);
    graph
        .me()
        .messages()
        .create(subject("From a stranger"))
        .await?;
    writeln!(out, "{}", lines.recv().await.unwrap_or_default())?;

    let id = subscription.id.unwrap_or_default();
    for event in [
        msgraph_simulator::Lifecycle::ReauthorizationRequired,
        msgraph_simulator::Lifecycle::Missed,
        msgraph_simulator::Lifecycle::SubscriptionRemoved,
    ] {
        simulator.lifecycle(&id, event);
        writeln!(out, "{}", lines.recv().await.unwrap_or_default())?;
    }
    Ok(())
}
