use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, start};

async fn state(client: &mut Client) -> (Value, Value) {
    let presence = client.get("/me/presence").await.json();
    (
        presence["availability"].clone(),
        presence["activity"].clone(),
    )
}

#[tokio::test]
async fn presence_follows_sessions_and_preference() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let me = client.get("/me").await.json()["id"].clone();
    assert_eq!(state(&mut client).await.0, "Offline");
    let call = json!({
        "sessionId": "22553876-f5ab-4529-bffb-cfe50aa89f87", "availability": "Busy",
        "activity": "InACall", "expirationDuration": "PT1H",
    });
    let set = client.post("/me/presence/setPresence", call.clone()).await;
    assert!(set.status.is_success(), "{:?}", set.body);
    assert_eq!(state(&mut client).await, (json!("Busy"), json!("InACall")));
    let away = json!({ "availability": "Away", "activity": "Away" });
    client
        .post("/me/presence/setUserPreferredPresence", away)
        .await;
    assert_eq!(state(&mut client).await.0, "Away");
    let asked = json!({ "ids": [me] });
    let all = client
        .post("/communications/getPresencesByUserId", asked)
        .await;
    assert_eq!(all.names("availability"), ["Away"]);
    assert_eq!(all.json()["value"][0]["id"], me);
    client
        .post("/me/presence/clearUserPreferredPresence", json!({}))
        .await;
    assert_eq!(state(&mut client).await.0, "Busy");

    simulator.advance(Duration::from_secs(3_601));
    client.token = Some(simulator.user_token());
    assert_eq!(
        state(&mut client).await.0,
        "Offline",
        "the session has expired"
    );
    client.post("/me/presence/setPresence", call.clone()).await;
    let end = json!({ "sessionId": call["sessionId"] });
    let cleared = client.post("/me/presence/clearPresence", end.clone()).await;
    assert!(cleared.status.is_success());
    assert_eq!(state(&mut client).await.0, "Offline");
    let again = client.post("/me/presence/clearPresence", end).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let mut invalid = call;
    invalid["activity"] = json!("Sleeping");
    let refused = client.post("/me/presence/setPresence", invalid).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}
