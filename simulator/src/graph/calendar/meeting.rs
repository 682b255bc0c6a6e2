//! Meetings: invitations, their updates and their cancellation.
//!
//! Each attendee of the tenant has an event of their own, with the same id in iCalendar as the
//! organizer's event.

use serde_json::{Map, Value, json};

use super::event::address_of;
use super::is;
use crate::domain::Below;
use crate::domain::calendar::{EVENT, NEVER};
use crate::graph::Graph;
use crate::store::Id;

/// The properties that an attendee's event shares with the organizer's.
const SHARED: [&str; 21] = [
    "allowNewTimeProposals",
    "attendees",
    "body",
    "bodyPreview",
    "end",
    "hideAttendees",
    "importance",
    "isAllDay",
    "isOnlineMeeting",
    "location",
    "locations",
    "onlineMeeting",
    "onlineMeetingProvider",
    "originalEndTimeZone",
    "originalStartTimeZone",
    "recurrence",
    "responseRequested",
    "sensitivity",
    "start",
    "subject",
    "type",
];

/// The properties whose change requires new responses.
const TIMES: [&str; 4] = ["end", "isAllDay", "recurrence", "start"];

impl Graph<'_> {
    /// Sends the invitations of a new event.
    pub(in crate::graph) fn invite_all(&mut self, event: Id) {
        for user in self.attendees(event) {
            self.invite_attendee(event, user);
        }
    }

    /// Returns the attendees of a meeting who are users of the tenant, without the organizer.
    fn attendees(&self, event: Id) -> Vec<Id> {
        let properties = self.tenant.store.get(event).map(|event| &event.properties);
        let attendees = properties.and_then(|all| all.get("attendees")?.as_array());
        let attendees = attendees.into_iter().flatten();
        let organizer = self.tenant.mailbox(event);
        let mut users: Vec<Id> = Vec::new();
        for user in attendees.filter_map(|one| self.tenant.user_of(address_of(one)?)) {
            if Some(user) != organizer && !users.contains(&user) {
                users.push(user);
            }
        }
        users
    }

    /// Checks whether the event belongs to the organizer, and has attendees.
    fn is_own_meeting(&self, event: Id) -> bool {
        let properties = self.tenant.store.get(event).map(|event| &event.properties);
        properties.is_some_and(|properties| {
            let attendees = properties.get("attendees").and_then(Value::as_array);
            is(properties, "isOrganizer") && attendees.is_some_and(|all| !all.is_empty())
        })
    }

    /// Adds the meeting to the calendar of an attendee.
    fn invite_attendee(&mut self, event: Id, user: Id) {
        self.tenant.open_mailbox(user);
        let Some(meeting) = self.tenant.store.get(event) else {
            return;
        };
        let own = [
            "organizer",
            "iCalUId",
            "createdDateTime",
            "lastModifiedDateTime",
        ];
        let names = SHARED.iter().chain(&own);
        let shared = names.filter_map(|name| {
            let value = meeting.properties.get(*name)?;
            Some(((*name).to_owned(), value.clone()))
        });
        let mut properties: Map<String, Value> = shared.collect();
        // An invitation to one occurrence of a series is an event by itself.
        if !properties.contains_key("recurrence") {
            properties.insert("type".into(), json!("singleInstance"));
        }
        self.hide_attendees(&mut properties, user);
        for (name, value) in [
            ("isOrganizer", json!(false)),
            ("responseStatus", not_responded()),
            // An invitation is tentative until the attendee responds.
            ("showAs", json!("tentative")),
        ] {
            properties.insert(name.into(), value);
        }
        let place = Below::many(user, "events");
        self.tenant.make(place, EVENT, None, properties);
    }

    /// Leaves the other attendees out, if the organizer wants it.
    fn hide_attendees(&self, properties: &mut Map<String, Value>, user: Id) {
        if !is(properties, "hideAttendees") {
            return;
        }
        if let Some(Value::Array(attendees)) = properties.get_mut("attendees") {
            attendees.retain(|attendee| {
                address_of(attendee).and_then(|address| self.tenant.user_of(address)) == Some(user)
            });
        }
    }

    /// Returns the events of the same meeting in other mailboxes. It creates those that are
    /// occurrences of a series.
    pub(super) fn counterparts(&mut self, event: Id) -> Vec<Id> {
        if let (Some(master), Some(day)) = (self.master_of(event), self.day_of(event)) {
            for other in self.same_meeting(master) {
                self.occurrence(other, day);
            }
        }
        self.same_meeting(event)
    }

    fn same_meeting(&self, event: Id) -> Vec<Id> {
        let store = &self.tenant.store;
        let uid = |id: Id| store.get(id)?.properties.get("iCalUId");
        let Some(wanted) = uid(event) else {
            return Vec::new();
        };
        let events = store.entities().filter(|(_, entity)| entity.kind == EVENT);
        let ids = events.map(|(id, _)| id);
        ids.filter(|id| *id != event && uid(*id) == Some(wanted))
            .collect()
    }

    /// Sends an update of a meeting: new attendees are invited, those who were removed get a
    /// cancellation, and all others see the change.
    pub(super) fn send_update(&mut self, event: Id, before: &Map<String, Value>) {
        let had_attendees = before.get("attendees").is_some_and(|all| *all != json!([]));
        let was_own_meeting = had_attendees && is(before, "isOrganizer");
        if !was_own_meeting && !self.is_own_meeting(event) {
            return;
        }
        let Some(now) = self.tenant.store.properties(event) else {
            return;
        };
        let changed = |name: &&&str| before.get(**name) != now.get(**name);
        let moved = TIMES.iter().any(|name| changed(&name));
        if moved {
            self.tenant.store.change(event, |event| {
                if let Some(Value::Array(attendees)) = event.get_mut("attendees") {
                    for attendee in attendees {
                        attendee["status"] = json!({ "response": "none", "time": NEVER });
                    }
                }
            });
        }
        let shared: Vec<&str> = SHARED.iter().filter(changed).copied().collect();
        let mut users = self.attendees(event);
        for copy in self.counterparts(event) {
            let user = self.tenant.mailbox(copy);
            let Some(at) = users.iter().position(|one| Some(*one) == user) else {
                self.call_off(copy);
                continue;
            };
            let user = users.remove(at);
            self.update_copy(copy, user, &now, &shared, moved);
        }
        for user in users {
            self.invite_attendee(event, user);
        }
    }

    fn update_copy(
        &mut self,
        copy: Id,
        user: Id,
        now: &Map<String, Value>,
        shared: &[&str],
        moved: bool,
    ) {
        let Some(before) = self.tenant.store.properties(copy) else {
            return;
        };
        let mut properties = before.clone();
        let in_series = before.contains_key("seriesMasterId");
        let names = shared.iter();
        for name in names.filter(|name| !in_series || **name != "type") {
            match now.get(*name) {
                Some(value) => properties.insert((*name).to_owned(), value.clone()),
                None => properties.remove(*name),
            };
        }
        self.hide_attendees(&mut properties, user);
        if moved {
            properties.insert("responseStatus".into(), not_responded());
            properties.insert("showAs".into(), json!("tentative"));
        }
        self.tenant.store.change(copy, |copy| *copy = properties);
        self.settle_change(copy, &before);
    }

    /// Marks an attendee's event as cancelled. It stays in the calendar until the attendee removes
    /// it.
    fn call_off(&mut self, copy: Id) {
        let Some(before) = self.tenant.store.properties(copy) else {
            return;
        };
        if is(&before, "isCancelled") {
            return;
        }
        let subject = before.get("subject").and_then(Value::as_str);
        let subject = format!("Canceled: {}", subject.unwrap_or_default());
        self.tenant.store.change(copy, |copy| {
            copy.insert("isCancelled".into(), json!(true));
            copy.insert("showAs".into(), json!("free"));
            copy.insert("subject".into(), json!(subject));
        });
        self.settle_change(copy, &before);
    }

    /// Cancels a meeting at its attendees, because the organizer removes it.
    pub(super) fn cancel_meeting(&mut self, event: Id) {
        if self.is_own_meeting(event) {
            for copy in self.counterparts(event) {
                self.call_off(copy);
            }
        }
    }
}

fn not_responded() -> Value {
    json!({ "response": "notResponded", "time": NEVER })
}
