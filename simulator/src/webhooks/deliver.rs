//! The validation of a webhook, and the delivery of notifications.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Parcel;
use super::post::post;
use crate::core::Core;

/// The time in which a webhook must respond to the validation.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The time in which a webhook must respond to a notification.
const PATIENCE: Duration = Duration::from_secs(3);

/// The delays before a failed delivery is attempted again. Graph does so for up to four hours.
const AGAIN: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(4),
];

/// The characters that stay as they are in a query. A space becomes a `+`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b' ');

/// Checks whether the webhook at this URL returns the validation token.
pub(crate) async fn handshake(url: &str, request_id: &str) -> bool {
    let token = format!(
        "Validation: Testing client application reachability for subscription Request-Id: \
         {request_id}"
    );
    let encoded = utf8_percent_encode(&token, PLAIN).to_string();
    // The service writes hexadecimal digits in lower case.
    let encoded = encoded.replace("%3A", "%3a").replace(' ', "+");
    let joint = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{joint}validationToken={encoded}");
    let answer = post(&url, "text/plain; charset=utf-8", Bytes::new(), HANDSHAKE).await;
    answer.is_some_and(|answer| {
        answer.status == StatusCode::OK
            && answer.media_type == "text/plain"
            && answer.body == token.as_bytes()
    })
}

/// Delivers notifications, in order at each webhook, until the channel is closed.
pub(crate) async fn deliver(core: Arc<Core>, mut inbox: UnboundedReceiver<Parcel>) {
    let mut queues: HashMap<String, UnboundedSender<Parcel>> = HashMap::new();
    while let Some(parcel) = inbox.recv().await {
        let queue = queues.entry(parcel.url.clone()).or_insert_with(|| {
            let (sender, receiver) = unbounded_channel();
            tokio::spawn(queue(Arc::clone(&core), receiver));
            sender
        });
        // The queue lives as long as its sender.
        let _ = queue.send(parcel);
    }
}

async fn queue(core: Arc<Core>, mut inbox: UnboundedReceiver<Parcel>) {
    while let Some(parcel) = inbox.recv().await {
        let waits = AGAIN.into_iter().map(Some).chain([None]);
        for (attempt, wait) in (0..).zip(waits) {
            if !core.state().webhooks.awaits(&parcel) {
                break;
            }
            let text = Bytes::from(parcel.body.to_string());
            let media_type = "application/json; charset=utf-8";
            let answer = post(&parcel.url, media_type, text, PATIENCE).await;
            let status = answer.map(|answer| answer.status);
            core.state().webhooks.delivered(&parcel, status, attempt);
            match wait {
                Some(wait) if !status.is_some_and(|status| status.is_success()) => {
                    tokio::time::sleep(wait).await;
                }
                _ => break,
            }
        }
    }
}
