//! The messages of channels and chats.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::team::related;
use super::{CHANNEL, CHAT, MESSAGE, moment};
use crate::answer::Answer;
use crate::body::Written;
use crate::domain::Below;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::{Content, Id};

/// The stream that keeps the content of a deleted message, for its restoration.
const DELETED: &str = "deleted";

/// Returns the messages of all channels of a team, or of all chats of a user.
///
/// <https://learn.microsoft.com/graph/api/channel-getallmessages>
pub(super) fn all(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let (owner, relation) = invocation.target.set(graph.tenant.schemas)?;
    let store = &graph.tenant.store;
    let mut found = Vec::new();
    for conversation in graph.tenant.members(owner, relation) {
        for message in store.many(conversation, "messages") {
            found.push(message);
            found.extend(store.many(message, "replies"));
        }
    }
    let options = &invocation.call.options;
    let renderer = graph.renderer();
    let mut found = renderer.list(found, options);
    found.truncate(options.top.unwrap_or(usize::MAX));
    let items = found
        .into_iter()
        .map(|id| renderer.entity(id, MESSAGE, options));
    let items: Vec<_> = items.map(Value::Object).collect();
    Ok(graph.answer_value(invocation.call, StatusCode::OK, items.into()))
}

/// Adds the caller's reaction to a message.
///
/// <https://learn.microsoft.com/graph/api/chatmessage-setreaction>
pub(super) fn set_reaction(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    react(graph, invocation, true)
}

/// Removes the caller's reaction from a message.
///
/// <https://learn.microsoft.com/graph/api/chatmessage-unsetreaction>
pub(super) fn unset_reaction(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    react(graph, invocation, false)
}

