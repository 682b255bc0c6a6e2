//! The check of a written event, and its normal form in the store: times in UTC, complete locations
//! and attendees, a complete recurrence.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use serde_json::{Map, Value, json};

use super::recurrence::Recurrence;
use super::{invalid, is, text};
use crate::domain::calendar::NEVER;
use crate::graph::Graph;
use crate::prefer::plain;
use crate::refusal::Refusal;
use crate::store::{Entity, Id};
use crate::time_zone::{Stated, Zone, stored, written};

/// The properties that Exchange sets by itself. Those that a client sends are ignored.
const READ_ONLY: [&str; 17] = [
    "bodyPreview",
    "cancelledOccurrences",
    "changeKey",
    "hasAttachments",
    "iCalUId",
    "isCancelled",
    "isDraft",
    "isOrganizer",
    "onlineMeeting",
    "organizer",
    "originalEndTimeZone",
    "originalStart",
    "originalStartTimeZone",
    "responseStatus",
    "seriesMasterId",
    "type",
    "webLink",
];

/// The number of characters in the preview of a body.
const PREVIEW: usize = 255;

type Properties = Map<String, Value>;

impl Graph<'_> {
    /// Checks the sent properties of an event, and brings them into the form of the store. `before`
    /// holds the stored properties of an event that is changed.
    pub(in crate::graph) fn prepare_event(
        &mut self,
        owner: Id,
        sent: &mut Properties,
        before: Option<&Entity>,
    ) -> Result<(), Refusal> {
        let before = before.map(|event| &event.properties);
        sent.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
        set_times(sent, before)?;
        set_recurrence(sent, before)?;
        if let Some(body) = sent.get("body").filter(|body| body.is_object()) {
            let body = match before.and_then(|before| before.get("body")) {
                Some(stored) => merged(stored, body),
                None => body.clone(),
            };
            let content = text(&body, "content").unwrap_or_default();
            let is_text = text(&body, "contentType").is_some_and(|form| is_word(form, "text"));
            let preview = if is_text {
                content.trim().to_owned()
            } else {
                plain(content)
            };
            let preview: String = preview.chars().take(PREVIEW).collect();
            sent.insert("bodyPreview".into(), json!(preview));
        }
        set_locations(sent);
        self.set_attendees(sent, before);
        self.set_online_meeting(owner, sent, before);
        Ok(())
    }

    /// Completes the attendees. Those that were invited before keep their responses.
    fn set_attendees(&self, sent: &mut Properties, before: Option<&Properties>) {
        let Some(Value::Array(attendees)) = sent.get_mut("attendees") else {
            return;
        };
        let known = before.and_then(|before| before.get("attendees")?.as_array());
        for attendee in attendees {
            drop_type(attendee);
            let address = attendee["emailAddress"]["address"].as_str();
            let address = address.unwrap_or_default().to_owned();
            let mut known = known.into_iter().flatten();
            let known =
                known.find(|known| address_of(known).is_some_and(|it| is_word(it, &address)));
            attendee["status"] = match known.and_then(|known| known.get("status")) {
                Some(status) => status.clone(),
                None => json!({ "response": "none", "time": NEVER }),
            };
            if attendee["type"].is_null() {
                attendee["type"] = json!("required");
            }
            if attendee["emailAddress"]["name"]
                .as_str()
                .is_none_or(str::is_empty)
            {
                let user = self.tenant.user_of(&address);
                let name = user.map(|user| self.tenant.email_address(user)["name"].clone());
                attendee["emailAddress"]["name"] = name.unwrap_or_else(|| json!(address));
            }
        }
    }

    /// Gives an event its online meeting. An online meeting stays one.
    ///
    /// <https://learn.microsoft.com/graph/outlook-calendar-online-meetings>
    fn set_online_meeting(
        &mut self,
        owner: Id,
        sent: &mut Properties,
        before: Option<&Properties>,
    ) {
        if before.is_some_and(|before| is(before, "isOnlineMeeting")) {
            sent.remove("isOnlineMeeting");
            sent.remove("onlineMeetingProvider");
            return;
        }
        if !is(sent, "isOnlineMeeting") {
            return;
        }
        let known = sent.get("onlineMeetingProvider").and_then(Value::as_str);
        if known.is_none_or(|known| known == "unknown") {
            sent.insert("onlineMeetingProvider".into(), json!("teamsForBusiness"));
        }
        let organizer = self.tenant.mailbox(owner).unwrap_or(owner);
        let (join_url, _) = self.online_meeting(organizer);
        sent.insert("onlineMeeting".into(), json!({ "joinUrl": join_url }));
    }

    /// Returns the URL and the chat of a new online meeting.
    pub(super) fn online_meeting(&mut self, organizer: Id) -> (String, String) {
        let thread = format!("meeting_{}", self.tenant.ids.secret(36));
        let key = |id: Id| self.tenant.store.get(id).map(|entity| entity.key.clone());
        let tenant = self.tenant.store.many(Id::ROOT, "organization");
        let tenant = tenant.first().copied().and_then(key).unwrap_or_default();
        let organizer = key(organizer).unwrap_or_default();
        let url = format!(
            "https://teams.microsoft.com/l/meetup-join/19%3a{thread}%40thread.v2/0?context=\
             %7b%22Tid%22%3a%22{tenant}%22%2c%22Oid%22%3a%22{organizer}%22%7d"
        );
        (url, format!("19:{thread}@thread.v2"))
    }
}

