//! Calendars: the rules of Exchange for events, series, meetings and free/busy information.
//!
//! <https://learn.microsoft.com/graph/api/resources/calendar-overview>

mod action;
mod event;
mod meeting;
mod online;
mod recurrence;
mod reminder;
mod response;
mod schedule;
mod series;
mod settings;
mod suggest;
mod view;

use http::StatusCode;
use serde_json::{Map, Value, json};

pub(super) use online::ONLINE_MEETING;
pub(super) use settings::check_settings;
pub(super) use view::is_view;

use super::Graph;
use super::behavior::Behavior;
use crate::body::Written;
use crate::domain::calendar::{CALENDAR, EVENT};
use crate::query::Options;
use crate::refusal::Refusal;
use crate::store::{Entity, Id};

/// The functions and actions of calendars that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(EVENT, "accept", action::respond),
    Behavior::new(EVENT, "cancel", action::cancel),
    Behavior::new(EVENT, "decline", action::respond),
    Behavior::new(EVENT, "dismissReminder", reminder::dismiss),
    Behavior::new(EVENT, "forward", action::forward),
    Behavior::new(EVENT, "permanentDelete", action::remove),
    Behavior::new(EVENT, "snoozeReminder", reminder::snooze),
    Behavior::new(EVENT, "tentativelyAccept", action::respond),
    Behavior::new(CALENDAR, "getSchedule", schedule::get_schedule),
    Behavior::new(CALENDAR, "permanentDelete", action::remove_calendar),
    Behavior::new(USER, "findMeetingTimes", suggest::find_meeting_times),
    Behavior::new(USER, "reminderView", reminder::reminder_view),
    Behavior::of_collection(ONLINE_MEETING, "createOrGet", online::create_or_get),
];

const USER: &str = "microsoft.graph.user";

/// The properties of an event that Graph sends as null if they are not set.
const NULL: [&str; 6] = [
    "onlineMeeting",
    "onlineMeetingUrl",
    "recurrence",
    "seriesMasterId",
    "subject",
    "transactionId",
];

/// The start of the names of properties that are the simulator's own. They are never sent.
const OWN: &str = "@simulator.";

/// Completes the JSON of an event, a calendar or a group of calendars: the version, and the
/// properties that are not set.
pub(crate) fn dress(
    entity: &Entity,
    etag: Option<&str>,
    options: &Options,
    object: &mut Map<String, Value>,
) {
    let kind = entity.kind.strip_prefix("microsoft.graph.");
    if !matches!(kind, Some("event" | "calendar" | "calendarGroup")) {
        return;
    }
    object.retain(|name, _| !name.starts_with(OWN));
    let selects = |name: &str| {
        let mut select = options.select.iter();
        select.any(|path| path.first().is_some_and(|first| first == name))
    };
    let all = options.select.is_empty();
    let key = etag.and_then(|etag| etag.strip_prefix("W/\"")?.strip_suffix('"'));
    if let Some(key) = key.filter(|_| all || selects("changeKey")) {
        object.insert("changeKey".into(), json!(key));
    }
    if all && entity.kind == EVENT {
        // The cancelled occurrences of a series are sent only if they are selected.
        object.remove("cancelledOccurrences");
        for name in NULL {
            object.entry(name).or_insert(Value::Null);
        }
    }
}

/// Checks whether Exchange sets a property of a calendar by itself.
pub(super) fn is_read_only(name: &str) -> bool {
    const READ_ONLY: [&str; 9] = [
        "allowedOnlineMeetingProviders",
        "canEdit",
        "canShare",
        "canViewPrivateItems",
        "changeKey",
        "isDefaultCalendar",
        "isRemovable",
        "isTallyingResponses",
        "owner",
    ];
    READ_ONLY.contains(&name)
}

/// Returns a text of a JSON object.
fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// Checks whether a property is true.
fn is(properties: &Map<String, Value>, name: &str) -> bool {
    properties.get(name) == Some(&json!(true))
}

/// Returns Exchange's refusal of an event whose properties do not fit each other.
fn invalid() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "ErrorPropertyValidationFailure",
        "At least one property failed validation.",
    )
}

/// Returns Exchange's refusal of an action that the present state does not allow.
fn refused(reason: &str) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "ErrorInvalidRequest",
        format!("Your request can't be completed. {reason}"),
    )
}

impl Graph<'_> {
    /// Brings what follows from an event into line with its change: its series, and the attendees'
    /// events.
    pub(super) fn event_changed(&mut self, id: Id, before: &Map<String, Value>) {
        self.settle_change(id, before);
        self.send_update(id, before);
    }

    /// Brings a series into line with a change of its master or of one of its occurrences.
    fn settle_change(&mut self, id: Id, before: &Map<String, Value>) {
        match self.master_of(id) {
            Some(master) => self.except(id, master),
            None => self.refold(id, before),
        }
    }

    /// Removes an event, and cancels it for its attendees if it is the organizer's. An occurrence
    /// is taken out of its series.
    pub(super) fn delete_event(&mut self, id: Id) {
        self.cancel_meeting(id);
        match self.master_of(id) {
            Some(master) => self.remove_occurrence(id, master),
            None => self.tenant.delete(id),
        }
    }

    /// Returns the event that an earlier request of the same transaction has created.
    ///
    /// <https://learn.microsoft.com/graph/api/resources/event> describes `transactionId`.
    pub(super) fn same_transaction(&self, owner: Id, written: &Written) -> Option<Id> {
        let transaction = written.properties.get("transactionId");
        let transaction = transaction.filter(|id| id.is_string() && written.kind == EVENT)?;
        let events = self.tenant.store.many(owner, "events").into_iter();
        let mut events = events.filter_map(|id| Some((id, self.tenant.store.get(id)?)));
        let same =
            events.find(|(_, event)| event.properties.get("transactionId") == Some(transaction));
        same.map(|(id, _)| id)
    }

    /// Refuses to remove the default calendar.
    pub(super) fn check_calendar_removable(&self, calendar: Id) -> Result<(), Refusal> {
        let calendar = self.tenant.store.get(calendar);
        if calendar.is_some_and(|calendar| is(&calendar.properties, "isDefaultCalendar")) {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "ErrorDeleteDistinguishedFolder",
                "Distinguished folders cannot be deleted.",
            ));
        }
        Ok(())
    }
}
