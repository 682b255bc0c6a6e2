//! Tests of recurring events.

use http::StatusCode;
use serde_json::{Value, json};

use super::{at, create, event, starts, url, view};
use crate::client::{Client, start};

/// Creates a series in Oslo, each Monday and Thursday at nine.
async fn twice_a_week(client: &mut Client) -> Value {
    let body = json!({
        "subject": "Stand-up", "start": at("2026-03-23T09:00:00", "Europe/Oslo"),
        "end": at("2026-03-23T09:30:00", "Europe/Oslo"),
        "recurrence": {
            "pattern": {
                "type": "weekly", "interval": 1, "daysOfWeek": ["monday", "thursday"],
            },
            "range": { "type": "numbered", "startDate": "2026-03-23", "numberOfOccurrences": 6 },
        },
    });
    create(client, "/me/events", body).await
}

#[tokio::test]
async fn series_keeps_local_time_across_summer_time() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let series = twice_a_week(&mut client).await;
    assert_eq!(series["type"], "seriesMaster");
    let range = &series["recurrence"]["range"];
    assert_eq!(range["recurrenceTimeZone"], "Europe/Oslo");
    assert_eq!(series["recurrence"]["pattern"]["firstDayOfWeek"], "sunday");
    let found = view(
        &mut client,
        "/me",
        "2026-03-20T00:00:00Z",
        "2026-05-01T00:00:00Z",
    )
    .await;
    let series_only: Vec<_> = found["value"].as_array().unwrap().iter().collect();
    let expected = [
        "2026-03-23T08:00",
        "2026-03-26T08:00",
        "2026-03-30T07:00",
        "2026-04-02T07:00",
        "2026-04-06T07:00",
        "2026-04-07T10:00",
        "2026-04-09T07:00",
    ];
    assert_eq!(starts(&found), expected);
    let first = series_only[0];
    assert_eq!(first["type"], "occurrence");
    assert_eq!(first["seriesMasterId"], series["id"]);
    assert_eq!(first["recurrence"], Value::Null);
    assert_eq!(first["originalStart"], "2026-03-23T08:00:00Z");
    assert_ne!(first["iCalUId"], series["iCalUId"]);
    // The list of events has the series itself.
    let events = client.get("/me/events?$select=subject,type").await;
    assert_eq!(
        events.names("type"),
        [
            "singleInstance",
            "singleInstance",
            "singleInstance",
            "seriesMaster"
        ]
    );
}

#[tokio::test]
async fn instances_are_paged_sorted_and_counted() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let series = twice_a_week(&mut client).await;
    let path = format!(
        "{}/instances?startDateTime=2026-03-01&endDateTime=2026-06-01&$select=start&$top=4",
        url("/me", &series)
    );
    let page = client.get(&path).await.json();
    assert_eq!(page["value"].as_array().unwrap().len(), 4);
    assert!(page["value"][0].get("subject").is_none());
    let next = page["@odata.nextLink"].as_str().unwrap();
    let next = client.get(next).await.json();
    assert_eq!(starts(&next), ["2026-04-06T07:00", "2026-04-09T07:00"]);
    let sorted = format!("{path}&$orderby=start/dateTime%20desc&$count=true");
    let page = client.get(&sorted).await.json();
    assert_eq!(page["@odata.count"], 6);
    assert_eq!(starts(&page)[0], "2026-04-09T07:00");
    // A view of a shorter range has fewer occurrences.
    let found = view(
        &mut client,
        "/me",
        "2026-04-06T07:15:00Z",
        "2026-04-06T08:00:00Z",
    )
    .await;
    assert_eq!(starts(&found), ["2026-04-06T07:00"]);
    let long =
        "/me/calendarView?startDateTime=2026-01-01T00:00:00Z&endDateTime=2032-01-01T00:00:00Z";
    assert_eq!(client.get(long).await.error().0, "ErrorInvalidRequest");
}