fn react(graph: &mut Graph<'_>, invocation: &Invocation<'_>, set: bool) -> Result<Answer, Refusal> {
    let kind = invocation.parameter("reactionType").cloned();
    let kind = kind.ok_or_else(|| Refusal::bad_request("'reactionType' must be specified."))?;
    let from = graph.sender()?;
    let now = moment(graph.now);
    graph.tenant.store.change(invocation.id, |message| {
        let reactions = message.entry("reactions").or_insert_with(|| json!([]));
        let Some(reactions) = reactions.as_array_mut() else {
            return;
        };
        reactions.retain(|own| own["reactionType"] != kind || own["user"] != from);
        if set {
            reactions.push(json!({
                "createdDateTime": now, "reactionType": kind, "user": from,
            }));
        }
    });
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Deletes a message so that it can be restored: it stays, without its content.
///
/// <https://learn.microsoft.com/graph/api/chatmessage-softdelete>
pub(super) fn soft_delete(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let id = invocation.id;
    let now = moment(graph.now);
    let mut kept = Map::new();
    graph.tenant.store.change(id, |message| {
        if message
            .get("deletedDateTime")
            .is_some_and(|time| !time.is_null())
        {
            return;
        }
        for (name, value) in [
            ("attachments", json!([])),
            ("body", json!({ "contentType": "text", "content": "" })),
            ("mentions", json!([])),
        ] {
            let before = message.insert(name.into(), value);
            kept.insert(name.into(), before.unwrap_or_default());
        }
        message.insert("deletedDateTime".into(), now);
    });
    if !kept.is_empty() {
        let content = Content {
            media_type: "application/json".into(),
            bytes: Value::Object(kept).to_string().into(),
        };
        graph.tenant.store.set_content(id, DELETED, content);
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Restores a deleted message.
///
/// <https://learn.microsoft.com/graph/api/chatmessage-undosoftdelete>
pub(super) fn undo_soft_delete(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let kept = graph.tenant.store.content(invocation.id, DELETED);
    let kept = kept.and_then(|kept| serde_json::from_slice::<Map<_, _>>(&kept.bytes).ok());
    graph.tenant.store.remove_content(invocation.id, DELETED);
    graph.tenant.store.change(invocation.id, |message| {
        message.extend(kept.unwrap_or_default());
        message.insert("deletedDateTime".into(), Value::Null);
    });
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

impl Graph<'_> {
    /// Returns the identity of the signed-in user. An application cannot send messages.
    fn sender(&self) -> Result<Value, Refusal> {
        let Caller::User(user) = self.caller else {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                "Message POST is allowed in application-only context only for import purposes. \
                 Refer to https://docs.microsoft.com/microsoftteams/platform/graph-api/\
                 import-messages/import-external-messages-to-teams for more details.",
            ));
        };
        Ok(json!({
            "application": null, "device": null,
            "user": {
                "@odata.type": "#microsoft.graph.teamworkUserIdentity",
                "id": self.key_of(user), "displayName": self.text_of(user, "displayName"),
                "userIdentityType": "aadUser", "tenantId": self.tenant.tenant_id(),
            },
        }))
    }

    /// Posts a message to a channel or a chat, or replies to one.
    ///
    /// <https://learn.microsoft.com/graph/api/chatmessage-post>
    pub(super) fn post_message(
        &mut self,
        place: Below<'_>,
        mut written: Written,
    ) -> Result<Answer, Refusal> {
        let from = self.sender()?;
        check_markers(&written.properties)?;
        let hosted: Vec<Written> = related(&written, "hostedContents")
            .into_iter()
            .cloned()
            .collect();
        let above = |kind: &str| {
            let mut above = self.tenant.store.ancestors(place.owner);
            above.find(|(_, one)| one.kind == kind).map(|(id, _)| id)
        };
        let (channel, chat) = (above(CHANNEL), above(CHAT));
        let key = self.message_key(place);
        let tenant = self.tenant.tenant_id();
        let identity = channel.map(|channel| {
            let team = self
                .tenant
                .store
                .get(channel)
                .and_then(|one| one.parent.as_ref());
            let team = team.map(|(team, _)| self.key_of(*team));
            json!({ "channelId": self.key_of(channel), "teamId": team })
        });
        let reply = (place.relation == "replies").then(|| self.key_of(place.owner));
        let thread = channel
            .or(chat)
            .map(|id| self.key_of(id))
            .unwrap_or_default();
        let thread =
            percent_encoding::utf8_percent_encode(&thread, percent_encoding::NON_ALPHANUMERIC);
        let team = identity.as_ref().and_then(|one| one["teamId"].as_str());
        let url = team.map(|team| {
            let parent = reply.as_deref().unwrap_or(&key);
            format!(
                "https://teams.microsoft.com/l/message/{thread}/{key}?groupId={team}\
                 &tenantId={tenant}&createdTime={key}&parentMessageId={parent}"
            )
        });
        let sent = std::mem::take(&mut written.properties);
        let mut message = super::object(json!({
            "attachments": [], "channelIdentity": identity,
            "chatId": chat.map(|id| self.key_of(id)),
            "createdDateTime": moment(self.now), "deletedDateTime": null, "etag": key,
            "eventDetail": null, "from": from, "importance": "normal",
            "lastEditedDateTime": null, "lastModifiedDateTime": moment(self.now),
            "locale": "en-us", "mentions": [], "messageType": "message", "policyViolation": null,
            "reactions": [], "replyToId": reply, "subject": null, "summary": null, "webUrl": url,
        }));
        let own = [
            "attachments",
            "body",
            "importance",
            "mentions",
            "subject",
            "summary",
            "locale",
        ];
        for (name, value) in sent {
            if own.contains(&name.as_str()) && !value.is_null() {
                message.insert(name, value);
            }
        }
        if let Some(body) = message.get_mut("body").and_then(Value::as_object_mut) {
            body.entry("contentType").or_insert_with(|| json!("text"));
        }
        let id = self.tenant.make(place, MESSAGE, Some(&key), message);
        for content in hosted {
            self.host(id, content)?;
        }
        if let Some(chat) = chat {
            let now = moment(self.now);
            self.tenant.store.change(chat, |chat| {
                chat.insert("lastUpdatedDateTime".into(), now);
            });
        }
        self.answer_entity(StatusCode::CREATED, id, MESSAGE)
    }

    /// Returns the key of a new message: the time in milliseconds, and the next free one if
    /// another message has it.
    fn message_key(&self, place: Below<'_>) -> String {
        let mut time = self.now.timestamp_millis();
        loop {
            let key = time.to_string();
            let known = self.tenant.find(place.owner, place.relation, MESSAGE, &key);
            if known.is_none() && self.key_of(place.owner) != key {
                return key;
            }
            time += 1;
        }
    }

    /// Stores an image that stands in a message, and puts its address into the message.
    ///
    /// <https://learn.microsoft.com/graph/api/chatmessage-post>
    fn host(&mut self, message: Id, written: Written) -> Result<(), Refusal> {
        let text = |name: &str| written.properties.get(name).and_then(Value::as_str);
        let bytes = STANDARD.decode(text("contentBytes").unwrap_or_default());
        let bytes = bytes.map_err(|_| Refusal::bad_request("'contentBytes' is not base64."))?;
        let temporary = text("@microsoft.graph.temporaryId")
            .unwrap_or_default()
            .to_owned();
        let media_type = text("contentType")
            .unwrap_or("application/octet-stream")
            .to_owned();
        let key = self.tenant.ids.secret(24);
        let place = Below::many(message, "hostedContents");
        let kind = "microsoft.graph.chatMessageHostedContent";
        let properties = super::object(json!({ "contentType": media_type, "contentBytes": null }));
        let id = self.tenant.make(place, kind, Some(&key), properties);
        let content = Content {
            media_type,
            bytes: bytes.into(),
        };
        self.tenant.store.set_content(id, "$value", content);
        let url = format!("{}{}/$value", self.root, self.location(id));
        let marker = format!("../hostedContents/{temporary}/$value");
        self.tenant.store.change(message, |message| {
            let body = message.get_mut("body").and_then(Value::as_object_mut);
            if let Some(content) = body.and_then(|body| body.get_mut("content"))
                && let Some(text) = content.as_str()
            {
                *content = json!(text.replace(&marker, &url));
            }
        });
        Ok(())
    }
}

/// Checks that a message has content, and that its mentions and attachments stand in it.
fn check_markers(message: &Map<String, Value>) -> Result<(), Refusal> {
    let content = message
        .get("body")
        .and_then(|body| body.get("content")?.as_str());
    let Some(content) = content else {
        return Err(Refusal::bad_request("Missing body content"));
    };
    let listed = |name: &str| {
        let list = message.get(name).and_then(Value::as_array);
        let ids = list.into_iter().flatten().map(|one| match one.get("id") {
            Some(Value::String(text)) => text.clone(),
            Some(id) => id.to_string(),
            None => String::new(),
        });
        ids.collect::<Vec<_>>()
    };
    for (tag, list, word) in [
        ("at", "mentions", "mention"),
        ("attachment", "attachments", "attachment"),
    ] {
        let (marked, listed) = (marked(content, tag), listed(list));
        if let Some(id) = listed.iter().find(|id| !marked.contains(id)) {
            return Err(Refusal::bad_request(format!(
                "Neither Body nor adaptive card content contains marker for {word} with Id '{id}'"
            )));
        }
        if let Some(id) = marked.iter().find(|id| !listed.contains(id)) {
            return Err(Refusal::bad_request(format!(
                "The {list} of the message lack the {word} with Id '{id}' of its body"
            )));
        }
    }
    Ok(())
}

/// Returns the ids of the tags `<at id="0">` or `<attachment id="…">` in a text.
fn marked(content: &str, tag: &str) -> Vec<String> {
    let start = format!("<{tag} id=");
    let rest = content.split(&start).skip(1);
    rest.filter_map(|rest| {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (id, _) = rest.get(1..)?.split_once(quote)?;
        Some(id.to_owned())
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_in_content() {
        let content = "Hi <at id=\"0\">Adele</at>, <at id='12'>all</at> <at>x</at>";
        assert_eq!(marked(content, "at"), ["0", "12"]);
        assert_eq!(
            marked("<attachment id=\"a-b\"></attachment>", "attachment"),
            ["a-b"]
        );
        assert!(marked("<at id=\"é", "at").is_empty());
    }
}
