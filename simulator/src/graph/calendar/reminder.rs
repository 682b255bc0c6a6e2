//! The reminders of events.
//!
//! <https://learn.microsoft.com/graph/api/user-reminderview>,
//! <https://learn.microsoft.com/graph/api/event-snoozereminder>

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use super::{OWN, is};
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::render::etag;
use crate::store::Id;
use crate::time_zone::{self, Stated, moment, stored, value};

/// Turns the reminder of an event off.
pub(super) fn dismiss(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    graph.set_reminder(invocation.id, "isReminderOn", json!(false));
    Ok(Answer::empty(StatusCode::OK))
}

/// Moves the reminder of an event to a new time.
pub(super) fn snooze(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let time = invocation.parameter("NewReminderTime");
    let time = time.ok_or_else(|| Refusal::option_missing("NewReminderTime"))?;
    let time = super::event::utc(Stated::read(time)?.moment.naive_utc());
    graph.set_reminder(invocation.id, &snoozed(), time);
    Ok(Answer::empty(StatusCode::OK))
}

/// Returns the reminders of the events in a range of time.
pub(super) fn reminder_view(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let bound = |name: &str| {
        let time = invocation.argument(name).and_then(moment);
        time.ok_or_else(|| Refusal::option_missing(name))
    };
    let range = (bound("StartDateTime")?, bound("EndDateTime")?);
    let events = graph.events_in(invocation.id, range);
    let reminders = events.into_iter().filter_map(|event| graph.reminder(event));
    let reminders: Vec<Value> = reminders.collect();
    Ok(graph.answer_value(invocation.call, StatusCode::OK, json!(reminders)))
}

/// Returns the name of the property with the time of a reminder that was moved.
fn snoozed() -> String {
    format!("{OWN}snoozedUntil")
}

impl Graph<'_> {
    fn set_reminder(&mut self, event: Id, name: &str, value: Value) {
        let before = self.tenant.store.properties(event);
        self.tenant.store.change(event, |event| {
            event.insert(name.to_owned(), value);
        });
        self.settle_change(event, &before.unwrap_or_default());
    }

    /// Returns the events of a mailbox's default calendar that share a moment with a range.
    pub(super) fn events_in(
        &mut self,
        mailbox: Id,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Vec<Id> {
        self.tenant.open_mailbox(mailbox);
        let events = self.tenant.store.many(mailbox, "events");
        self.unfold_all(&events, from, until);
        let all = self.tenant.members(mailbox, "calendarView");
        self.meeting((from, until), all)
    }

    fn reminder(&self, event: Id) -> Option<Value> {
        let entity = self.tenant.store.get(event)?;
        let properties = &entity.properties;
        if !is(properties, "isReminderOn") {
            return None;
        }
        let (start, _) = self.span(event)?;
        let minutes = properties.get("reminderMinutesBeforeStart");
        let minutes = TimeDelta::minutes(minutes.and_then(Value::as_i64).unwrap_or(0));
        let fires = stored(properties.get(&snoozed()));
        let fires = fires.or_else(|| start.checked_sub_signed(minutes))?;
        let zone = self.shape.zone();
        let all_day = is(properties, "isAllDay");
        let time = |name: &str| {
            let mut time = properties.get(name).cloned().unwrap_or_default();
            time_zone::convert(&mut time, &zone, all_day);
            time
        };
        let tag = etag(self.tenant.schemas, entity);
        let key = tag
            .as_deref()
            .and_then(|tag| tag.strip_prefix("W/\"")?.strip_suffix('"'));
        Some(json!({
            "eventId": entity.key, "changeKey": key,
            "eventSubject": properties.get("subject"),
            "eventLocation": properties.get("location"),
            "eventWebLink": properties.get("webLink"),
            "eventStartTime": time("start"), "eventEndTime": time("end"),
            "reminderFireTime": value(fires, &zone),
        }))
    }
}