/// Returns the address of an attendee.
pub(super) fn address_of(attendee: &Value) -> Option<&str> {
    attendee.get("emailAddress")?.get("address")?.as_str()
}

/// Checks whether two words are the same. Exchange compares them without case.
pub(super) fn is_word(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

/// Brings the start and the end into UTC. The days of an all-day event are kept as they are,
/// because they are the same in each zone.
fn set_times(sent: &mut Properties, before: Option<&Properties>) -> Result<(), Refusal> {
    let all_day = match sent.get("isAllDay") {
        Some(value) => *value == json!(true),
        None => before.is_some_and(|before| is(before, "isAllDay")),
    };
    let mut sent_times = false;
    for (name, zone_name) in [
        ("start", "originalStartTimeZone"),
        ("end", "originalEndTimeZone"),
    ] {
        let Some(value) = sent.get(name).filter(|value| value.is_object()) else {
            continue;
        };
        sent_times = true;
        let stated = Stated::read(value)?;
        let time = if all_day {
            stated.local
        } else {
            stated.moment.naive_utc()
        };
        sent.insert(name.into(), utc(time));
        sent.insert(zone_name.into(), json!(stated.zone.name()));
    }
    if !sent_times && !sent.contains_key("isAllDay") {
        return Ok(());
    }
    let time = |name: &str| stored(sent.get(name).or_else(|| before?.get(name)));
    let (Some(start), Some(end)) = (time("start"), time("end")) else {
        return Ok(());
    };
    let whole = |time: chrono::DateTime<chrono::Utc>| time.time() == NaiveTime::MIN;
    let days = whole(start) && whole(end) && end - start >= TimeDelta::days(1);
    if end < start || (all_day && !days) {
        return Err(invalid());
    }
    Ok(())
}

/// Checks a recurrence, and moves the event to its first occurrence.
fn set_recurrence(sent: &mut Properties, before: Option<&Properties>) -> Result<(), Refusal> {
    let stored_recurrence = before.and_then(|before| before.get("recurrence"));
    let in_series = before.is_some_and(|before| before.contains_key("seriesMasterId"));
    let value = match (sent.get("recurrence"), stored_recurrence) {
        (Some(Value::Null), _) if in_series => return Ok(()),
        (Some(Value::Null), _) => {
            sent.insert("type".into(), json!("singleInstance"));
            return Ok(());
        }
        (Some(_), _) if in_series => return Err(invalid()),
        (Some(value), Some(stored)) => merged(stored, value),
        (Some(value), None) => value.clone(),
        (None, Some(stored)) if sent.contains_key("start") => {
            // The series moves with its start.
            let mut value = stored.clone();
            value["range"]["startDate"] = Value::Null;
            value
        }
        (None, _) => return Ok(()),
    };
    let property = |name: &str| sent.get(name).or_else(|| before?.get(name));
    let all_day = property("isAllDay") == Some(&json!(true));
    let zone = property("originalStartTimeZone").and_then(Value::as_str);
    let zone = zone.and_then(Zone::find).unwrap_or_else(Zone::utc);
    let start = stored(property("start")).ok_or_else(invalid)?;
    let end = stored(property("end")).ok_or_else(invalid)?;
    let clock = |zone: &Zone, time| if all_day { Zone::utc() } else { zone.clone() }.local(time);
    let day = clock(&zone, start).date();
    let recurrence = Recurrence::read(&value, day, &zone)?;
    let first = recurrence.first().ok_or_else(invalid)?;
    let (begins, ends) = (clock(&recurrence.zone, start), clock(&recurrence.zone, end));
    let moved = first - begins.date();
    let moment = |local: NaiveDateTime| {
        let local = local.checked_add_signed(moved).ok_or_else(invalid)?;
        Ok(utc(match all_day {
            true => local,
            false => recurrence.zone.moment(local).naive_utc(),
        }))
    };
    let (start, end) = (moment(begins)?, moment(ends)?);
    sent.insert("start".into(), start);
    sent.insert("end".into(), end);
    sent.insert("recurrence".into(), recurrence.written());
    sent.insert("type".into(), json!("seriesMaster"));
    Ok(())
}

/// Completes the location and the locations. Each follows from the other if it is not sent.
fn set_locations(sent: &mut Properties) {
    if let Some(Value::Array(locations)) = sent.get_mut("locations") {
        locations.iter_mut().for_each(complete_location);
        let locations = locations.clone();
        if !sent.contains_key("location") {
            let names = locations
                .iter()
                .filter_map(|location| text(location, "displayName"));
            let names: Vec<_> = names.collect();
            let mut location = json!({ "displayName": names.join("; ") });
            complete_location(&mut location);
            sent.insert("location".into(), location);
        }
    }
    if sent.get("location").is_some_and(Value::is_null) {
        sent.insert("location".into(), json!({ "displayName": "" }));
    }
    if let Some(location) = sent.get_mut("location") {
        complete_location(location);
        let locations = match text(location, "displayName") {
            None | Some("") => json!([]),
            Some(_) => json!([location.clone()]),
        };
        sent.entry("locations").or_insert(locations);
    }
}

fn complete_location(location: &mut Value) {
    let name = text(location, "displayName").unwrap_or_default().to_owned();
    drop_type(location);
    let Value::Object(location) = location else {
        return;
    };
    location.entry("displayName").or_insert(json!(""));
    location.entry("locationType").or_insert(json!("default"));
    let (unique_id, kind) = match name.is_empty() {
        true => (None, "unknown"),
        false => (Some(name), "private"),
    };
    location.entry("uniqueIdType").or_insert(json!(kind));
    if let Some(unique_id) = unique_id {
        location.entry("uniqueId").or_insert(json!(unique_id));
    }
}

/// Removes the name of a value's type, which Graph does not return if it is the declared type.
fn drop_type(value: &mut Value) {
    if let Value::Object(value) = value {
        value.remove("@odata.type");
    }
}

/// Returns a value with the parts of another one, as a PATCH sets them.
fn merged(before: &Value, more: &Value) -> Value {
    match (before, more) {
        (Value::Object(before), Value::Object(more)) => {
            let mut all = before.clone();
            for (name, value) in more {
                let value = match all.get(name) {
                    Some(before) => merged(before, value),
                    None => value.clone(),
                };
                all.insert(name.clone(), value);
            }
            Value::Object(all)
        }
        _ => more.clone(),
    }
}

/// Returns a `dateTimeTimeZone` of the store.
pub(super) fn utc(time: NaiveDateTime) -> Value {
    json!({ "dateTime": written(time), "timeZone": "UTC" })
}
