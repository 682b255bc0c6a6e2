//! Tests of meetings: invitations, responses, updates and cancellations.

use http::StatusCode;
use serde_json::{Value, json};

use super::{at, attendee, create, event, starts, url, view};
use crate::client::{Client, start};

const BRUNO: &str = "/users/bruno@contoso.com";
const CHIARA: &str = "/users/chiara@contoso.com";

/// Creates a meeting of Adele with Bruno and someone from outside.
async fn meeting(client: &mut Client) -> Value {
    let mut body = event("Budget", "2026-03-12T10:00:00", "2026-03-12T11:00:00");
    // Microsoft's Python client writes the type after the address.
    let mut guest = json!({ "emailAddress": { "address": "mona@fabrikam.com" } });
    guest["type"] = json!("optional");
    guest["@odata.type"] = json!("#microsoft.graph.attendee");
    body["attendees"] = json!([attendee("bruno"), guest]);
    create(client, "/me/events", body).await
}

/// Returns the only event of a user.
async fn only(client: &mut Client, user: &str) -> Value {
    let events = client.get(&format!("{user}/events")).await.json();
    let events = events["value"].as_array().unwrap().clone();
    assert_eq!(events.len(), 1, "{events:?}");
    events[0].clone()
}

#[tokio::test]
async fn invitation_appears_in_attendees_calendar() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let meeting = meeting(&mut client).await;
    assert!(meeting["attendees"][1].get("@odata.type").is_none());
    let copy = only(&mut client, BRUNO).await;
    assert_ne!(copy["id"], meeting["id"]);
    for name in [
        "iCalUId",
        "subject",
        "start",
        "end",
        "organizer",
        "attendees",
    ] {
        assert_eq!(copy[name], meeting[name], "{name}");
    }
    assert_eq!(copy["isOrganizer"], false);
    assert_eq!(copy["responseStatus"]["response"], "notResponded");
    assert_eq!(copy["showAs"], "tentative");
    // The ids of the organizer's event are not those of the attendee's.
    let other = client.get(&url(BRUNO, &meeting)).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn response_returns_to_the_organizer() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mut app = Client::app(&simulator).await;
    let meeting = meeting(&mut client).await;
    let copy = only(&mut app, BRUNO).await;
    for (action, response, shows) in [
        ("tentativelyAccept", "tentativelyAccepted", "tentative"),
        ("accept", "accepted", "busy"),
    ] {
        let path = format!("{}/{action}", url(BRUNO, &copy));
        let answer = app
            .post(&path, json!({ "comment": "Fine", "sendResponse": true }))
            .await;
        assert_eq!(
            (answer.status, answer.body.len()),
            (StatusCode::ACCEPTED, 0)
        );
        let copy = only(&mut app, BRUNO).await;
        assert_eq!(copy["responseStatus"]["response"], response);
        assert_eq!(copy["showAs"], shows);
        let own = client.get(&url("/me", &meeting)).await.json();
        assert_eq!(own["attendees"][0]["status"]["response"], response);
        assert_eq!(own["attendees"][1]["status"]["response"], "none");
    }
    // The organizer cannot respond.
    let answer = client
        .post(&format!("{}/accept", url("/me", &meeting)), json!({}))
        .await;
    assert_eq!(
        (answer.status, answer.error().0.as_str()),
        (StatusCode::BAD_REQUEST, "ErrorInvalidRequest")
    );
}

#[tokio::test]
async fn declined_meeting_proposes_another_time() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let meeting = meeting(&mut client).await;
    let copy = only(&mut client, BRUNO).await;
    let decline = format!("{}/decline", url(BRUNO, &copy));
    let slot = json!({ "start": at("2026-03-13T11:00:00", "Europe/Oslo"),
        "end": at("2026-03-13T12:00:00", "Europe/Oslo") });
    let silent = json!({ "sendResponse": false, "proposedNewTime": slot });
    assert_eq!(
        client.post(&decline, silent).await.status,
        StatusCode::BAD_REQUEST
    );
    let answer = client
        .post(&decline, json!({ "proposedNewTime": slot }))
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let own = client.get(&url("/me", &meeting)).await.json();
    assert_eq!(own["attendees"][0]["status"]["response"], "declined");
    assert_eq!(
        own["attendees"][0]["proposedNewTime"]["start"],
        at("2026-03-13T10:00:00.0000000", "UTC")
    );
    // The event has left the calendar.
    assert_eq!(
        client.get(&format!("{BRUNO}/events")).await.json()["value"],
        json!([])
    );
    let copy = client.get(&url(BRUNO, &copy)).await.json();
    assert_eq!(copy["responseStatus"]["response"], "declined");
}

