//! The time zones of `outlook.timezone` that tests need, under their Windows and IANA names.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

/// A time zone.
#[derive(Debug)]
pub(crate) struct Zone {
    windows: &'static str,
    iana: &'static str,
    /// Minutes ahead of UTC, in winter.
    offset: i64,
    summer: Summer,
}

/// The time of the year when clocks are an hour ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Summer {
    Never,
    /// Summer time from the last Sunday of March to that of October, at 1:00 UTC (Directive
    /// 2000/84/EC).
    Europe,
    /// Summer time from the second Sunday of March to the first of November, at 2:00 (15 U.S.C. §
    /// 260a).
    America,
}

const fn zone(windows: &'static str, iana: &'static str, offset: i64, summer: Summer) -> Zone {
    Zone {
        windows,
        iana,
        offset,
        summer,
    }
}

static ZONES: [Zone; 13] = [
    zone("UTC", "Etc/UTC", 0, Summer::Never),
    zone("GMT Standard Time", "Europe/London", 0, Summer::Europe),
    zone(
        "W. Europe Standard Time",
        "Europe/Berlin",
        60,
        Summer::Europe,
    ),
    zone("Romance Standard Time", "Europe/Paris", 60, Summer::Europe),
    zone(
        "Central European Standard Time",
        "Europe/Warsaw",
        60,
        Summer::Europe,
    ),
    zone("FLE Standard Time", "Europe/Kiev", 120, Summer::Europe),
    zone("India Standard Time", "Asia/Calcutta", 330, Summer::Never),
    zone("China Standard Time", "Asia/Shanghai", 480, Summer::Never),
    zone("Tokyo Standard Time", "Asia/Tokyo", 540, Summer::Never),
    zone(
        "Eastern Standard Time",
        "America/New_York",
        -300,
        Summer::America,
    ),
    zone(
        "Central Standard Time",
        "America/Chicago",
        -360,
        Summer::America,
    ),
    zone(
        "Mountain Standard Time",
        "America/Denver",
        -420,
        Summer::America,
    ),
    zone(
        "Pacific Standard Time",
        "America/Los_Angeles",
        -480,
        Summer::America,
    ),
];

/// Returns the zone of a name. Names are compared without case.
pub(crate) fn find(name: &str) -> Option<&'static Zone> {
    let mut zones = ZONES.iter();
    zones.find(|zone| {
        zone.windows.eq_ignore_ascii_case(name) || zone.iana.eq_ignore_ascii_case(name)
    })
}

/// Converts a `dateTimeTimeZone` to a zone. A value in an unknown zone stays as it is.
pub(crate) fn convert(value: &mut Value, to: &'static Zone) {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let from = find(text("timeZone").unwrap_or("UTC"));
    let local =
        text("dateTime").and_then(|text| text.trim_end_matches('Z').parse::<NaiveDateTime>().ok());
    let (Some(from), Some(local)) = (from, local) else {
        return;
    };
    let local = to.local(from.utc(local));
    let time = local.format("%Y-%m-%dT%H:%M:%S");
    // Exchange writes seven digits of a second.
    let digits = local.and_utc().timestamp_subsec_nanos() / 100;
    *value = json!({ "dateTime": format!("{time}.{digits:07}"), "timeZone": to.windows });
}

impl Zone {
    fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        time.naive_utc() + TimeDelta::minutes(self.offset) + self.ahead(time)
    }

    /// Returns the time that a clock there shows. An hour that occurs twice is taken as the first.
    fn utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let winter = (local - TimeDelta::minutes(self.offset)).and_utc();
        let summer = winter - TimeDelta::hours(1);
        if self.ahead(summer) > TimeDelta::zero() {
            summer
        } else {
            winter
        }
    }

    /// Returns the difference to winter time.
    fn ahead(&self, time: DateTime<Utc>) -> TimeDelta {
        let year = time.year();
        let at = |day: Option<NaiveDate>, minutes: i64| {
            let midnight = day?.and_hms_opt(0, 0, 0)?;
            Some((midnight + TimeDelta::minutes(minutes)).and_utc())
        };
        let (begin, end) = match self.summer {
            Summer::Never => return TimeDelta::zero(),
            Summer::Europe => (at(last_sunday(year, 3), 60), at(last_sunday(year, 10), 60)),
            // The change happens at 2:00 of the current local time: winter time in spring, summer
            // time in autumn.
            Summer::America => (
                at(
                    NaiveDate::from_weekday_of_month_opt(year, 3, Weekday::Sun, 2),
                    120 - self.offset,
                ),
                at(
                    NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Sun, 1),
                    60 - self.offset,
                ),
            ),
        };
        match (begin, end) {
            (Some(begin), Some(end)) if begin <= time && time < end => TimeDelta::hours(1),
            _ => TimeDelta::zero(),
        }
    }
}

fn last_sunday(year: i32, month: u32) -> Option<NaiveDate> {
    let end = NaiveDate::from_ymd_opt(year, month, 31)?;
    end.checked_sub_days(Days::new(u64::from(end.weekday().num_days_from_sunday())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(time: &str, from: &str, to: &str) -> String {
        let mut value = json!({ "dateTime": time, "timeZone": from });
        convert(&mut value, find(to).unwrap());
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
                "Europe/Berlin",
                "2026-03-29T03:00:00.0000000",
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
                "UTC",
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
                "2026-07-01T09:00:00",
                "Moon Standard Time",
                "UTC",
                "2026-07-01T09:00:00",
            ),
        ] {
            assert_eq!(converted(time, from, to), expected, "{time} {from} {to}");
        }
    }
}
