//! Free/busy information: the action `getSchedule`, and the status of a user at a time.
//!
//! <https://learn.microsoft.com/graph/api/calendar-getschedule>

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use super::event::is_word;
use super::{is, text};
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;
use crate::time_zone::{self, Stated};

/// A range of time, from the first moment to the one after the last.
pub(super) type Span = (DateTime<Utc>, DateTime<Utc>);

/// The longest period that Exchange reports, in days.
const LONGEST: i64 = 62;

/// The roles that may see more of a calendar than its times.
const DETAILED: [&str; 5] = [
    "limitedRead",
    "read",
    "write",
    "delegateWithoutPrivateEventAccess",
    "delegateWithPrivateEventAccess",
];

/// The status of a user, ordered as it is merged: the last one of several is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Free,
    WorkingElsewhere,
    Tentative,
    Busy,
    OutOfOffice,
}

impl Status {
    fn read(word: &str) -> Self {
        let words = [
            ("free", Self::Free),
            ("workingElsewhere", Self::WorkingElsewhere),
            ("tentative", Self::Tentative),
            ("oof", Self::OutOfOffice),
        ];
        let mut words = words.into_iter();
        let known = words.find(|(known, _)| known.eq_ignore_ascii_case(word));
        known.map_or(Self::Busy, |(_, status)| status)
    }

    /// Returns the word of Graph's enum `freeBusyStatus`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::WorkingElsewhere => "workingElsewhere",
            Self::Tentative => "tentative",
            Self::Busy => "busy",
            Self::OutOfOffice => "oof",
        }
    }

    /// Returns the digit of an `availabilityView`.
    fn digit(self) -> char {
        match self {
            Self::Free | Self::WorkingElsewhere => '0',
            Self::Tentative => '1',
            Self::Busy => '2',
            Self::OutOfOffice => '3',
        }
    }
}

/// Returns the free/busy information of users and groups.
pub(super) fn get_schedule(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let bound = |name: &str| {
        let time = invocation.parameter(name);
        let time = time.ok_or_else(|| Refusal::option_missing(name))?;
        Stated::read(time).map(|time| time.moment)
    };
    let (from, until) = (bound("StartTime")?, bound("EndTime")?);
    let refuse =
        |code: &str, message: String| Err(Refusal::new(StatusCode::BAD_REQUEST, code, message));
    if from >= until {
        return refuse(
            "ErrorInvalidTimeInterval",
            "The end time must be later than the start time.".into(),
        );
    }
    let days = (until - from).num_days();
    if until - from > TimeDelta::days(LONGEST) {
        return refuse(
            "ErrorTimeIntervalTooBig",
            format!(
                "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too \
                 long. The allowed limit = {LONGEST} days; the actual limit = {days} days."
            ),
        );
    }
    let interval = invocation.parameter("AvailabilityViewInterval");
    let interval = interval.and_then(Value::as_i64).unwrap_or(30);
    if !(5..=1440).contains(&interval) {
        return refuse(
            "ErrorInvalidMergedFreeBusyInterval",
            "The merged free/busy interval must be between 5 and 1440 minutes.".into(),
        );
    }
    let schedules = invocation.parameter("Schedules").and_then(Value::as_array);
    let schedules = schedules.ok_or_else(|| Refusal::option_missing("Schedules"))?;
    let addresses = schedules.iter().filter_map(Value::as_str);
    let interval = TimeDelta::minutes(interval);
    let found: Vec<Value> = addresses
        .map(|address| graph.schedule(address, (from, until), interval))
        .collect();
    Ok(graph.answer_value(invocation.call, StatusCode::OK, json!(found)))
}

