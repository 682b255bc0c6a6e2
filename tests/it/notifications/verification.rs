//! Forged notifications, and the keys that detect them.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;
use msgraph::auth::AccessTokenCredential;
use msgraph::error::NotificationErrorKind;
use msgraph::models::Message;
use msgraph::notifications::{Notification, Receiver};
use msgraph::{CustomCloud, Error, Graph};
use msgraph_simulator::{Fault, Forgery};
use serde_json::{Value, json};

use super::{STATE, Webhook, client_of, key_requests, mail, minutes, receiver, subscribe};
use crate::support::recorder::{Answer, Recorder};
use crate::support::silent::SilentServer;
use crate::support::simulated::start;

#[track_caller]
fn refused(result: msgraph::Result<Vec<Notification>>) -> NotificationErrorKind {
    match result {
        Err(Error::Notification(error)) => error.kind(),
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// Returns a notification with a validation token that names this key as its signer.
fn with_token_of(key_id: &str) -> String {
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(json!({ "alg": "RS256", "typ": "JWT", "kid": key_id }));
    let token = format!("{header}.{}.{}", part(json!({})), part(json!("signature")));
    json!({ "value": [], "validationTokens": [token] }).to_string()
}

#[tokio::test]
async fn forged_tokens_cause_few_key_requests() {
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
async fn silent_key_server_does_not_block_notifications() {
    let silent = SilentServer::start().await;
    let graph = Graph::builder(AccessTokenCredential::new("token"));
    let graph = graph
        .cloud(CustomCloud::new(silent.url(), silent.url()))
        .build()
        .unwrap();
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
}

#[tokio::test]
async fn known_keys_survive_an_empty_key_set() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    subscribe(&graph, &webhook).await;
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

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#269, microsoftgraph/msgraph-sdk-java-core#1837.
#[tokio::test]
async fn forged_notifications_are_refused() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    subscribe(&graph, &webhook).await;
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
    let unverified = Receiver::new(&graph).client_state(STATE);
    assert_eq!(
        refused(unverified.receive(&body).await),
        NotificationErrorKind::Audience
    );
    let other = unverified
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

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#269, microsoftgraph/msgraph-sdk-java-core#1837.
#[tokio::test]
async fn unknown_key_is_requested_after_a_pause() {
    let (simulator, graph) = start().await;
    let mut webhook = Webhook::start().await;
    subscribe(&graph, &webhook).await;
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
