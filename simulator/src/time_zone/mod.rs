//! Time zones, under their Windows and IANA names, and the times of Exchange.

mod windows;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::refusal::Refusal;

/// The prefix of Exchange's own names of zones, such as `tzone://Microsoft/Utc`.
const EXCHANGE: &str = "tzone://Microsoft/";

/// A time zone under the name that a client uses for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// Returns the zone of Coordinated Universal Time.
    pub(crate) fn utc() -> Self {
        Self {
            name: "UTC".into(),
            rules: TimeZone::UTC,
        }
    }

    /// Returns the zone of a Windows or IANA name. Names are compared without case.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let utc = name.strip_prefix(EXCHANGE).unwrap_or(name);
        let rules = if utc.eq_ignore_ascii_case("utc") {
            TimeZone::UTC
        } else {
            let mut known = windows::WINDOWS.iter();
            let known = known.find(|(windows, _)| windows.eq_ignore_ascii_case(name));
            TimeZone::get(known.map_or(name, |(_, iana)| iana)).ok()?
        };
        let name = name.to_owned();
        Some(Self { name, rules })
    }

    /// Returns the zone of a name, or Exchange's refusal of an unknown one.
    pub(crate) fn read(name: &str) -> Result<Self, Refusal> {
        Self::find(name).ok_or_else(|| {
            Refusal::new(
                http::StatusCode::BAD_REQUEST,
                "TimeZoneNotSupportedException",
                format!(
                    "A valid TimeZone value must be specified. The following TimeZone value is not \
                     supported: '{name}'."
                ),
            )
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the time that a clock in the zone shows.
    pub(crate) fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        let seconds = Timestamp::from_second(time.timestamp());
        let offset = seconds.map_or(0, |time| self.rules.to_offset(time).seconds());
        let local = time.naive_utc();
        local
            .checked_add_signed(TimeDelta::seconds(offset.into()))
            .unwrap_or(local)
    }

    /// Returns the moment at which a clock in the zone shows a time. A time that occurs twice is
    /// taken as the first. A time that a clock skips is moved by the length of the gap.
    pub(crate) fn moment(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let moment = civil_time(local).and_then(|time| self.rules.to_timestamp(time).ok());
        let moment = moment.and_then(|moment| {
            DateTime::from_timestamp(moment.as_second(), local.and_utc().timestamp_subsec_nanos())
        });
        moment.unwrap_or_else(|| local.and_utc())
    }
}

/// Returns the whole seconds of a time as jiff writes them.
fn civil_time(local: NaiveDateTime) -> Option<civil::DateTime> {
    let small = |number: u32| i8::try_from(number).ok();
    civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second().min(59))?,
        0,
    )
    .ok()
}

/// A `dateTimeTimeZone` of a request: the time on a clock, its zone, and the moment.
#[derive(Clone, Debug)]
pub(crate) struct Stated {
    pub(crate) local: NaiveDateTime,
    pub(crate) zone: Zone,
    pub(crate) moment: DateTime<Utc>,
}

impl Stated {
    /// Reads a `dateTimeTimeZone`. Without a zone, the time is in UTC. A time with an offset is a
    /// moment, independent of its zone.
    pub(crate) fn read(value: &Value) -> Result<Self, Refusal> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let zone = match text("timeZone") {
            Some(name) if !name.is_empty() => Zone::read(name)?,
            _ => Zone::utc(),
        };
        let malformed = || {
            Refusal::new(
                http::StatusCode::BAD_REQUEST,
                "UnableToDeserializePostBody",
                "were unable to deserialize ",
            )
        };
        let text = text("dateTime").ok_or_else(malformed)?;
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            let moment = time.to_utc();
            let local = zone.local(moment);
            return Ok(Self {
                local,
                zone,
                moment,
            });
        }
        let local = clock(text).ok_or_else(malformed)?;
        let moment = zone.moment(local);
        Ok(Self {
            local,
            zone,
            moment,
        })
    }
}

/// Reads the time on a clock: `2026-03-01T10:00:00.0000000`, `2026-03-01T10:00`, `2026-03-01`.
pub(crate) fn clock(text: &str) -> Option<NaiveDateTime> {
    let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    time.or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
}

