//! Models from JSON that does not match the description.

use msgraph::Model;
use msgraph::models::call_records::PstnCallLogRow;
use msgraph::models::{
    DriveItem, EducationAssignmentPointsGrade, Event, Message, PasswordCredential, Photo,
    PrinterCapabilities, User, WorkbookRange,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// Returns the error of reading this JSON.
fn wrong<T: DeserializeOwned>(json: &str) -> String {
    match serde_json::from_str::<T>(json) {
        Ok(_) => panic!("{json} was read"),
        Err(error) => error.to_string(),
    }
}

/// Checks that a mismatched property does not make the whole page fail.
#[test]
fn value_of_another_type_is_kept_unchanged() {
    for json in [
        json!({"createdDateTime": "soon"}),
        json!({"createdDateTime": {}}),
        json!({"displayName": ["a"], "city": "Oslo"}),
        json!({"accountEnabled": "maybe"}),
        json!({"businessPhones": "1"}),
        json!({"mailboxSettings": []}),
        json!({"assignedPlans": [{"assignedDateTime": "soon", "service": "x"}]}),
        json!({"mailboxSettings": {"workingHours": {"startTime": "25:00"}}}),
    ] {
        let user: User = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&user).unwrap(), json);
    }
    let user: User = read(r#"{"displayName":["a"],"city":"Oslo"}"#);
    assert_eq!(user.display_name, None);
    assert_eq!(user.city.as_deref(), Some("Oslo"));
    assert_eq!(mismatched(&user), ["displayName"]);
    assert_eq!(user.mismatched_properties()[0].1, &json!(["a"]));
    // A value that is set afterwards is written in its place.
    let user = User {
        display_name: Some("Adele".into()),
        ..user
    };
    let written = serde_json::to_value(&user).unwrap();
    assert_eq!(written, json!({"displayName": "Adele", "city": "Oslo"}));
    // The property is then no longer mismatched.
    let user = User {
        display_name: Some("Adele".into()),
        ..read(r#"{"displayName":["a"]}"#)
    };
    assert!(mismatched(&user).is_empty());
    assert!(mismatched(&User::default().with_null(User::CITY)).is_empty());
}

/// Returns the paths of the mismatched properties.
fn mismatched<T: Model>(model: &T) -> Vec<String> {
    let mismatched = model.mismatched_properties().into_iter();
    mismatched.map(|(path, _)| path).collect()
}

fn written(model: &impl serde::Serialize) -> String {
    serde_json::to_string(model).unwrap()
}

#[test]
fn mismatched_item_keeps_its_whole_list() {
    for (json, paths) in [
        (
            r#"{"businessPhones":["1",{"number":"2"},null]}"#,
            vec!["businessPhones"],
        ),
        (
            r#"{"displayName":"a","businessPhones":["1",["2"]]}"#,
            vec!["businessPhones"],
        ),
        (
            r#"{"assignedLicenses":[{"skuId":"x"},{"disabledPlans":["",1]}]}"#,
            vec![
                "assignedLicenses[0].skuId",
                "assignedLicenses[1].disabledPlans",
            ],
        ),
        (
            r#"{"mailboxSettings":{"workingHours":{"daysOfWeek":["monday",1e999]}}}"#,
            vec!["mailboxSettings.workingHours.daysOfWeek"],
        ),
    ] {
        let user: User = read(json);
        assert_eq!(mismatched(&user), paths);
        assert_eq!(written(&user), json);
    }
    let user: User = read(r#"{"businessPhones":["1",{"number":"2"}]}"#);
    assert_eq!(user.business_phones, None);
    assert_eq!(user.extra["businessPhones"][1]["number"], "2");
}

#[test]
fn item_without_object_stays_in_its_list() {
    let json = r#"{"assignedPlans":[{"service":"a"},7,{"service":"b"},"c",["d"]]}"#;
    let mut user: User = read(json);
    assert_eq!(
        mismatched(&user),
        ["assignedPlans[1]", "assignedPlans[3]", "assignedPlans[4]"]
    );
    assert_eq!(written(&user), json);
    assert_eq!(user.clone(), user);
    let plans = user.assigned_plans.as_mut().unwrap();
    assert_eq!(plans.len(), 5);
    assert_eq!(plans[1].extra.instead_of_object(), Some(&json!(7)));
    assert!(format!("{:?}", plans[3]).contains("[redacted]"));
    // With a property it is an object.
    plans[1].service = Some("e".into());
    plans.truncate(2);
    assert_eq!(
        written(&user),
        r#"{"assignedPlans":[{"service":"a"},{"service":"e"}]}"#
    );
}

#[test]
fn mismatches_are_found_at_any_depth() {
    let json = r#"{"mailboxSettings":{"workingHours":{"startTime":"25:00"}},"signInActivity":7,
        "assignedPlans":[{"service":"a"},{"assignedDateTime":{}}]}"#;
    assert_eq!(
        mismatched(&read::<User>(json)),
        [
            "assignedPlans[1].assignedDateTime",
            "mailboxSettings.workingHours.startTime",
            "signInActivity"
        ]
    );
}

#[test]
fn number_beyond_single_is_kept() {
    for number in ["1e39", r#""1e39""#, "-3.5e38", "1e-60", r#""inf""#] {
        let json = format!(r#"{{"points":{number}}}"#);
        let grade: EducationAssignmentPointsGrade = read(&json);
        assert_eq!(grade.points, None, "{json}");
        assert_eq!(mismatched(&grade), ["points"], "{json}");
        assert_eq!(written(&grade), json);
    }
    for (number, value) in [("1e38", 1e38), ("0e-99", 0.0), (r#""INF""#, f32::INFINITY)] {
        let grade: EducationAssignmentPointsGrade = read(&format!(r#"{{"points":{number}}}"#));
        assert_eq!(grade.points, Some(value));
    }
}

#[test]
fn decimal_that_does_not_fit_is_kept() {
    for json in [
        r#""""#,
        r#""n/a""#,
        r#""INF""#,
        r#""1e""#,
        r#""\ud83d""#,
        "true",
        "{}",
        "[]",
    ] {
        let json = format!(r#"{{"currency":"EUR","charge":{json}}}"#);
        let row: PstnCallLogRow = read(&json);
        assert_eq!(row.charge, None, "{json}");
        assert_eq!(row.currency.as_deref(), Some("EUR"));
        assert_eq!(mismatched(&row), ["charge"], "{json}");
        assert_eq!(written(&row), json);
    }
    for (json, digits) in [("1.50", "1.50"), (r#""1.50""#, "1.50"), ("1e999", "1e999")] {
        let row: PstnCallLogRow = read(&format!(r#"{{"charge":{json}}}"#));
        assert_eq!(row.charge.unwrap().as_str(), digits);
    }
}

#[test]
fn non_object_model_is_an_error() {
    for json in ["[]", "1", "\"a\"", "null", ""] {
        wrong::<User>(json);
    }
    assert!(wrong::<User>("[]").contains("microsoft.graph.user"));
}

#[test]
fn broken_json_error_has_its_position() {
    let error = wrong::<Event>(r#"{"attendees":[{"emailAddress":{"name":"a"#);
    assert_eq!(error, "EOF while parsing a string at line 1 column 40");
    let error = wrong::<Event>("{\"new\":\n{\"a\":tru}}");
    assert_eq!(error, "expected ident at line 2 column 9");
}

#[test]
fn error_inside_a_value_names_its_property() {
    let deep = "[".repeat(1000) + &"]".repeat(1000);
    for (json, place) in [
        (format!(r#"{{"new":{deep}}}"#), "`new`: "),
        (
            format!(r#"{{"attendees":[{{}},{{"status":{{"new":{deep}}}}}]}}"#),
            "`attendees[1].status.new`: ",
        ),
    ] {
        let error = wrong::<Event>(&json);
        assert!(error.starts_with(place), "{error}");
    }
}

/// Checks that errors do not contain the value. It may be a secret or a whole file, and errors end
/// up in logs.
#[test]
fn decode_error_does_not_print_the_value() {
    let error = wrong::<User>(r#""hunter2""#);
    assert!(!error.contains("hunter"), "{error}");
    // A secret that does not fit its field is not shown either.
    let kept: PasswordCredential = read(r#"{"secretText":["hunter2"]}"#);
    let shown = format!("{kept:?}");
    assert!(
        shown.contains("[redacted]") && !shown.contains("hunter"),
        "{shown}"
    );
}

#[test]
fn null_property_is_unset() {
    let user: User = read(
        r#"{"displayName":null,"businessPhones":null,"assignedLicenses":null,"mailboxSettings":null,
            "createdDateTime":null,"accountEnabled":null}"#,
    );
    assert_eq!(user, User::default());
    let photo: Photo = read(r#"{"fNumber":null,"iso":null}"#);
    assert_eq!(photo, Photo::default());
    let range: WorkbookRange = read(r#"{"values":null}"#);
    assert_eq!(range.values, None);
}

#[test]
fn nulls_in_a_collection_are_dropped() {
    let user: User = read(
        r#"{"businessPhones":[null,"1",null],
            "assignedLicenses":[null,{"disabledPlans":[null]},null]}"#,
    );
    assert_eq!(user.business_phones, Some(vec!["1".into()]));
    assert_eq!(user.assigned_licenses.as_ref().unwrap().len(), 1);
    let printer: PrinterCapabilities = read(r#"{"dpis":[600,null,"1200"]}"#);
    assert_eq!(printer.dpis, Some(vec![600, 1200]));
    let user: User = read(r#"{"businessPhones":[],"assignedLicenses":[]}"#);
    assert_eq!(
        serde_json::to_value(&user).unwrap(),
        json!({"businessPhones": [], "assignedLicenses": []})
    );
    // In untyped properties they are values.
    let range: WorkbookRange = read(r#"{"values":[[null,1],["",true]]}"#);
    assert_eq!(range.values, Some(json!([[null, 1], ["", true]])));
}

#[test]
fn last_of_duplicate_properties_wins() {
    let user: User = read(
        r#"{"displayName":"a","displayName":"b","city":"c","city":null,"new":1,"new":2,
            "mailboxSettings":{"archiveFolder":"x","timeZone":"UTC"},
            "mailboxSettings":{"timeZone":"CET"},
            "businessPhones":["1","2"],"businessPhones":["3"]}"#,
    );
    assert_eq!(user.display_name.as_deref(), Some("b"));
    assert_eq!(user.city, None);
    assert_eq!(user.extra["new"], 2);
    let settings = user.mailbox_settings.unwrap();
    assert_eq!(settings.time_zone.as_deref(), Some("CET"));
    assert_eq!(settings.archive_folder, None);
    assert_eq!(user.business_phones, Some(vec!["3".into()]));
    let user: User =
        read(r#"{"city":1e999,"mail":[],"mail":"a","city":null,"state":"a","state":[]}"#);
    assert_eq!(mismatched(&user), ["state"]);
    assert_eq!(user.state, None);
    assert_eq!(written(&user), r#"{"mail":"a","state":[]}"#);
}

#[test]
fn properties_are_read_in_any_order() {
    let user: User = read(
        "{ \"userType\" : \"a\" ,\n\t\"id\":\"1\", \"city\" : \"b\",\"accountEnabled\":false }",
    );
    assert_eq!(user.user_type.as_deref(), Some("a"));
    assert_eq!(user.id.as_deref(), Some("1"));
    assert_eq!(user.city.as_deref(), Some("b"));
    assert_eq!(user.account_enabled, Some(false));
    // Escapes in keys are decoded, and case matters.
    let user: User = read(r#"{"displayN\u0061me":"a","displayname":"b"}"#);
    assert_eq!(user.display_name.as_deref(), Some("a"));
    assert_eq!(user.extra["displayname"], "b");
}

#[test]
fn numbers_out_of_range_are_kept_unchanged() {
    for json in [
        json!({"photo": {"orientation": 40000}}),
        json!({"photo": {"orientation": "40000"}}),
        json!({"photo": {"iso": 3_000_000_000_u32}}),
        json!({"photo": {"iso": 1.5}}),
        json!({"photo": {"iso": true}}),
        json!({"size": 9_223_372_036_854_775_808_u64}),
        json!({"size": 1e300}),
    ] {
        let item: DriveItem = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(item.size, None);
        assert_eq!(serde_json::to_value(&item).unwrap(), json);
    }
    for json in [
        r#"{"size":1e999}"#,
        r#"{"photo":{"fNumber":1e999}}"#,
        r#"{"photo":{"fNumber":"1e999"}}"#,
        r#"{"photo":{"fNumber":1e-999}}"#,
        r#"{"photo":{"iso":123456789012345678901234567890}}"#,
        r#"{"new":123456789012345678901234567890}"#,
        r#"{"new":[0.12345678901234567890]}"#,
    ] {
        assert_eq!(written(&read::<DriveItem>(json)), json);
    }
    let item: DriveItem = read(r#"{"size":-9223372036854775808}"#);
    assert_eq!(item.size, Some(i64::MIN));
    let photo: Photo = read(r#"{"fNumber":18446744073709551615,"focalLength":1e300}"#);
    assert_eq!(photo.f_number, Some(18_446_744_073_709_551_615.0));
    assert_eq!(photo.focal_length, Some(1e300));
}

#[test]
fn deep_nesting_is_an_error_without_overflow() {
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"new":{open}{close}}}"#)
    };
    read::<User>(&deep(100));
    let error = wrong::<User>(&deep(100_000));
    assert!(error.contains("recursion limit"), "{error}");
    let deep = r#"{"mailboxSettings":"#.repeat(100_000);
    wrong::<User>(&deep);
}

#[test]
fn lone_surrogate_becomes_replacement_character() {
    let json = r#"{"subject":"half \ud83d"}"#;
    let mut message: Message = read(json);
    assert_eq!(message.subject.as_deref(), Some("half \u{fffd}"));
    assert_eq!(mismatched(&message), ["subject"]);
    assert_eq!(message.extra["subject"], "half \u{fffd}");
    assert_eq!(written(&message), json);
    assert_eq!(written(&message.clone()), json);
    message.subject = Some("whole".into());
    assert_eq!(written(&message), r#"{"subject":"whole"}"#);
    for json in [
        r#"{"new":"\ud83d"}"#,
        r#"{"categories":["a","\udc00"]}"#,
        r#"{"importance":"\ud83d"}"#,
        r#"{"sentDateTime":"\ud83d"}"#,
        r#"{"new":{"a":["\ud83d"]}}"#,
    ] {
        assert_eq!(written(&read::<Message>(json)), json);
    }
    let message: Message = read(r#"{"\ud83d":1}"#);
    assert_eq!(message.extra["\u{fffd}"], 1);
    let message: Message = read(r#"{"subject":"\ud83d\udee1"}"#);
    assert_eq!(message.subject.as_deref(), Some("\u{1f6e1}"));
    assert!(serde_json::from_slice::<Message>(b"{\"subject\":\"\xff\"}").is_err());
}

#[test]
fn model_is_read_from_json_value() {
    let json = json!({"id": "1", "photo": {"orientation": "1"}, "new": [1]});
    let item: DriveItem = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(item.photo.as_ref().unwrap().orientation, Some(1));
    assert_eq!(
        serde_json::to_value(&item).unwrap(),
        json!({"id": "1", "photo": {"orientation": 1}, "new": [1]})
    );
    let error = serde_json::from_value::<DriveItem>(json!({"workbook": 1, "photo": 1, "id": []}));
    assert_eq!(error.unwrap().mismatched_properties().len(), 2);
}

#[test]
fn debug_prints_set_properties_without_secrets() {
    let credential: PasswordCredential = read(
        r#"{"displayName":"deploy","secretText":"hunter2",
            "new":{"clientSecret":"hunter3","accessToken":["hunter4"]}}"#,
    );
    let shown = format!("{credential:?} {credential:#?}");
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(shown.contains("[redacted]"), "{shown}");
    assert!(shown.contains("deploy"), "{shown}");
    assert!(!shown.contains("keyId"), "{shown}");
    // Secrets are also hidden inside nested objects and in untyped properties.
    let user: User =
        read(r#"{"passwordProfile":{"password":"hunter2"},"new":[{"password":"hunter3"}]}"#);
    let shown = format!("{user:?}");
    assert!(!shown.contains("hunter"), "{shown}");
    // A secret of another shape is hidden, too.
    let user: User = read(r#"{"new":{"password":{"value":"hunter2"}}}"#);
    let shown = format!("{user:?}");
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn model_is_written_as_it_was_read() {
    // The JSON has every kind of value, at each depth, in an arbitrary order.
    let sent = json!({
        "z": {"a": [1, -1, 1.5, u64::MAX, true, null, "\u{0}\"\\\u{7f}\u{2028}"]},
        "mailboxSettings": {"language": {"locale": "nb-NO", "new": 1},
            "workingHours": {"daysOfWeek": ["monday", "doomsday"]}},
        "@odata.type": "#microsoft.graph.user",
        "passwordProfile": {"forceChangePasswordNextSignIn": true},
        "businessPhones": ["", "1"],
        "displayName": "\u{1f6e1}\u{fe0f} \n",
        "createdDateTime": "2026-01-02T03:04:05.000Z",
        "provisionedPlans": [{}],
    });
    let user: User = read(&sent.to_string());
    let text = serde_json::to_string(&user).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), sent);
    assert!(text.starts_with(r##"{"@odata.type":"##), "{text}");
    assert_eq!(read::<User>(&text), user);
}
