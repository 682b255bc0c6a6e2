//! Moves and copies of messages, and their removal for good.

use http::StatusCode;
use serde_json::json;

use super::keeps_ids;
use crate::answer::Answer;
use crate::clock::timestamp;
use crate::domain::Below;
use crate::domain::mail::MESSAGE;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::store::Id;

/// Moves a message to another folder. Its id changes, unless the caller uses immutable ids.
///
/// <https://learn.microsoft.com/graph/api/message-move>
pub(super) fn move_message(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let folder = graph.destination(invocation)?;
    let id = invocation.id;
    let moved = if keeps_ids(invocation.call) {
        graph.put_message(id, folder);
        id
    } else {
        let moved = graph.duplicate_message(id, folder);
        graph.tenant.store.remove(id);
        moved.ok_or_else(|| invocation.target.missing(graph.tenant.schemas))?
    };
    graph.answer_entity(StatusCode::CREATED, moved, MESSAGE)
}

/// Copies a message to another folder.
///
/// <https://learn.microsoft.com/graph/api/message-copy>
pub(super) fn copy_message(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let folder = graph.destination(invocation)?;
    let copy = graph.duplicate_message(invocation.id, folder);
    let copy = copy.ok_or_else(|| invocation.target.missing(graph.tenant.schemas))?;
    graph.answer_entity(StatusCode::CREATED, copy, MESSAGE)
}

/// Removes an item for good.
///
/// <https://learn.microsoft.com/graph/api/message-permanentdelete>
pub(super) fn purge(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    graph.tenant.store.remove(invocation.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

impl Graph<'_> {
    /// Moves a message, which keeps its id.
    pub(super) fn put_message(&mut self, message: Id, folder: Id) {
        for owner in self.tenant.folders_of(message) {
            self.tenant.store.take(owner, "messages", message);
        }
        self.tenant.store.add(folder, "messages", message);
        self.tenant.store.settle(message, folder, "messages");
        let key = self
            .tenant
            .store
            .get(folder)
            .map(|folder| folder.key.clone());
        let now = timestamp(self.now);
        self.tenant.store.change(message, |message| {
            message.insert("parentFolderId".into(), json!(key));
            message.insert("lastModifiedDateTime".into(), json!(now));
        });
    }

    /// Creates a copy of a message and its attachments in a folder.
    pub(super) fn duplicate_message(&mut self, message: Id, folder: Id) -> Option<Id> {
        let copy = self
            .tenant
            .duplicate(message, Below::many(folder, "messages"))?;
        let now = timestamp(self.now);
        self.tenant.store.change(copy, |copy| {
            copy.insert("lastModifiedDateTime".into(), json!(now));
        });
        Some(copy)
    }
}
