//! The attendees' responses to a meeting, and its forwarding to more recipients.

use serde_json::{Value, json};

use super::event::{address_of, is_word};
use super::is;
use crate::clock::timestamp;
use crate::domain::calendar::NEVER;
use crate::graph::Graph;
use crate::store::Id;

/// The response of an attendee.
pub(super) struct Response {
    /// The word of Graph's enum `responseType`.
    pub(super) word: &'static str,
    pub(super) proposed_time: Option<Value>,
    /// `true` if the organizer is told.
    pub(super) is_sent: bool,
}

impl Graph<'_> {
    /// Records the response of an attendee, and sends it to the organizer.
    pub(super) fn respond(&mut self, event: Id, response: Response) {
        let Some(before) = self.tenant.store.properties(event) else {
            return;
        };
        let status = json!({ "response": response.word, "time": timestamp(self.now) });
        let user = self.tenant.mailbox(event);
        let organizers = self.counterparts(event).into_iter();
        let organizers: Vec<Id> = organizers.filter(|id| self.is_organizers(*id)).collect();
        let shows = organizers.first().and_then(|id| {
            let shown = self.tenant.store.get(*id)?.properties.get("showAs")?;
            Some(shown.clone())
        });
        let shows = match response.word {
            "accepted" => shows.unwrap_or(json!("busy")),
            "declined" => json!("free"),
            _ => json!("tentative"),
        };
        self.tenant.store.change(event, |event| {
            event.insert("responseStatus".into(), status.clone());
            event.insert("showAs".into(), shows);
        });
        self.settle_change(event, &before);
        if response.word == "declined" {
            self.put_away(event);
        }
        let Some(user) = user.filter(|_| response.is_sent) else {
            return;
        };
        for organizer in organizers {
            self.receive(organizer, user, &status, response.proposed_time.as_ref());
        }
    }

    /// Moves a declined event out of its calendar. It can still be read by its id, as an event
    /// among the deleted items.
    fn put_away(&mut self, event: Id) {
        if let Some(master) = self.master_of(event) {
            self.strike(event, master);
            self.tenant.store.take(master, "instances", event);
            return;
        }
        for owner in self.tenant.store.owners("events", event) {
            self.tenant.store.take(owner, "events", event);
        }
    }

    /// Checks whether an event is the one in the organizer's calendar.
    fn is_organizers(&self, event: Id) -> bool {
        let event = self.tenant.store.get(event);
        event.is_some_and(|event| is(&event.properties, "isOrganizer"))
    }

    /// Sets the status of an attendee in the organizer's event.
    fn receive(&mut self, event: Id, user: Id, status: &Value, proposed_time: Option<&Value>) {
        let Some(before) = self.tenant.store.properties(event) else {
            return;
        };
        let attendees = before.get("attendees").and_then(Value::as_array);
        let mut attendees = attendees.cloned().unwrap_or_default();
        for attendee in &mut attendees {
            let own = address_of(attendee).and_then(|address| self.tenant.user_of(address));
            if own == Some(user) {
                attendee["status"] = status.clone();
                if let Some(time) = proposed_time {
                    attendee["proposedNewTime"] = time.clone();
                }
            }
        }
        self.tenant.store.change(event, |event| {
            event.insert("attendees".into(), attendees.into());
        });
        self.settle_change(event, &before);
    }

    /// Adds recipients to a meeting, to whom the organizer or an attendee forwards it.
    pub(super) fn forward_meeting(&mut self, event: Id, recipients: &[Value]) {
        let organizer = match self.is_organizers(event) {
            true => Some(event),
            false => {
                let mut others = self.counterparts(event).into_iter();
                others.find(|id| self.is_organizers(*id))
            }
        };
        let Some(event) = organizer else { return };
        let Some(before) = self.tenant.store.properties(event) else {
            return;
        };
        let attendees = before.get("attendees").and_then(Value::as_array);
        let mut attendees = attendees.cloned().unwrap_or_default();
        for recipient in recipients {
            let Some(address) = address_of(recipient) else {
                continue;
            };
            let mut known = attendees.iter().filter_map(address_of);
            if known.any(|known| is_word(known, address)) {
                continue;
            }
            let user = self.tenant.user_of(address);
            let name = recipient["emailAddress"]["name"].as_str();
            let name = name
                .map(|name| json!(name))
                .or_else(|| Some(self.tenant.email_address(user?)["name"].clone()));
            attendees.push(json!({
                "type": "required", "status": { "response": "none", "time": NEVER },
                "emailAddress": {
                    "name": name.unwrap_or_else(|| json!(address)), "address": address,
                },
            }));
        }
        self.tenant.store.change(event, |event| {
            event.insert("attendees".into(), attendees.into());
        });
        self.event_changed(event, &before);
    }
}
