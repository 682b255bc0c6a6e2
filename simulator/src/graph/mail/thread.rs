//! Replies to the threads of groups.

use http::StatusCode;
use serde_json::{Value, json};

use super::refused;
use crate::answer::Answer;
use crate::clock::timestamp;
use crate::domain::Below;
use crate::domain::mail::preview;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::resource::Caller;

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