#[tokio::test]
async fn update_reaches_all_attendees() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let meeting = meeting(&mut client).await;
    let copy = only(&mut client, BRUNO).await;
    client
        .post(&format!("{}/accept", url(BRUNO, &copy)), json!({}))
        .await;
    let path = url("/me", &meeting);
    client
        .patch(&path, json!({ "subject": "Budget 2027" }))
        .await;
    let copy = only(&mut client, BRUNO).await;
    assert_eq!(copy["subject"], "Budget 2027");
    assert_eq!(copy["responseStatus"]["response"], "accepted");
    // A new time needs new responses.
    let later = json!({ "start": at("2026-03-12T12:00:00", "UTC"),
        "end": at("2026-03-12T13:00:00", "UTC") });
    let moved = client.patch(&path, later).await.json();
    assert_eq!(moved["attendees"][0]["status"]["response"], "none");
    let copy = only(&mut client, BRUNO).await;
    assert_eq!(copy["start"]["dateTime"], "2026-03-12T12:00:00.0000000");
    assert_eq!(copy["responseStatus"]["response"], "notResponded");
    // Other attendees replace Bruno.
    let attendees = json!({ "attendees": [attendee("chiara")] });
    client.patch(&path, attendees).await;
    let copy = only(&mut client, BRUNO).await;
    assert_eq!(
        (&copy["isCancelled"], &copy["showAs"]),
        (&json!(true), &json!("free"))
    );
    assert_eq!(only(&mut client, CHIARA).await["subject"], "Budget 2027");
    // Forwarding invites one more.
    let to = json!({ "ToRecipients": [attendee("dmitri")], "Comment": "You too?" });
    let answer = client.post(&format!("{path}/forward"), to).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(
        only(&mut client, "/users/dmitri@contoso.com").await["isOrganizer"],
        false
    );
    let own = client.get(&path).await.json();
    assert_eq!(own["attendees"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn only_the_organizer_cancels_a_meeting() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let meeting = meeting(&mut client).await;
    let copy = only(&mut client, BRUNO).await;
    let comment = json!({ "Comment": "No time" });
    let refused = client
        .post(&format!("{}/cancel", url(BRUNO, &copy)), comment.clone())
        .await;
    assert_eq!(
        refused.error(),
        (
            "ErrorInvalidRequest".to_owned(),
            "Your request can't be completed. You need to be an organizer to cancel a meeting."
                .to_owned()
        )
    );
    let cancelled = client
        .post(&format!("{}/cancel", url("/me", &meeting)), comment)
        .await;
    assert_eq!(cancelled.status, StatusCode::ACCEPTED);
    let gone = client.get(&url("/me", &meeting)).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let copy = only(&mut client, BRUNO).await;
    assert_eq!(copy["isCancelled"], true);
    assert_eq!(copy["subject"], "Canceled: Budget");
}

#[tokio::test]
async fn attendees_see_each_occurrence_of_a_series() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mut body = event("Review", "2026-03-02T10:00:00", "2026-03-02T11:00:00");
    body["attendees"] = json!([attendee("bruno")]);
    body["recurrence"] = json!({
        "pattern": { "type": "daily", "interval": 1 },
        "range": { "type": "numbered", "startDate": "2026-03-02", "numberOfOccurrences": 3 },
    });
    let series = create(&mut client, "/me/events", body).await;
    assert_eq!(only(&mut client, BRUNO).await["type"], "seriesMaster");
    let (from, until) = ("2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z");
    let own = view(&mut client, "/me", from, until).await;
    let mut own = own["value"].as_array().unwrap().clone();
    own.retain(|event| event["seriesMasterId"] == series["id"]);
    let others = view(&mut client, BRUNO, from, until).await;
    let others = others["value"].as_array().unwrap().clone();
    assert_eq!(others[1]["iCalUId"], own[1]["iCalUId"]);
    // One occurrence is moved, another is cancelled, and the third is accepted.
    let moved = json!({ "start": at("2026-03-02T14:00:00", "UTC"),
        "end": at("2026-03-02T15:00:00", "UTC") });
    client.patch(&url("/me", &own[0]), moved).await;
    client
        .post(&format!("{}/cancel", url("/me", &own[1])), json!({}))
        .await;
    client
        .post(&format!("{}/accept", url(BRUNO, &others[2])), json!({}))
        .await;
    let found = view(&mut client, BRUNO, from, until).await;
    assert_eq!(
        starts(&found),
        ["2026-03-02T14:00", "2026-03-03T10:00", "2026-03-04T10:00"]
    );
    assert_eq!(found["value"][0]["type"], "exception");
    assert_eq!(found["value"][1]["isCancelled"], true);
    let third = client.get(&url("/me", &own[2])).await.json();
    assert_eq!(third["attendees"][0]["status"]["response"], "accepted");
    let series = client.get(&url("/me", &series)).await.json();
    assert_eq!(series["attendees"][0]["status"]["response"], "none");
}
