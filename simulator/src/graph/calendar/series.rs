//! The occurrences of a series. They are events of their own as soon as a view has listed them, so
//! that a client can read, change and delete each by its id.

use std::collections::HashSet;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::event::utc;
use super::is;
use super::recurrence::Recurrence;
use crate::clock::timestamp;
use crate::domain::calendar::{EVENT, occurrence_uid};
use crate::graph::Graph;
use crate::store::Id;
use crate::time_zone::{Zone, stored};

/// The properties that an occurrence does not take from its series.
const MASTER: [&str; 4] = ["cancelledOccurrences", "id", "recurrence", "transactionId"];

/// The properties whose change sets all occurrences of a series back.
const SCHEDULE: [&str; 4] = ["end", "isAllDay", "recurrence", "start"];

/// A series: the event that holds its recurrence, and the times of its occurrences.
struct Series {
    key: String,
    properties: Map<String, Value>,
    recurrence: Recurrence,
    /// The zone in which the occurrences begin at the same time of day.
    zone: Zone,
    time: NaiveTime,
    length: TimeDelta,
}

impl Series {
    /// Returns the start and the end of the occurrence on a day.
    fn times(&self, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let begins = day.and_time(self.time);
        let ends = begins.checked_add_signed(self.length).unwrap_or(begins);
        (self.zone.moment(begins), self.zone.moment(ends))
    }

    fn occurrence_key(&self, day: NaiveDate) -> String {
        let series = self.key.trim_end_matches('=');
        format!("{series}{}=", day.format("%Y%m%d"))
    }

    /// Returns the id of an occurrence in the list of the cancelled ones.
    fn occurrence_id(&self, day: NaiveDate) -> String {
        format!("OID.{}.{day}", self.key)
    }

    fn is_cancelled(&self, day: NaiveDate) -> bool {
        let cancelled = self.properties.get("cancelledOccurrences");
        let cancelled = cancelled.and_then(Value::as_array);
        cancelled.is_some_and(|all| all.contains(&json!(self.occurrence_id(day))))
    }

    /// Returns the properties of the occurrence on a day.
    fn occurrence(&self, day: NaiveDate) -> Map<String, Value> {
        let own = self.properties.iter();
        let own = own.filter(|(name, _)| !MASTER.contains(&name.as_str()));
        let mut all: Map<_, _> = own
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let (start, end) = self.times(day);
        let series = self.properties.get("iCalUId").and_then(Value::as_str);
        all.extend([
            ("type".into(), json!("occurrence")),
            ("seriesMasterId".into(), json!(self.key)),
            ("id".into(), json!(self.occurrence_key(day))),
            ("start".into(), utc(start.naive_utc())),
            ("end".into(), utc(end.naive_utc())),
            ("originalStart".into(), json!(timestamp(start))),
            (
                "iCalUId".into(),
                json!(occurrence_uid(series.unwrap_or_default(), day)),
            ),
        ]);
        all
    }
}

