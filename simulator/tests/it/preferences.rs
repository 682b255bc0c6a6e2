//! Tests of `Prefer`, conditions, and the headers of the responses.

use http::{Method, StatusCode};
use serde_json::json;

use crate::client::{Client, start};

#[tokio::test]
async fn event_times_use_the_preferred_zone() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (name, start) in [
        ("Pacific Standard Time", "2026-03-02T02:00:00.0000000"),
        ("Europe/Berlin", "2026-03-02T11:00:00.0000000"),
    ] {
        let prefer = format!("outlook.timezone=\"{name}\"");
        let page = client
            .send(Method::GET, "/me/events?$top=1", &[("prefer", &prefer)], "")
            .await;
        assert_eq!(page.json()["value"][0]["start"]["dateTime"], start);
        assert_eq!(page.header("preference-applied"), prefer);
    }
    let wrong = [("prefer", "outlook.timezone=\"Moon Standard Time\"")];
    assert_eq!(
        client
            .send(Method::GET, "/me/events", &wrong, "")
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn several_preferences_are_applied() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let html = json!({ "subject": "x", "body": { "contentType": "html",
        "content": "<p>Good &amp; bad</p>" } });
    let id = client.post("/me/messages", html).await.json()["id"]
        .as_str()
        .unwrap()
        .replace('=', "%3D");
    let wishes = [
        (
            "prefer",
            "IdType=\"ImmutableId\", outlook.body-content-type=\"text\"",
        ),
        ("prefer", "include-unknown-enum-members"),
    ];
    let message = client
        .send(Method::GET, &format!("/me/messages/{id}"), &wishes, "")
        .await;
    assert_eq!(
        message.json()["body"],
        json!({ "contentType": "text", "content": "Good & bad" })
    );
    assert_eq!(
        message.header("preference-applied"),
        "outlook.body-content-type=\"text\", IdType=ImmutableId, include-unknown-enum-members"
    );
    let message = client.get(&format!("/me/messages/{id}")).await;
    assert_eq!(message.json()["body"]["contentType"], "html");
    assert_eq!(message.header("preference-applied"), "");
    let page = client
        .send(
            Method::GET,
            "/me/messages",
            &[("prefer", "odata.maxpagesize=2")],
            "",
        )
        .await;
    assert_eq!(
        (page.names("id").len(), page.header("preference-applied")),
        (2, "odata.maxpagesize=2")
    );
}

#[tokio::test]
async fn unknown_enum_members_are_hidden_by_default() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    // `hidden` follows `unknownFutureValue` in the description.
    let team = client.get("/teams").await.names("id").remove(0);
    let channel = json!({ "displayName": "Shared", "membershipType": "shared" });
    let made = client
        .post(&format!("/teams/{team}/channels"), channel)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    let url = format!(
        "/teams/{team}/channels/{}",
        made.json()["id"].as_str().unwrap().replace('@', "%40")
    );
    assert_eq!(
        client.get(&url).await.json()["membershipType"],
        "unknownFutureValue"
    );
    let all = [("prefer", "include-unknown-enum-members")];
    assert_eq!(
        client.send(Method::GET, &url, &all, "").await.json()["membershipType"],
        "shared"
    );
}

#[tokio::test]
async fn return_preference_decides_the_write_response() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let patch = async |client: &mut Client, prefer: &str| {
        let headers = [("content-type", "application/json"), ("prefer", prefer)];
        client
            .send(
                Method::PATCH,
                "/me",
                &headers,
                json!({ "city": "Bergen" }).to_string(),
            )
            .await
    };
    let whole = patch(&mut client, "return=representation").await;
    assert_eq!(
        (whole.status, whole.header("preference-applied")),
        (StatusCode::OK, "return=representation")
    );
    assert_eq!(whole.json()["city"], "Bergen");
    assert_eq!(
        patch(&mut client, "return=minimal").await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn missing_group_is_created_if_preferred() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let url = "/groups(uniqueName='grp-1')";
    let group = json!({ "displayName": "One", "mailEnabled": false, "mailNickname": "one",
        "securityEnabled": true });
    let json = [("content-type", "application/json")];
    let missing = client
        .send(Method::PATCH, url, &json, group.to_string())
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let wish = [json[0], ("prefer", "create-if-missing")];
    assert_eq!(
        client
            .send(Method::PATCH, url, &wish, group.to_string())
            .await
            .status,
        StatusCode::CREATED
    );
    assert_eq!(
        client
            .send(Method::PATCH, url, &wish, group.to_string())
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(client.get(url).await.json()["uniqueName"], "grp-1");
}

#[tokio::test]
async fn if_match_conditions_are_checked() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let event = client.get("/me/events?$top=1").await.json()["value"][0].clone();
    let url = format!(
        "/me/events/{}",
        event["id"].as_str().unwrap().replace('=', "%3D")
    );
    let read = client.get(&url).await;
    let etag = read.header("etag").to_owned();
    assert_eq!(read.json()["@odata.etag"], etag.as_str());
    let same = client
        .send(Method::GET, &url, &[("if-none-match", &etag)], "")
        .await;
    assert_eq!(
        (same.status, same.header("etag"), same.body.len()),
        (StatusCode::NOT_MODIFIED, etag.as_str(), 0)
    );
    let json = ("content-type", "application/json");
    let subject = |text: &str| serde_json::json!({ "subject": text }).to_string();
    for (condition, status) in [
        (etag.as_str(), StatusCode::OK),
        (etag.as_str(), StatusCode::PRECONDITION_FAILED),
        ("*", StatusCode::OK),
    ] {
        let changed = client
            .send(
                Method::PATCH,
                &url,
                &[json, ("if-match", condition)],
                subject("New"),
            )
            .await;
        assert_eq!(changed.status, status, "{condition}");
    }
    assert_eq!(
        client
            .send(Method::DELETE, &url, &[("if-match", &etag)], "")
            .await
            .status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(
        client
            .send(Method::GET, &url, &[("if-none-match", &etag)], "")
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn request_ids_are_returned() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let own = "5f0e6f1e-2f53-4b3c-9c0a-2f1a3b4c5d6e";
    for path in ["/me", "/users/none@contoso.com"] {
        let answer = client
            .send(Method::GET, path, &[("client-request-id", own)], "")
            .await;
        assert_eq!(answer.header("client-request-id"), own);
        assert_eq!(answer.header("request-id").len(), 36);
        if answer.status == StatusCode::NOT_FOUND {
            assert_eq!(
                answer.json()["error"]["innerError"]["client-request-id"],
                own
            );
        }
    }
}
