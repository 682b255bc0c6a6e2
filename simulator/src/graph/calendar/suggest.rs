//! The action `findMeetingTimes`.
//!
//! <https://learn.microsoft.com/graph/api/user-findmeetingtimes>

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use super::event::address_of;
use super::schedule::{Span, Status, merged};
use super::settings::WorkingHours;
use super::text;
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::store::Id;
use crate::time_zone::{Stated, value};

/// The distance between the beginnings of two possible times, in minutes.
const STEP: i64 = 30;

/// The number of suggestions, if the request does not limit it.
const CANDIDATES: usize = 20;

/// The longest period that is searched, in days.
const LONGEST: i64 = 62;

/// The chance that an attendee with unknown status comes, in percent.
const UNKNOWN: f64 = 49.0;

/// A participant: the events at which it is not free, and the working hours. An attendee from
/// outside the tenant has neither.
struct Participant {
    events: Vec<(Span, Status)>,
    hours: WorkingHours,
}

/// The kind of the time that may be suggested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Domain {
    Work,
    Personal,
    Unrestricted,
}

/// A possible time of the meeting.
struct Candidate {
    span: Span,
    confidence: f64,
    organizer: Status,
    attendees: Vec<Option<Status>>,
}

/// Suggests times at which the participants are free.
pub(super) fn find_meeting_times(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let flag = |name: &str| invocation.parameter(name) == Some(&json!(true));
    let constraint = invocation
        .parameter("timeConstraint")
        .cloned()
        .unwrap_or_default();
    let slots = slots(&constraint)?;
    let length = match invocation
        .parameter("meetingDuration")
        .and_then(Value::as_str)
    {
        None => TimeDelta::minutes(30),
        Some(text) => duration(text)
            .filter(|length| *length > TimeDelta::zero())
            .ok_or_else(|| {
                Refusal::bad_request(format!("The meeting duration '{text}' is not valid."))
            })?,
    };
    let domain = match text(&constraint, "activityDomain") {
        Some("personal") => Domain::Personal,
        Some("unrestricted") => Domain::Unrestricted,
        _ => Domain::Work,
    };
    let attendees = invocation.parameter("attendees").and_then(Value::as_array);
    let attendees = attendees.cloned().unwrap_or_default();
    let optional = flag("isOrganizerOptional");
    let minimum = invocation.parameter("minimumAttendeePercentage");
    let minimum = minimum.and_then(Value::as_f64).unwrap_or(50.0);
    let count = invocation
        .parameter("maxCandidates")
        .and_then(Value::as_u64);
    let count = count.and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| *count > 0).unwrap_or(CANDIDATES);

    let organizer = graph.participant(invocation.id, &slots);
    let users: Vec<Option<Id>> = attendees
        .iter()
        .map(|attendee| graph.tenant.user_of(address_of(attendee)?))
        .collect();
    let participants: Vec<Option<Participant>> = users
        .into_iter()
        .map(|user| user.map(|user| graph.participant(user, &slots)))
        .collect();
    let mut candidates = Vec::new();
    let (mut organizer_busy, mut unknown, mut unlikely) = (false, false, false);
    for span in slots.iter().flat_map(|slot| starts(*slot, length)) {
        let works = |one: &Participant| match domain {
            Domain::Unrestricted => true,
            Domain::Work => one.hours.hold(span.0, span.1, false),
            Domain::Personal => one.hours.hold(span.0, span.1, true),
        };
        let everyone = participants.iter().flatten();
        if !(optional || works(&organizer)) || !everyone.clone().all(works) {
            continue;
        }
        let own = merged(&organizer.events, span);
        if !optional && own >= Status::Busy {
            organizer_busy = true;
            continue;
        }
        let statuses: Vec<Option<Status>> = participants
            .iter()
            .map(|one| one.as_ref().map(|one| merged(&one.events, span)))
            .collect();
        let confidence = confidence(&statuses);
        if confidence < minimum {
            unlikely = true;
            unknown |= statuses.iter().any(Option::is_none);
            continue;
        }
        candidates.push(Candidate {
            span,
            confidence,
            organizer: own,
            attendees: statuses,
        });
    }
    // The sort keeps the order of time among the same confidence.
    candidates.sort_by(|left, right| right.confidence.total_cmp(&left.confidence));
    candidates.truncate(count);
    let reason = match (candidates.is_empty(), unlikely, unknown, organizer_busy) {
        (false, ..) => "",
        (true, true, true, _) => "attendeesUnavailableOrUnknown",
        (true, true, false, _) => "attendeesUnavailable",
        (true, false, _, true) => "organizerUnavailable",
        (true, false, _, false) => "unknown",
    };
    let explained = flag("returnSuggestionReasons");
    let places = places(invocation.parameter("locationConstraint"))?;
    let suggestions = candidates.iter().enumerate().map(|(at, candidate)| {
        let mut suggestion = graph.suggestion(candidate, &attendees);
        suggestion["order"] = json!(at + 1);
        suggestion["locations"] = places.clone().into();
        if explained {
            suggestion["suggestionReason"] = json!(explanation(candidate));
        }
        suggestion
    });
    let result = json!({
        "emptySuggestionsReason": reason,
        "meetingTimeSuggestions": suggestions.collect::<Vec<_>>(),
    });
    Ok(graph.answer_value(invocation.call, StatusCode::OK, result))
}

