//! Properties: cleared, unset, unknown, annotated.

use msgraph::Model;
use msgraph::model::Extra;
use msgraph::models::{
    Attachment, Attendee, DriveItem, EmailAddress, Event, FieldValueSet, Group,
    SynchronizationTemplate, User,
};
use serde_json::{Value, json};

use super::{read, round, written};

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#30, microsoftgraph/msgraph-sdk-dotnet#264.
#[test]
fn property_is_cleared_with_null() {
    let mut user = User {
        city: Some("Oslo".into()),
        mobile_phone: Some("+47 1".into()),
        ..Default::default()
    };
    user.clear(User::MOBILE_PHONE);
    assert_eq!(user.mobile_phone, None);
    assert_eq!(written(&user), json!({"mobilePhone": null, "city": "Oslo"}));
    user.mobile_phone = Some("+47 2".into());
    assert_eq!(
        serde_json::to_string(&user)
            .unwrap()
            .matches("mobilePhone")
            .count(),
        1
    );
    assert_eq!(
        written(&user),
        json!({"mobilePhone": "+47 2", "city": "Oslo"})
    );

    let mut event = Event::default();
    event.clear(Event::RECURRENCE);
    event.clear(Event::ATTENDEES);
    assert_eq!(
        written(&event),
        json!({"recurrence": null, "attendees": null})
    );
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#2298, microsoftgraph/msgraph-sdk-dotnet#2607.
#[test]
fn unset_properties_are_not_sent() {
    let event = Event {
        subject: Some("Lunch".into()),
        ..Default::default()
    };
    assert_eq!(
        serde_json::to_string(&event).unwrap(),
        r#"{"subject":"Lunch"}"#
    );
    assert_eq!(written(&Event::default()), json!({}));
    assert_eq!(written(&User::default()), json!({}));
    assert_eq!(written(&Attachment::default()), json!({}));
}

// Reported: microsoftgraph/msgraph-sdk-java#1898, microsoft/kiota-java#1141.
#[test]
fn read_model_is_written_with_unknown_properties() {
    let sent = json!({"attendees": [
        {"type": "required", "emailAddress": {"name": "Ada", "address": "a@b.c"}, "new": 1},
        {"type": "optional", "status": {"response": "none", "time": "0001-01-01T00:00:00Z"}},
    ]});
    let mut event: Event = read(sent.clone());
    let third = Attendee {
        email_address: Some(Box::new(EmailAddress {
            address: Some("c@d.e".into()),
            ..Default::default()
        })),
        ..Default::default()
    };
    event.attendees.as_mut().unwrap().push(third);
    let mut wanted = sent;
    let attendees = wanted["attendees"].as_array_mut().unwrap();
    attendees.push(json!({"emailAddress": {"address": "c@d.e"}}));
    assert_eq!(written(&event), wanted);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1404.
#[test]
fn unknown_properties_are_kept() {
    let sent = json!({"id": "1", "brandNew": {"a": [1, null, {"b": 0.5}]}, "none": null});
    let mut user: User = read(sent.clone());
    assert_eq!(user.extra["brandNew"]["a"][0], 1);
    assert_eq!(written(&user), sent);
    user.extra.insert("brandNew", "b");
    assert_eq!(user.extra.remove("none"), Some(Value::Null));
    assert_eq!(written(&user), json!({"id": "1", "brandNew": "b"}));
    // Nested unknown properties are kept as well.
    round::<Event>(json!({"attendees": [{"emailAddress": {"new": [1]}}], "body": {"x": "y"}}));
}

// Reported: microsoftgraph/msgraph-sdk-powershell#764, microsoftgraph/msgraph-sdk-dotnet#2913.
#[test]
fn open_type_holds_any_property() {
    let sent = json!({
        "extension_ab_rooms@odata.type": "#Collection(String)",
        "extension_ab_rooms": ["1", "2"],
        "ext1_course": {"level": 3},
    });
    let user: User = read(sent.clone());
    assert_eq!(
        user.extra["extension_ab_rooms"].as_array().unwrap().len(),
        2
    );
    assert_eq!(written(&user), sent);

    let fields = FieldValueSet {
        extra: Extra::from_iter([("Title", json!("A")), ("Rooms", json!(["1"]))]),
        ..Default::default()
    };
    assert_eq!(written(&fields), json!({"Title": "A", "Rooms": ["1"]}));
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1745, microsoftgraph/msgraph-sdk-php#169.
#[test]
fn annotations_have_typed_names() {
    let item: DriveItem = read(json!({
        "@odata.etag": "W/\"1\"",
        "@microsoft.graph.downloadUrl": "https://x/y",
        "children@odata.nextLink": "https://x/next",
        "@odata.id": "drives('1')/items('2')",
        "@odata.context": "https://x/$metadata",
    }));
    assert_eq!(item.etag(), Some("W/\"1\""));
    assert_eq!(item.download_url(), Some("https://x/y"));
    assert_eq!(item.next_link(DriveItem::CHILDREN), Some("https://x/next"));
    assert_eq!(item.odata_id(), Some("drives('1')/items('2')"));
    assert_eq!(item.odata_context(), Some("https://x/$metadata"));
    assert_eq!(item.odata_type(), None);

    let group: Group = read(json!({"members@odata.nextLink": "https://x/more"}));
    assert_eq!(group.next_link(Group::MEMBERS), Some("https://x/more"));

    let bare = DriveItem::default();
    assert_eq!(bare.etag(), None);
    assert_eq!(bare.download_url(), None);
    assert_eq!(bare.next_link(DriveItem::CHILDREN), None);
}

#[test]
fn expanded_entities_are_read() {
    let user: User = read(json!({
        "manager": {"@odata.type": "#microsoft.graph.user", "id": "2"},
        "messages": [{"subject": "A"}, {"subject": 7, "new": true}],
    }));
    let manager = user.related(User::MANAGER).unwrap().unwrap();
    assert_eq!(
        manager.downcast::<User>().unwrap().unwrap().id.as_deref(),
        Some("2")
    );
    let messages = user.related(User::MESSAGES).unwrap().unwrap();
    assert_eq!(messages[1].extra["new"], true);
    assert_eq!(user.related(User::DIRECT_REPORTS).unwrap(), None);

    let odd: User = read(json!({"messages": [null, {"toRecipients": [1]}, 2], "manager": null}));
    assert_eq!(odd.related(User::MANAGER).unwrap(), None);
    let messages = odd.related(User::MESSAGES).unwrap().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].mismatched_properties()[0].0, "toRecipients[0]");
    assert_eq!(messages[1].extra.instead_of_object(), Some(&json!(2)));
    let wrong: User = read(json!({"messages": "none", "manager": [1]}));
    for error in [
        wrong.related(User::MESSAGES).unwrap_err(),
        wrong.related(User::MANAGER).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains("messages") || error.contains("manager"),
            "{error}"
        );
    }
}

