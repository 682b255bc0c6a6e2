//! Tests of free/busy information, suggested times and reminders.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{at, attendee, create, event, url};
use crate::client::{Client, start};

/// Adds events to the calendars of Adele and Bruno on 11 March 2026.
async fn fill(client: &mut Client) {
    for (user, from, until, shows) in [
        ("/me", "09:00", "10:00", "busy"),
        ("/me", "10:30", "11:00", "tentative"),
        ("/me", "11:00", "11:15", "free"),
        ("/users/bruno@contoso.com", "11:10", "12:00", "oof"),
    ] {
        let time = |time: &str| format!("2026-03-11T{time}:00");
        let mut body = event("Work", &time(from), &time(until));
        body["showAs"] = json!(shows);
        body["location"] = json!({ "displayName": "Room 5" });
        create(client, &format!("{user}/events"), body).await;
    }
}

#[tokio::test]
async fn schedule_merges_the_events_of_each_user() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    fill(&mut client).await;
    let body = json!({
        "schedules": ["adele@contoso.com", "BRUNO@contoso.com", "missing@contoso.com"],
        "startTime": at("2026-03-11T10:00:00", "Europe/Oslo"),
        "endTime": at("2026-03-11T13:00:00", "Europe/Oslo"),
        "availabilityViewInterval": 30,
    });
    let headers = [
        ("content-type", "application/json"),
        ("prefer", "outlook.timezone=\"Europe/Oslo\""),
    ];
    for path in [
        "/me/calendar/getSchedule",
        "/users/adele@contoso.com/calendar/getSchedule",
    ] {
        let found = client
            .send(Method::POST, path, &headers, body.to_string())
            .await;
        assert_eq!(found.status, StatusCode::OK, "{:?}", found.body);
        let [adele, bruno, missing] = [0, 1, 2].map(|at| found.json()["value"][at].clone());
        assert_eq!(adele["availabilityView"], "220100");
        assert_eq!(bruno["availabilityView"], "000033");
        let items = adele["scheduleItems"].as_array().unwrap();
        assert_eq!(items.len(), 3);
        assert_eq!(
            items[0],
            json!({
                "isPrivate": false, "status": "busy", "subject": "Work", "location": "Room 5",
                "start": at("2026-03-11T10:00:00.0000000", "Europe/Oslo"),
                "end": at("2026-03-11T11:00:00.0000000", "Europe/Oslo"),
            })
        );
        assert_eq!(adele["workingHours"]["startTime"], "08:00:00.0000000");
        // Others see the status only, unless the owner allows more.
        assert_eq!(bruno["scheduleItems"][0]["status"], "oof");
        for hidden in ["isPrivate", "subject", "location"] {
            assert!(bruno["scheduleItems"][0].get(hidden).is_none(), "{hidden}");
        }
        assert_eq!(
            missing["error"]["responseCode"],
            "ErrorMailRecipientNotFound"
        );
    }
    let mut wrong = body.clone();
    wrong["endTime"] = at("2026-03-11T09:00:00", "Europe/Oslo");
    let refused = client.post("/me/calendar/getSchedule", wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn permitted_user_sees_subjects_of_a_schedule() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    fill(&mut client).await;
    let calendar = "/users/bruno@contoso.com/calendar/calendarPermissions";
    let permission = json!({ "emailAddress": { "address": "adele@contoso.com" },
        "role": "limitedRead" });
    create(&mut client, calendar, permission).await;
    let body = json!({
        "schedules": ["bruno@contoso.com"], "startTime": at("2026-03-11T00:00:00", "UTC"),
        "endTime": at("2026-03-12T00:00:00", "UTC"), "availabilityViewInterval": 1440,
    });
    let found = client.post("/me/calendar/getSchedule", body).await.json();
    assert_eq!(found["value"][0]["availabilityView"], "3");
    assert_eq!(found["value"][0]["scheduleItems"][0]["subject"], "Work");
}

/// Returns the suggested starts, and the reason if there are none.
fn suggested(found: &Value) -> (Vec<&str>, &str) {
    let suggestions = found["meetingTimeSuggestions"].as_array().unwrap().iter();
    let starts = suggestions.map(|suggestion| {
        suggestion["meetingTimeSlot"]["start"]["dateTime"]
            .as_str()
            .unwrap()
    });
    let starts = starts.map(|start| &start[11..16]).collect();
    (starts, found["emptySuggestionsReason"].as_str().unwrap())
}