impl Graph<'_> {
    fn participant(&mut self, user: Id, slots: &[Span]) -> Participant {
        let mut events = Vec::new();
        for slot in slots {
            for event in self.events_in(user, *slot) {
                if let Some(span) = self.busy_span(user, event) {
                    events.push((span, self.status(event)));
                }
            }
        }
        let hours = self.working_hours(user);
        Participant { events, hours }
    }

    fn suggestion(&self, candidate: &Candidate, attendees: &[Value]) -> Value {
        let zone = self.shape.zone();
        let (start, end) = candidate.span;
        let availability = attendees
            .iter()
            .zip(&candidate.attendees)
            .map(|(attendee, status)| {
                json!({
                    "availability": status.map_or("unknown", Status::word), "attendee": attendee,
                })
            });
        json!({
            "confidence": candidate.confidence,
            "organizerAvailability": candidate.organizer.word(),
            "attendeeAvailability": availability.collect::<Vec<_>>(),
            "meetingTimeSlot": { "start": value(start, &zone), "end": value(end, &zone) },
        })
    }
}

/// Returns the periods that are searched.
fn slots(constraint: &Value) -> Result<Vec<Span>, Refusal> {
    let slots = constraint.get("timeSlots").and_then(Value::as_array);
    let Some(slots) = slots.filter(|slots| !slots.is_empty()) else {
        return Err(Refusal::not_simulated(
            "`findMeetingTimes` without `timeConstraint/timeSlots`, because Graph's documentation \
             does not say which days it searches",
        ));
    };
    let slots = slots.iter().map(|slot| {
        let time = |name: &str| Stated::read(slot.get(name).unwrap_or(&Value::Null));
        let (start, end) = (time("start")?.moment, time("end")?.moment);
        if start >= end || end - start > TimeDelta::days(LONGEST) {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "ErrorInvalidTimeInterval",
                format!("A time slot must have a length of at most {LONGEST} days."),
            ));
        }
        Ok((start, end))
    });
    slots.collect()
}

/// Returns the places that the request names.
fn places(constraint: Option<&Value>) -> Result<Vec<Value>, Refusal> {
    let Some(constraint) = constraint else {
        return Ok(Vec::new());
    };
    let named = constraint.get("locations").and_then(Value::as_array);
    let mut named = named.cloned().unwrap_or_default();
    if named.is_empty() && constraint.get("suggestLocation") == Some(&json!(true)) {
        return Err(Refusal::not_simulated(
            "the suggestion of a place for a meeting",
        ));
    }
    for place in &mut named {
        if let Value::Object(place) = place {
            place.remove("resolveAvailability");
        }
    }
    Ok(named)
}

/// Returns the times of a length within a period. They begin at the half hours.
fn starts((from, until): Span, length: TimeDelta) -> impl Iterator<Item = Span> {
    let seconds = STEP * 60;
    let begins = from.timestamp();
    let late = begins.rem_euclid(seconds);
    let first = if late == 0 {
        begins
    } else {
        begins - late + seconds
    };
    (0..).map_while(move |at: i64| {
        let start = DateTime::<Utc>::from_timestamp(first + at * seconds, 0)?;
        let end = start.checked_add_signed(length)?;
        (end <= until).then_some((start, end))
    })
}

/// Returns the average chance of the attendees to come, in percent. The documentation names no
/// chance for a tentative attendee, who is neither free nor busy.
fn confidence(attendees: &[Option<Status>]) -> f64 {
    if attendees.is_empty() {
        return 100.0;
    }
    let chances = attendees.iter().map(|status| match status {
        None => UNKNOWN,
        Some(Status::Free | Status::WorkingElsewhere) => 100.0,
        Some(Status::Tentative) => UNKNOWN,
        Some(Status::Busy | Status::OutOfOffice) => 0.0,
    });
    chances.sum::<f64>() / attendees.len() as f64
}

fn explanation(candidate: &Candidate) -> &'static str {
    if candidate.confidence >= 100.0 {
        "Suggested because it is one of the nearest times when all attendees are available."
    } else {
        "Suggested because it is one of the nearest times when most attendees are available."
    }
}

/// Reads a duration of days and smaller units: `PT1H30M`, `P1DT30M`.
fn duration(text: &str) -> Option<TimeDelta> {
    let text = text.strip_prefix('P')?;
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let mut total = TimeDelta::zero();
    for (part, units) in [
        (date, [('W', 604_800), ('D', 86_400)].as_slice()),
        (time, [('H', 3_600), ('M', 60), ('S', 1)].as_slice()),
    ] {
        let mut rest = part;
        while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic()) {
            let (number, unit) = rest.split_at(at);
            let mut unit = unit.chars();
            let letter = unit.next()?;
            let (_, seconds) = units.iter().find(|(known, _)| *known == letter)?;
            let number: f64 = number.parse().ok()?;
            let length = (number * f64::from(*seconds)).round();
            total = total.checked_add(&TimeDelta::try_seconds(length as i64)?)?;
            rest = unit.as_str();
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(total)
}
