//! Tests of subscriptions and their notifications.

use std::time::{Duration, SystemTime};

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use hmac::{Hmac, Mac};
use http::StatusCode;
use msgraph_simulator::{Forgery, Lifecycle, Simulator};
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::signature::Verifier;
use rsa::{BigUint, Oaep, RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use crate::client::{Client, drive, start};
use crate::webhook::{Manner, Webhook};

/// Returns a time this many minutes ahead, by the simulator's clock.
async fn ahead(client: &mut Client, minutes: i64) -> String {
    let now = client.get("/organization").await.header("date").to_owned();
    let now = chrono::DateTime::parse_from_rfc2822(&now).unwrap();
    (now + chrono::TimeDelta::minutes(minutes)).to_rfc3339()
}

async fn subscription(
    client: &mut Client,
    webhook: &Webhook,
    resource: &str,
    changes: &str,
) -> Value {
    json!({
        "changeType": changes, "notificationUrl": webhook.url, "resource": resource,
        "expirationDateTime": ahead(client, 60).await, "clientState": "secret of ours",
    })
}

/// Subscribes, and forgets the validation request.
async fn subscribe(client: &mut Client, webhook: &Webhook, resource: &str, changes: &str) -> Value {
    let body = subscription(client, webhook, resource, changes).await;
    let made = client.post("/subscriptions", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    webhook.forget();
    made.json()
}

/// Returns the changes in a notification: kind and resource.
fn told(body: &Value) -> Vec<(String, String)> {
    let text = |told: &Value, name: &str| told[name].as_str().unwrap().to_owned();
    let value = body["value"].as_array().unwrap().iter();
    value
        .map(|told| (text(told, "changeType"), text(told, "resource")))
        .collect()
}

#[tokio::test]
async fn webhook_must_validate_its_subscription() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    let mut body = subscription(&mut client, &webhook, "/me/messages", "created").await;
    body["notificationUrl"] = json!(format!("{}?tenant=1", webhook.url));
    body["lifecycleNotificationUrl"] = json!(format!("{}/life", webhook.url));
    let made = client.post("/subscriptions", body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    assert_eq!(
        made.json()["applicationId"],
        simulator.credentials().client_id
    );
    assert_eq!(made.json()["creatorId"], simulator.credentials().user_id);
    let asked = webhook.got();
    assert_eq!(asked.len(), 2);
    assert!(
        asked[0]
            .target
            .starts_with("/hook?tenant=1&validationToken=Validation%3a+Testing+"),
        "{asked:?}"
    );
    assert!(
        asked[1].target.starts_with("/hook/life?validationToken="),
        "{asked:?}"
    );
    assert_eq!(
        (asked[0].media_type.as_str(), asked[0].body.len()),
        ("text/plain; charset=utf-8", 0)
    );
    for manner in [Manner::Encoded, Manner::Html, Manner::Failing] {
        webhook.behave(manner);
        let refused = client.post("/subscriptions", body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{manner:?}");
        assert_eq!(refused.error().0, "InvalidRequest");
        assert!(
            refused
                .error()
                .1
                .starts_with("Subscription validation request failed.")
        );
    }
    // In a batch, each part has its own validation request.
    webhook.behave(Manner::Good);
    let part = |id: u32| {
        json!({ "id": id.to_string(), "method": "POST", "url": "/subscriptions",
        "headers": { "Content-Type": "application/json" }, "body": body })
    };
    let both = client
        .post("/$batch", json!({ "requests": [part(1), part(2)] }))
        .await
        .json();
    let statuses: Vec<_> = both["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["status"].clone())
        .collect();
    assert_eq!(statuses, [201, 201]);
}

#[tokio::test]
async fn invalid_subscriptions_are_refused() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    let good = subscription(&mut client, &webhook, "/me/messages", "created").await;
    let far = ahead(&mut client, 10_075).await;
    let hours = ahead(&mut client, 120).await;
    let past = ahead(&mut client, -1).await;
    let team = client.get("/teams").await.names("id").remove(0);
    let channels = format!("/teams/{team}/channels");
    let root = format!("{}/root", drive(&mut client).await);
    for (name, value, code) in [
        ("changeType", json!("renamed"), "InvalidRequest"),
        ("resource", json!("/me/nothing"), "BadRequest"),
        (
            "resource",
            json!("/users/none@contoso.com/messages"),
            "Request_ResourceNotFound",
        ),
        ("resource", json!(root), "InvalidRequest"),
        (
            "notificationUrl",
            json!("http://contoso.com/hook"),
            "InvalidRequest",
        ),
        ("notificationUrl", Value::Null, "InvalidRequest"),
        ("clientState", json!("x".repeat(129)), "InvalidRequest"),
        ("expirationDateTime", json!(far), "ExtensionError"),
        ("expirationDateTime", json!(past), "InvalidRequest"),
        ("includeResourceData", json!(true), "InvalidRequest"),
    ] {
        let mut body = good.clone();
        body[name] = value.clone();
        let refused = client.post("/subscriptions", body).await;
        assert!(
            refused.status.is_client_error(),
            "{name} {value}: {}",
            refused.status
        );
        assert_eq!(
            refused.error().0,
            code,
            "{name} {value}: {}",
            refused.error().1
        );
    }
    let mut body = good.clone();
    (body["resource"], body["expirationDateTime"]) = (json!(channels), json!(hours));
    let refused = client.post("/subscriptions", body.clone()).await;
    assert!(
        refused
            .error()
            .1
            .starts_with("lifecycleNotificationUrl is a required property")
    );
    body["lifecycleNotificationUrl"] = json!(webhook.url);
    assert_eq!(
        client.post("/subscriptions", body).await.status,
        StatusCode::CREATED
    );
    assert_eq!(client.get("/subscriptions").await.names("id").len(), 1);
}

#[tokio::test]
async fn subscription_is_renewed_and_ended() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    let made = subscribe(&mut client, &webhook, "me/messages", "created").await;
    let url = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    let later = json!({ "expirationDateTime": ahead(&mut client, 600).await });
    let renewed = client.patch(&url, later).await;
    assert_eq!(renewed.status, StatusCode::OK);
    assert!(
        renewed.json()["expirationDateTime"].as_str().unwrap()
            > made["expirationDateTime"].as_str().unwrap()
    );
    assert_eq!(
        client
            .patch(&url, json!({ "clientState": "x" }))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    let again = client
        .send(http::Method::POST, &format!("{url}/reauthorize"), &[], "")
        .await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    // The shortest lifetime of a subscription is 45 minutes.
    let mut short = subscription(&mut client, &webhook, "me/messages", "created").await;
    short["expirationDateTime"] = json!(ahead(&mut client, 1).await);
    let short = client.post("/subscriptions", short).await.json();
    assert!(short["expirationDateTime"].as_str().unwrap() > ahead(&mut client, 40).await.as_str());
    assert_eq!(client.delete(&url).await.status, StatusCode::NO_CONTENT);
    simulator.advance(Duration::from_secs(46 * 60));
    assert_eq!(client.get("/subscriptions").await.names("id").len(), 0);
    webhook.forget();
    client
        .post("/me/messages", json!({ "subject": "unwatched" }))
        .await;
    assert_eq!(simulator.deliveries().len(), 0);
}

#[tokio::test]
async fn changes_are_sent_to_the_webhook() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    let user = simulator.credentials().user_id.clone();
    let made = subscribe(
        &mut client,
        &webhook,
        "/me/mailFolders('inbox')/messages",
        "created,updated,deleted",
    )
    .await;
    let inbox = "/me/mailFolders/inbox/messages";
    let message = client.post(inbox, json!({ "subject": "New" })).await.json();
    let id = message["id"].as_str().unwrap();
    let url = format!("/me/messages/{}", id.replace('=', "%3D"));
    client.patch(&url, json!({ "isRead": true })).await;
    client.delete(&url).await;
    // Changes outside of the watched folder send no notification.
    client
        .post("/me/messages", json!({ "subject": "A draft" }))
        .await;
    client
        .post("/me/events", json!({ "subject": "An event" }))
        .await;
    let bodies = webhook.notified(3).await;
    let resource = format!("Users/{user}/Messages/{id}");
    let all: Vec<_> = bodies.iter().flat_map(told).collect();
    assert_eq!(
        all,
        ["created", "updated", "deleted"].map(|change| (change.to_owned(), resource.clone()))
    );
    let first = &bodies[0]["value"][0];
    assert_eq!(first["subscriptionId"], made["id"]);
    assert_eq!(first["clientState"], "secret of ours");
    assert_eq!(first["tenantId"], simulator.credentials().tenant_id);
    assert_eq!(
        first["resourceData"]["@odata.type"],
        "#Microsoft.Graph.Message"
    );
    assert_eq!(first["resourceData"]["id"], id);
    assert!(bodies[0].get("validationTokens").is_none());
    assert_eq!(simulator.deliveries()[0].status, Some(StatusCode::ACCEPTED));
}

#[tokio::test]
async fn delivered_mail_is_notified_to_recipient() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    let inbox = "/users/bruno@contoso.com/mailFolders/inbox/messages";
    subscribe(&mut client, &webhook, inbox, "created").await;
    let to = json!([{ "emailAddress": { "address": "bruno@contoso.com" } }]);
    let mail = json!({ "message": { "subject": "Hello", "toRecipients": to } });
    let sent = client.post("/me/sendMail", mail).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);
    let copy = client.get(inbox).await.json()["value"][0].clone();
    let told = &webhook.notified(1).await[0]["value"][0];
    assert_eq!(
        (&told["changeType"], &told["resourceData"]["id"]),
        (&json!("created"), &copy["id"])
    );
}