impl Graph<'_> {
    /// Returns the free/busy information of one address.
    fn schedule(&mut self, address: &str, range: Span, interval: TimeDelta) -> Value {
        let users = match self.tenant.user_of(address) {
            Some(user) => vec![user],
            None => self.group_members(address),
        };
        if users.is_empty() {
            return json!({
                "scheduleId": address, "availabilityView": "", "scheduleItems": [],
                "error": {
                    "message": format!(
                        "Unable to resolve e-mail address {address} to an Active Directory object."
                    ),
                    "responseCode": "ErrorMailRecipientNotFound",
                },
            });
        }
        let mut events = Vec::new();
        for user in &users {
            let own = self.events_in(*user, range).into_iter();
            events.extend(own.map(|event| (*user, event)));
        }
        let spans: Vec<_> = events
            .iter()
            .filter_map(|(user, event)| Some((self.busy_span(*user, *event)?, *event)))
            .map(|(span, event)| (span, self.status(event)))
            .collect();
        let mut view = String::new();
        let (mut at, until) = range;
        while at < until {
            let next = at.checked_add_signed(interval).unwrap_or(until);
            view.push(merged(&spans, (at, next)).digit());
            at = next;
        }
        let items: Vec<Value> = events
            .iter()
            .filter_map(|(user, event)| self.schedule_item(*user, *event))
            .collect();
        let mut schedule = json!({
            "scheduleId": address, "availabilityView": view, "scheduleItems": items,
        });
        if let [user] = users.as_slice() {
            let settings = self.mailbox_settings(*user);
            schedule["workingHours"] = settings.get("workingHours").cloned().unwrap_or_default();
        }
        schedule
    }

    /// Returns the users who are members of the group with this address.
    fn group_members(&self, address: &str) -> Vec<Id> {
        let store = &self.tenant.store;
        let groups = store.many(Id::ROOT, "groups").into_iter();
        let mut groups = groups.filter(|group| {
            let mail = store
                .get(*group)
                .and_then(|group| group.properties.get("mail"));
            let mail = mail.and_then(Value::as_str);
            mail.is_some_and(|mail| mail.eq_ignore_ascii_case(address))
        });
        let members = groups
            .next()
            .map(|group| self.tenant.members(group, "members"));
        let mut members = members.unwrap_or_default();
        members.retain(|member| {
            let member = store.get(*member);
            member.is_some_and(|member| member.kind == "microsoft.graph.user")
        });
        members
    }

    /// Returns the status that an event gives to its owner.
    pub(super) fn status(&self, event: Id) -> Status {
        let properties = self.tenant.store.get(event).map(|event| &event.properties);
        let Some(properties) = properties.filter(|all| !is(all, "isCancelled")) else {
            return Status::Free;
        };
        let shown = properties.get("showAs").and_then(Value::as_str);
        Status::read(shown.unwrap_or("busy"))
    }

    /// Returns the range of time that an event takes. A day begins at midnight of the owner's zone.
    pub(super) fn busy_span(&self, user: Id, event: Id) -> Option<Span> {
        let (start, end) = self.span(event)?;
        let all_day = self
            .tenant
            .store
            .get(event)
            .map(|event| is(&event.properties, "isAllDay"));
        if all_day != Some(true) {
            return Some((start, end));
        }
        let settings = self.mailbox_settings(user);
        let zone = settings.get("timeZone").and_then(Value::as_str);
        let zone = zone.and_then(time_zone::Zone::find);
        let zone = zone.unwrap_or_else(time_zone::Zone::utc);
        Some((zone.moment(start.naive_utc()), zone.moment(end.naive_utc())))
    }

    /// Returns an event as an item of a schedule. A caller who may not read the calendar sees the
    /// times and the status only, and other callers do not see the subject of a private event.
    fn schedule_item(&self, user: Id, event: Id) -> Option<Value> {
        let entity = self.tenant.store.get(event)?;
        let properties = &entity.properties;
        let zone = self.shape.zone();
        let all_day = is(properties, "isAllDay");
        let time = |name: &str| {
            let mut time = properties.get(name).cloned().unwrap_or_default();
            time_zone::convert(&mut time, &zone, all_day);
            time
        };
        let mut item = json!({
            "status": self.status(event).word(), "start": time("start"), "end": time("end"),
        });
        let sensitivity = properties.get("sensitivity").and_then(Value::as_str);
        let is_private = sensitivity.is_some_and(|word| is_word(word, "private"));
        if self.caller != Caller::User(user) && !self.may_read_details(user) {
            return Some(item);
        }
        item["isPrivate"] = json!(is_private);
        if self.caller == Caller::User(user) || !is_private {
            item["subject"] = properties.get("subject").cloned().unwrap_or_default();
            let location = properties.get("location");
            let name = location.and_then(|location| text(location, "displayName"));
            item["location"] = json!(name.unwrap_or_default());
        }
        Some(item)
    }

    /// Checks whether the caller may read the details of a user's default calendar. An application
    /// may do so by its permission.
    fn may_read_details(&self, user: Id) -> bool {
        let Caller::User(caller) = self.caller else {
            return true;
        };
        let store = &self.tenant.store;
        let Some(calendar) = store.one(user, "calendar") else {
            return false;
        };
        let permissions = store.many(calendar, "calendarPermissions").into_iter();
        let mut permissions = permissions.filter_map(|id| store.get(id));
        permissions.any(|permission| {
            let properties = &permission.properties;
            let address = properties.get("emailAddress");
            let address = address.and_then(|address| text(address, "address"));
            let concerns =
                address.is_none_or(|address| self.tenant.user_of(address) == Some(caller));
            let role = properties.get("role").and_then(Value::as_str);
            concerns && role.is_some_and(|role| DETAILED.contains(&role))
        })
    }
}

/// Returns the status during a range of time, merged from all events.
pub(super) fn merged(events: &[(Span, Status)], (from, until): Span) -> Status {
    let inside = events.iter();
    let inside = inside.filter(|((start, end), _)| *start < until && *end > from);
    inside
        .map(|(_, status)| *status)
        .max()
        .unwrap_or(Status::Free)
}