#[tokio::test]
async fn meeting_times_follow_from_the_calendars() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    fill(&mut client).await;
    let body = |from: &str, until: &str, more: Value| {
        let slot = json!({ "start": at(&format!("2026-03-11T{from}:00"), "UTC"),
            "end": at(&format!("2026-03-11T{until}:00"), "UTC") });
        let mut body = json!({
            "attendees": [attendee("bruno")], "meetingDuration": "PT1H",
            "timeConstraint": { "timeSlots": [slot] }, "returnSuggestionReasons": true,
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for (body, starts, reason) in [
        // Adele is busy until ten, and Bruno is away from 11:10 to 12.
        (
            body("08:00", "14:00", json!({})),
            vec!["08:00", "10:00", "12:00", "12:30", "13:00"],
            "",
        ),
        (
            body("08:00", "14:00", json!({ "maxCandidates": 1 })),
            vec!["08:00"],
            "",
        ),
        (
            body("09:00", "10:00", json!({})),
            vec![],
            "organizerUnavailable",
        ),
        (
            body("09:00", "10:00", json!({ "isOrganizerOptional": true })),
            vec!["09:00"],
            "",
        ),
        (
            body("11:00", "12:00", json!({})),
            vec![],
            "attendeesUnavailable",
        ),
        (
            body(
                "11:00",
                "12:00",
                json!({ "attendees": [{ "emailAddress": { "address": "mona@fabrikam.com" } }] }),
            ),
            vec![],
            "attendeesUnavailableOrUnknown",
        ),
        // The time is outside of the working hours.
        (body("19:00", "22:00", json!({})), vec![], "unknown"),
    ] {
        let found = client.post("/me/findMeetingTimes", body.clone()).await;
        assert_eq!(found.status, StatusCode::OK, "{:?}", found.body);
        let found = found.json();
        assert_eq!(suggested(&found), (starts, reason), "{body}");
        if reason.is_empty() {
            let first = &found["meetingTimeSuggestions"][0];
            assert_eq!(
                (&first["order"], &first["confidence"]),
                (&json!(1), &json!(100.0))
            );
            assert_eq!(first["attendeeAvailability"][0]["availability"], "free");
            assert!(first["suggestionReason"].is_string());
        }
    }
    // Microsoft's own example writes the percentage in quotes.
    let room = json!({ "displayName": "Conf room Hood", "resolveAvailability": false });
    let example = body(
        "08:00",
        "09:00",
        json!({
            "minimumAttendeePercentage": "100",
            "locationConstraint": { "isRequired": false, "locations": [room] },
        }),
    );
    let found = client.post("/me/findMeetingTimes", example).await.json();
    assert_eq!(
        found["meetingTimeSuggestions"][0]["locations"],
        json!([{ "displayName": "Conf room Hood" }])
    );
    for unclear in [
        json!({ "attendees": [attendee("bruno")] }),
        body(
            "08:00",
            "09:00",
            json!({ "locationConstraint": { "suggestLocation": true } }),
        ),
    ] {
        let refused = client.post("/me/findMeetingTimes", unclear).await;
        assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED);
    }
}

#[tokio::test]
async fn reminders_are_snoozed_and_dismissed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = event("Call", "2026-06-01T10:00:00", "2026-06-01T11:00:00");
    let call = create(&mut client, "/me/events", body).await;
    let view = "/me/reminderView(StartDateTime='2026-06-01T00:00:00',\
        EndDateTime='2026-06-02T00:00:00')";
    let reminders = client.get(view).await.json();
    let reminder = &reminders["value"][0];
    assert_eq!(reminder["eventId"], call["id"]);
    assert_eq!(reminder["eventSubject"], "Call");
    assert_eq!(
        reminder["reminderFireTime"],
        at("2026-06-01T09:45:00.0000000", "UTC")
    );
    let later = json!({ "newReminderTime": at("2026-06-01T11:55:00", "Europe/Oslo") });
    let path = url("/me", &call);
    let snoozed = client.post(&format!("{path}/snoozeReminder"), later).await;
    assert_eq!(snoozed.status, StatusCode::OK);
    let reminders = client.get(view).await.json();
    assert_eq!(
        reminders["value"][0]["reminderFireTime"],
        at("2026-06-01T09:55:00.0000000", "UTC")
    );
    let call = client.get(&path).await.json();
    assert!(
        !call
            .as_object()
            .unwrap()
            .keys()
            .any(|name| name.contains("simulator"))
    );
    client
        .send(Method::POST, &format!("{path}/dismissReminder"), &[], "")
        .await;
    assert_eq!(client.get(view).await.json()["value"], json!([]));
}
