//! The calendars of a mailbox, and the properties that Exchange gives to a new event.

use serde_json::{Map, Value, json};

use super::{Below, Tenant};
use crate::store::{Entity, Id};

pub(crate) const EVENT: &str = "microsoft.graph.event";
pub(crate) const CALENDAR: &str = "microsoft.graph.calendar";
pub(crate) const CALENDAR_GROUP: &str = "microsoft.graph.calendarGroup";
const PERMISSION: &str = "microsoft.graph.calendarPermission";
const USER: &str = "microsoft.graph.user";
const GROUP: &str = "microsoft.graph.group";

/// The time that Exchange writes for a time that never was.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";

/// The key of the permission that applies to everyone in the organization.
const EVERYONE: &str = "RGVmYXVsdA==";

/// The first part of the ids of events in iCalendar ([MS-OXOCAL], PidLidGlobalObjectId).
const GLOBAL_ID: &str = "040000008200E00074C5B7101A82E008";

impl Tenant<'_> {
    /// Returns the user or group that a calendar, an event or another part of a mailbox belongs to.
    pub(crate) fn mailbox(&self, id: Id) -> Option<Id> {
        self.holder(id, &[USER, GROUP])
    }

    /// Returns the user of an email address.
    pub(crate) fn user_of(&self, address: &str) -> Option<Id> {
        let holds = |user: &Entity| {
            let proxies = user.properties.get("proxyAddresses");
            let mut proxies = proxies.and_then(Value::as_array).into_iter().flatten();
            ["mail", "userPrincipalName"].iter().any(|name| {
                let own = user.properties.get(*name).and_then(Value::as_str);
                own.is_some_and(|own| own.eq_ignore_ascii_case(address))
            }) || proxies.any(|proxy| {
                let proxy = proxy.as_str().and_then(|proxy| proxy.split_once(':'));
                proxy.is_some_and(|(_, own)| own.eq_ignore_ascii_case(address))
            })
        };
        let users = self.store.many(Id::ROOT, "users").into_iter();
        let mut users = users.filter_map(|id| Some((id, self.store.get(id)?)));
        users.find(|(_, user)| holds(user)).map(|(id, _)| id)
    }

    /// Returns the name and the address of a user or group, as an `emailAddress`.
    pub(crate) fn email_address(&self, id: Id) -> Value {
        let name = self.text(id, "displayName");
        let mail = self.text(id, "mail");
        let mail = mail.or_else(|| self.text(id, "userPrincipalName"));
        json!({ "name": name.or_else(|| mail.clone()), "address": mail })
    }

    /// Gives a user the default calendar, and the default group of calendars.
    pub(super) fn open_calendars(&mut self, user: Id) {
        let place = Below::many(user, "calendarGroups");
        let group = json!({
            "name": "My Calendars", "classId": "0006f0b7-0000-0000-c000-000000000046",
        });
        self.make_json(place, CALENDAR_GROUP, group);
        let place = Below::many(user, "calendars");
        let calendar = json!({ "name": "Calendar", "isDefaultCalendar": true });
        let calendar = self.make_json(place, CALENDAR, calendar);
        self.store.set(user, "calendar", Some(calendar));
    }

    /// Gives a group its calendar. It does nothing the second time.
    pub(crate) fn open_group_calendar(&mut self, group: Id) {
        if self.store.relation(group, "calendar").is_none() {
            self.store.open(group, "events");
            let calendar = json!({ "name": "Calendar", "isDefaultCalendar": true });
            self.make_json(Below::one(group, "calendar"), CALENDAR, calendar);
        }
    }

    /// Completes a new calendar: its owner, and the permission of the organization. A calendar that
    /// is created outside of a group is in the default group.
    pub(super) fn place_calendar(&mut self, id: Id, owner: Id, relation: &str) {
        let Some(mailbox) = self.mailbox(owner) else {
            return;
        };
        let address = self.email_address(mailbox);
        let defaults = json!({
            "color": "auto", "hexColor": "", "isDefaultCalendar": false, "canEdit": true,
            "canShare": true, "canViewPrivateItems": true, "isTallyingResponses": true,
            "allowedOnlineMeetingProviders": ["teamsForBusiness"],
            "defaultOnlineMeetingProvider": "teamsForBusiness", "owner": address,
        });
        self.store.change(id, |calendar| {
            complete(calendar, defaults);
            let default = calendar.get("isDefaultCalendar") == Some(&json!(true));
            calendar.insert("isRemovable".into(), json!(!default));
        });
        self.store.open(id, "events");
        let everyone = json!({
            "emailAddress": { "name": "My Organization" }, "isRemovable": false,
            "isInsideOrganization": true, "role": "freeBusyRead",
            "allowedRoles": ["none", "freeBusyRead", "limitedRead", "read", "write"],
        });
        let Value::Object(everyone) = everyone else {
            return;
        };
        let place = Below::many(id, "calendarPermissions");
        self.make(place, PERMISSION, Some(EVERYONE), everyone);
        if relation != "calendars" {
            return;
        }
        if owner != mailbox {
            self.store.add(mailbox, "calendars", id);
        } else if let Some(group) = self.store.many(mailbox, "calendarGroups").first() {
            self.store.add(*group, "calendars", id);
        }
    }

    /// Completes a new permission of a calendar.
    pub(super) fn place_permission(&mut self, id: Id) {
        let Some(permission) = self.store.get(id) else {
            return;
        };
        let address = permission.properties.get("emailAddress");
        let address = address.and_then(|address| address.get("address")?.as_str());
        let user = address.and_then(|address| self.user_of(address));
        let name = user.map(|user| self.email_address(user)["name"].clone());
        let inside = user.is_some();
        let defaults = json!({
            "isRemovable": true, "isInsideOrganization": inside, "role": "freeBusyRead",
            "allowedRoles": ["freeBusyRead", "limitedRead", "read", "write"],
        });
        self.store.change(id, |permission| {
            complete(permission, defaults);
            if let (Some(Value::Object(address)), Some(name)) =
                (permission.get_mut("emailAddress"), name)
            {
                address.entry("name").or_insert(name);
            }
        });
    }

    /// Adds an event to the other places of its mailbox, and sets what Exchange sets of a new one.
    pub(super) fn place_event(&mut self, id: Id, owner: Id, relation: &str) {
        let Some(mailbox) = self.mailbox(owner).filter(|_| relation == "events") else {
            return;
        };
        let calendar = self.store.one(mailbox, "calendar");
        if owner == mailbox {
            if let Some(calendar) = calendar {
                self.store.add(calendar, "events", id);
            }
        } else if Some(owner) == calendar {
            self.store.add(mailbox, "events", id);
        }
        let own = match owner == mailbox {
            true => calendar,
            false => Some(owner),
        };
        if let Some(own) = own {
            self.store.attach(id, "calendar", own, false);
        }
        self.complete_event(id, mailbox);
    }

    fn complete_event(&mut self, id: Id, mailbox: Id) {
        let Some(event) = self.store.get(id) else {
            return;
        };
        let zone = |name: &str| {
            event
                .properties
                .get(name)
                .and_then(|time| time.get("timeZone"))
        };
        let (start, end) = (zone("start").cloned(), zone("end").cloned());
        let recurs = event.properties.contains_key("recurrence");
        let link: String =
            percent_encoding::utf8_percent_encode(&event.key, percent_encoding::NON_ALPHANUMERIC)
                .collect();
        let global = self.ids.guid().replace('-', "").to_uppercase();
        let stamp = self.ids.guid().replace('-', "").to_uppercase();
        let stamp = stamp.get(..16).unwrap_or_default();
        let mut defaults = json!({
            "categories": [], "reminderMinutesBeforeStart": 15, "isReminderOn": true,
            "hasAttachments": false, "bodyPreview": "", "importance": "normal",
            "sensitivity": "normal", "isAllDay": false, "isCancelled": false, "isDraft": false,
            "isOrganizer": true, "responseRequested": true, "showAs": "busy",
            "type": if recurs { "seriesMaster" } else { "singleInstance" },
            "allowNewTimeProposals": true, "hideAttendees": false, "isOnlineMeeting": false,
            "onlineMeetingProvider": "unknown", "attendees": [], "locations": [],
            "responseStatus": { "response": "organizer", "time": NEVER },
            "body": { "contentType": "html", "content": "" },
            "location": {
                "displayName": "", "locationType": "default", "uniqueIdType": "unknown",
            },
            "organizer": { "emailAddress": self.email_address(mailbox) },
            // The date of an occurrence stands after the first part.
            "iCalUId": format!("{GLOBAL_ID}00000000{stamp}000000000000000010000000{global}"),
            "webLink": format!(
                "https://outlook.office365.com/owa/?itemid={link}&exvsurl=1&path=/calendar/item"
            ),
        });
        for (name, zone) in [
            ("originalStartTimeZone", start),
            ("originalEndTimeZone", end),
        ] {
            if let Some(zone) = zone {
                defaults[name] = zone;
            }
        }
        self.store.change(id, |event| complete(event, defaults));
    }
}

/// Returns the id in iCalendar of an occurrence: the one of its series, with a date.
pub(crate) fn occurrence_uid(series: &str, date: chrono::NaiveDate) -> String {
    use chrono::Datelike;
    let date = format!("{:04X}{:02X}{:02X}", date.year(), date.month(), date.day());
    let (before, after) = series
        .split_at_checked(GLOBAL_ID.len())
        .unwrap_or((series, ""));
    format!("{before}{date}{}", after.get(8..).unwrap_or_default())
}

/// Sets the properties that are not set.
fn complete(properties: &mut Map<String, Value>, defaults: Value) {
    if let Value::Object(defaults) = defaults {
        for (name, value) in defaults {
            properties.entry(name).or_insert(value);
        }
    }
}