/// Reads a time. Without an offset it is in UTC.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Some(time.to_utc()),
        Err(_) => clock(text).map(|time| time.and_utc()),
    }
}

/// Returns the moment of a stored `dateTimeTimeZone`.
pub(crate) fn stored(value: Option<&Value>) -> Option<DateTime<Utc>> {
    Stated::read(value?).ok().map(|stated| stated.moment)
}

/// Formats the time on a clock as Exchange does, with seven digits of a second.
pub(crate) fn written(local: NaiveDateTime) -> String {
    let digits = local.and_utc().timestamp_subsec_nanos() / 100;
    format!("{}.{digits:07}", local.format("%Y-%m-%dT%H:%M:%S"))
}

/// Returns the `dateTimeTimeZone` of a moment in a zone.
pub(crate) fn value(time: DateTime<Utc>, zone: &Zone) -> Value {
    json!({ "dateTime": written(zone.local(time)), "timeZone": zone.name() })
}

/// Converts a `dateTimeTimeZone` to a zone. The day of an all-day event is the same in each zone.
/// A value in an unknown zone stays as it is.
pub(crate) fn convert(time: &mut Value, zone: &Zone, all_day: bool) {
    let Ok(stated) = Stated::read(time) else {
        return;
    };
    let local = match all_day {
        true => stated.local,
        false => zone.local(stated.moment),
    };
    *time = json!({ "dateTime": written(local), "timeZone": zone.name() });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(time: &str, from: &str, to: &str) -> String {
        let mut value = json!({ "dateTime": time, "timeZone": from });
        convert(&mut value, &Zone::find(to).unwrap(), false);
        value["dateTime"].as_str().unwrap().to_owned()
    }

    #[test]
    fn zone_offset_differs_in_winter_and_summer() {
        for (time, from, to, expected) in [
            (
                "2026-01-15T12:00:00",
                "UTC",
                "Pacific Standard Time",
                "2026-01-15T04:00:00.0000000",
            ),
            (
                "2026-07-15T12:00:00",
                "UTC",
                "America/Los_Angeles",
                "2026-07-15T05:00:00.0000000",
            ),
            (
                "2026-03-29T00:59:00",
                "UTC",
                "Europe/Berlin",
                "2026-03-29T01:59:00.0000000",
            ),
            (
                "2026-03-29T01:00:00",
                "UTC",
                "Europe/Oslo",
                "2026-03-29T03:00:00.0000000",
            ),
            // The hour does not exist in Berlin, and the hour after it does.
            (
                "2026-03-29T02:30:00",
                "W. Europe Standard Time",
                "UTC",
                "2026-03-29T01:30:00.0000000",
            ),
            (
                "2026-10-25T01:00:00",
                "UTC",
                "Europe/Berlin",
                "2026-10-25T02:00:00.0000000",
            ),
            (
                "2026-11-01T05:59:00",
                "UTC",
                "Eastern Standard Time",
                "2026-11-01T01:59:00.0000000",
            ),
            (
                "2026-11-01T06:00:00",
                "tzone://Microsoft/Utc",
                "Eastern Standard Time",
                "2026-11-01T01:00:00.0000000",
            ),
            (
                "2026-07-01T09:00:00.5",
                "W. Europe Standard Time",
                "Tokyo Standard Time",
                "2026-07-01T16:00:00.5000000",
            ),
            (
                "2026-07-01T09:00",
                "Asia/Kathmandu",
                "utc",
                "2026-07-01T03:15:00.0000000",
            ),
            (
                "2026-07-01T09:00:00",
                "Moon Standard Time",
                "UTC",
                "2026-07-01T09:00:00",
            ),
        ] {
            assert_eq!(converted(time, from, to), expected, "{time} {from} {to}");
        }
    }

    #[test]
    fn windows_names_lead_to_known_zones() {
        for (windows, iana) in windows::WINDOWS {
            assert!(Zone::find(windows).is_some(), "{windows}: {iana}");
        }
        assert_eq!(Zone::find("Moon Standard Time"), None);
    }
}
