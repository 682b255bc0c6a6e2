//! Models: each case of CASES.md, section 2, and then the cases without a number.

use msgraph::Model;
use msgraph::model::edm::{Binary, Date, DateTimeOffset, Duration, Guid, TimeOfDay};
use msgraph::model::{Extra, Flags};
use msgraph::models::{
    AccessPackageApprovalStage, ApplicationRiskFactorGeneralInfo, Attachment, Attendee,
    BookingWorkTimeSlot, Contact, DirectoryObject, DriveItem, EmailAddress, Event, FieldValueSet,
    FileAttachment, FreeBusyStatus, Group, KeyCredential, MailTips, MailboxSettings, Message,
    OrgContact, Photo, RecipientScopeType, SynchronizationTemplate, User, UserPurpose,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(json: Value) -> T {
    // The JSON is read as text and not from the `Value`, because responses are text.
    serde_json::from_str(&json.to_string()).unwrap()
}

fn written(value: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn round<T: DeserializeOwned + Serialize>(json: Value) {
    assert_eq!(written(&read::<T>(json.clone())), json);
}

#[test]
fn case_2_1_a_property_is_cleared_with_null() {
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

#[test]
fn case_2_2_nothing_goes_out_that_nobody_set() {
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

#[test]
fn case_2_3_what_was_read_goes_out_whole() {
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

#[test]
fn case_2_4_unknown_words_stay() {
    let settings: MailboxSettings = read(json!({"userPurpose": "hologram"}));
    assert_eq!(
        settings.user_purpose,
        Some(UserPurpose::Unknown("hologram".into()))
    );
    round::<MailboxSettings>(json!({"userPurpose": "hologram"}));

    // The capitalization is kept as it was sent, and does not matter to comparison.
    let settings: MailboxSettings = read(json!({"userPurpose": "SHARED"}));
    assert_eq!(settings.user_purpose, Some(UserPurpose::Shared));
    assert!(
        matches!(settings.user_purpose, Some(UserPurpose::Unknown(ref word)) if word == "SHARED")
    );
    assert_eq!(written(&settings), json!({"userPurpose": "SHARED"}));
    let set = std::collections::HashSet::from([UserPurpose::Shared]);
    assert!(set.contains(&"sHaReD".parse().unwrap()));
    assert!(!set.contains(&"sHaRe".parse().unwrap()));
}

#[test]
fn case_2_4_unknown_words_of_a_set_stay() {
    let tips: MailTips = read(json!({"recipientScope": "internal,zzz,external"}));
    let scope = tips.recipient_scope.as_ref().unwrap();
    assert!(scope.contains(&RecipientScopeType::Internal));
    assert!(scope.contains(&RecipientScopeType::External));
    assert!(!scope.contains(&RecipientScopeType::ExternalPartner));
    let zzz = RecipientScopeType::Unknown("zzz".into());
    assert!(scope.contains(&zzz));
    assert_eq!(
        scope.iter().collect::<Vec<_>>(),
        [
            RecipientScopeType::Internal,
            zzz,
            RecipientScopeType::External
        ]
    );
    assert_eq!(
        written(&tips),
        json!({"recipientScope": "internal,zzz,external"})
    );
    for text in ["internal, External", "", "none", "internal,,external"] {
        round::<MailTips>(json!({ "recipientScope": text }));
    }
}

#[test]
fn case_2_4_sets_are_equal_as_sets() {
    let read = |text: &str| text.parse::<Flags<RecipientScopeType>>().unwrap();
    assert_eq!(read("internal,zzz"), read("ZZZ, internal"));
    assert_ne!(read("internal,zzz"), read("internal"));
    let mut scope: Flags<_> = [RecipientScopeType::Internal].into_iter().collect();
    assert!(scope.insert(RecipientScopeType::External));
    assert!(!scope.insert(RecipientScopeType::External));
    assert_eq!(scope.to_string(), "internal,external");
    assert!(scope.remove(&RecipientScopeType::Internal));
    assert!(!scope.remove(&RecipientScopeType::Internal));
    assert_eq!(scope, RecipientScopeType::External.into());
    assert!(read("").is_empty() && read(" , ").is_empty());
}

#[test]
fn case_2_5_an_enum_is_its_word() {
    assert_eq!(
        serde_json::to_string(&FreeBusyStatus::Oof).unwrap(),
        r#""oof""#
    );
    assert_eq!(FreeBusyStatus::Oof.to_string(), "oof");
    assert_eq!("oof".parse(), Ok(FreeBusyStatus::Oof));
    let event = Event {
        show_as: Some(FreeBusyStatus::WorkingElsewhere),
        ..Default::default()
    };
    assert_eq!(written(&event), json!({"showAs": "workingElsewhere"}));
    // `unknown` is one of Graph's own words.
    assert!(matches!("unknown".parse(), Ok(FreeBusyStatus::Unknown_)));
}

#[test]
fn case_2_6_dates_are_read_generously() {
    for (text, utc) in [
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        (
            "2026-01-02T03:04:05.1234567Z",
            "2026-01-02T03:04:05.1234567Z",
        ),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"),
        (
            "2026-01-02T03:04:05.123456789012Z",
            "2026-01-02T03:04:05.1234567Z",
        ),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        (
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59.9999999Z",
        ),
    ] {
        let user: User = read(json!({ "createdDateTime": text }));
        assert!(user.created_date_time.is_some(), "{text}");
        assert_eq!(written(&user), json!({ "createdDateTime": utc }));
    }
}

#[test]
fn case_2_7_dates_are_written_in_utc_and_local_times_as_they_are() {
    let sent: Event = read(json!({
        "createdDateTime": "2021-04-14T14:11:27+02:00",
        "start": {"dateTime": "2026-03-29T02:30:00.0000000", "timeZone": "W. Europe Standard Time"},
    }));
    assert_eq!(
        written(&sent),
        json!({
            "createdDateTime": "2021-04-14T12:11:27Z",
            "start": {"dateTime": "2026-03-29T02:30:00.0000000", "timeZone": "W. Europe Standard Time"},
        })
    );
    let moment: DateTimeOffset = "2021-04-14T12:11:27Z".parse().unwrap();
    assert_eq!(sent.created_date_time, Some(moment));
}

#[test]
fn case_2_8_text_stays_text() {
    let sent = json!({"code": "20240101", "flag": "true", "nothing": "null", "id": "1e3"});
    let user: User = read(sent.clone());
    assert_eq!(user.extra["code"], Value::String("20240101".into()));
    assert_eq!(written(&user), sent);
}

#[test]
fn case_2_9_times_of_day() {
    for text in ["08:00:00.0000000", "23:59:59.9999999", "08:00:00"] {
        round::<BookingWorkTimeSlot>(json!({ "startTime": text }));
    }
    let slot: BookingWorkTimeSlot = read(json!({"startTime": "08:00", "endTime": null}));
    assert_eq!(slot.start_time, "08:00:00".parse::<TimeOfDay>().ok());
    assert_eq!(slot.end_time, None);
}

#[test]
fn case_2_11_numbers_are_read_from_text_and_text_never_from_numbers() {
    let item: DriveItem =
        read(json!({"photo": {"orientation": "1", "fNumber": "1.8", "iso": 100.0}}));
    let photo = item.photo.unwrap();
    assert_eq!(photo.orientation, Some(1));
    assert_eq!(photo.f_number, Some(1.8));
    assert_eq!(photo.iso, Some(100));

    let contact = Contact {
        profession: Some("1".into()),
        ..Default::default()
    };
    assert_eq!(written(&contact), json!({"profession": "1"}));
    round::<Contact>(json!({"profession": "1"}));

    let item: DriveItem = read(json!({"size": i64::MAX}));
    assert_eq!(item.size, Some(9_223_372_036_854_775_807));
    assert_eq!(
        serde_json::to_string(&item).unwrap(),
        r#"{"size":9223372036854775807}"#
    );
    let item: DriveItem = read(json!({"size": "9223372036854775807"}));
    assert_eq!(item.size, Some(i64::MAX));
}

#[test]
fn case_2_12_durations_are_written_as_they_were_read() {
    for text in [
        "-PT15M",
        "P365D",
        "PT0S",
        "P1DT2H3M4.5S",
        "P7D",
        "P1Y2M",
        "PT0.03S",
        "P730D",
    ] {
        round::<AccessPackageApprovalStage>(json!({ "durationBeforeEscalation": text }));
    }
    let stage: AccessPackageApprovalStage = read(json!({"durationBeforeEscalation": "P7D"}));
    assert_eq!(
        stage.duration_before_escalation,
        "P7D".parse::<Duration>().ok()
    );
}

#[test]
fn case_2_13_base64_in_both_alphabets() {
    let bytes = Binary::from_static(&[0xfb, 0xff, 0xfe]);
    for text in ["+//+", "-__-"] {
        let key: KeyCredential = read(json!({ "key": text }));
        assert_eq!(key.key, Some(bytes.clone()));
        assert_eq!(written(&key), json!({"key": "+//+"}));
    }
    for text in ["aGk", "aGk="] {
        let key: KeyCredential = read(json!({ "key": text }));
        assert_eq!(key.key.as_deref(), Some(&b"hi"[..]));
        assert_eq!(written(&key), json!({"key": "aGk="}));
    }
}

#[test]
fn case_2_14_bytes_are_raw() {
    let file = FileAttachment {
        content_bytes: Some(Binary::from_static(b"hi")),
        ..Default::default()
    };
    assert_eq!(written(&file), json!({"contentBytes": "aGk="}));
    let file: FileAttachment = read(json!({"contentBytes": "aGk="}));
    assert_eq!(file.content_bytes.as_deref(), Some(&b"hi"[..]));
}

#[test]
fn case_2_15_unknown_properties_stay() {
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

#[test]
fn case_2_17_derived_types_are_found_by_what_they_say() {
    let members: Vec<DirectoryObject> = read(json!([
        {"@odata.type": "#microsoft.graph.user", "mail": "a@b.c", "new": 1},
        {"@odata.type": "#microsoft.graph.orgContact", "x": 1},
        {"id": "3"},
        {"@odata.type": "#microsoft.graph.hologram", "id": "4"},
        {"@odata.type": "#Microsoft.Graph.User", "id": "5"},
    ]));
    let user = members[0].downcast::<User>().unwrap().unwrap();
    assert_eq!(user.mail.as_deref(), Some("a@b.c"));
    assert_eq!(user.extra["new"], 1);
    assert_eq!(members[0].downcast::<Group>().unwrap(), None);
    assert_eq!(members[1].downcast::<User>().unwrap(), None);
    assert_eq!(
        members[1].downcast::<OrgContact>().unwrap().unwrap().extra["x"],
        1
    );
    assert_eq!(members[2].id.as_deref(), Some("3"));
    assert_eq!(members[2].downcast::<User>().unwrap(), None);
    assert_eq!(members[3].downcast::<User>().unwrap(), None);
    assert_eq!(members[3].id.as_deref(), Some("4"));
    assert_eq!(
        members[4]
            .downcast::<User>()
            .unwrap()
            .unwrap()
            .id
            .as_deref(),
        Some("5")
    );
    assert_eq!(written(&user)["@odata.type"], "#microsoft.graph.user");
}

#[test]
fn case_2_17_a_value_of_the_type_that_does_not_fit_it_is_kept() {
    let text = r##"{"@odata.type":"#microsoft.graph.user","assignedPlans":[{},1],"city":1e999,"new":1e999}"##;
    let member: DirectoryObject = serde_json::from_str(text).unwrap();
    let user = member.downcast::<User>().unwrap().unwrap();
    assert_eq!(user.mismatched_properties()[0].0, "assignedPlans[1]");
    assert_eq!(user.extra.json_text("new").as_deref(), Some("1e999"));
    let base = DirectoryObject::from(user);
    assert_eq!(base.extra.json_text("new").as_deref(), Some("1e999"));
}

#[test]
fn case_2_19_open_types_hold_what_they_like() {
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

#[test]
fn case_2_21_annotations_have_names() {
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
fn case_2_22_the_type_is_written_where_it_is_needed_and_first() {
    let file = FileAttachment {
        name: Some("a.txt".into()),
        content_bytes: Some(Binary::from_static(b"hi")),
        ..Default::default()
    };
    let message = Message {
        subject: Some("A".into()),
        ..Default::default()
    };
    let message = message.with(Message::ATTACHMENTS, [file.clone()]).unwrap();
    assert_eq!(
        written(&message),
        json!({"subject": "A", "attachments": [{
            "@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGk=",
        }]})
    );

    let attachment = Attachment::from(file);
    assert_eq!(attachment.name.as_deref(), Some("a.txt"));
    let text = serde_json::to_string(&attachment).unwrap();
    assert!(
        text.starts_with(r##"{"@odata.type":"#microsoft.graph.fileAttachment","##),
        "{text}"
    );
    let back = attachment.downcast::<FileAttachment>().unwrap().unwrap();
    assert_eq!(back.content_bytes.as_deref(), Some(&b"hi"[..]));

    // An explicit `@odata.type` takes precedence over that of the Rust type.
    let mut own = FileAttachment::default();
    own.extra.insert("@odata.type", "#contoso.file");
    assert_eq!(Attachment::from(own).odata_type(), Some("#contoso.file"));
}

#[test]
fn related_entities_are_read_when_asked_for() {
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
fn references_are_bound_by_their_urls() {
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
fn copies_are_equal_and_their_own() {
    let sent = json!({
        "id": "1", "businessPhones": ["1", "2"], "createdDateTime": "2026-01-02T03:04:05.10Z",
        "assignedLicenses": [{"skuId": "8f0c5670-4e56-4892-b06d-91c085d7004f", "disabledPlans": []}],
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
fn names_of_properties_are_typed() {
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

#[test]
fn dates_and_identifiers() {
    round::<ApplicationRiskFactorGeneralInfo>(json!({"domainRegistrationDate": "2026-03-01"}));
    let info: ApplicationRiskFactorGeneralInfo =
        read(json!({"domainRegistrationDate": "2026-03-01"}));
    assert_eq!(
        info.domain_registration_date,
        Date::from_ymd_opt(2026, 3, 1)
    );
    let user: User =
        read(json!({"assignedLicenses": [{"skuId": "8F0C5670-4E56-4892-B06D-91C085D7004F"}]}));
    let sku = user.assigned_licenses.as_ref().unwrap()[0].sku_id;
    assert_eq!(
        sku,
        Guid::parse_str("8f0c5670-4e56-4892-b06d-91c085d7004f").ok()
    );
    assert_eq!(
        written(&user),
        json!({"assignedLicenses": [{"skuId": "8f0c5670-4e56-4892-b06d-91c085d7004f"}]})
    );
}

#[test]
fn numbers_that_json_has_no_number_for() {
    let photo: Photo =
        read(json!({"fNumber": "INF", "focalLength": "-INF", "exposureNumerator": "NaN"}));
    assert_eq!(photo.f_number, Some(f64::INFINITY));
    assert_eq!(photo.focal_length, Some(f64::NEG_INFINITY));
    assert!(photo.exposure_numerator.unwrap().is_nan());
    assert_eq!(
        written(&photo),
        json!({"fNumber": "INF", "focalLength": "-INF", "exposureNumerator": "NaN"})
    );
    // Graph writes whole numbers without a fraction.
    assert_eq!(
        serde_json::to_string(&read::<Photo>(json!({"fNumber": 2.0, "focalLength": 2.5}))).unwrap(),
        r#"{"fNumber":2,"focalLength":2.5}"#
    );
}