#[tokio::test]
async fn changed_occurrence_is_an_exception() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let series = twice_a_week(&mut client).await;
    let (from, until) = ("2026-03-24T00:00:00Z", "2026-04-03T00:00:00Z");
    let found = view(&mut client, "/me", from, until).await;
    let second = url("/me", &found["value"][0]);
    let moved = json!({ "start": at("2026-03-27T10:00:00", "UTC"),
        "end": at("2026-03-27T11:00:00", "UTC"), "subject": "Moved" });
    let moved = client.patch(&second, moved).await;
    assert_eq!(moved.status, StatusCode::OK, "{:?}", moved.body);
    assert_eq!(moved.json()["type"], "exception");
    let found = view(&mut client, "/me", from, until).await;
    assert_eq!(
        starts(&found),
        ["2026-03-27T10:00", "2026-03-30T07:00", "2026-04-02T07:00"]
    );
    // A change of the series reaches the exception, except for what it has of its own.
    let changed = json!({ "subject": "Daily", "importance": "high" });
    client.patch(&url("/me", &series), changed).await;
    let exception = client.get(&second).await.json();
    assert_eq!(
        (&exception["subject"], &exception["importance"]),
        (&json!("Moved"), &json!("high"))
    );
    let found = view(&mut client, "/me", from, until).await;
    assert_eq!(found["value"][1]["subject"], "Daily");
    let expanded = format!("{}?$expand=exceptionOccurrences", url("/me", &series));
    let expanded = client.get(&expanded).await.json();
    assert_eq!(
        expanded["exceptionOccurrences"].as_array().unwrap().len(),
        1
    );
    assert_eq!(expanded["exceptionOccurrences"][0]["subject"], "Moved");
}

#[tokio::test]
async fn deleted_occurrence_leaves_the_series() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let series = twice_a_week(&mut client).await;
    let (from, until) = ("2026-03-20T00:00:00Z", "2026-04-03T00:00:00Z");
    let found = view(&mut client, "/me", from, until).await;
    let second = url("/me", &found["value"][1]);
    assert_eq!(client.delete(&second).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&second).await.status, StatusCode::NOT_FOUND);
    let found = view(&mut client, "/me", from, until).await;
    assert_eq!(
        starts(&found),
        ["2026-03-23T08:00", "2026-03-30T07:00", "2026-04-02T07:00"]
    );
    let path = url("/me", &series);
    assert!(
        client
            .get(&path)
            .await
            .json()
            .get("cancelledOccurrences")
            .is_none()
    );
    let selected = client
        .get(&format!("{path}?$select=cancelledOccurrences"))
        .await
        .json();
    let id = series["id"].as_str().unwrap();
    assert_eq!(
        selected["cancelledOccurrences"],
        json!([format!("OID.{id}.2026-03-26")])
    );
    client.delete(&path).await;
    let found = view(&mut client, "/me", from, until).await;
    assert_eq!(starts(&found), [""; 0]);
}

#[tokio::test]
async fn moved_series_moves_its_occurrences() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let series = twice_a_week(&mut client).await;
    let (from, until) = ("2026-03-20T00:00:00Z", "2026-03-31T00:00:00Z");
    let found = view(&mut client, "/me", from, until).await;
    let moved = json!({ "start": at("2026-03-23T11:00:00", "Europe/Oslo"),
        "end": at("2026-03-23T11:30:00", "Europe/Oslo") });
    client.patch(&url("/me", &series), moved).await;
    let first = client.get(&url("/me", &found["value"][0])).await.json();
    assert_eq!(first["start"], at("2026-03-23T10:00:00.0000000", "UTC"));
    let single = client
        .patch(&url("/me", &series), json!({ "recurrence": null }))
        .await
        .json();
    assert_eq!(single["type"], "singleInstance");
    let found = view(&mut client, "/me", from, until).await;
    assert_eq!(starts(&found), ["2026-03-23T10:00"]);
}

#[tokio::test]
async fn all_day_series_has_an_event_each_day() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({
        "subject": "Birthday", "isAllDay": true, "start": at("2024-02-29T00:00:00", "Asia/Tokyo"),
        "end": at("2024-03-01T00:00:00", "Asia/Tokyo"),
        "recurrence": {
            "pattern": { "type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2 },
            "range": { "type": "noEnd", "startDate": "2024-02-29" },
        },
    });
    create(&mut client, "/me/events", body).await;
    let found = view(
        &mut client,
        "/me",
        "2027-01-01T00:00:00Z",
        "2028-12-31T00:00:00Z",
    )
    .await;
    assert_eq!(starts(&found), ["2027-02-28T00:00", "2028-02-29T00:00"]);
}