/// Returns the notifications of an action.
async fn told_of(resource: &str, act: impl FnOnce(&Simulator)) -> Vec<(String, String)> {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    let resource = resource.replace("{drive}", &drive(&mut client).await);
    let files = resource.starts_with("/drives");
    let changes = if files {
        "updated"
    } else {
        "created,updated,deleted"
    };
    subscribe(&mut client, &webhook, &resource, changes).await;
    act(&simulator);
    told(&webhook.notified(1).await[0])
}

#[tokio::test]
async fn notifications_have_each_services_form() {
    let user = |simulator: &Simulator| simulator.credentials().user_id.clone();
    let delete = |simulator: &Simulator| {
        simulator
            .delete(&format!("/users/{}", user(simulator)))
            .unwrap();
    };
    let change = |simulator: &Simulator| {
        let city = json!({ "city": "Rome" });
        simulator.update("/users/adele@contoso.com", city).unwrap();
    };
    // The directory reports a new user as updated, and also a deleted one that can be restored.
    for told in [
        told_of("/users", delete).await,
        told_of("/users", change).await,
    ] {
        assert!(
            matches!(
                told.as_slice(),
                [(change, id)] if change == "updated" && id.starts_with("users/")
            ),
            "{told:?}"
        );
    }
    let purge = |simulator: &Simulator| {
        let id = user(simulator);
        simulator.delete(&format!("/users/{id}")).unwrap();
        simulator
            .delete(&format!("/directory/deletedItems/{id}"))
            .unwrap();
    };
    assert_eq!(told_of("/users", purge).await.len(), 1);
    // A drive only reports that its content has changed.
    let folder = |simulator: &Simulator| {
        let folder = json!({ "name": "New", "folder": {} });
        simulator.create("/me/drive/root/children", folder).unwrap();
    };
    let told = told_of("{drive}/root", folder).await;
    assert!(
        matches!(
            told.as_slice(),
            [(change, root)] if change == "updated" && root.ends_with("/root")
        ),
        "{told:?}"
    );
    // The subscription covers all messages of all chats.
    let chat = |simulator: &Simulator| {
        let members = ["adele", "bruno"].map(|name| {
            json!({
                "@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": ["owner"],
                "user@odata.bind": format!("/users/{name}@contoso.com"),
            })
        });
        let chat = simulator
            .create(
                "/chats",
                json!({ "chatType": "oneOnOne", "members": members }),
            )
            .unwrap();
        let chat = chat["id"].as_str().unwrap().replace('@', "%40");
        let message = json!({ "body": { "content": "Hello" } });
        simulator
            .create(&format!("/chats/{chat}/messages"), message)
            .unwrap();
    };
    let told = told_of("/chats/getAllMessages", chat).await;
    assert!(
        matches!(
            told.as_slice(),
            [(change, message)] if change == "created" && message.starts_with("chats('19:")
        ),
        "{told:?}"
    );
    // With a filter, only matching messages are reported.
    let mail = |simulator: &Simulator| {
        for importance in ["low", "high"] {
            let message = json!({ "importance": importance, "subject": importance });
            simulator.create("/me/messages", message).unwrap();
        }
    };
    assert_eq!(
        told_of("/me/messages?$filter=importance%20eq%20'high'", mail)
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn failing_webhook_is_called_again() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    subscribe(&mut client, &webhook, "/me/contacts", "created").await;
    webhook.behave(Manner::Failing);
    client
        .post("/me/contacts", json!({ "displayName": "Mona" }))
        .await;
    let first = webhook.notified(1).await;
    webhook.behave(Manner::Good);
    let bodies = webhook.notified(2).await;
    assert_eq!(bodies[1], first[0]);
    while simulator.deliveries().len() < 2 {
        tokio::task::yield_now().await;
    }
    let statuses: Vec<_> = simulator
        .deliveries()
        .iter()
        .map(|delivery| (delivery.attempt, delivery.status))
        .collect();
    assert_eq!(
        statuses,
        [
            (0, Some(StatusCode::SERVICE_UNAVAILABLE)),
            (1, Some(StatusCode::ACCEPTED))
        ]
    );
}

#[tokio::test]
async fn lifecycle_events_are_sent() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    let mut body = subscription(&mut client, &webhook, "/me/contacts", "created").await;
    body["lifecycleNotificationUrl"] = json!(webhook.url);
    let made = client.post("/subscriptions", body).await.json();
    let id = made["id"].as_str().unwrap();
    let events = [
        Lifecycle::ReauthorizationRequired,
        Lifecycle::Missed,
        Lifecycle::SubscriptionRemoved,
    ];
    for event in events {
        assert!(simulator.lifecycle(id, event));
    }
    assert!(
        !simulator.lifecycle(id, Lifecycle::Missed),
        "it is no longer there"
    );
    let bodies = webhook.notified(3).await;
    let words: Vec<_> = bodies
        .iter()
        .map(|body| body["value"][0]["lifecycleEvent"].clone())
        .collect();
    assert_eq!(
        words,
        ["reauthorizationRequired", "missed", "subscriptionRemoved"]
    );
    assert_eq!(bodies[0]["value"][0]["clientState"], "secret of ours");
    assert_eq!(
        client.get(&format!("/subscriptions/{id}")).await.status,
        StatusCode::NOT_FOUND
    );
}

