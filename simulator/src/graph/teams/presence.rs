//! The presence of users. A user without a session is offline.
//!
//! <https://learn.microsoft.com/graph/cloud-communications-manage-presence-state>

use chrono::{DateTime, Duration, Utc};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{PRESENCE, moment, object};
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::query::Options;
use crate::refusal::Refusal;
use crate::store::{Content, Id};

/// The stream that keeps the sessions of a presence.
const SESSIONS: &str = "sessions";

/// The session that stands for the presence that the user prefers.
const PREFERRED: &str = "";

/// The states that a session may have, the strongest first.
const STATES: [(&str, &str); 5] = [
    ("DoNotDisturb", "Presenting"),
    ("Busy", "InACall"),
    ("Busy", "InAConferenceCall"),
    ("Available", "Available"),
    ("Away", "Away"),
];

/// The states that a user may prefer.
const PREFERABLE: [(&str, &str); 6] = [
    ("Available", "Available"),
    ("Busy", "Busy"),
    ("DoNotDisturb", "DoNotDisturb"),
    ("BeRightBack", "BeRightBack"),
    ("Away", "Away"),
    ("Offline", "OffWork"),
];

/// Sets the state of a session of an application.
///
/// <https://learn.microsoft.com/graph/api/presence-setpresence>
pub(super) fn set(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let session = session_id(invocation)?;
    keep(graph, invocation, &session, &STATES, Duration::minutes(5))
}

/// Ends a session of an application.
///
/// <https://learn.microsoft.com/graph/api/presence-clearpresence>
pub(super) fn clear(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let session = session_id(invocation)?;
    let mut sessions = graph.sessions(invocation.id);
    if sessions.remove(&session).is_none() {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            "The presence session does not exist.",
        ));
    }
    graph.keep_sessions(invocation.id, sessions);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Sets the presence that the user prefers to that of the sessions.
///
/// <https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence>
pub(super) fn prefer(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    keep(graph, invocation, PREFERRED, &PREFERABLE, Duration::days(1))
}

