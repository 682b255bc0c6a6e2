//! Faults that users of other SDKs reported: change notifications. The simulator calls a webhook,
//! and the receiver reads, verifies and decrypts the notifications.

use super::*;

#[tokio::test]
async fn case_10_1_a_subscription_is_made_once_the_webhook_has_answered() {
    let (simulator, graph) = start().await;
    let webhook = Webhook::start().await;
    // The URL has its own query, and Graph validates the lifecycle URL as well. All responses were
    // right.
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
    // Secrets do not belong in logs.
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
    // The keys were requested once, and without a token.
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
    // Damaged content does not affect the rest of the payload.
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
    // An unknown key does not cause repeated requests.
    assert_eq!(key_requests(&simulator), 1);

    // The named application and tenant decide: none, another application, another tenant.
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
    // The token belongs to none of the notifications.
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

    // The platform is unavailable: the receiver may ask it again at once, and Graph may send the
    // notification again.
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

    // A day later the keys are requested again. If that fails, the old keys stay valid.
    tokio::time::pause();
    tokio::time::advance(minutes(25 * 60)).await;
    tokio::time::resume();
    simulator.fault(Fault::status(StatusCode::BAD_GATEWAY).at("/common/.well-known/*"));
    assert_eq!(receiver.receive(&body).await.unwrap().len(), 1);
    assert_eq!(key_requests(&simulator), 2);

    // Keys on another host do not belong to the platform.
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

    // The simulator sends the same event itself, together with a change.
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
