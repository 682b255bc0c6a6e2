//! Deleted items: the recycle bin of a drive, and the way back from it.
//!
//! <https://learn.microsoft.com/graph/api/driveitem-delete>

use http::StatusCode;
use serde_json::Value;

use super::super::Graph;
use super::super::behavior::Invocation;
use super::DRIVE_ITEM;
use super::name::{check_name, invalid, taken};
use crate::answer::Answer;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::storage::Recycled;
use crate::store::{Id, Subtree};

/// Deletes an item without the recycle bin.
///
/// <https://learn.microsoft.com/graph/api/driveitem-permanentdelete>
pub(super) fn delete_for_good(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    graph.check_not_root(invocation.id)?;
    graph.tenant.delete(invocation.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Refuses to restore an item that is not deleted.
pub(super) fn restore_live(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let key = graph.tenant.store.get(invocation.id);
    let key = key.map_or("", |item| item.key.as_str());
    Err(Refusal::not_found(graph.tenant.schemas, DRIVE_ITEM, key))
}

impl Graph<'_> {
    /// Deletes an item with all items below it.
    pub(super) fn delete_item(&mut self, resource: &Resource<'_>) -> Result<Answer, Refusal> {
        let Target::Entity { id, .. } = resource.target else {
            return Err(resource.target.missing(self.tenant.schemas));
        };
        self.check_not_root(id)?;
        self.recycle(id);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    fn check_not_root(&self, id: Id) -> Result<(), Refusal> {
        let item = self.tenant.store.get(id);
        if item.is_some_and(|item| item.properties.contains_key("root")) {
            return Err(invalid("The root of a drive cannot be deleted."));
        }
        Ok(())
    }

    /// Moves an item to the recycle bin of its drive.
    pub(in crate::graph) fn recycle(&mut self, id: Id) {
        let parent = self
            .tenant
            .store
            .get(id)
            .and_then(|item| item.parent.clone());
        let size = self.tenant.size(id);
        if let (Some(drive), Some((folder, _)), Some(item)) = (
            self.tenant.drive_of(id),
            parent,
            self.tenant.store.subtree(id),
        ) {
            self.storage.recycled.push(Recycled {
                drive,
                folder,
                size,
                item,
            });
        }
        self.tenant.delete(id);
    }

    /// Carries out an action of a deleted item. Returns `None` if the path names no deleted item.
    ///
    /// <https://learn.microsoft.com/graph/api/driveitem-restore>
    pub(in crate::graph) fn of_recycled(
        &mut self,
        name: &str,
        target: &Target,
        parameters: &Value,
    ) -> Option<Result<Answer, Refusal>> {
        let Target::Vacant {
            owner,
            declared,
            key: Some(key),
            ..
        } = target
        else {
            return None;
        };
        if declared != DRIVE_ITEM || !matches!(name, "restore" | "permanentDelete") {
            return None;
        }
        let bin = &self.storage.recycled;
        let at = bin
            .iter()
            .position(|one| one.drive == *owner && one.item.key == *key)?;
        if name == "permanentDelete" {
            self.storage.recycled.remove(at);
            return Some(Ok(Answer::empty(StatusCode::NO_CONTENT)));
        }
        Some(self.restore_item(at, parameters))
    }

    fn restore_item(&mut self, at: usize, parameters: &Value) -> Result<Answer, Refusal> {
        let Some(recycled) = self.storage.recycled.get(at).cloned() else {
            return Err(invalid("The item is not deleted."));
        };
        let Recycled {
            drive,
            folder,
            item,
            ..
        } = recycled;
        let root = self.tenant.store.one(drive, "root").unwrap_or(folder);
        let target = match parameters.get("parentReference") {
            Some(reference @ Value::Object(_)) => self.referred_folder(root, reference)?,
            _ => None,
        };
        let target = target.unwrap_or(folder);
        if self.tenant.store.get(target).is_none() {
            return Err(Refusal::not_found(self.tenant.schemas, DRIVE_ITEM, ""));
        }
        let own = item.properties.get("name").and_then(Value::as_str);
        let sent = parameters.get("name").and_then(Value::as_str);
        let name = sent.or(own).unwrap_or_default().to_owned();
        check_name(&name)?;
        if self.tenant.child(target, &name).is_some() {
            return Err(taken());
        }
        self.storage.recycled.remove(at);
        let mut item = item;
        item.properties.insert("name".into(), Value::from(name));
        let id = self.regrow(Below::many(target, "children"), item);
        self.answer_entity(StatusCode::OK, id, DRIVE_ITEM)
    }

    /// Creates an entity again, with all entities that were below it.
    fn regrow(&mut self, place: Below<'_>, item: Subtree) -> Id {
        let key = Some(item.key.as_str());
        let id = self.tenant.make(place, &item.kind, key, item.properties);
        for (name, content) in item.contents {
            self.tenant.store.set_content(id, &name, content);
        }
        for (relation, many, below) in item.below {
            // The list item is created again when it is read.
            if relation != "listItem" {
                let place = Below {
                    many,
                    ..Below::one(id, &relation)
                };
                self.regrow(place, below);
            }
        }
        id
    }
}
