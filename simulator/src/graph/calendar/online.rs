//! Online meetings that are not events.
//!
//! <https://learn.microsoft.com/graph/api/application-post-onlinemeetings>,
//! <https://learn.microsoft.com/graph/api/onlinemeeting-createorget>

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::text;
use crate::answer::Answer;
use crate::clock::timestamp;
use crate::domain::Below;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::resource::Target;
use crate::store::Id;

pub(in crate::graph) const ONLINE_MEETING: &str = "microsoft.graph.onlineMeeting";

/// Returns the online meeting with an external id, and creates it if there is none.
pub(super) fn create_or_get(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let Target::Set { owner, .. } = invocation.target else {
        return Err(invocation.target.missing(graph.tenant.schemas));
    };
    let wanted = text(invocation.parameters, "externalId").filter(|id| !id.is_empty());
    let wanted = wanted.ok_or_else(|| {
        Refusal::bad_request("The parameter 'externalId' of an online meeting is required.")
    })?;
    let meetings = graph.tenant.store.many(*owner, "onlineMeetings");
    let known = meetings.into_iter().find(|id| {
        let meeting = graph.tenant.store.get(*id);
        let own = meeting.and_then(|meeting| meeting.properties.get("externalId"));
        own == Some(&json!(wanted))
    });
    if let Some(meeting) = known {
        return graph.answer_entity(StatusCode::OK, meeting, ONLINE_MEETING);
    }
    let mut properties = invocation
        .parameters
        .as_object()
        .cloned()
        .unwrap_or_default();
    properties.retain(|_, value| !value.is_null());
    graph.complete_online_meeting(*owner, &mut properties);
    let place = Below::many(*owner, "onlineMeetings");
    let meeting = graph.tenant.make(place, ONLINE_MEETING, None, properties);
    graph.answer_entity(StatusCode::CREATED, meeting, ONLINE_MEETING)
}

impl Graph<'_> {
    /// Gives a new online meeting its URL, its chat and its organizer.
    pub(in crate::graph) fn complete_online_meeting(
        &mut self,
        owner: Id,
        properties: &mut Map<String, Value>,
    ) {
        let (join_url, thread) = self.online_meeting(owner);
        let organizer = self.tenant.store.get(owner);
        let upn = organizer.and_then(|user| user.properties.get("userPrincipalName"));
        let name = organizer.and_then(|user| user.properties.get("displayName"));
        let organizer = json!({
            "upn": upn, "role": "presenter",
            "identity": {
                "user": { "id": organizer.map(|user| user.key.clone()), "displayName": name },
            },
        });
        let participants = properties.entry("participants").or_insert(json!({}));
        participants["organizer"] = organizer;
        if participants["attendees"].is_null() {
            participants["attendees"] = json!([]);
        }
        properties.insert("joinWebUrl".into(), json!(join_url));
        properties.insert("creationDateTime".into(), json!(timestamp(self.now)));
        let chat = json!({ "threadId": thread, "messageId": "0", "replyChainMessageId": "0" });
        properties.entry("chatInfo").or_insert(chat);
    }
}