impl Graph<'_> {
    /// Returns the series of an event that is the master of one.
    fn series(&self, master: Id) -> Option<Series> {
        let event = self.tenant.store.get(master)?;
        let properties = &event.properties;
        let (start, end) = (
            stored(properties.get("start"))?,
            stored(properties.get("end"))?,
        );
        let day = start.date_naive();
        let recurrence = properties.get("recurrence")?;
        let recurrence = Recurrence::read(recurrence, day, &Zone::utc()).ok()?;
        let zone = match is(properties, "isAllDay") {
            true => Zone::utc(),
            false => recurrence.zone.clone(),
        };
        let begins = zone.local(start);
        Some(Series {
            key: event.key.clone(),
            properties: properties.clone(),
            recurrence,
            time: begins.time(),
            length: zone.local(end) - begins,
            zone,
        })
    }

    /// Creates the occurrences of a series that lie in a range of time and do not exist yet.
    pub(super) fn unfold(&mut self, master: Id, from: DateTime<Utc>, until: DateTime<Utc>) {
        let Some(series) = self.series(master) else {
            return;
        };
        // A day ends at most a day later elsewhere.
        let last = until.date_naive().succ_opt().unwrap_or(NaiveDate::MAX);
        // Most days of a long series are so early that their zone is not needed.
        let early = from.checked_sub_signed(series.length).unwrap_or(from);
        let early = early.date_naive().checked_sub_days(Days::new(2));
        let early = early.unwrap_or(NaiveDate::MIN);
        let days: Vec<NaiveDate> = series
            .recurrence
            .dates(last)
            .filter(|day| *day >= early)
            .filter(|day| {
                let (start, end) = series.times(*day);
                start < until && (end > from || start >= from)
            })
            .collect();
        let known = self.tenant.store.many(master, "instances");
        let known = known.into_iter().filter_map(|id| self.day_of(id));
        let known: HashSet<NaiveDate> = known.collect();
        for day in days.into_iter().filter(|day| !known.contains(day)) {
            self.create_occurrence(master, &series, day);
        }
    }

    /// Returns the occurrence of a series on a day, and creates it if it does not exist.
    pub(super) fn occurrence(&mut self, master: Id, day: NaiveDate) -> Option<Id> {
        let known = self.tenant.store.many(master, "instances");
        let known = known.into_iter().find(|id| self.day_of(*id) == Some(day));
        if known.is_some() {
            return known;
        }
        let series = self.series(master)?;
        let exists = series.recurrence.dates(day).last() == Some(day);
        match exists {
            true => self.create_occurrence(master, &series, day),
            false => None,
        }
    }

    fn create_occurrence(&mut self, master: Id, series: &Series, day: NaiveDate) -> Option<Id> {
        if series.is_cancelled(day) {
            return None;
        }
        let store = &mut self.tenant.store;
        let key = series.occurrence_key(day);
        let id = store.insert(EVENT, &key, series.occurrence(day));
        store.settle(id, master, "instances");
        store.attach(master, "instances", id, true);
        if let Some(calendar) = store.one(master, "calendar") {
            store.attach(id, "calendar", calendar, false);
        }
        Some(id)
    }

    /// Returns the day of an occurrence in its series, also after it was moved.
    pub(super) fn day_of(&self, occurrence: Id) -> Option<NaiveDate> {
        let key = &self.tenant.store.get(occurrence)?.key;
        let key = key.strip_suffix('=')?;
        let day = key.get(key.len().checked_sub(8)?..)?;
        NaiveDate::parse_from_str(day, "%Y%m%d").ok()
    }

    /// Returns the series of an occurrence.
    pub(super) fn master_of(&self, occurrence: Id) -> Option<Id> {
        let event = self.tenant.store.get(occurrence)?;
        let (master, relation) = event.parent.as_ref()?;
        (relation == "instances" && event.kind == EVENT).then_some(*master)
    }

    /// Makes a changed occurrence an exception of its series.
    pub(super) fn except(&mut self, occurrence: Id, master: Id) {
        self.tenant.store.change(occurrence, |event| {
            event.insert("type".into(), json!("exception"));
        });
        self.touch_series(master);
    }

    /// Records that the occurrences of a series have changed, which is a change of the series.
    fn touch_series(&mut self, master: Id) {
        let now = json!(timestamp(self.now));
        self.tenant.store.change(master, |event| {
            event.insert("lastModifiedDateTime".into(), now);
        });
    }

    /// Removes an occurrence from its series.
    pub(super) fn remove_occurrence(&mut self, occurrence: Id, master: Id) {
        self.strike(occurrence, master);
        self.tenant.delete(occurrence);
    }

    /// Records that a series has no occurrence on the day of this one.
    pub(super) fn strike(&mut self, occurrence: Id, master: Id) {
        if let (Some(series), Some(day)) = (self.series(master), self.day_of(occurrence)) {
            let id = json!(series.occurrence_id(day));
            self.tenant.store.change(master, |event| {
                let cancelled = event.entry("cancelledOccurrences").or_insert(json!([]));
                if let Value::Array(cancelled) = cancelled {
                    cancelled.push(id);
                }
            });
        }
        self.touch_series(master);
    }

    /// Brings the occurrences of a series into line with a change of its master. A change of its
    /// times sets all of them back. An exception keeps the properties that differ.
    pub(super) fn refold(&mut self, master: Id, before: &Map<String, Value>) {
        let instances = self.tenant.store.many(master, "instances");
        let now = self.tenant.store.get(master).map(|event| &event.properties);
        let Some(now) = now.cloned() else { return };
        let differs = |name: &&str| before.get(*name) != now.get(*name);
        let is_reset = SCHEDULE.iter().any(differs);
        if is_reset && now.contains_key("cancelledOccurrences") {
            self.tenant.store.change(master, |event| {
                event.remove("cancelledOccurrences");
            });
        }
        let series = self.series(master);
        for id in instances {
            let day = self.day_of(id);
            let target = series.as_ref().zip(day).filter(|(series, day)| {
                !is_reset || series.recurrence.dates(*day).last() == Some(*day)
            });
            let Some((series, day)) = target else {
                self.tenant.delete(id);
                continue;
            };
            let Some(event) = self.tenant.store.get(id) else {
                continue;
            };
            let exception = event.properties.get("type") == Some(&json!("exception"));
            let mut changed = series.occurrence(day);
            if exception && !is_reset {
                let new = std::mem::replace(&mut changed, event.properties.clone());
                for name in new.keys().chain(before.keys()) {
                    if SCHEDULE.contains(&name.as_str()) || changed.get(name) != before.get(name) {
                        continue;
                    }
                    match new.get(name) {
                        Some(value) => changed.insert(name.clone(), value.clone()),
                        None => changed.remove(name),
                    };
                }
            }
            if changed != event.properties {
                self.tenant.store.change(id, |event| *event = changed);
            }
        }
    }
}
