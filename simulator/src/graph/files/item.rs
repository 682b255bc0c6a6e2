//! The creation of folders, and changes of items: new names, and moves to other folders.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::{Call, Graph, empty_payload};
use super::name::{BEHAVIOR, check_name, conflict, invalid, taken};
use super::{DRIVE, DRIVE_ITEM};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::body::{self, Written};
use crate::clock::timestamp;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::storage::media_type;
use crate::storage::upload::Conflict;
use crate::store::Id;

/// The properties that a client may set. Drives ignore all others.
const WRITABLE: [&str; 2] = ["description", "fileSystemInfo"];

impl Graph<'_> {
    /// Creates a folder, or an empty file.
    ///
    /// <https://learn.microsoft.com/graph/api/driveitem-post-children>
    pub(super) fn create_item(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let (owner, relation) = resource.target.set(self.tenant.schemas)?;
        let folder = match relation {
            "children" => Some(owner),
            "items" => self.tenant.store.one(owner, "root"),
            _ => None,
        };
        let Some(folder) = folder else {
            if self.tenant.synthesizes {
                return self.create(call, resource, body);
            }
            return Err(Refusal::not_simulated(format!(
                "the creation of items in `{relation}`"
            )));
        };
        let body = body.ok_or_else(empty_payload)?;
        let written = body::entity(self.tenant.schemas, DRIVE_ITEM, body)?;
        let sent = &written.properties;
        let is = |facet: &str| sent.get(facet).is_some_and(|facet| !facet.is_null());
        let is_folder = is("folder") && !is("file");
        if !is_folder && !is("file") {
            if let Some(facet) = ["remoteItem", "bundle"].into_iter().find(|facet| is(facet)) {
                return Err(Refusal::not_simulated(format!("items with `{facet}`")));
            }
            return Err(invalid(
                "Must provide one of the following facets to create an item: Bundle, File, \
                 Folder, RemoteItem",
            ));
        }
        let name = sent.get("name").and_then(Value::as_str).unwrap_or_default();
        check_name(name)?;
        let conflict = conflict(call, sent.get(BEHAVIOR), Conflict::Fail)?;
        let (status, id) = match is_folder {
            true => self.place_folder(folder, name, conflict)?,
            false => self.place_file(folder, name, conflict)?,
        };
        self.keep_sent(id, sent);
        if !is_folder {
            let empty = bytes::Bytes::new();
            self.tenant
                .fill(id, "content", String::new(), empty, self.now);
        }
        self.answer_entity(status, id, DRIVE_ITEM)
    }

    /// Returns a folder of this name: a new one, or the existing one.
    fn place_folder(
        &mut self,
        folder: Id,
        name: &str,
        conflict: Conflict,
    ) -> Result<(StatusCode, Id), Refusal> {
        let mut name = name.to_owned();
        if let Some(there) = self.tenant.child(folder, &name) {
            match conflict {
                Conflict::Replace if self.tenant.is_folder(there) => {
                    return Ok((StatusCode::OK, there));
                }
                Conflict::Rename => name = self.free_name(folder, &name),
                _ => return Err(taken()),
            }
        }
        Ok((StatusCode::CREATED, self.make_folder(folder, &name)))
    }

    fn make_folder(&mut self, folder: Id, name: &str) -> Id {
        let properties = json!({ "name": name, "folder": { "childCount": 0 } });
        let properties = properties.as_object().cloned().unwrap_or_default();
        let place = Below::many(folder, "children");
        self.tenant.make(place, DRIVE_ITEM, None, properties)
    }

    /// Returns the innermost of several folders, each below the one before. Missing folders are
    /// created, as for a file that is written to a path.
    pub(in crate::graph) fn make_folders(
        &mut self,
        parent: Id,
        folders: &[String],
    ) -> Result<Id, Refusal> {
        folders.iter().try_for_each(|name| check_name(name))?;
        let mut at = parent;
        for name in folders {
            at = match self.tenant.child(at, name) {
                Some(folder) => folder,
                None => self.make_folder(at, name),
            };
        }
        Ok(at)
    }

    /// Stores the properties that a client may set.
    pub(in crate::graph) fn keep_sent(&mut self, id: Id, sent: &Map<String, Value>) {
        let kept = WRITABLE
            .iter()
            .filter_map(|name| Some((*name, sent.get(*name)?)));
        let kept: Vec<_> = kept.collect();
        if kept.is_empty() {
            return;
        }
        self.tenant.store.change(id, |item| {
            for (name, value) in kept {
                match (item.get_mut(name), value) {
                    (Some(Value::Object(before)), Value::Object(more)) => {
                        before.extend(more.clone());
                    }
                    (_, value) => {
                        item.insert(name.to_owned(), value.clone());
                    }
                }
            }
            item.retain(|_, value| !value.is_null());
        });
    }

    /// Changes an item: its name, its folder, its description, the times of the client's file.
    ///
    /// <https://learn.microsoft.com/graph/api/driveitem-update>,
    /// <https://learn.microsoft.com/graph/api/driveitem-move>
    pub(super) fn update_item(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, .. } = resource.target else {
            return Err(resource.target.missing(self.tenant.schemas));
        };
        let body = body.ok_or_else(empty_payload)?;
        let Written { properties, .. } = body::entity(self.tenant.schemas, DRIVE_ITEM, body)?;
        let conflict = conflict(call, properties.get(BEHAVIOR), Conflict::Fail)?;
        let name = properties.get("name").and_then(Value::as_str);
        let target = match properties.get("parentReference") {
            Some(reference @ Value::Object(_)) => self.referred_folder(id, reference)?,
            _ => None,
        };
        self.relocate(id, target, name, conflict)?;
        self.keep_sent(id, &properties);
        self.touch(id);
        if call.request.preference("return").as_deref() == Some("minimal") {
            return Ok(Answer::empty(StatusCode::NO_CONTENT));
        }
        self.answer_entity(StatusCode::OK, id, DRIVE_ITEM)
    }

    /// Sets the time and the author of a change.
    pub(in crate::graph) fn touch(&mut self, id: Id) {
        let now = timestamp(self.now);
        let author = self.tenant.store.author.clone();
        self.tenant.store.change(id, |item| {
            item.insert("lastModifiedDateTime".into(), json!(now));
            if let Some(author) = author {
                item.insert("lastModifiedBy".into(), author);
            }
        });
    }

    /// Gives an item another name or another folder.
    pub(in crate::graph) fn relocate(
        &mut self,
        id: Id,
        target: Option<Id>,
        name: Option<&str>,
        conflict: Conflict,
    ) -> Result<(), Refusal> {
        let own = self.tenant.name(id).unwrap_or_default().to_owned();
        let store = &self.tenant.store;
        let parent = store.get(id).and_then(|item| item.parent.clone());
        let Some((folder, relation)) = parent else {
            return Ok(());
        };
        let target = target.unwrap_or(folder);
        let mut name = name.unwrap_or(&own).to_owned();
        if target == folder && name == own {
            return Ok(());
        }
        if relation == "root" {
            return Err(invalid("The root of a drive cannot be renamed or moved."));
        }
        check_name(&name)?;
        if store.ancestors(target).any(|(above, _)| above == id) {
            return Err(invalid("An item cannot be moved into itself."));
        }
        if self.tenant.drive_of(target) != self.tenant.drive_of(id) {
            return Err(invalid("Items cannot be moved between drives."));
        }
        if let Some(there) = self
            .tenant
            .child(target, &name)
            .filter(|there| *there != id)
        {
            match conflict {
                Conflict::Fail => return Err(taken()),
                Conflict::Replace => self.recycle(there),
                Conflict::Rename => name = self.free_name(target, &name),
            }
        }
        if target != folder {
            self.tenant.store.take(folder, "children", id);
            self.tenant.store.settle(id, target, "children");
            self.tenant.store.add(target, "children", id);
            if let Some(drive) = self.tenant.drive_of(id) {
                self.tenant.refer(id, drive, target);
            }
        }
        self.tenant.store.change(id, |item| {
            if let Some(Value::Object(file)) = item.get_mut("file") {
                file.insert("mimeType".into(), json!(media_type(&name)));
            }
            item.insert("name".into(), json!(name));
        });
        Ok(())
    }

    /// Returns the folder that a `parentReference` names by its id or its path. Returns `None` if
    /// it names neither.
    pub(in crate::graph) fn referred_folder(
        &self,
        item: Id,
        reference: &Value,
    ) -> Result<Option<Id>, Refusal> {
        let text = |name: &str| reference.get(name).and_then(Value::as_str);
        let path = text("path").and_then(|path| path.split_once(':'));
        let (before, path) = path.unwrap_or_default();
        let by_path = before
            .strip_prefix("/drives/")
            .and_then(|rest| rest.strip_suffix("/root"));
        let drive = match text("driveId").or(by_path) {
            Some(key) => self.tenant.find(Id::ROOT, "drives", DRIVE, key),
            None => self.tenant.drive_of(item),
        };
        let missing = || {
            let key = text("id").or(text("driveId")).unwrap_or_default();
            Refusal::not_found(self.tenant.schemas, DRIVE_ITEM, key)
        };
        let drive = drive.ok_or_else(missing)?;
        let folder = match (text("id"), text("path"), text("driveId")) {
            (Some(key), ..) => self.tenant.find(drive, "items", DRIVE_ITEM, key),
            (None, Some(_), _) => {
                let mut at = self.tenant.store.one(drive, "root");
                let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
                for name in decoded.split('/').filter(|name| !name.is_empty()) {
                    at = at.and_then(|folder| self.tenant.child(folder, name));
                }
                at
            }
            (None, None, Some(_)) => self.tenant.store.one(drive, "root"),
            (None, None, None) => return Ok(None),
        };
        let folder = folder.ok_or_else(missing)?;
        if !self.tenant.is_folder(folder) {
            return Err(invalid("The target of a move or copy must be a folder."));
        }
        Ok(Some(folder))
    }
}
