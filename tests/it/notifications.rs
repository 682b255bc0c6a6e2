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
async fn case_10_1_a_subscription_is_made_once_the_webhook_has_answered() {
    let (simulator, graph) = start().await;
    let webhook = Webhook::start().await;
    // The URL has a query of its own, and the lifecycle URL is asked as well: all answers were right.
    let made = graph
        .subscriptions()
        .create(subscription(&webhook))
        .await
        .unwrap();
    assert!(made.id.is_some());
    assert_eq!(made.notification_url.as_deref(), Some(&*webhook.url));
    graph
        .subscriptions()
        .id(&made.id.unwrap())
        .delete()
        .await
        .unwrap();
    drop(simulator);
}

#[tokio::test]
async fn case_10_2_a_payload_is_ordinary_serde() {
    let text = json!({"value": [
        {
            "id": "1", "subscriptionId": "76222963-cc7b-42d2-882d-8aaa69cb2ba3", "clientState": STATE,
            "subscriptionExpirationDateTime": "2026-11-20T18:23:45.9356913Z", "changeType": "created",
            "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95", "resource": "Users/1/Messages/AAMk",
            "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": "AAMk", "more": [1]},
        },
        {
            "subscriptionId": "76222963-cc7b-42d2-882d-8aaa69cb2ba3", "clientState": STATE, "changeType": "renamed",
            "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95", "lifecycleEvent": "missed",
        },
    ]});
    let collection: ChangeNotificationCollection = serde_json::from_value(text.clone()).unwrap();
    let [first, second] = collection.value.as_deref().unwrap() else {
        panic!("{collection:?}");
    };
    assert_eq!(first.change_type, Some(ChangeType::Created));
    let data = first.resource_data.as_ref().unwrap();
    assert_eq!(data.odata_type(), Some("#Microsoft.Graph.Message"));
    assert_eq!(
        (&data.extra["id"], &data.extra["more"]),
        (&json!("AAMk"), &json!([1]))
    );
    assert_eq!(
        second.change_type,
        Some(ChangeType::Unknown("renamed".into()))
    );
    assert_eq!(second.lifecycle_event, Some(LifecycleEventType::Missed));
    assert_eq!(serde_json::to_value(&collection).unwrap(), text);
    // Secrets are not for logs.
    let tokens = ChangeNotificationCollection {
        validation_tokens: Some(vec!["eyJ0b2tlbg".into()]),
        ..collection
    };
    let shown = format!("{tokens:?}");
    assert!(
        !shown.contains(STATE) && !shown.contains("eyJ0b2tlbg"),
        "{shown}"
    );

    let (_simulator, graph) = start().await;
    let received = Receiver::new(&graph)
        .client_state(STATE)
        .receive(text.to_string())
        .await
        .unwrap();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].resource::<Message>().unwrap(), None);
    for bad in ["", "[]", "{", r#"{"value":[1]}"#] {
        let result = Receiver::new(&graph).receive(bad).await;
        assert!(matches!(result, Err(Error::Decode(_))), "{bad}: {result:?}");
    }
    let nothing = Receiver::new(&graph).receive("{}").await.unwrap();
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn case_10_4_the_resource_comes_along_decrypted() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    graph
        .subscriptions()
        .create(subscription(&webhook))
        .await
        .unwrap();
    let receiver = receiver(&simulator, &graph);
    for subject in ["For your eyes", "Für dich"] {
        mail(&graph, subject).await;
        let received = receiver.receive(webhook.next().await).await.unwrap();
        let [notification] = received.as_slice() else {
            panic!("{received:?}");
        };
        assert_eq!(notification.change.change_type, Some(ChangeType::Created));
        let message: Message = notification.resource().unwrap().unwrap();
        assert_eq!(message.subject.as_deref(), Some(subject));
        let shown = format!("{notification:?}");
        assert!(
            !shown.contains(STATE) && !shown.contains(subject),
            "{shown}"
        );
    }
    // The keys were asked for once, and without a token.
    assert_eq!(key_requests(&simulator), 1);
    let requests = simulator.requests();
    let asked = requests
        .iter()
        .find(|request| request.path().ends_with("/keys"))
        .unwrap();
    assert_eq!(
        (asked.header("authorization"), asked.header("sdkversion")),
        (None, None)
    );
}

