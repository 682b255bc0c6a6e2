//! The actions that send a message.

use http::StatusCode;
use serde_json::json;

use super::submit::recipients;
use super::{keeps_ids, refused};
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;

/// Sends a message that the request holds.
///
/// <https://learn.microsoft.com/graph/api/user-sendmail>
pub(super) fn send_mail(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let message = graph.sent_message(invocation)?;
    let message = message
        .ok_or_else(|| refused("ErrorInvalidRequest", "The parameter `message` is missing."))?;
    let save = invocation.parameter("SaveToSentItems") != Some(&json!(false));
    graph.submit(invocation.id, message, save)?;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

/// Sends a draft. It moves to the folder of sent messages, and its id changes, unless the caller
/// uses immutable ids.
///
/// <https://learn.microsoft.com/graph/api/message-send>
pub(super) fn send_draft(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let id = invocation.id;
    let mailbox = graph.mailbox_with(id)?;
    let mut message = graph.written_message(id);
    if message.properties.get("isDraft") != Some(&json!(true)) {
        return Err(Refusal::not_simulated(
            "the sending of a message that is not a draft",
        ));
    }
    if !keeps_ids(invocation.call) {
        // A draft that cannot be sent stays where it is.
        recipients(&message.properties)?;
        graph.tenant.store.remove(id);
        graph.submit(mailbox, message, true)?;
        return Ok(Answer::empty(StatusCode::ACCEPTED));
    }
    let recipients = recipients(&message.properties)?;
    graph.seal(mailbox, &mut message.properties);
    let properties = message.properties.clone();
    graph
        .tenant
        .store
        .change(id, |draft| draft.extend(properties));
    if let Some(sent) = graph.tenant.folder(mailbox, "sentitems") {
        graph.put_message(id, sent);
    }
    graph.deliver(&message, &recipients)?;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}
