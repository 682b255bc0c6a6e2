//! The functions and actions of Teams, and the rules for its entities.

mod chat;
mod member;
mod message;
mod presence;
mod team;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Graph;
use super::behavior::{Behavior, Invocation};
use crate::answer::Answer;
use crate::body::Written;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::store::Id;

const TEAM: &str = "microsoft.graph.team";
const CHANNEL: &str = "microsoft.graph.channel";
const CHAT: &str = "microsoft.graph.chat";
const MESSAGE: &str = "microsoft.graph.chatMessage";
const MEMBER: &str = "microsoft.graph.conversationMember";
const APP: &str = "microsoft.graph.teamsAppInstallation";
const PRESENCE: &str = "microsoft.graph.presence";

/// The functions and actions of Teams that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(TEAM, "clone", clone),
    Behavior::new(TEAM, "archive", archive),
    Behavior::new(TEAM, "unarchive", archive),
    Behavior::new(CHANNEL, "archive", archive),
    Behavior::new(CHANNEL, "unarchive", archive),
    Behavior::of_collection(MEMBER, "add", member::add),
    Behavior::of_collection(MEMBER, "remove", member::remove),
    Behavior::of_collection(CHANNEL, "getAllMessages", message::all),
    Behavior::of_collection(CHAT, "getAllMessages", message::all),
    Behavior::new(MESSAGE, "setReaction", message::set_reaction),
    Behavior::new(MESSAGE, "unsetReaction", message::unset_reaction),
    Behavior::new(MESSAGE, "softDelete", message::soft_delete),
    Behavior::new(MESSAGE, "undoSoftDelete", message::undo_soft_delete),
    Behavior::new(TEAM, "sendActivityNotification", notify),
    Behavior::new(CHAT, "sendActivityNotification", notify),
    Behavior::new(
        "microsoft.graph.userTeamwork",
        "sendActivityNotification",
        notify,
    ),
    Behavior::new(PRESENCE, "setPresence", presence::set),
    Behavior::new(PRESENCE, "clearPresence", presence::clear),
    Behavior::new(PRESENCE, "setUserPreferredPresence", presence::prefer),
    Behavior::new(
        PRESENCE,
        "clearUserPreferredPresence",
        presence::clear_preferred,
    ),
    Behavior::new(PRESENCE, "setStatusMessage", presence::set_message),
    Behavior::new(
        "microsoft.graph.cloudCommunications",
        "getPresencesByUserId",
        presence::of_users,
    ),
];

fn clone(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    Ok(graph.clone_team(invocation.id, invocation.parameters))
}

fn archive(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    Ok(graph.archive(invocation.id, invocation.name == "archive"))
}

/// Accepts a notification for the activity feed, which no API reads back.
///
/// <https://learn.microsoft.com/graph/api/team-sendactivitynotification>
fn notify(_: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let required = |name: &str| {
        let missing = || Refusal::bad_request(format!("Missing required field: {name}"));
        invocation.parameter(name).ok_or_else(missing)
    };
    let topic = required("topic")?;
    let text = topic.get("source").and_then(Value::as_str) == Some("text");
    let name = if text { "webUrl" } else { "value" };
    if topic.get(name).is_none_or(Value::is_null) {
        return Err(Refusal::bad_request(format!(
            "Missing required field: topic.{name}"
        )));
    }
    required("activityType")?;
    if required("previewText")?
        .get("content")
        .is_none_or(Value::is_null)
    {
        return Err(Refusal::bad_request(
            "Missing required field: previewText.content",
        ));
    }
    let personal = invocation.call.path.contains("/teamwork/");
    if !personal {
        required("recipient")?;
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

impl Graph<'_> {
    /// Creates an entity of Teams. Returns `None` if it has no rules of its own.
    pub(super) fn create_in_teams(
        &mut self,
        place: Below<'_>,
        written: &mut Written,
    ) -> Result<Option<Answer>, Refusal> {
        // Examples that are made from types alone break these rules.
        if self.tenant.synthesizes {
            return Ok(None);
        }
        let schemas = self.tenant.schemas;
        let answer = match written.kind.as_str() {
            TEAM if place.owner == Id::ROOT => self.create_team(std::mem::take(written))?,
            TEAM => self.team_of_group(place.owner, std::mem::take(written))?,
            CHANNEL => self.create_channel(place, std::mem::take(written))?,
            CHAT => self.create_chat(std::mem::take(written))?,
            MESSAGE => self.post_message(place, std::mem::take(written))?,
            kind if schemas.is_a(kind, APP) => {
                self.check_app(place, written)?;
                return Ok(None);
            }
            kind if schemas.is_a(kind, MEMBER) => {
                self.create_member(place, std::mem::take(written))?
            }
            _ => return Ok(None),
        };
        Ok(Some(answer))
    }

    /// Checks that the app of a new installation exists, and is not installed yet.
    ///
    /// <https://learn.microsoft.com/graph/api/team-post-installedapps>
    fn check_app(&mut self, place: Below<'_>, written: &Written) -> Result<(), Refusal> {
        let mut bound = written.bound.iter();
        let urls = bound.find(|(relation, _)| relation == "teamsApp");
        let Some(url) = urls.and_then(|(_, urls)| urls.first()) else {
            return Err(Refusal::bad_request(
                "'teamsApp@odata.bind' must be specified.",
            ));
        };
        let app = self.referred_as("microsoft.graph.teamsApp", "teamsApp", url)?;
        let installed = self.tenant.store.many(place.owner, place.relation);
        let same = |id: &Id| self.tenant.store.one(*id, "teamsApp") == Some(app);
        match installed.iter().any(same) {
            false => Ok(()),
            true => Err(Refusal::new(
                StatusCode::CONFLICT,
                "Conflict",
                "The app is already installed.",
            )),
        }
    }

    /// Returns the key of an entity.
    fn key_of(&self, id: Id) -> String {
        let entity = self.tenant.store.get(id);
        entity.map(|entity| entity.key.clone()).unwrap_or_default()
    }

    /// Returns a text property of an entity.
    fn text_of(&self, id: Id, name: &str) -> String {
        let entity = self.tenant.store.get(id);
        let text = entity.and_then(|entity| entity.properties.get(name)?.as_str());
        text.unwrap_or_default().to_owned()
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}

/// Formats a time as Teams writes it, with milliseconds.
fn moment(time: chrono::DateTime<chrono::Utc>) -> Value {
    json!(time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}