#[tokio::test]
async fn case_10_3_forged_notifications_are_refused() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    graph
        .subscriptions()
        .create(subscription(&webhook))
        .await
        .unwrap();
    let receiver = receiver(&simulator, &graph);
    for (forgery, kind) in [
        (Forgery::ClientState, NotificationErrorKind::ClientState),
        (Forgery::Signature, NotificationErrorKind::Signature),
        (Forgery::Unsigned, NotificationErrorKind::Malformed),
        (Forgery::Key, NotificationErrorKind::UnknownKey),
        (Forgery::Audience, NotificationErrorKind::Audience),
        (Forgery::Issuer, NotificationErrorKind::Issuer),
        (Forgery::Publisher, NotificationErrorKind::Publisher),
        (Forgery::Expired, NotificationErrorKind::Expired),
        (Forgery::Missing, NotificationErrorKind::MissingToken),
        (Forgery::OtherTenant, NotificationErrorKind::MissingToken),
    ] {
        simulator.forge(forgery);
        mail(&graph, "x").await;
        let received = receiver.receive(webhook.next().await).await;
        assert_eq!(refused(received), kind, "{forgery:?}");
    }
    // What is only the content's fault leaves the rest of the payload as good as it is.
    for (forgery, kind) in [
        (Forgery::Content, NotificationErrorKind::Content),
        (
            Forgery::Certificate,
            NotificationErrorKind::UnknownCertificate,
        ),
    ] {
        simulator.forge(forgery);
        mail(&graph, "x").await;
        let received = receiver.receive(webhook.next().await).await.unwrap();
        let Err(Error::Notification(error)) = received[0].resource::<Message>() else {
            panic!("{received:?}");
        };
        assert_eq!(error.kind(), kind, "{forgery:?}");
    }
    simulator.forge(Forgery::Repeated);
    mail(&graph, "twice").await;
    for _ in 0..2 {
        let received = receiver.receive(webhook.next().await).await.unwrap();
        assert_eq!(received.len(), 1);
    }
    // An unknown key makes nobody ask again and again.
    assert_eq!(key_requests(&simulator), 1);

    // Who is named decides: nobody, another application, another tenant.
    mail(&graph, "x").await;
    let body = webhook.next().await;
    let nobody = Receiver::new(&graph).client_state(STATE);
    assert_eq!(
        refused(nobody.receive(&body).await),
        NotificationErrorKind::Audience
    );
    let other = nobody
        .clone()
        .application("11111111-2222-4333-8444-555555555555");
    assert_eq!(
        refused(other.receive(&body).await),
        NotificationErrorKind::Audience
    );
    let other = receiver
        .clone()
        .tenant("11111111-2222-4333-8444-555555555555");
    assert_eq!(
        refused(other.receive(&body).await),
        NotificationErrorKind::Tenant
    );
    let ours = receiver.tenant(simulator.credentials().tenant_id.to_uppercase());
    assert_eq!(ours.receive(&body).await.unwrap().len(), 1);
    // A token without anything that it is for.
    let mut lone: Value = serde_json::from_slice(&body).unwrap();
    lone["value"] = json!([]);
    assert_eq!(
        refused(ours.receive(lone.to_string()).await),
        NotificationErrorKind::Tenant
    );
}

