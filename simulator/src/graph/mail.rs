//! The actions of mail.

use http::StatusCode;
use serde_json::{Value, json};

use super::Graph;
use super::behavior::{Behavior, Invocation};
use crate::answer::Answer;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::store::Id;

const MESSAGE: &str = "microsoft.graph.message";
const FOLDER: &str = "microsoft.graph.mailFolder";

/// The actions of mail that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(MESSAGE, "move", move_or_copy),
    Behavior::new(MESSAGE, "copy", move_or_copy),
];

fn move_or_copy(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let folder = graph.destination(invocation)?;
    let message = match invocation.name {
        "move" => graph.move_message(invocation.id, folder),
        _ => graph.copy_message(invocation.id, folder),
    };
    graph.answer_entity(StatusCode::CREATED, message, MESSAGE)
}

impl Graph<'_> {
    /// Returns the folder of the same mailbox to which a message goes.
    fn destination(&self, invocation: &Invocation<'_>) -> Result<Id, Refusal> {
        let key = invocation
            .parameter("DestinationId")
            .and_then(Value::as_str);
        let key = key.ok_or_else(|| Refusal::option_missing("DestinationId"))?;
        let mailbox = self.tenant.store.ancestors(invocation.id).last();
        let folder =
            mailbox.and_then(|(mailbox, _)| self.tenant.find(mailbox, "mailFolders", FOLDER, key));
        folder.ok_or_else(|| Refusal::not_found(self.tenant.schemas, FOLDER, key))
    }

    fn move_message(&mut self, message: Id, folder: Id) -> Id {
        for owner in self.tenant.folders_of(message) {
            self.tenant.store.take(owner, "messages", message);
        }
        self.tenant.store.add(folder, "messages", message);
        self.tenant.store.settle(message, folder, "messages");
        self.set_folder(message, folder);
        message
    }

    fn copy_message(&mut self, message: Id, folder: Id) -> Id {
        let properties = self
            .tenant
            .store
            .get(message)
            .map(|message| message.properties.clone());
        let place = Below::many(folder, "messages");
        let copy = self
            .tenant
            .make(place, MESSAGE, None, properties.unwrap_or_default());
        self.set_folder(copy, folder);
        copy
    }

    fn set_folder(&mut self, message: Id, folder: Id) {
        let key = self
            .tenant
            .store
            .get(folder)
            .map(|folder| folder.key.clone());
        self.tenant.store.change(message, |message| {
            message.insert("parentFolderId".into(), json!(key));
        });
    }
}