#[test]
fn references_are_bound_by_url() {
    let group = Group::default()
        .bind(Group::MEMBERS, ["https://x/1", "https://x/2"])
        .bind(Group::OWNERS, vec![String::from("https://x/3")]);
    assert_eq!(
        written(&group),
        json!({
            "members@odata.bind": ["https://x/1", "https://x/2"],
            "owners@odata.bind": ["https://x/3"],
        })
    );
    let user = User::default().bind_one(User::MANAGER, "https://x/1");
    assert_eq!(written(&user), json!({"manager@odata.bind": "https://x/1"}));
}

#[test]
fn clone_is_equal_and_independent() {
    let sent = json!({
        "id": "1", "businessPhones": ["1", "2"], "createdDateTime": "2026-01-02T03:04:05.10Z",
        "assignedLicenses": [{"skuId": "8f0c5670-4e56-4892-b06d-91c085d7004f",
            "disabledPlans": []}],
        "mailboxSettings": {"userPurpose": "user"}, "new": {"a": 1}, "accountEnabled": true,
    });
    let user: User = read(sent.clone());
    let mut copy = user.clone();
    assert_eq!(copy, user);
    assert_eq!(written(&copy), sent);
    copy.business_phones.as_mut().unwrap().pop();
    assert_ne!(copy, user);
    assert_eq!(user.business_phones.as_ref().unwrap().len(), 2);
    let mut copy = user.clone();
    copy.extra.insert("new", 1);
    assert_ne!(copy, user);
}

#[test]
fn property_names_are_typed() {
    assert_eq!(User::DISPLAY_NAME.name(), "displayName");
    assert_eq!(User::MANAGER.name(), "manager");
    assert_eq!(User::default().type_name(), "microsoft.graph.user");
    // The name of this property is reserved in Rust.
    let template = SynchronizationTemplate {
        default: Some(true),
        ..Default::default()
    };
    assert_eq!(written(&template), json!({"default": true}));
}
