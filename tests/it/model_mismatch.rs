//! Values of the wrong type. For each property of many models, every value is kept and written
//! again.

use msgraph::Model;
use msgraph::model::edm::Decimal;
use msgraph::models::call_records::{PstnCallLogRow, Session};
use msgraph::models::{
    AccessPackageAssignment, Application, ApplicationRiskScore, Chat, ConditionalAccessPolicy,
    Contact, DirectoryObject, DriveItem, EducationAssignmentPointsGrade, Event, Group, ListItem,
    ManagedDevice, Message, OnlineMeeting, PlannerTask, PrintJob, PrinterCapabilities, Schedule,
    ServicePrincipal, Site, Team, TodoTask, User, WorkbookChartAxis, WorkbookRange,
};
use msgraph::page::Page;
use serde_json::Value;

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

/// JSON of every shape, including values that serde_json cannot represent.
const ODD: &[&str] = &[
    "true",
    "-0",
    "0",
    "1.5",
    "1e5",
    "40000",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.12345678901234567890123456789",
    "1e39",
    "1e999",
    "-1E+400",
    "1e-999",
    r#""""#,
    r#""n/a""#,
    r#""INF""#,
    r#""1e999""#,
    r#""+1""#,
    r#""25:61""#,
    r#""2026-02-30T00:00:00Z""#,
    r#""half \ud83d""#,
    r#""\udc00\ud83d\ude00""#,
    "{}",
    r#"{"a":1e999,"b":["\ud83d",123456789012345678901234567890]}"#,
    r#"{"@odata.type":5,"id":{"x":[]},"a\u0001\"":"\u0000"}"#,
    "[]",
    "[1e999]",
    r#"["half \ud83d"]"#,
    "[{}]",
    "[[1,[2]],{}]",
    r#"[1,"a",{"zz":7},true,1.5,"",[]]"#,
    r#"[{"id":[1e999]},{"id":"\ud83d"}]"#,
];

/// Reads each property with each odd value from one page, and checks the results.
async fn check<T: Model>() {
    let info = T::default().info();
    let names = info.names.iter().chain(["id", "@odata.etag", "new"].iter());
    let items: Vec<String> = names
        .flat_map(|name| ODD.iter().map(move |odd| format!(r#"{{"{name}":{odd}}}"#)))
        .chain(ODD.iter().map(|odd| (*odd).to_owned()))
        .collect();
    let page = format!(r#"{{"value":[null,{},null]}}"#, items.join(",null,"));
    let recorder = Recorder::always(Answer::json(&page)).await;
    let link = format!("{}/v1.0/items", recorder.url());
    let read = graph(&recorder).list_from::<T>(link).await;
    let page: Page<T> = read.unwrap_or_else(|error| panic!("{}: {error}", info.name));
    assert_eq!(page.len(), items.len(), "{}", info.name);
    for (item, came) in page.iter().zip(&items) {
        let place = format!("{} from {came}", info.name);
        let written = serde_json::to_string(item).expect(&place);
        if !item.mismatched_properties().is_empty() {
            assert!(same(&written, came), "{place} became {written}");
        }
        assert_eq!(&item.clone(), item, "{place}");
        // serde_json alone reads everything except numbers and texts that it refuses, in place of
        // objects.
        if let Ok(alone) = serde_json::from_str::<T>(came) {
            assert_eq!(&alone, item, "{place}");
        }
        // A value that fits in another form, such as a number as text, is the same when it is read
        // again.
        if let Ok(again) = serde_json::from_str::<T>(&written) {
            assert_eq!(&again, item, "{place}");
        }
    }
}

/// Checks whether two texts are the same JSON.
fn same(one: &str, other: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || (value(one).is_some() && value(one) == value(other))
}

macro_rules! check {
    ($($model:ty)*) => {
        $(check::<$model>().await;)*
    };
}

#[tokio::test]
async fn mismatched_values_are_kept_in_directory_models() {
    check! {
        User Group DirectoryObject Application ServicePrincipal ConditionalAccessPolicy
        AccessPackageAssignment ManagedDevice
    }
}

#[tokio::test]
async fn mismatched_values_are_kept_in_content_models() {
    check! {
        Message Event Contact DriveItem ListItem Site Chat Team OnlineMeeting TodoTask PlannerTask
        Schedule
    }
}

#[tokio::test]
async fn mismatched_values_are_kept_in_rare_types() {
    check! {
        PstnCallLogRow Session EducationAssignmentPointsGrade ApplicationRiskScore PrintJob
        PrinterCapabilities WorkbookRange WorkbookChartAxis
    }
}

#[tokio::test]
async fn mismatched_value_never_loses_the_page() {
    let text = r#"{"@odata.context":1e999,"value":[{"id":"1","businessPhones":[{"number":"1"}]},
        null,"x",
        {"id":"3","mailboxSettings":1e999},1e999]}"#;
    let recorder = Recorder::always(Answer::json(text)).await;
    let graph = graph(&recorder);
    let page = graph.users().list().await.unwrap();
    assert_eq!(
        page.extra.json_text("@odata.context").as_deref(),
        Some("1e999")
    );
    let ids: Vec<_> = page.iter().map(|user| user.id.as_deref()).collect();
    assert_eq!(ids, [Some("1"), None, Some("3"), None]);
    assert_eq!(page.value[0].extra["businessPhones"][0]["number"], "1");
    let odd: Vec<_> = page
        .iter()
        .flat_map(|user| user.mismatched_properties())
        .map(|(path, value)| format!("{path} {value}"))
        .collect();
    assert_eq!(
        odd,
        [
            r#"businessPhones [{"number":"1"}]"#,
            r#" "x""#,
            r#"mailboxSettings "1e999""#,
            r#" "1e999""#
        ]
    );
    assert_eq!(graph.users().list().all().await.unwrap(), page.value);
    // A single entity is not in a list that could keep the other items.
    let recorder = Recorder::always(Answer::json(r#"{"id":"1","mailboxSettings":"\ud83d"}"#)).await;
    let user = crate::support::graph(&recorder)
        .users()
        .id("1")
        .get()
        .await
        .unwrap();
    assert_eq!(user.id.as_deref(), Some("1"));
    assert_eq!(user.extra["mailboxSettings"], "\u{fffd}");
}

#[test]
fn decimals_keep_their_digits() {
    let charge: Decimal = "-0.10".parse().unwrap();
    let row = PstnCallLogRow {
        charge: Some(charge),
        ..Default::default()
    };
    assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"charge":-0.10}"#);
}