#[tokio::test]
async fn invalid_recurrences_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let no_end = json!({ "type": "noEnd", "startDate": "2026-03-02" });
    let daily = json!({ "type": "daily", "interval": 1 });
    for (pattern, range) in [
        (json!({ "type": "daily" }), no_end.clone()),
        (json!({ "type": "weekly", "interval": 1 }), no_end.clone()),
        (
            json!({ "type": "absoluteMonthly", "interval": 1 }),
            no_end.clone(),
        ),
        (
            json!({ "type": "absoluteYearly", "interval": 1, "dayOfMonth": 3, "month": 13 }),
            no_end.clone(),
        ),
        (
            json!({ "type": "relativeMonthly", "interval": 1, "index": "last" }),
            no_end,
        ),
        (
            daily.clone(),
            json!({ "type": "endDate", "startDate": "2026-03-02", "endDate": "2026-03-01" }),
        ),
        (
            daily.clone(),
            json!({ "type": "numbered", "startDate": "2026-03-02" }),
        ),
        (daily, json!({ "startDate": "2026-03-02" })),
    ] {
        let mut body = event("x", "2026-03-02T10:00:00", "2026-03-02T11:00:00");
        body["recurrence"] = json!({ "pattern": pattern, "range": range });
        let refused = client.post("/me/events", body.clone()).await;
        assert_eq!(
            (refused.status, refused.error().0.as_str()),
            (StatusCode::BAD_REQUEST, "ErrorPropertyValidationFailure"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn delta_reports_the_occurrences_of_a_series() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let path = "/me/calendarView/delta?startDateTime=2026-03-20T00:00:00Z&\
        endDateTime=2026-03-31T00:00:00Z";
    let delta = async |client: &mut Client, url: &str| {
        let page = client.get(url).await.json();
        let link = page["@odata.deltaLink"].as_str().unwrap().to_owned();
        let items = page["value"].as_array().unwrap().clone();
        (items, link)
    };
    let (none, link) = delta(&mut client, path).await;
    assert_eq!(none.len(), 0);
    let series = twice_a_week(&mut client).await;
    let (made, link) = delta(&mut client, &link).await;
    assert_eq!(made.len(), 3, "{made:?}");
    assert!(
        made.iter()
            .all(|event| event["seriesMasterId"] == series["id"])
    );
    client
        .patch(&url("/me", &made[0]), json!({ "subject": "One" }))
        .await;
    let (changed, link) = delta(&mut client, &link).await;
    assert_eq!(changed[0]["subject"], "One");
    client.delete(&url("/me", &made[1])).await;
    let (gone, link) = delta(&mut client, &link).await;
    let gone: Vec<_> = gone
        .iter()
        .filter(|item| item.get("@removed").is_some())
        .collect();
    assert_eq!(gone[0]["id"], made[1]["id"]);
    client.delete(&url("/me", &series)).await;
    let (gone, _) = delta(&mut client, &link).await;
    let gone: Vec<_> = gone.iter().map(|item| &item["id"]).collect();
    assert_eq!(gone, [&made[0]["id"], &made[2]["id"]]);
    let fresh = client.get(path).await;
    assert_eq!(fresh.json()["value"], json!([]));
}

#[tokio::test]
async fn delta_reports_a_longer_series() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let mut body = event("Run", "2026-03-02T10:00:00", "2026-03-02T11:00:00");
    body["recurrence"] = json!({
        "pattern": { "type": "daily", "interval": 1 },
        "range": { "type": "numbered", "startDate": "2026-03-02", "numberOfOccurrences": 1 },
    });
    let series = create(&mut client, "/me/events", body).await;
    let path = "/me/calendarView/delta?startDateTime=2026-03-04T00:00:00Z&\
        endDateTime=2026-03-06T00:00:00Z";
    let first = client.get(path).await.json();
    assert_eq!(first["value"], json!([]));
    let more = json!({ "recurrence": { "range": { "numberOfOccurrences": 3 } } });
    client.patch(&url("/me", &series), more).await;
    let link = first["@odata.deltaLink"].as_str().unwrap();
    let changed = client.get(link).await.json();
    assert_eq!(starts(&changed), ["2026-03-04T10:00"]);
}
