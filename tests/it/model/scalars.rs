//! Dates, times, numbers, bytes and text.

use msgraph::model::edm::{Binary, Date, DateTimeOffset, Duration, Guid, TimeOfDay};
use msgraph::models::{
    AccessPackageApprovalStage, ApplicationRiskFactorGeneralInfo, BookingWorkTimeSlot, Contact,
    DriveItem, Event, FileAttachment, KeyCredential, Photo, User,
};
use serde_json::{Value, json};

use super::{read, round, written};

// Reported: microsoftgraph/msgraph-sdk-java#1785, microsoftgraph/msgraph-sdk-java#1815.
#[test]
fn dates_are_read_leniently() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#865.
#[test]
fn dates_are_written_in_utc_except_local_times() {
    let sent: Event = read(json!({
        "createdDateTime": "2021-04-14T14:11:27+02:00",
        "start": {"dateTime": "2026-03-29T02:30:00.0000000", "timeZone": "W. Europe Standard Time"},
    }));
    assert_eq!(
        written(&sent),
        json!({
            "createdDateTime": "2021-04-14T12:11:27Z",
            "start": {"dateTime": "2026-03-29T02:30:00.0000000",
                "timeZone": "W. Europe Standard Time"},
        })
    );
    let moment: DateTimeOffset = "2021-04-14T12:11:27Z".parse().unwrap();
    assert_eq!(sent.created_date_time, Some(moment));
}

// Reported: microsoftgraph/msgraph-sdk-python#1026, microsoft/kiota-python#427.
#[test]
fn text_that_looks_like_date_stays_text() {
    let sent = json!({"code": "20240101", "flag": "true", "nothing": "null", "id": "1e3"});
    let user: User = read(sent.clone());
    assert_eq!(user.extra["code"], Value::String("20240101".into()));
    assert_eq!(written(&user), sent);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#244, microsoftgraph/msgraph-sdk-dotnet-core#245.
#[test]
fn time_of_day_keeps_its_precision() {
    for text in ["08:00:00.0000000", "23:59:59.9999999", "08:00:00"] {
        round::<BookingWorkTimeSlot>(json!({ "startTime": text }));
    }
    let slot: BookingWorkTimeSlot = read(json!({"startTime": "08:00", "endTime": null}));
    assert_eq!(slot.start_time, "08:00:00".parse::<TimeOfDay>().ok());
    assert_eq!(slot.end_time, None);
}

// Reported: microsoft/kiota-json-go#174, microsoft/kiota-json-go#190.
#[test]
fn numbers_are_read_from_text() {
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

// Reported: microsoftgraph/msgraph-sdk-python#552, microsoft/kiota-ts#1169.
#[test]
fn durations_are_written_as_read() {
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

// Reported: Azure/azure-sdk-for-java#34848, Azure/azure-sdk-for-java#50071.
#[test]
fn base64_is_read_in_both_alphabets() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#2836, microsoftgraph/msgraph-sdk-python#1369.
#[test]
fn binary_property_holds_raw_bytes() {
    let file = FileAttachment {
        content_bytes: Some(Binary::from_static(b"hi")),
        ..Default::default()
    };
    assert_eq!(written(&file), json!({"contentBytes": "aGk="}));
    let file: FileAttachment = read(json!({"contentBytes": "aGk="}));
    assert_eq!(file.content_bytes.as_deref(), Some(&b"hi"[..]));
}

#[test]
fn dates_and_guids_are_parsed_and_displayed() {
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
fn infinite_and_nan_numbers_are_text() {
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
