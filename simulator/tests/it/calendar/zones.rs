//! Tests of the times and defaults of single events.

use http::{Method, StatusCode};
use serde_json::json;

use super::{at, create, event, url};
use crate::client::{Client, start};

#[tokio::test]
async fn event_is_returned_in_utc_by_default() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (zone, name) in [
        ("Europe/Oslo", "Europe/Oslo"),
        ("W. Europe Standard Time", "W. Europe Standard Time"),
    ] {
        let body = json!({
            "subject": "Summer", "start": at("2026-07-01T09:00:00", zone),
            "end": at("2026-07-01T10:30:00", zone),
        });
        let made = create(&mut client, "/me/events", body).await;
        let read = client.get(&url("/me", &made)).await.json();
        for event in [&made, &read] {
            assert_eq!(event["start"], at("2026-07-01T07:00:00.0000000", "UTC"));
            assert_eq!(event["end"], at("2026-07-01T08:30:00.0000000", "UTC"));
            assert_eq!(event["originalStartTimeZone"], name);
            assert_eq!(event["originalEndTimeZone"], name);
        }
        let prefer = [("prefer", "outlook.timezone=\"Asia/Kolkata\"")];
        let selected = format!("{}?$select=start", url("/me", &made));
        let read = client.send(Method::GET, &selected, &prefer, "").await;
        assert_eq!(
            read.json()["start"],
            at("2026-07-01T12:30:00.0000000", "Asia/Kolkata")
        );
    }
}

#[tokio::test]
async fn response_to_new_event_uses_preferred_zone() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let headers = [
        ("content-type", "application/json"),
        ("prefer", "outlook.timezone=\"Pacific Standard Time\""),
    ];
    let body = event("Lunch", "2026-01-15T20:00:00Z", "2026-01-15T21:00:00Z").to_string();
    let made = client
        .send(Method::POST, "/me/events", &headers, body)
        .await;
    assert_eq!(
        made.json()["start"],
        at("2026-01-15T12:00:00.0000000", "Pacific Standard Time")
    );
    let id = made.json()["id"].clone();
    let moved = json!({ "end": at("2026-01-15T14:00:00", "Pacific Standard Time") });
    let path = url("/me", &json!({ "id": id }));
    let moved = client
        .send(Method::PATCH, &path, &headers, moved.to_string())
        .await;
    assert_eq!(
        moved.json()["end"],
        at("2026-01-15T14:00:00.0000000", "Pacific Standard Time")
    );
}

#[tokio::test]
async fn all_day_event_keeps_its_days() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({
        "subject": "Holiday", "isAllDay": true, "start": at("2026-05-01T00:00:00", "Asia/Tokyo"),
        "end": at("2026-05-02T00:00:00", "Asia/Tokyo"),
    });
    let made = create(&mut client, "/me/events", body).await;
    assert_eq!(made["start"], at("2026-05-01T00:00:00.0000000", "UTC"));
    let prefer = [("prefer", "outlook.timezone=\"Hawaiian Standard Time\"")];
    let read = client
        .send(Method::GET, &url("/me", &made), &prefer, "")
        .await;
    assert_eq!(
        read.json()["start"],
        at("2026-05-01T00:00:00.0000000", "Hawaiian Standard Time")
    );
}

#[tokio::test]
async fn invalid_event_times_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let hours = |start: &str, end: &str| event("x", start, end);
    let mut all_day = hours("2026-03-01T00:00:00", "2026-03-01T12:00:00");
    all_day["isAllDay"] = json!(true);
    for (body, code) in [
        (
            hours("2026-03-01T10:00:00", "2026-03-01T09:00:00"),
            "ErrorPropertyValidationFailure",
        ),
        (all_day, "ErrorPropertyValidationFailure"),
        (
            hours("next week", "2026-03-01T09:00:00"),
            "UnableToDeserializePostBody",
        ),
        (
            json!({ "start": at("2026-03-01T10:00:00", "Moon Standard Time") }),
            "TimeZoneNotSupportedException",
        ),
    ] {
        let refused = client.post("/me/events", body.clone()).await;
        assert_eq!(
            (refused.status, refused.error().0.as_str()),
            (StatusCode::BAD_REQUEST, code),
            "{body}"
        );
    }
    let body = hours("2026-03-01T10:00:00", "2026-03-01T11:00:00");
    let made = create(&mut client, "/me/events", body).await;
    let late = json!({ "start": at("2026-03-01T12:00:00", "UTC") });
    let refused = client.patch(&url("/me", &made), late).await;
    assert_eq!(refused.error().0, "ErrorPropertyValidationFailure");
    let settings = json!({ "timeZone": "Moon Standard Time" });
    let refused = client.patch("/me/mailboxSettings", settings).await;
    assert_eq!(refused.error().0, "TimeZoneNotSupportedException");
}

