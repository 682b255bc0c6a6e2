//! The actions of an event.
//!
//! <https://learn.microsoft.com/graph/api/event-cancel>,
//! <https://learn.microsoft.com/graph/api/event-accept>,
//! <https://learn.microsoft.com/graph/api/event-forward>

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::event::utc;
use super::response::Response;
use super::{is, refused};
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::time_zone::Stated;

/// Returns a property of the event that an action is called on.
fn event<'a>(graph: &'a Graph<'_>, invocation: &Invocation<'_>) -> Option<&'a Map<String, Value>> {
    let event = graph.tenant.store.get(invocation.id)?;
    Some(&event.properties)
}

/// Cancels a meeting. Its event is removed, and the attendees' events are marked.
pub(super) fn cancel(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    if !event(graph, invocation).is_some_and(|event| is(event, "isOrganizer")) {
        return Err(refused("You need to be an organizer to cancel a meeting."));
    }
    graph.delete_event(invocation.id);
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

/// Records the response of an attendee.
pub(super) fn respond(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let is_sent = invocation.parameter("SendResponse") != Some(&json!(false));
    let proposed = invocation.parameter("ProposedNewTime");
    if let Some(event) = event(graph, invocation) {
        if is(event, "isOrganizer") {
            return Err(refused(
                "You can't respond to this meeting because you're the meeting organizer.",
            ));
        }
        if is_sent && !is(event, "responseRequested") {
            return Err(refused(
                "The meeting organizer hasn't requested a response.",
            ));
        }
        if proposed.is_some() && !is(event, "allowNewTimeProposals") {
            return Err(refused(
                "The meeting organizer doesn't allow new time proposals.",
            ));
        }
    }
    if proposed.is_some() && !is_sent {
        return Err(refused(
            "A new time can't be proposed without sending a response.",
        ));
    }
    let proposed_time = proposed.map(|slot| {
        let time = |name: &str| {
            let time = Stated::read(slot.get(name).unwrap_or(&Value::Null))?;
            Ok(utc(time.moment.naive_utc()))
        };
        Ok::<_, Refusal>(json!({ "start": time("start")?, "end": time("end")? }))
    });
    let response = Response {
        word: match invocation.name {
            "accept" => "accepted",
            "decline" => "declined",
            _ => "tentativelyAccepted",
        },
        proposed_time: proposed_time.transpose()?,
        is_sent,
    };
    graph.respond(invocation.id, response);
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

/// Forwards a meeting to more recipients, who become attendees.
pub(super) fn forward(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let recipients = invocation.parameter("ToRecipients");
    let recipients = recipients.and_then(Value::as_array);
    match recipients.filter(|recipients| !recipients.is_empty()) {
        Some(recipients) => graph.forward_meeting(invocation.id, recipients),
        None => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "ErrorInvalidRecipients",
                "At least one recipient isn't valid., A message can't be sent because it contains \
                 no recipients.",
            ));
        }
    }
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

/// Removes an event without a way to restore it.
pub(super) fn remove(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    graph.delete_event(invocation.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Removes a calendar with its events.
pub(super) fn remove_calendar(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    graph.check_calendar_removable(invocation.id)?;
    graph.tenant.delete(invocation.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
