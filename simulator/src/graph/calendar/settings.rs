//! The settings of a mailbox that calendars need: its time zone and its working hours.

use chrono::{DateTime, Datelike, NaiveTime, Utc};
use serde_json::{Map, Value, json};

use super::text;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::store::Id;
use crate::time_zone::Zone;

/// The days and times at which a user works.
pub(super) struct WorkingHours {
    days: Vec<String>,
    start: NaiveTime,
    end: NaiveTime,
    zone: Zone,
}

impl WorkingHours {
    /// Checks whether a time lies within the working hours, or at a weekend within the same hours.
    pub(super) fn hold(&self, from: DateTime<Utc>, until: DateTime<Utc>, weekends: bool) -> bool {
        let (from, until) = (self.zone.local(from), self.zone.local(until));
        let day = from.weekday();
        let name = full_name(day);
        let works = self.days.iter().any(|own| own.eq_ignore_ascii_case(name))
            || (weekends && matches!(day, chrono::Weekday::Sat | chrono::Weekday::Sun));
        works
            && from.date() == until.date()
            && from.time() >= self.start
            && until.time() <= self.end
    }
}

impl Graph<'_> {
    /// Returns the settings of a user's mailbox, as far as they are set or have a documented
    /// default.
    ///
    /// <https://learn.microsoft.com/graph/api/user-findmeetingtimes> names the default of the
    /// working hours.
    pub(in crate::graph) fn mailbox_settings(&self, user: Id) -> Map<String, Value> {
        let stored = self.tenant.store.get(user);
        let stored = stored.and_then(|user| user.properties.get("mailboxSettings")?.as_object());
        let mut settings = stored.cloned().unwrap_or_default();
        let zone = settings.entry("timeZone").or_insert(json!("UTC")).clone();
        let own = settings.remove("workingHours");
        let mut hours = json!({
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
            "timeZone": { "name": zone },
        });
        if let (Some(Value::Object(own)), Value::Object(hours)) = (own, &mut hours) {
            hours.extend(own);
        }
        settings.insert("workingHours".into(), hours);
        settings
    }

    /// Returns the working hours of a user.
    pub(super) fn working_hours(&self, user: Id) -> WorkingHours {
        let settings = self.mailbox_settings(user);
        let hours = settings.get("workingHours").cloned().unwrap_or_default();
        let days = hours["daysOfWeek"].as_array().into_iter().flatten();
        let days = days.filter_map(|day| day.as_str().map(str::to_owned));
        let time = |name: &str| {
            let time = text(&hours, name)?;
            time.parse::<NaiveTime>().ok()
        };
        let zone = text(&hours["timeZone"], "name").and_then(Zone::find);
        WorkingHours {
            days: days.collect(),
            start: time("startTime").unwrap_or(NaiveTime::MIN),
            end: time("endTime").unwrap_or(NaiveTime::MIN),
            zone: zone.unwrap_or_else(Zone::utc),
        }
    }
}

/// Refuses settings of a mailbox with an unknown time zone.
pub(in crate::graph) fn check_settings(settings: &Value) -> Result<(), Refusal> {
    let zones = [
        text(settings, "timeZone"),
        text(&settings["workingHours"]["timeZone"], "name"),
    ];
    for zone in zones.into_iter().flatten() {
        // A custom time zone has rules of its own.
        if zone != "Customized Time Zone" {
            Zone::read(zone)?;
        }
    }
    Ok(())
}

fn full_name(day: chrono::Weekday) -> &'static str {
    match day {
        chrono::Weekday::Mon => "monday",
        chrono::Weekday::Tue => "tuesday",
        chrono::Weekday::Wed => "wednesday",
        chrono::Weekday::Thu => "thursday",
        chrono::Weekday::Fri => "friday",
        chrono::Weekday::Sat => "saturday",
        chrono::Weekday::Sun => "sunday",
    }
}
