//! Tests of calendars, their groups and their permissions.

use http::StatusCode;
use serde_json::json;

use super::{create, event, starts};
use crate::client::{Client, start};

#[tokio::test]
async fn second_calendar_has_events_of_its_own() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = create(&mut client, "/me/calendars", json!({ "name": "Trips" })).await;
    assert_eq!(
        (
            &made["isDefaultCalendar"],
            &made["isRemovable"],
            &made["canEdit"]
        ),
        (&json!(false), &json!(true), &json!(true))
    );
    assert_eq!(
        made["owner"],
        json!({ "name": "Adele Brandt", "address": "adele@contoso.com" })
    );
    assert!(made["changeKey"].is_string());
    let calendar = format!("/me/calendars/{}", made["id"].as_str().unwrap());
    let body = event("Rome", "2026-03-03T08:00:00", "2026-03-03T09:00:00");
    let rome = create(&mut client, &format!("{calendar}/events"), body).await;
    let range = "startDateTime=2026-03-03T00:00:00Z&endDateTime=2026-03-04T00:00:00Z";
    let trips = client
        .get(&format!("{calendar}/calendarView?{range}"))
        .await
        .json();
    assert_eq!(starts(&trips), ["2026-03-03T08:00"]);
    let own = client
        .get(&format!("/me/calendarView?{range}"))
        .await
        .json();
    assert_eq!(starts(&own), ["2026-03-03T12:00"]);
    // An event is found by its id in the whole mailbox, and knows its calendar.
    let path = format!(
        "/me/events/{}",
        rome["id"].as_str().unwrap().replace('=', "%3D")
    );
    let calendar_of = client.get(&format!("{path}/calendar")).await.json();
    assert_eq!(calendar_of["name"], "Trips");
    assert_eq!(
        client.get("/me/calendars").await.names("name"),
        ["Calendar", "Trips"]
    );
    assert_eq!(
        client.delete(&calendar).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND);
    let default = client.get("/me/calendar").await.json();
    assert_eq!(default["isDefaultCalendar"], true);
    let default = format!("/me/calendars/{}", default["id"].as_str().unwrap());
    assert_eq!(
        client.delete(&default).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn calendar_groups_hold_calendars() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let groups = client.get("/me/calendarGroups").await;
    assert_eq!(groups.names("name"), ["My Calendars"]);
    let group = create(
        &mut client,
        "/me/calendarGroups",
        json!({ "name": "Clubs" }),
    )
    .await;
    let group = format!(
        "/me/calendarGroups/{}/calendars",
        group["id"].as_str().unwrap()
    );
    create(&mut client, &group, json!({ "name": "Chess" })).await;
    assert_eq!(client.get(&group).await.names("name"), ["Chess"]);
    assert_eq!(
        client.get("/me/calendars").await.names("name"),
        ["Calendar", "Chess"]
    );
    let first = groups.names("id").remove(0);
    let first = client
        .get(&format!("/me/calendarGroups/{first}/calendars"))
        .await;
    assert_eq!(first.names("name"), ["Calendar"]);
}

#[tokio::test]
async fn calendar_permissions_are_changed_and_removed() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let all = "/me/calendar/calendarPermissions";
    let default = client.get(all).await.json()["value"][0].clone();
    assert_eq!(
        (&default["id"], &default["role"], &default["isRemovable"]),
        (
            &json!("RGVmYXVsdA=="),
            &json!("freeBusyRead"),
            &json!(false)
        )
    );
    let shared = json!({ "emailAddress": { "address": "bruno@contoso.com" }, "role": "read" });
    let made = create(&mut client, all, shared).await;
    assert_eq!(made["isInsideOrganization"], true);
    assert_eq!(made["emailAddress"]["name"], "Bruno Okafor");
    let own = format!("{all}/{}", made["id"].as_str().unwrap().replace('=', "%3D"));
    let changed = client.patch(&own, json!({ "role": "write" })).await;
    assert_eq!(changed.json()["role"], "write");
    assert_eq!(client.delete(&own).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(all).await.names("id").len(), 1);
}

#[tokio::test]
async fn group_has_a_calendar() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let groups = client
        .get("/groups?$filter=displayName%20eq%20'Marketing'")
        .await;
    let group = format!("/groups/{}", groups.names("id").remove(0));
    let body = event("Launch", "2026-03-05T08:00:00", "2026-03-05T09:00:00");
    let made = create(&mut client, &format!("{group}/events"), body).await;
    assert_eq!(
        made["organizer"]["emailAddress"]["address"],
        "marketing@contoso.com"
    );
    let view = format!(
        "{group}/calendarView?startDateTime=2026-03-05T00:00:00Z&endDateTime=2026-03-06T00:00:00Z"
    );
    assert_eq!(
        starts(&client.get(&view).await.json()),
        ["2026-03-05T08:00"]
    );
    let events = client.get(&format!("{group}/calendar/events")).await;
    assert_eq!(events.names("subject"), ["Launch"]);
}
