//! The content of files, which a client writes in one request or in a completed upload.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::{Call, Graph};
use super::DRIVE_ITEM;
use super::name::{BEHAVIOR, check_name, conflict, taken, unknown_behavior};
use crate::answer::Answer;
use crate::description::walk::StepValue;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::service::Service;
use crate::storage::media_type;
use crate::storage::upload::{Conflict, Purpose};
use crate::store::Id;

impl Graph<'_> {
    /// Returns the item for a file of this name: a new one, or the existing one.
    pub(in crate::graph) fn place_file(
        &mut self,
        folder: Id,
        name: &str,
        conflict: Conflict,
    ) -> Result<(StatusCode, Id), Refusal> {
        let mut name = name.to_owned();
        if let Some(there) = self.tenant.child(folder, &name) {
            match conflict {
                Conflict::Fail => return Err(taken()),
                // A file does not replace a folder.
                Conflict::Replace if self.tenant.is_folder(there) => return Err(taken()),
                Conflict::Replace => return Ok((StatusCode::OK, there)),
                Conflict::Rename => name = self.free_name(folder, &name),
            }
        }
        let properties = json!({ "name": name, "file": { "mimeType": media_type(&name) } });
        let properties = properties.as_object().cloned().unwrap_or_default();
        let place = Below::many(folder, "children");
        let id = self.tenant.make(place, DRIVE_ITEM, None, properties);
        Ok((StatusCode::CREATED, id))
    }

    /// Writes the content of an existing file. A client that names it by path may have meant a new
    /// file.
    pub(in crate::graph) fn put_content(
        &mut self,
        call: &Call<'_>,
        id: Id,
    ) -> Result<Answer, Refusal> {
        let by_path = call
            .steps
            .iter()
            .any(|step| matches!(step.value, StepValue::Path(_)));
        if self.tenant.is_folder(id) && !self.tenant.synthesizes {
            return Err(no_folder());
        }
        let name = self.tenant.name(id).unwrap_or_default().to_owned();
        let folder = self.tenant.store.get(id);
        let folder = folder.and_then(|entity| entity.parent.clone());
        match folder {
            Some((folder, _)) if by_path => self.put_file(call, folder, &[], &name),
            _ => {
                self.fill_item(id, call.request.body.clone());
                self.answer_entity(StatusCode::OK, id, DRIVE_ITEM)
            }
        }
    }

    /// Writes a small file: `PUT …:/name:/content`. Missing folders of its path are created.
    ///
    /// <https://learn.microsoft.com/graph/api/driveitem-put-content>
    pub(in crate::graph) fn put_file(
        &mut self,
        call: &Call<'_>,
        parent: Id,
        folders: &[String],
        name: &str,
    ) -> Result<Answer, Refusal> {
        check_name(name)?;
        let conflict = conflict(call, None, Conflict::Replace)?;
        let there = self
            .tenant
            .child(parent, name)
            .filter(|_| folders.is_empty());
        self.check_absent(call, there)?;
        if there.is_none() && call.request.header("if-match").is_some() {
            return Err(Refusal::precondition(Service::Files));
        }
        let folder = self.make_folders(parent, folders)?;
        let (status, id) = self.place_file(folder, name, conflict)?;
        self.fill_item(id, call.request.body.clone());
        self.answer_entity(status, id, DRIVE_ITEM)
    }

    fn fill_item(&mut self, id: Id, bytes: Bytes) {
        // The media type follows from the name.
        let media_type = String::new();
        self.tenant.fill(id, "content", media_type, bytes, self.now);
    }

    /// Checks `If-None-Match: *`, which accepts a new file only.
    pub(in crate::graph) fn check_absent(
        &self,
        call: &Call<'_>,
        there: Option<Id>,
    ) -> Result<(), Refusal> {
        let new = call.request.header("if-none-match");
        if there.is_some() && new.is_some_and(|condition| condition == "*") {
            return Err(Refusal::precondition(Service::Files));
        }
        Ok(())
    }

    /// Creates a file from a completed upload whose name was taken: a `PUT` of a folder or path
    /// with `@microsoft.graph.sourceUrl`.
    pub(in crate::graph) fn commit_upload(
        &mut self,
        resource: &Resource<'_>,
        body: &Value,
    ) -> Result<Answer, Refusal> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let source = text("@microsoft.graph.sourceUrl").unwrap_or_default();
        let target = source
            .strip_prefix(self.storage.host.as_str())
            .unwrap_or_default();
        let found = self.storage.uploads.iter();
        let mut found = found.filter(|(_, upload)| upload.target == target);
        let whole = found.find_map(|(id, upload)| Some((id.clone(), upload.bytes()?)));
        let (id, bytes) = whole.ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "itemNotFound",
                "The upload session was not found",
            )
        })?;
        let conflict = match text(BEHAVIOR) {
            None => Conflict::Fail,
            Some(word) => Conflict::read(word).ok_or_else(|| unknown_behavior(word))?,
        };
        let (folder, name) = match (&resource.target, text("name")) {
            (
                Target::File {
                    parent,
                    folders,
                    name,
                },
                sent,
            ) => (self.make_folders(*parent, folders)?, sent.unwrap_or(name)),
            (Target::Entity { id, found, .. }, sent) => {
                let entity = self.tenant.store.get(*id);
                let properties = entity.map(|entity| &entity.properties);
                let file = properties.filter(|properties| properties.contains_key("file"));
                let own = file.and_then(|file| file.get("name")?.as_str());
                match (own, sent) {
                    // The path is the file's own, or that of its folder.
                    (Some(own), sent) => (found.owner, sent.unwrap_or(own)),
                    (None, Some(sent)) => (*id, sent),
                    (None, None) => return Err(Refusal::body("The name of the file is missing.")),
                }
            }
            (target, _) => return Err(target.missing(self.tenant.schemas)),
        };
        let purpose = Purpose::File {
            folder,
            name: name.to_owned(),
            conflict,
            item: None,
            properties: Map::new(),
        };
        let answer = self.finish_upload(purpose, bytes)?;
        self.storage.uploads.remove(&id);
        Ok(answer)
    }
}

/// Returns the refusal of the content of a folder.
pub(in crate::graph) fn no_folder() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "invalidRequest",
        "The item is a folder, which has no content.",
    )
}
