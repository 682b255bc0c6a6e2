//! Tests of calendars.

mod calendars;
mod meetings;
mod schedules;
mod series;
mod zones;

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;

/// Returns a `dateTimeTimeZone`.
fn at(time: &str, zone: &str) -> Value {
    json!({ "dateTime": time, "timeZone": zone })
}

/// Returns an event in UTC.
fn event(subject: &str, start: &str, end: &str) -> Value {
    json!({ "subject": subject, "start": at(start, "UTC"), "end": at(end, "UTC") })
}

/// Returns an attendee of the tenant.
fn attendee(name: &str) -> Value {
    json!({ "emailAddress": { "address": format!("{name}@contoso.com") } })
}

/// Creates an event.
async fn create(client: &mut Client, url: &str, event: Value) -> Value {
    let made = client.post(url, event).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    made.json()
}

/// Returns the URL of an event of a user.
fn url(user: &str, event: &Value) -> String {
    let id = event["id"].as_str().unwrap().replace('=', "%3D");
    format!("{user}/events/{id}")
}

/// Returns the starts of a list of events, without their seconds.
fn starts(events: &Value) -> Vec<String> {
    let events = events["value"].as_array().unwrap().iter();
    let starts = events.map(|event| event["start"]["dateTime"].as_str().unwrap());
    starts.map(|start| start[..16].to_owned()).collect()
}

/// Returns the events of a calendar view.
async fn view(client: &mut Client, user: &str, from: &str, until: &str) -> Value {
    let path = format!("{user}/calendarView?startDateTime={from}&endDateTime={until}&$top=100");
    let found = client.get(&path).await;
    assert_eq!(found.status, StatusCode::OK, "{:?}", found.body);
    found.json()
}