#[tokio::test]
async fn case_10_3_new_keys_are_asked_for_after_a_while() {
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

    // The platform is away: it may be asked again at once, and so may Graph.
    simulator.fault(Fault::status(StatusCode::SERVICE_UNAVAILABLE).at("/common/.well-known/*"));
    let error = receiver.receive(&body).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");

    let none = Fault::answer(
        StatusCode::OK,
        r#"{"keys":[{"kty":"EC","kid":"x"},{"kty":"RSA","kid":"y","n":"AQ","e":"AQAB"}]}"#,
    );
    simulator.fault(none.at("/common/discovery/*"));
    assert_eq!(
        refused(receiver.receive(&body).await),
        NotificationErrorKind::UnknownKey
    );
    assert_eq!(
        refused(receiver.receive(&body).await),
        NotificationErrorKind::UnknownKey
    );
    assert_eq!(key_requests(&simulator), 1);
    tokio::time::pause();
    tokio::time::advance(minutes(6)).await;
    tokio::time::resume();
    assert_eq!(receiver.receive(&body).await.unwrap().len(), 1);
    assert_eq!(key_requests(&simulator), 2);

    // A day later they are asked for again, and where they cannot be had, the old ones are good.
    tokio::time::pause();
    tokio::time::advance(minutes(25 * 60)).await;
    tokio::time::resume();
    simulator.fault(Fault::status(StatusCode::BAD_GATEWAY).at("/common/.well-known/*"));
    assert_eq!(receiver.receive(&body).await.unwrap().len(), 1);
    assert_eq!(key_requests(&simulator), 2);

    // Keys of another host are not the platform's.
    let elsewhere = Receiver::new(&graph).client_state(STATE).application("x");
    let moved = Fault::answer(StatusCode::OK, r#"{"jwks_uri":"http://127.0.0.1:1/keys"}"#);
    simulator.fault(moved.at("/common/.well-known/*"));
    let error = elsewhere.receive(&body).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
}

#[tokio::test]
async fn case_10_5_lifecycle_events_come_in_any_order_and_kind() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    let made = graph
        .subscriptions()
        .create(subscription(&webhook))
        .await
        .unwrap();
    let id = made.id.clone().unwrap();
    let told = |event: &str| {
        json!({
            "subscriptionId": id, "subscriptionExpirationDateTime": "2026-11-20T18:23:45Z", "clientState": STATE,
            "tenantId": simulator.credentials().tenant_id, "lifecycleEvent": event,
        })
    };
    let words = [
        "missed",
        "reauthorizationRequired",
        "somethingNew",
        "subscriptionRemoved",
    ];
    let body = json!({ "value": words.map(told) });
    let receiver = receiver(&simulator, &graph);
    let received = receiver.receive(body.to_string()).await.unwrap();
    let events: Vec<_> = received
        .iter()
        .map(|one| one.change.lifecycle_event.clone().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            LifecycleEventType::Missed,
            LifecycleEventType::ReauthorizationRequired,
            LifecycleEventType::Unknown("somethingNew".into()),
            LifecycleEventType::SubscriptionRemoved,
        ]
    );
    let mut followed = Vec::new();
    for notification in &received {
        let step = graph
            .follow_lifecycle(&notification.change, minutes(180))
            .await
            .unwrap();
        followed.push(step.unwrap());
    }
    let [
        Lifecycle::Missed,
        Lifecycle::Renewed(renewed),
        Lifecycle::Unknown(word),
        Lifecycle::Removed,
    ] = followed.as_slice()
    else {
        panic!("{followed:?}");
    };
    assert_eq!(word, "somethingNew");
    assert!(renewed.expiration_date_time > made.expiration_date_time);

    // The same from the service itself, and a change among it.
    assert!(simulator.lifecycle(&id, simulator::Lifecycle::SubscriptionRemoved));
    let received = receiver.receive(webhook.next().await).await.unwrap();
    let step = graph
        .follow_lifecycle(&received[0].change, minutes(60))
        .await
        .unwrap();
    assert_eq!(step, Some(Lifecycle::Removed));
    let change = msgraph::models::ChangeNotification::default();
    assert_eq!(
        graph.follow_lifecycle(&change, minutes(60)).await.unwrap(),
        None
    );
    // What is gone cannot be renewed.
    let again = received[0].change.clone();
    let again = msgraph::models::ChangeNotification {
        lifecycle_event: Some(LifecycleEventType::ReauthorizationRequired),
        ..again
    };
    let error = graph
        .follow_lifecycle(&again, minutes(60))
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
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
