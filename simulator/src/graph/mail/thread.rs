//! The threads of groups: mail to a group, and replies to its threads.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::refused;
use crate::answer::Answer;
use crate::body::Written;
use crate::clock::timestamp;
use crate::domain::Below;
use crate::domain::mail::preview;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;

const CONVERSATION: &str = "microsoft.graph.conversation";
pub(super) const THREAD: &str = "microsoft.graph.conversationThread";
pub(super) const POST: &str = "microsoft.graph.post";

/// Adds a post to a thread, from the calling user.
///
/// <https://learn.microsoft.com/graph/api/conversationthread-reply>
pub(super) fn reply(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let post = invocation.parameter("Post").cloned();
    let post =
        post.ok_or_else(|| refused("ErrorInvalidRequest", "The parameter `post` is missing."))?;
    let mut post = crate::body::entity(graph.tenant.schemas, POST, post.into())?;
    let above = graph.tenant.store.ancestors(invocation.id);
    let mut threads = above.filter(|(_, entity)| entity.kind == THREAD);
    let thread = threads.next().map(|(id, thread)| (id, thread.key.clone()));
    drop(threads);
    let Some((thread, key)) = thread else {
        return Err(invocation.target.missing(graph.tenant.schemas));
    };
    let now = timestamp(graph.now);
    if let Caller::User(user) = graph.caller {
        let sender = graph.tenant.recipient(user);
        post.properties.insert("from".into(), sender.clone());
        post.properties.insert("sender".into(), sender);
    }
    post.properties
        .insert("receivedDateTime".into(), json!(now));
    post.properties
        .insert("conversationThreadId".into(), json!(key));
    let name = post.properties.get("from").cloned().unwrap_or_default();
    let name = name["emailAddress"]["name"].clone();
    let text = post
        .properties
        .get("body")
        .and_then(Value::as_object)
        .map(preview);
    graph.make(Below::many(thread, "posts"), None, post)?;
    graph.tenant.store.change(thread, |thread| {
        thread.insert("lastDeliveredDateTime".into(), json!(now));
        thread.insert("preview".into(), json!(text.unwrap_or_default()));
        let senders = thread.entry("uniqueSenders").or_insert_with(|| json!([]));
        if let Value::Array(senders) = senders
            && name.is_string()
            && !senders.contains(&name)
        {
            senders.push(name);
        }
    });
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

impl Graph<'_> {
    /// Keeps mail to a Microsoft 365 group as the first post of a new conversation.
    ///
    /// <https://learn.microsoft.com/graph/api/resources/conversation>
    pub(super) fn converse(&mut self, group: Id, message: &Written) -> Result<(), Refusal> {
        let sent = &message.properties;
        let property = |name: &str| sent.get(name).cloned().unwrap_or_default();
        let text = sent.get("body").and_then(Value::as_object).map(preview);
        let mut conversation = json!({
            "topic": property("subject"), "preview": text.unwrap_or_default(),
            "lastDeliveredDateTime": property("receivedDateTime"),
            "uniqueSenders": [property("from")["emailAddress"]["name"]],
            "hasAttachments": false,
        });
        let place = Below::many(group, "conversations");
        let made = self.make(place, None, written(CONVERSATION, &conversation))?;
        conversation["toRecipients"] = property("toRecipients");
        conversation["ccRecipients"] = property("ccRecipients");
        conversation["isLocked"] = json!(false);
        let place = Below::many(group, "threads");
        let thread = self.make(place, None, written(THREAD, &conversation))?;
        self.tenant.store.add(made, "threads", thread);
        let keys = [made, thread].map(|id| {
            let entity = self.tenant.store.get(id);
            entity.map(|entity| entity.key.clone())
        });
        let mut post = written(
            POST,
            &json!({
                "body": property("body"), "from": property("from"), "sender": property("sender"),
                "receivedDateTime": property("receivedDateTime"),
                "conversationId": keys[0], "conversationThreadId": keys[1],
            }),
        );
        post.related = message.related.clone();
        post.related.retain(|(name, _)| name == "attachments");
        self.make(Below::many(thread, "posts"), None, post)?;
        Ok(())
    }
}

fn written(kind: &str, properties: &Value) -> Written {
    let properties: Map<_, _> = properties.as_object().cloned().unwrap_or_default();
    Written {
        kind: kind.to_owned(),
        properties,
        ..Written::default()
    }
}
