//! The names of time zones, compared with those of the simulator, which has a table of its own.

use std::collections::BTreeSet;

use msgraph::jiff::civil::DateTime;
use msgraph::jiff::tz::{self, TimeZone};
use msgraph::model::edm::TimeZoneName;
use msgraph_simulator::Simulator;
use serde_json::json;

/// Returns the names of Windows that stand for a zone of the IANA database.
fn windows_names() -> BTreeSet<String> {
    let iana = tz::db().available();
    let windows = iana.filter_map(|name| {
        let windows = TimeZoneName::new(name.as_str()).windows()?;
        Some(windows.to_owned())
    });
    windows.collect()
}

#[tokio::test]
async fn windows_zones_match_those_of_simulator() {
    let simulator = Simulator::start().await.unwrap();
    let names = windows_names();
    assert!(names.len() > 130, "{names:?}");
    for name in names {
        let iana = TimeZoneName::new(&name).iana().unwrap();
        let zone = TimeZone::get(iana).unwrap();
        for day in ["2026-01-15T12:00:00", "2026-07-15T12:00:00"] {
            let start = json!({ "dateTime": day, "timeZone": name });
            let event = json!({ "subject": name, "start": start, "end": start });
            let made = simulator.create("/me/events", event).unwrap();
            let local: DateTime = day.parse().unwrap();
            let utc = local.to_zoned_datetime(zone.clone()).unwrap();
            let utc = utc.with_time_zone(TimeZone::UTC).datetime();
            let kept: DateTime = made["start"]["dateTime"].as_str().unwrap().parse().unwrap();
            assert_eq!(kept, utc, "{name} at {day}");
            assert_eq!(made["originalStartTimeZone"], name.as_str());
        }
    }
}
