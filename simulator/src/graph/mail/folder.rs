//! Folders of mail: their names, moves, copies and removal.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::refused;
use crate::answer::Answer;
use crate::domain::Below;
use crate::domain::mail::FOLDER;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::store::Id;

/// Moves a folder, with its content, into another one.
///
/// <https://learn.microsoft.com/graph/api/mailfolder-move>
pub(super) fn move_folder(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let folder = invocation.id;
    let (mailbox, parent) = graph.folder_destination(invocation)?;
    if graph.tenant.well_known(folder).is_some() {
        return Err(refused(
            "ErrorMoveDistinguishedFolder",
            "Distinguished folders cannot be moved.",
        ));
    }
    graph.tenant.put_folder(folder, mailbox, parent);
    graph.answer_entity(StatusCode::CREATED, folder, FOLDER)
}

/// Copies a folder, with its content, into another one.
///
/// <https://learn.microsoft.com/graph/api/mailfolder-copy>
pub(super) fn copy_folder(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let (_, parent) = graph.folder_destination(invocation)?;
    let copy = graph.duplicate_folder(invocation.id, parent);
    graph.answer_entity(StatusCode::CREATED, copy, FOLDER)
}

/// Removes a folder and its content for good.
///
/// <https://learn.microsoft.com/graph/api/mailfolder-permanentdelete>
pub(super) fn purge(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    graph.check_folder_removable(invocation.id)?;
    graph.tenant.store.remove(invocation.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

impl Graph<'_> {
    /// Returns the mailbox and the folder that a folder goes to. It is outside of the folder
    /// itself, and has no folder of the same name.
    fn folder_destination(&self, invocation: &Invocation<'_>) -> Result<(Id, Id), Refusal> {
        let parent = self.destination(invocation)?;
        let mailbox = self.mailbox_with(invocation.id)?;
        let mut above = self.tenant.store.ancestors(parent);
        if above.any(|(id, _)| id == invocation.id) {
            return Err(refused(
                "ErrorMoveCopyFailed",
                "The move or copy operation failed.",
            ));
        }
        let folder = self.tenant.store.get(invocation.id);
        if let Some(folder) = folder {
            self.check_free(parent, &folder.properties, Some(invocation.id))?;
        }
        Ok((mailbox, parent))
    }

    fn duplicate_folder(&mut self, folder: Id, parent: Id) -> Id {
        let store = &self.tenant.store;
        let entity = store.get(folder);
        let mut properties = entity
            .map(|folder| folder.properties.clone())
            .unwrap_or_default();
        properties.remove("id");
        let (messages, below) = (
            store.many(folder, "messages"),
            store.many(folder, "childFolders"),
        );
        let place = Below::many(parent, "childFolders");
        let copy = self.tenant.make(place, FOLDER, None, properties);
        for message in messages {
            self.tenant
                .duplicate(message, Below::many(copy, "messages"));
        }
        for child in below {
            self.duplicate_folder(child, copy);
        }
        self.tenant.count_folder(copy);
        copy
    }

    /// Checks the name of a new or renamed folder: it is not empty, and no other folder at the same
    /// place has it.
    pub(in crate::graph) fn check_folder(
        &self,
        kind: &str,
        place: Option<Id>,
        properties: &Map<String, Value>,
        own: Option<Id>,
    ) -> Result<(), Refusal> {
        if !self.tenant.schemas.is_a(kind, FOLDER) {
            return Ok(());
        }
        if kind != FOLDER && own.is_none() && !self.tenant.synthesizes {
            // Its content follows from a search of other folders.
            return Err(Refusal::not_simulated("search folders"));
        }
        let name = properties.get("displayName").and_then(Value::as_str);
        if own.is_none() && name.is_none_or(|name| name.trim().is_empty()) {
            return Err(refused(
                "ErrorInvalidRequest",
                "The name of the folder is missing: `displayName`.",
            ));
        }
        match place {
            Some(parent) => self.check_free(parent, properties, own),
            None => Ok(()),
        }
    }

    fn check_free(
        &self,
        parent: Id,
        properties: &Map<String, Value>,
        own: Option<Id>,
    ) -> Result<(), Refusal> {
        let Some(name) = properties.get("displayName").and_then(Value::as_str) else {
            return Ok(());
        };
        let mailbox = self.tenant.mailbox_of(parent);
        let top = mailbox.is_some_and(|mailbox| self.tenant.is_top(mailbox, parent));
        let (owner, relation) = match mailbox.filter(|_| top) {
            Some(mailbox) => (mailbox, "mailFolders"),
            None if mailbox == Some(parent) => (parent, "mailFolders"),
            None => (parent, "childFolders"),
        };
        let mut others = self.tenant.store.many(owner, relation).into_iter();
        let taken = others.any(|other| {
            let folder = self.tenant.store.get(other).filter(|_| Some(other) != own);
            let title = folder.and_then(|folder| folder.properties.get("displayName")?.as_str());
            title.is_some_and(|title| title.eq_ignore_ascii_case(name))
        });
        if !taken {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::CONFLICT,
            "ErrorFolderExists",
            format!(
                "A folder with the specified name already exists., Could not create folder \
                     '{name}'."
            ),
        ))
    }

    /// Refuses to remove a folder that each mailbox has.
    pub(in crate::graph) fn check_folder_removable(&self, id: Id) -> Result<(), Refusal> {
        let folder = self.tenant.store.get(id);
        let folder = folder.is_some_and(|folder| folder.kind == FOLDER);
        if folder && self.tenant.well_known(id).is_some() {
            return Err(refused(
                "ErrorDeleteDistinguishedFolder",
                "Distinguished folders cannot be deleted.",
            ));
        }
        Ok(())
    }

    /// Returns the folder that holds another one.
    pub(in crate::graph) fn folder_above(&self, id: Id) -> Option<Id> {
        let owners = self.tenant.store.owners("childFolders", id);
        owners.first().copied()
    }
}

/// Returns whether a folder is hidden from lists, unless the client requests hidden ones.
///
/// <https://learn.microsoft.com/graph/api/user-list-mailfolders>
pub(in crate::graph) fn is_hidden(properties: &Map<String, Value>) -> bool {
    properties.get("isHidden") == Some(&json!(true))
}
