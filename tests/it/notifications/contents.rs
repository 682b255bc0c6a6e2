//! The content of a notification.

use std::sync::Arc;

use msgraph::models::{ChangeNotificationCollection, ChangeType, LifecycleEventType, Message};
use msgraph::notifications::Receiver;
use msgraph::{Error, Model};
use serde_json::json;

use super::{STATE, Webhook, key_requests, mail, receiver, subscribe};
use crate::support::simulated::start;

#[tokio::test]
async fn receiver_is_shared_by_threads() {
    let (simulator, graph) = start().await;
    let receiver = Arc::new(receiver(&simulator, &graph));
    let shown = format!("{receiver:?}");
    assert!(!shown.contains(STATE) && shown.contains("ours"), "{shown}");
    let other = Arc::clone(&receiver);
    let received = tokio::spawn(async move { other.receive(r#"{"value":[]}"#).await });
    assert!(received.await.unwrap().unwrap().is_empty());
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1974.
#[tokio::test]
async fn notification_payload_is_read_by_serde() {
    let text = json!({"value": [
        {
            "id": "1", "subscriptionId": "76222963-cc7b-42d2-882d-8aaa69cb2ba3",
            "clientState": STATE,
            "subscriptionExpirationDateTime": "2026-11-20T18:23:45.9356913Z",
            "changeType": "created",
            "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95", "resource": "Users/1/Messages/AAMk",
            "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": "AAMk", "more": [1]},
        },
        {
            "subscriptionId": "76222963-cc7b-42d2-882d-8aaa69cb2ba3", "clientState": STATE,
            "changeType": "renamed",
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

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#269.
#[tokio::test]
async fn resource_data_is_decrypted() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    subscribe(&graph, &webhook).await;
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
