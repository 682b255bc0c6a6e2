//! The values that follow from the content of a folder or a message: counts, and whether there are
//! attachments.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::FOLDER;
use crate::domain::Tenant;
use crate::journal::Change;
use crate::store::Id;

impl Tenant<'_> {
    /// Computes the values again that the changes since a position of the journal affect.
    pub(crate) fn recount(&mut self, since: usize) {
        let journal = &self.store.journal;
        let mut folders = BTreeSet::new();
        let mut holders = BTreeSet::new();
        for change in journal.between(since, journal.end()) {
            match change {
                Change::Linked {
                    owner, relation, ..
                }
                | Change::Unlinked {
                    owner, relation, ..
                } => match relation.as_str() {
                    "messages" | "childFolders" => {
                        folders.insert(*owner);
                    }
                    "attachments" => {
                        holders.insert(*owner);
                    }
                    _ => {}
                },
                Change::Properties { id, names, .. } => {
                    if names.iter().any(|name| name == "isRead") {
                        folders.extend(self.store.owners("messages", *id));
                    }
                    if names.iter().any(|name| name == "isInline") {
                        holders.extend(self.store.owners("attachments", *id));
                    }
                }
                Change::Removed { entity, .. } => {
                    folders.extend(entity.below("messages"));
                    folders.extend(entity.below("childFolders"));
                    holders.extend(entity.below("attachments"));
                }
            }
        }
        for folder in folders {
            self.count_folder(folder);
        }
        for holder in holders {
            self.look_for_attachments(holder);
        }
    }

    pub(crate) fn count_folder(&mut self, folder: Id) {
        let entity = self.store.get(folder);
        if entity.is_none_or(|entity| entity.kind != FOLDER) {
            return;
        }
        let messages = self.store.many(folder, "messages");
        let unread = messages.iter().filter(|id| {
            let message = self.store.get(**id);
            message.is_some_and(|message| message.properties.get("isRead") == Some(&json!(false)))
        });
        let counts = [
            ("unreadItemCount", json!(unread.count())),
            ("totalItemCount", json!(messages.len())),
            (
                "childFolderCount",
                json!(self.store.many(folder, "childFolders").len()),
            ),
        ];
        self.store.compute(folder, &counts);
    }

    /// Sets `hasAttachments`, which does not count attachments that the body shows.
    pub(crate) fn look_for_attachments(&mut self, holder: Id) {
        let described = self.store.get(holder).is_some_and(|entity| {
            let described = self.schemas.property(&entity.kind, "hasAttachments");
            described.is_some()
        });
        if !described {
            return;
        }
        let attachments = self.store.many(holder, "attachments");
        let has_any = attachments.iter().any(|id| {
            self.store.get(*id).is_some_and(|attachment| {
                let inline = attachment
                    .properties
                    .get("isInline")
                    .and_then(Value::as_bool);
                inline != Some(true)
            })
        });
        let value = [("hasAttachments", json!(has_any))];
        self.store.compute(holder, &value);
    }
}
