//! Writing models by the names of their properties, against the simulator.

use std::time::{Duration, SystemTime};

use msgraph::chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use msgraph::model::edm::{DateTimeOffset, Guid, TimeZoneName};
use msgraph::models::{
    Attachment, Attendee, AttendeeType, DateTimeTimeZone, EmailAddress, Event, FileAttachment,
    Group, ItemBody, Message, Recipient, User,
};
use msgraph::query::Null;
use msgraph::{Cloud, Graph, Model, Node};
use serde_json::json;

use super::written;
use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, graph_of, simulator};

#[test]
fn shorthands_write_what_graph_documents() {
    let people = [
        Recipient::from("adele@contoso.com"),
        EmailAddress::from_address("alex@contoso.com")
            .with_name("Alex")
            .into(),
    ];
    let message = Message::new()
        .set(Message::BODY, ItemBody::text("Lunch?"))
        .set(Message::TO_RECIPIENTS, people)
        .set(Message::FROM, "megan@contoso.com")
        .set(Message::CC_RECIPIENTS, vec!["lee@contoso.com".to_owned()]);
    assert_eq!(
        written(&message),
        json!({
            "body": {"contentType": "text", "content": "Lunch?"},
            "toRecipients": [
                {"emailAddress": {"address": "adele@contoso.com"}},
                {"emailAddress": {"address": "alex@contoso.com", "name": "Alex"}},
            ],
            "from": {"emailAddress": {"address": "megan@contoso.com"}},
            "ccRecipients": [{"emailAddress": {"address": "lee@contoso.com"}}],
        })
    );
    let room = Attendee::resource("room1@contoso.com");
    assert_eq!(room.get(Attendee::TYPE), Some(AttendeeType::Resource));
    let file = FileAttachment::new().set(FileAttachment::NAME, "a.txt");
    let attachment = Attachment::from(file);
    assert_eq!(attachment.get_ref(Attachment::NAME), Some("a.txt"));
}

#[test]
fn times_with_zones_convert_both_ways() {
    let local: NaiveDateTime = "2026-12-01T09:00:00".parse().unwrap();
    let utc = local.and_utc();
    let oslo = DateTimeTimeZone::local(local, "Europe/Oslo");
    assert_eq!(
        written(&oslo),
        json!({"dateTime": "2026-12-01T09:00:00", "timeZone": "Europe/Oslo"})
    );
    assert_eq!(oslo.local_time(), Some(local));
    assert_eq!(oslo.to_utc(), None);
    let event = Event::new().set(Event::START, utc);
    let start = event.get(Event::START).unwrap();
    assert_eq!(
        written(&start),
        json!({"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"})
    );
    assert_eq!(start.to_utc(), Some(DateTimeOffset::from(utc)));
    let sent: DateTimeTimeZone = serde_json::from_str(
        r#"{"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "tzone://Microsoft/Utc"}"#,
    )
    .unwrap();
    assert_eq!(sent.to_utc(), Some(DateTimeOffset::from(utc)));
    for (zone, name) in [
        ("Pacific Standard Time", Some("America/Los_Angeles")),
        ("Europe/Oslo", Some("Europe/Oslo")),
        ("tzone://Microsoft/Custom", None),
    ] {
        assert_eq!(
            DateTimeTimeZone::local(local, zone).zone_name().iana(),
            name
        );
    }
    assert_eq!(DateTimeTimeZone::new().zone_name(), TimeZoneName::Utc);
    assert_eq!(DateTimeTimeZone::new().local_time(), None);
}

#[test]
fn zones_of_jiff_and_time_are_kept() {
    let time: msgraph::jiff::Timestamp = "2026-07-01T09:00:00Z".parse().unwrap();
    let zoned = time.to_zoned_datetime(msgraph::jiff::tz::TimeZone::UTC);
    let written_time = DateTimeTimeZone::from(&zoned);
    assert_eq!(
        written(&written_time),
        json!({"dateTime": "2026-07-01T09:00:00", "timeZone": "UTC"})
    );
    assert_eq!(
        written_time.to_zoned_datetime().unwrap().timestamp(),
        zoned.timestamp()
    );
    let custom = DateTimeTimeZone::local("2026-07-01T09:00:00", "tzone://Microsoft/Custom");
    assert!(custom.to_zoned_datetime().is_err());
    let time = msgraph::time::OffsetDateTime::UNIX_EPOCH;
    assert_eq!(
        written(&DateTimeTimeZone::from(time)),
        json!({"dateTime": "1970-01-01T00:00:00", "timeZone": "UTC"})
    );
}

