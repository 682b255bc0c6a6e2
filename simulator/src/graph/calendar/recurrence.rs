//! The recurrence of a series: its check, its normal form and its dates.
//!
//! <https://learn.microsoft.com/graph/api/resources/recurrencepattern>,
//! <https://learn.microsoft.com/graph/api/resources/recurrencerange>

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::{Value, json};

use super::{invalid, text};
use crate::refusal::Refusal;
use crate::time_zone::Zone;

const INDEXES: [&str; 5] = ["first", "second", "third", "fourth", "last"];

const DAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

/// The recurrence of a series.
#[derive(Clone, Debug)]
pub(super) struct Recurrence {
    pattern: Pattern,
    interval: u32,
    week_start: Weekday,
    /// The first day on which an occurrence may be.
    pub(super) start: NaiveDate,
    end: End,
    pub(super) zone: Zone,
}

#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    Daily,
    Weekly(Vec<Weekday>),
    AbsoluteMonthly(u32),
    RelativeMonthly(usize, Vec<Weekday>),
    AbsoluteYearly(u32, u32),
    RelativeYearly(u32, usize, Vec<Weekday>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Never,
    On(NaiveDate),
    After(usize),
}

impl Recurrence {
    /// Reads a `patternedRecurrence`. `start` is the local day of the event's start, and `zone` its
    /// zone.
    pub(super) fn read(value: &Value, start: NaiveDate, zone: &Zone) -> Result<Self, Refusal> {
        let (pattern, range) = (&value["pattern"], &value["range"]);
        let number = |object: &Value, name: &str| {
            let number = object.get(name).and_then(Value::as_u64).unwrap_or(0);
            u32::try_from(number).ok().filter(|number| *number > 0)
        };
        let date = |name: &str| text(range, name)?.parse::<NaiveDate>().ok();
        let index = || {
            let word = text(pattern, "index").unwrap_or("first");
            let mut words = INDEXES.iter();
            words.position(|known| known.eq_ignore_ascii_case(word))
        };
        let interval = number(pattern, "interval").ok_or_else(invalid)?;
        let day = || {
            let day = number(pattern, "dayOfMonth").filter(|day| *day <= 31);
            day.ok_or_else(invalid)
        };
        let month = || {
            let month = number(pattern, "month").filter(|month| *month <= 12);
            month.ok_or_else(invalid)
        };
        let days = || {
            let days = pattern.get("daysOfWeek").and_then(Value::as_array);
            let days: Option<Vec<Weekday>> = days
                .into_iter()
                .flatten()
                .map(|day| weekday(day.as_str()?))
                .collect();
            days.filter(|days| !days.is_empty()).ok_or_else(invalid)
        };
        let kind = text(pattern, "type").ok_or_else(invalid)?;
        let is = |word: &str| kind.eq_ignore_ascii_case(word);
        let pattern_type = if is("daily") {
            Pattern::Daily
        } else if is("weekly") {
            Pattern::Weekly(days()?)
        } else if is("absoluteMonthly") {
            Pattern::AbsoluteMonthly(day()?)
        } else if is("relativeMonthly") {
            Pattern::RelativeMonthly(index().ok_or_else(invalid)?, days()?)
        } else if is("absoluteYearly") {
            Pattern::AbsoluteYearly(month()?, day()?)
        } else if is("relativeYearly") {
            Pattern::RelativeYearly(month()?, index().ok_or_else(invalid)?, days()?)
        } else {
            return Err(invalid());
        };
        let start = match text(range, "startDate") {
            Some(_) => date("startDate").ok_or_else(invalid)?,
            None => start,
        };
        let kind = text(range, "type").ok_or_else(invalid)?;
        let end = if kind.eq_ignore_ascii_case("noEnd") {
            End::Never
        } else if kind.eq_ignore_ascii_case("endDate") {
            let end = date("endDate").filter(|end| *end >= start);
            End::On(end.ok_or_else(invalid)?)
        } else if kind.eq_ignore_ascii_case("numbered") {
            let count = number(range, "numberOfOccurrences").ok_or_else(invalid)?;
            End::After(usize::try_from(count).map_err(|_| invalid())?)
        } else {
            return Err(invalid());
        };
        let zone = match text(range, "recurrenceTimeZone").filter(|name| !name.is_empty()) {
            Some(name) => Zone::read(name)?,
            None => zone.clone(),
        };
        let week_start = text(pattern, "firstDayOfWeek").and_then(weekday);
        Ok(Self {
            pattern: pattern_type,
            interval,
            week_start: week_start.unwrap_or(Weekday::Sun),
            start,
            end,
            zone,
        })
    }