/// Clears the presence that the user prefers.
///
/// <https://learn.microsoft.com/graph/api/presence-clearuserpreferredpresence>
pub(super) fn clear_preferred(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let mut sessions = graph.sessions(invocation.id);
    sessions.remove(PREFERRED);
    graph.keep_sessions(invocation.id, sessions);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Sets the status message of a user.
///
/// <https://learn.microsoft.com/graph/api/presence-setstatusmessage>
pub(super) fn set_message(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let message = invocation.parameter("statusMessage").cloned();
    let mut message = object(message.unwrap_or_default());
    message.insert("publishedDateTime".into(), moment(graph.now));
    graph.tenant.store.change(invocation.id, |presence| {
        presence.insert("statusMessage".into(), message.into());
    });
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Returns the presences of several users.
///
/// <https://learn.microsoft.com/graph/api/cloudcommunications-getpresencesbyuserid>
pub(super) fn of_users(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let ids = invocation.parameter("ids").and_then(Value::as_array);
    let Some(ids) = ids.filter(|ids| !ids.is_empty() && ids.len() <= 650) else {
        return Err(Refusal::bad_request(
            "'ids' must hold 1 to 650 ids of users.",
        ));
    };
    let mut items = Vec::new();
    for id in ids.clone() {
        let key = id.as_str().unwrap_or_default();
        let Some(user) = graph.user_of(key) else {
            return Err(Refusal::not_found(
                graph.tenant.schemas,
                "microsoft.graph.user",
                key,
            ));
        };
        let presence = match graph.tenant.store.one(user, "presence") {
            Some(presence) => presence,
            None => graph.tenant.materialize(user, "presence", PRESENCE),
        };
        graph.settle_presence(presence);
        let renderer = graph.renderer();
        items.push(Value::Object(renderer.entity(
            presence,
            PRESENCE,
            &Options::default(),
        )));
    }
    Ok(graph.answer_value(invocation.call, StatusCode::OK, items.into()))
}

fn session_id(invocation: &Invocation<'_>) -> Result<String, Refusal> {
    let session = invocation.parameter("sessionId").and_then(Value::as_str);
    let session = session.filter(|session| !session.is_empty());
    let missing = || Refusal::bad_request("'sessionId' must be the id of the application.");
    session.map(str::to_owned).ok_or_else(missing)
}

/// Keeps a state until it expires.
fn keep(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
    session: &str,
    states: &[(&str, &str)],
    default: Duration,
) -> Result<Answer, Refusal> {
    let text = |name: &str| invocation.parameter(name).and_then(Value::as_str);
    let state = (
        text("availability").unwrap_or_default(),
        text("activity").unwrap_or_default(),
    );
    if !states.contains(&state) {
        return Err(Refusal::bad_request(format!(
            "The combination of availability '{}' and activity '{}' is not supported.",
            state.0, state.1
        )));
    }
    let time = match text("expirationDuration") {
        None => default,
        Some(text) => duration(text).ok_or_else(|| {
            Refusal::bad_request(format!("The duration '{text}' is not supported."))
        })?,
    };
    let mut sessions = graph.sessions(invocation.id);
    sessions.insert(
        session.to_owned(),
        json!({
            "availability": state.0, "activity": state.1,
            "until": (graph.now + time).to_rfc3339(),
        }),
    );
    graph.keep_sessions(invocation.id, sessions);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Reads a duration of days, hours, minutes and seconds, such as `PT1H30M`.
fn duration(text: &str) -> Option<Duration> {
    let (mut total, mut digits) = (Duration::zero(), String::new());
    for character in text.strip_prefix('P')?.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        if character == 'T' && digits.is_empty() {
            continue;
        }
        let number: u32 = std::mem::take(&mut digits).parse().ok()?;
        let seconds: i64 = match character {
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        total = total.checked_add(&Duration::try_seconds(i64::from(number) * seconds)?)?;
    }
    (digits.is_empty() && total > Duration::zero() && total <= Duration::days(365)).then_some(total)
}

impl Graph<'_> {
    fn user_of(&self, key: &str) -> Option<Id> {
        let mut named = self.tenant.store.named(key);
        let user = named.find(|(_, user)| user.kind == "microsoft.graph.user");
        user.map(|(id, _)| id)
    }

    fn sessions(&self, presence: Id) -> Map<String, Value> {
        let kept = self.tenant.store.content(presence, SESSIONS);
        kept.and_then(|kept| serde_json::from_slice(&kept.bytes).ok())
            .unwrap_or_default()
    }

    fn keep_sessions(&mut self, presence: Id, sessions: Map<String, Value>) {
        let content = Content {
            media_type: "application/json".into(),
            bytes: Value::Object(sessions).to_string().into(),
        };
        self.tenant.store.set_content(presence, SESSIONS, content);
        self.settle_presence(presence);
    }

    /// Brings a presence up to date: the state of its strongest session that has not expired.
    pub(in crate::graph) fn settle_presence(&mut self, presence: Id) {
        let entity = self.tenant.store.get(presence);
        if entity.is_none_or(|entity| entity.kind != PRESENCE) || self.tenant.synthesizes {
            return;
        }
        let mut sessions = self.sessions(presence);
        sessions.retain(|_, session| {
            let until = session
                .get("until")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let until = DateTime::parse_from_rfc3339(until);
            until.is_ok_and(|until| until.with_timezone(&Utc) > self.now)
        });
        let preferred = sessions.remove(PREFERRED);
        let state = |session: &Value| {
            let text = |name: &str| {
                session
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            (text("availability").to_owned(), text("activity").to_owned())
        };
        let rank = |session: &&Value| {
            let own = state(session);
            STATES
                .iter()
                .position(|(a, b)| (*a, *b) == (own.0.as_str(), own.1.as_str()))
        };
        let strongest = sessions.values().min_by_key(rank);
        // A preference applies only while the user has a session.
        let current = strongest.map(|session| preferred.as_ref().unwrap_or(session));
        let (availability, activity) = match current {
            Some(session) => state(session),
            None => ("Offline".to_owned(), "Offline".to_owned()),
        };
        let known = self.text_of(presence, "availability") == availability
            && self.text_of(presence, "activity") == activity;
        if !known {
            self.tenant.store.change(presence, |presence| {
                presence.insert("availability".into(), json!(availability));
                presence.insert("activity".into(), json!(activity));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("PT1H30M"), Some(Duration::minutes(90)));
        assert_eq!(duration("P1D"), Some(Duration::days(1)));
        for text in [
            "",
            "P",
            "PT",
            "1H",
            "PT1",
            "PT1X",
            "P99999D",
            "PT99999999999S",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