#[tokio::test]
async fn new_event_has_exchanges_defaults() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mut body = event("Lunch", "2026-03-01T10:00:00", "2026-03-01T11:00:00");
    body["body"] = json!({ "contentType": "html", "content": "<p>Hungry &amp; thirsty</p>" });
    body["location"] = json!({ "displayName": "Canteen" });
    body["attendees"] = json!([attendee_without_name()]);
    body["isOrganizer"] = json!(false);
    let made = create(&mut client, "/me/events", body).await;
    for (name, expected) in [
        ("bodyPreview", json!("Hungry & thirsty")),
        ("type", json!("singleInstance")),
        ("showAs", json!("busy")),
        ("sensitivity", json!("normal")),
        ("importance", json!("normal")),
        ("reminderMinutesBeforeStart", json!(15)),
        ("isReminderOn", json!(true)),
        ("isOrganizer", json!(true)),
        ("isAllDay", json!(false)),
        ("isCancelled", json!(false)),
        ("isOnlineMeeting", json!(false)),
        ("onlineMeetingProvider", json!("unknown")),
        ("allowNewTimeProposals", json!(true)),
        ("responseRequested", json!(true)),
        ("hideAttendees", json!(false)),
        ("hasAttachments", json!(false)),
        ("categories", json!([])),
        ("recurrence", json!(null)),
        ("seriesMasterId", json!(null)),
        (
            "responseStatus",
            json!({ "response": "organizer", "time": "0001-01-01T00:00:00Z" }),
        ),
        (
            "organizer",
            json!({ "emailAddress": { "name": "Adele Brandt", "address": "adele@contoso.com" } }),
        ),
        (
            "attendees",
            json!([{
                "type": "required",
                "status": { "response": "none", "time": "0001-01-01T00:00:00Z" },
                "emailAddress": { "name": "Bruno Okafor", "address": "bruno@contoso.com" },
            }]),
        ),
    ] {
        assert_eq!(made[name], expected, "{name}");
    }
    assert_eq!(made["location"]["uniqueId"], "Canteen");
    assert_eq!(made["locations"][0]["displayName"], "Canteen");
    assert!(
        made["iCalUId"]
            .as_str()
            .unwrap()
            .starts_with("040000008200E00074C5")
    );
    assert!(made["webLink"].as_str().unwrap().contains("itemid="));
    let etag = made["@odata.etag"].as_str().unwrap();
    assert_eq!(
        etag,
        format!("W/\"{}\"", made["changeKey"].as_str().unwrap())
    );
}

fn attendee_without_name() -> serde_json::Value {
    json!({ "emailAddress": { "address": "bruno@contoso.com" } })
}

#[tokio::test]
async fn repeated_transaction_creates_one_event() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mut body = event("Once", "2026-03-10T10:00:00", "2026-03-10T11:00:00");
    body["transactionId"] = json!("7E163156-7762-4BEB-A1C6-729EA81755A7");
    let first = create(&mut client, "/me/events", body.clone()).await;
    let second = create(&mut client, "/me/events", body).await;
    assert_eq!(first["id"], second["id"]);
    assert_eq!(client.get("/me/events").await.names("id").len(), 4);
}

#[tokio::test]
async fn online_meeting_has_a_join_url() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mut body = event("Call", "2026-03-10T10:00:00", "2026-03-10T11:00:00");
    body["isOnlineMeeting"] = json!(true);
    let made = create(&mut client, "/me/events", body).await;
    assert_eq!(made["onlineMeetingProvider"], "teamsForBusiness");
    let join_url = made["onlineMeeting"]["joinUrl"].as_str().unwrap();
    assert!(join_url.starts_with("https://teams.microsoft.com/l/meetup-join/"));
    // It stays an online meeting.
    let path = url("/me", &made);
    let changed = client
        .patch(&path, json!({ "isOnlineMeeting": false }))
        .await
        .json();
    assert_eq!(changed["isOnlineMeeting"], true);
    assert_eq!(changed["onlineMeeting"]["joinUrl"], join_url);

    let meeting = json!({ "subject": "Call", "startDateTime": "2026-03-10T10:00:00Z",
        "endDateTime": "2026-03-10T11:00:00Z" });
    let meeting = create(&mut client, "/me/onlineMeetings", meeting).await;
    assert!(
        meeting["joinWebUrl"]
            .as_str()
            .unwrap()
            .contains("meetup-join")
    );
    let user = &meeting["participants"]["organizer"]["identity"]["user"];
    assert_eq!(user["displayName"], "Adele Brandt");
    let same = json!({ "externalId": "room 5", "subject": "Call" });
    let first = client
        .post("/me/onlineMeetings/createOrGet", same.clone())
        .await;
    let second = client.post("/me/onlineMeetings/createOrGet", same).await;
    assert_eq!(
        (first.status, second.status),
        (StatusCode::CREATED, StatusCode::OK)
    );
    assert_eq!(first.json()["id"], second.json()["id"]);
}