    /// Returns the days of the occurrences, from the first one to `until`.
    pub(super) fn dates(&self, until: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let last = match self.end {
            End::On(end) => end.min(until),
            _ => until,
        };
        let count = match self.end {
            End::After(count) => count,
            _ => usize::MAX,
        };
        let periods = (0_u32..).map_while(move |number| {
            let (begins, days) = self.period(number)?;
            (begins <= last).then_some(days)
        });
        let days = periods.flatten();
        days.filter(|day| *day >= self.start)
            .take(count)
            .take_while(move |day| *day <= last)
    }

    /// Returns the first occurrence's day. Returns `None` if the range holds no occurrence.
    pub(super) fn first(&self) -> Option<NaiveDate> {
        // The longest distance between two occurrences is an interval of years.
        let years = self.interval.checked_mul(12)?.checked_add(12)?;
        let horizon = self.start.checked_add_months(chrono::Months::new(years));
        self.dates(horizon.unwrap_or(NaiveDate::MAX)).next()
    }

    /// Returns the beginning of a day, week, month or year of the pattern, and its days in order.
    fn period(&self, number: u32) -> Option<(NaiveDate, Vec<NaiveDate>)> {
        let steps = number.checked_mul(self.interval)?;
        match &self.pattern {
            Pattern::Daily => {
                let day = self.start.checked_add_days(Days::new(steps.into()))?;
                Some((day, vec![day]))
            }
            Pattern::Weekly(days) => {
                let since = self.start.weekday().days_since(self.week_start);
                let week = self.start.checked_sub_days(Days::new(since.into()))?;
                let week = week.checked_add_days(Days::new(u64::from(steps) * 7))?;
                let all = (0..7).filter_map(|at| week.checked_add_days(Days::new(at)));
                let all = all.filter(|day| days.contains(&day.weekday()));
                Some((week, all.collect()))
            }
            Pattern::AbsoluteMonthly(day) => {
                let month = self.month(steps)?;
                Some((month, vec![day_of(month, *day)?]))
            }
            Pattern::RelativeMonthly(index, days) => {
                let month = self.month(steps)?;
                Some((month, nth(month, *index, days).into_iter().collect()))
            }
            Pattern::AbsoluteYearly(month, day) => {
                let month = self.year(steps, *month)?;
                Some((month, vec![day_of(month, *day)?]))
            }
            Pattern::RelativeYearly(month, index, days) => {
                let month = self.year(steps, *month)?;
                Some((month, nth(month, *index, days).into_iter().collect()))
            }
        }
    }

    /// Returns the first day of a month, counted from the one in which the series starts.
    fn month(&self, steps: u32) -> Option<NaiveDate> {
        let first = self.start.with_day(1)?;
        first.checked_add_months(chrono::Months::new(steps))
    }

    /// Returns the first day of a month of a year, counted from the one in which the series starts.
    fn year(&self, steps: u32, month: u32) -> Option<NaiveDate> {
        let year = self.start.year().checked_add(i32::try_from(steps).ok()?)?;
        NaiveDate::from_ymd_opt(year, month, 1)
    }