#[tokio::test]
async fn addresses_take_times_and_ids_of_any_type() {
    let recorder = Recorder::always(Answer::json(json!({"value": []}))).await;
    let graph = graph(&recorder);
    let take = || {
        let target = recorder.only().target;
        recorder.clear();
        target
    };
    let (start, end) = (
        SystemTime::UNIX_EPOCH,
        SystemTime::UNIX_EPOCH + Duration::from_secs(60),
    );
    let view = graph.me().calendar_view();
    view.list(start, end).await.unwrap();
    let wanted = "/v1.0/me/calendarView?startDateTime=1970-01-01T00%3A00%3A00Z\
                  &endDateTime=1970-01-01T00%3A01%3A00Z";
    assert_eq!(take(), wanted);
    view.list(DateTime::<Utc>::from(start), DateTimeOffset::from(end))
        .await
        .unwrap();
    assert_eq!(take(), wanted);
    let day: NaiveDate = "2026-12-01".parse().unwrap();
    view.list(day, "2026-12-02T00:00:00+01:00").await.unwrap();
    assert_eq!(
        take(),
        "/v1.0/me/calendarView?startDateTime=2026-12-01T00%3A00%3A00Z\
         &endDateTime=2026-12-02T00%3A00%3A00%2B01%3A00"
    );
    let messages = graph.me().messages().list();
    messages
        .filter(Message::RECEIVED_DATE_TIME.ge(start))
        .await
        .unwrap();
    assert_eq!(
        take(),
        "/v1.0/me/messages?$filter=receivedDateTime%20ge%201970-01-01T00%3A00%3A00Z"
    );
    let id: Guid = "48d31887-5fad-4d73-a9f5-3c356e68a038".parse().unwrap();
    let texts = [
        graph.users().id(id),
        graph.users().id(id),
        graph.users().id(id.to_string()),
    ];
    for user in texts {
        user.messages().list().await.unwrap();
        assert_eq!(take(), format!("/v1.0/users/{id}/messages"));
    }
}

#[tokio::test]
async fn references_take_nodes_in_every_cloud() {
    let token = || msgraph::auth::AccessTokenCredential::new("token");
    let china = Graph::builder(token()).cloud(Cloud::China).build().unwrap();
    let adele = china.directory_objects().id("1");
    let url = "https://microsoftgraph.chinacloudapi.cn/v1.0/directoryObjects/1";
    assert_eq!(adele.url(), url);
    let group = Group::new()
        .bind(Group::OWNERS, [&adele])
        .bind(Group::MEMBERS, [adele.clone()]);
    assert_eq!(
        written(&group),
        json!({"owners@odata.bind": [url], "members@odata.bind": [url]})
    );
    let user = User::new().bind_one(User::MANAGER, china.users().id("a b"));
    assert_eq!(
        user.extra["manager@odata.bind"],
        "https://microsoftgraph.chinacloudapi.cn/v1.0/users/a%20b"
    );

    let recorder = Recorder::always(Answer::status(204)).await;
    let graph = graph(&recorder);
    let members = graph.groups().id("1").members();
    let id: Guid = "48d31887-5fad-4d73-a9f5-3c356e68a038".parse().unwrap();
    members.add_ref(graph.users().id("2")).await.unwrap();
    members.add_ref(id).await.unwrap();
    graph
        .me()
        .manager()
        .set_ref(graph.users().id("3"))
        .await
        .unwrap();
    let requests = recorder.requests();
    let root = format!("{}/v1.0", recorder.url());
    for (request, path) in requests.iter().zip([
        "users/2".to_owned(),
        format!("directoryObjects/{id}"),
        "users/3".to_owned(),
    ]) {
        assert_eq!(
            request.json(),
            json!({"@odata.id": format!("{root}/{path}")})
        );
    }
    assert_eq!(requests.len(), 3);
    let refused = members
        .add_ref(graph.users().id(""))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("{user-id} is empty"), "{refused}");
}

#[tokio::test]
async fn update_with_changes_leaves_the_rest() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let new = Event::new()
        .set(Event::SUBJECT, "Lunch")
        .set(Event::BODY, ItemBody::text("Pizza"))
        .set(Event::START, SystemTime::UNIX_EPOCH)
        .set(
            Event::END,
            SystemTime::UNIX_EPOCH + Duration::from_secs(3600),
        )
        .set(Event::CATEGORIES, ["Red category"])
        .set(Event::ATTENDEES, [Attendee::required("adele@contoso.com")]);
    let events = graph.me().events();
    let original = events.create(new).await.unwrap();
    let event = events.id(original.get_ref(Event::ID).unwrap());
    let changed = original
        .clone()
        .set(Event::SUBJECT, "Dinner")
        .set(Event::CATEGORIES, Null);
    let changes = original.changes_to(&changed);
    assert_eq!(
        written(&changes),
        json!({"subject": "Dinner", "categories": null})
    );
    event.update(changes).await.unwrap();
    let read = event.get().await.unwrap();
    assert_eq!(read.get_ref(Event::SUBJECT), Some("Dinner"));
    assert_eq!(read.get_ref(Event::BODY), original.get_ref(Event::BODY));
    assert_eq!(
        read.get_ref(Event::ATTENDEES),
        original.get_ref(Event::ATTENDEES)
    );
    assert_eq!(
        read.get_ref(Event::CATEGORIES)
            .map(<[_]>::len)
            .unwrap_or_default(),
        0
    );
}
