//! Subscriptions: created, renewed and lost.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use msgraph::models::{LifecycleEventType, Subscription};
use msgraph::notifications::Lifecycle;
use serde_json::json;

use super::{STATE, Webhook, client_of, minutes, receiver, subscribe};
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulated::start;

#[tokio::test]
async fn subscription_is_renewed_before_it_expires() {
    let (simulator, graph) = start().await;
    let webhook = Webhook::start().await;
    let made = subscribe(&graph, &webhook).await;
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
async fn renewals_pause_for_any_granted_expiry() {
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

// Reported: microsoftgraph/microsoft-graph-docs#9660.
#[tokio::test]
async fn subscription_is_created_after_webhook_validation() {
    let (simulator, graph) = start().await;
    let webhook = Webhook::start().await;
    // The URL has its own query, and Graph validates the lifecycle URL as well. All responses were
    // right.
    let made = subscribe(&graph, &webhook).await;
    assert!(made.id.is_some());
    assert_eq!(made.notification_url.as_deref(), Some(&*webhook.url));
    graph
        .subscriptions()
        .id(made.id.unwrap())
        .delete()
        .await
        .unwrap();
    drop(simulator);
}

// Reported: microsoftgraph/microsoft-graph-docs#15533, microsoftgraph/microsoft-graph-docs#20836.
#[tokio::test]
async fn lifecycle_events_of_any_kind_are_handled() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    let made = subscribe(&graph, &webhook).await;
    let id = made.id.clone().unwrap();
    let told = |event: &str| {
        json!({
            "subscriptionId": id, "subscriptionExpirationDateTime": "2026-11-20T18:23:45Z",
            "clientState": STATE,
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

    // The simulator sends the same event itself, together with a change.
    assert!(simulator.lifecycle(&id, msgraph_simulator::Lifecycle::SubscriptionRemoved));
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
    // A subscription that is gone cannot be renewed.
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
