//! The actions whose effect on the store shows elsewhere: in a list, a delta query, a notification.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, Graph};
use crate::answer::Answer;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::store::Id;

const CHANNEL: &str = "microsoft.graph.channel";
const DRIVE_ITEM: &str = "microsoft.graph.driveItem";
const TEAM: &str = "microsoft.graph.team";
const USER: &str = "microsoft.graph.user";
const WORKBOOK: &str = "microsoft.graph.workbook";
/// The copy actions of OneNote, which are long-running operations.
const ONENOTE: [&str; 4] = [
    "copyNotebook",
    "copyToNotebook",
    "copyToSection",
    "copyToSectionGroup",
];
const MESSAGE: &str = "microsoft.graph.message";
const FOLDER: &str = "microsoft.graph.mailFolder";

impl Graph<'_> {
    /// Carries out an action. Returns `None` if only the type of its response is known.
    pub(super) fn act(
        &mut self,
        call: &Call<'_>,
        name: &str,
        resource: &Resource<'_>,
        parameters: &Value,
    ) -> Result<Option<Answer>, Refusal> {
        let Target::Entity { id, .. } = &resource.target else {
            return Ok(None);
        };
        let Some(kind) = self.tenant.store.get(*id).map(|entity| entity.kind.clone()) else {
            return Ok(None);
        };
        match (kind.as_str(), name) {
            (MESSAGE, "move" | "copy") => {
                let folder = self.destination(*id, parameters)?;
                let message = match name {
                    "move" => self.move_message(*id, folder),
                    _ => self.copy_message(*id, folder),
                };
                self.answer_entity(StatusCode::CREATED, message, MESSAGE)
                    .map(Some)
            }
            (DRIVE_ITEM, "copy") => self.copy_item(call, *id, parameters).map(Some),
            (TEAM, "clone") => Ok(Some(self.clone_team(*id, parameters))),
            (TEAM | CHANNEL, "archive" | "unarchive") => {
                Ok(Some(self.archive(*id, name == "archive")))
            }
            (WORKBOOK, "createSession") if call.request.preference("respond-async").is_some() => {
                Ok(Some(self.workbook_session(*id)))
            }
            (_, name) if ONENOTE.contains(&name) => Ok(self.onenote_operation(*id)),
            // The caller of this code then ends the user's grants at the identity platform.
            (USER, "revokeSignInSessions") => {
                self.signed_out.push(*id);
                let context = format!("{}/$metadata#Edm.Boolean", self.root);
                let answer = json!({ "@odata.context": context, "value": true });
                Ok(Some(Answer::json(StatusCode::OK, &answer)))
            }
            (_, "restore") => match self.tenant.restore(*id) {
                Some(id) => {
                    let declared = "microsoft.graph.directoryObject";
                    self.answer_entity(StatusCode::OK, id, declared).map(Some)
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// Returns the folder of the same mailbox to which a message goes.
    fn destination(&self, message: Id, parameters: &Value) -> Result<Id, Refusal> {
        let key = parameters.get("DestinationId").and_then(Value::as_str);
        let key = key.ok_or_else(|| Refusal::option_missing("DestinationId"))?;
        let mailbox = self.tenant.store.ancestors(message).last();
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