    /// Returns the normal form: all properties, also those that the pattern does not use.
    pub(super) fn written(&self) -> Value {
        let word = |day: &Weekday| DAYS.get(day.num_days_from_sunday() as usize);
        let (kind, month, day, index, days) = match &self.pattern {
            Pattern::Daily => ("daily", 0, 0, 0, None),
            Pattern::Weekly(days) => ("weekly", 0, 0, 0, Some(days)),
            Pattern::AbsoluteMonthly(day) => ("absoluteMonthly", 0, *day, 0, None),
            Pattern::RelativeMonthly(index, days) => ("relativeMonthly", 0, 0, *index, Some(days)),
            Pattern::AbsoluteYearly(month, day) => ("absoluteYearly", *month, *day, 0, None),
            Pattern::RelativeYearly(month, index, days) => {
                ("relativeYearly", *month, 0, *index, Some(days))
            }
        };
        let mut pattern = json!({
            "type": kind, "interval": self.interval, "month": month, "dayOfMonth": day,
            "firstDayOfWeek": word(&self.week_start), "index": INDEXES.get(index),
        });
        if let Some(days) = days {
            pattern["daysOfWeek"] = days.iter().map(|day| json!(word(day))).collect();
        }
        let (kind, end, count) = match self.end {
            End::Never => ("noEnd", "0001-01-01".to_owned(), 0),
            End::On(end) => ("endDate", end.to_string(), 0),
            End::After(count) => ("numbered", "0001-01-01".to_owned(), count),
        };
        json!({
            "pattern": pattern,
            "range": {
                "type": kind, "startDate": self.start.to_string(), "endDate": end,
                "recurrenceTimeZone": self.zone.name(), "numberOfOccurrences": count,
            },
        })
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    let mut days = DAYS.iter();
    let at = days.position(|day| day.eq_ignore_ascii_case(word))?;
    Weekday::try_from(u8::try_from((at + 6) % 7).ok()?).ok()
}

/// Returns a day of a month. A month that is too short has it on its last day.
fn day_of(month: NaiveDate, day: u32) -> Option<NaiveDate> {
    (1..=day).rev().find_map(|day| month.with_day(day))
}

/// Returns the first, second, …, or last day of a month that is one of the days of the week.
fn nth(month: NaiveDate, index: usize, days: &[Weekday]) -> Option<NaiveDate> {
    let all = (1..=31).filter_map(|day| month.with_day(day));
    let mut all = all.filter(|day| days.contains(&day.weekday()));
    match INDEXES.get(index) {
        Some(&"last") => all.next_back(),
        _ => all.nth(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(pattern: Value, range: Value) -> Vec<String> {
        let value = json!({ "pattern": pattern, "range": range });
        let start = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let recurrence = Recurrence::read(&value, start, &Zone::utc()).unwrap();
        let until = NaiveDate::from_ymd_opt(2032, 1, 1).unwrap();
        let days = recurrence.dates(until).take(4);
        days.map(|day| day.to_string()).collect()
    }

    #[test]
    fn each_pattern_has_its_days() {
        let from = |start: &str| json!({ "type": "noEnd", "startDate": start });
        for (pattern, start, expected) in [
            (
                json!({ "type": "daily", "interval": 3 }),
                "2026-02-26",
                ["2026-02-26", "2026-03-01", "2026-03-04", "2026-03-07"],
            ),
            // The interval of two weeks depends on the first day of a week.
            (
                json!({ "type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"],
                    "firstDayOfWeek": "sunday" }),
                "2026-03-02",
                ["2026-03-02", "2026-03-15", "2026-03-16", "2026-03-29"],
            ),
            (
                json!({ "type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"],
                    "firstDayOfWeek": "monday" }),
                "2026-03-02",
                ["2026-03-02", "2026-03-08", "2026-03-16", "2026-03-22"],
            ),
            (
                json!({ "type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31 }),
                "2026-01-31",
                ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
            ),
            (
                json!({ "type": "relativeMonthly", "interval": 1, "index": "last",
                    "daysOfWeek": ["Friday"] }),
                "2026-01-01",
                ["2026-01-30", "2026-02-27", "2026-03-27", "2026-04-24"],
            ),
            (
                json!({ "type": "relativeMonthly", "interval": 2, "daysOfWeek": ["saturday",
                    "sunday"] }),
                "2026-01-01",
                ["2026-01-03", "2026-03-01", "2026-05-02", "2026-07-04"],
            ),
            (
                json!({ "type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2 }),
                "2026-02-01",
                ["2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28"],
            ),
            (
                json!({ "type": "relativeYearly", "interval": 1, "month": 11, "index": "fourth",
                    "daysOfWeek": ["thursday"] }),
                "2026-12-01",
                ["2027-11-25", "2028-11-23", "2029-11-22", "2030-11-28"],
            ),
        ] {
            assert_eq!(dates(pattern.clone(), from(start)), expected, "{pattern}");
        }
    }

    #[test]
    fn range_ends_the_series() {
        let daily = json!({ "type": "daily", "interval": 1 });
        let range = json!({ "type": "endDate", "startDate": "2026-03-01",
            "endDate": "2026-03-02" });
        assert_eq!(dates(daily.clone(), range), ["2026-03-01", "2026-03-02"]);
        let range = json!({ "type": "numbered", "startDate": "2026-03-01",
            "numberOfOccurrences": 2 });
        assert_eq!(dates(daily, range), ["2026-03-01", "2026-03-02"]);
    }
}