const CERTIFICATE: &[u8] = include_bytes!("subscriber/certificate.der");
const KEY: &[u8] = include_bytes!("subscriber/key.der");

async fn subscribe_rich(client: &mut Client, webhook: &Webhook) {
    let mut body = subscription(client, webhook, "/me/messages?$select=subject", "created").await;
    body["includeResourceData"] = json!(true);
    body["encryptionCertificate"] = json!(STANDARD.encode(CERTIFICATE));
    body["encryptionCertificateId"] = json!("ours");
    let made = client.post("/subscriptions", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    webhook.forget();
}

/// Decrypts as a subscriber must. Returns `None` if the signature does not match.
fn decrypted(content: &Value) -> Option<Value> {
    let bytes = |name: &str| STANDARD.decode(content[name].as_str().unwrap()).unwrap();
    let private = RsaPrivateKey::from_pkcs8_der(KEY).unwrap();
    let key = private
        .decrypt(Oaep::new::<Sha1>(), &bytes("dataKey"))
        .unwrap();
    let mut signature = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    signature.update(&bytes("data"));
    signature.verify_slice(&bytes("dataSignature")).ok()?;
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&key, &key[..16]).unwrap();
    let text = cipher
        .decrypt_padded_vec_mut::<Pkcs7>(&bytes("data"))
        .unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

/// Returns the claims of a token, and whether it is signed with a published key.
async fn checked(client: &mut Client, simulator: &Simulator, token: &str) -> (Value, bool) {
    let configuration = format!(
        "{}/common/v2.0/.well-known/openid-configuration",
        simulator.login_url()
    );
    let keys = client.get(&configuration).await.json()["jwks_uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let keys = client.get(&keys).await.json();
    let parts: Vec<_> = token.split('.').collect();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let claims = serde_json::from_slice(&decode(parts[1])).unwrap();
    let found = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"]);
    let good = found.is_some_and(|key| {
        let number = |name: &str| BigUint::from_bytes_be(&decode(key[name].as_str().unwrap()));
        let public = RsaPublicKey::new(number("n"), number("e")).unwrap();
        let signed = format!("{}.{}", parts[0], parts[1]);
        let signature = Signature::try_from(decode(parts[2]).as_slice());
        signature.is_ok_and(|signature| {
            VerifyingKey::<Sha256>::new(public)
                .verify(signed.as_bytes(), &signature)
                .is_ok()
        })
    });
    (claims, good)
}

#[tokio::test]
async fn resource_data_is_sent_encrypted() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    subscribe_rich(&mut client, &webhook).await;
    client
        .post("/me/messages", json!({ "subject": "For your eyes" }))
        .await;
    let body = webhook.notified(1).await.remove(0);
    let content = &body["value"][0]["encryptedContent"];
    assert_eq!(content["encryptionCertificateId"], "ours");
    let resource = decrypted(content).unwrap();
    assert_eq!(
        (&resource["subject"], resource.get("isDraft")),
        (&json!("For your eyes"), None)
    );
    let (claims, good) = checked(
        &mut client,
        &simulator,
        body["validationTokens"][0].as_str().unwrap(),
    )
    .await;
    assert!(good);
    let credentials = simulator.credentials();
    assert_eq!(claims["aud"], credentials.client_id);
    assert_eq!(
        claims["iss"],
        format!("https://sts.windows.net/{}/", credentials.tenant_id)
    );
    assert_eq!(claims["appid"], "0bf30f3b-4a52-48df-9a82-234910c4a086");
    assert!(claims["exp"].as_i64() > claims["nbf"].as_i64());
}

#[tokio::test]
async fn forged_notifications_are_sent_on_request() {
    let (simulator, webhook) = (start().await, Webhook::start().await);
    let mut client = Client::user(&simulator).await;
    subscribe_rich(&mut client, &webhook).await;
    for forgery in [
        Forgery::ClientState,
        Forgery::Content,
        Forgery::Certificate,
        Forgery::Missing,
        Forgery::OtherTenant,
        Forgery::Repeated,
        Forgery::Signature,
        Forgery::Unsigned,
        Forgery::Audience,
        Forgery::Issuer,
        Forgery::Publisher,
        Forgery::Expired,
    ] {
        webhook.forget();
        simulator.forge(forgery);
        client.post("/me/messages", json!({ "subject": "x" })).await;
        let requests = if forgery == Forgery::Repeated { 2 } else { 1 };
        let bodies = webhook.notified(requests).await;
        let body = &bodies[0];
        let first = &body["value"][0];
        let now = chrono::DateTime::<chrono::Utc>::from(SystemTime::now()).timestamp();
        let (claims, good) = match body["validationTokens"][0].as_str() {
            Some(token) => checked(&mut client, &simulator, token).await,
            None => (Value::Null, false),
        };
        let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        let shows = match forgery {
            Forgery::ClientState => first["clientState"] != "secret of ours",
            Forgery::Content => decrypted(&first["encryptedContent"]).is_none(),
            Forgery::Certificate => first["encryptedContent"]["encryptionCertificateId"] != "ours",
            Forgery::Missing => claims.is_null(),
            Forgery::OtherTenant => body["value"][1]["tenantId"] != first["tenantId"],
            Forgery::Repeated => bodies[0] == bodies[1],
            Forgery::Signature | Forgery::Unsigned => !good,
            Forgery::Audience => text("aud") != simulator.credentials().client_id,
            Forgery::Issuer => !text("iss").contains(&simulator.credentials().tenant_id),
            Forgery::Publisher => !text("appid").starts_with("0bf30f3b"),
            Forgery::Expired => claims["exp"].as_i64().unwrap() < now,
            other => panic!("{other:?}"),
        };
        assert!(shows, "{forgery:?}: {body}");
        let of_the_token = [Forgery::Missing, Forgery::Signature, Forgery::Unsigned];
        assert_eq!(good, !of_the_token.contains(&forgery), "{forgery:?}");
    }
}
