//! The files of a drive: their names, and the conflict behavior for a name that is taken.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, Graph};
use crate::answer::Answer;
use crate::clock::timestamp;
use crate::description::walk::StepValue;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::service::Service;
use crate::storage::upload::{Conflict, Purpose};
use crate::storage::{media_type, sent_type};
use crate::store::Id;

pub(super) const DRIVE_ITEM: &str = "microsoft.graph.driveItem";

/// The name of the annotation that selects the conflict behavior.
pub(super) const BEHAVIOR: &str = "@microsoft.graph.conflictBehavior";

impl Graph<'_> {
    /// Returns the item of this name in a folder. Names are compared without case.
    pub(super) fn child(&self, folder: Id, name: &str) -> Option<Id> {
        let children = self.tenant.store.many(folder, "children");
        children.into_iter().find(|child| {
            let entity = self.tenant.store.get(*child);
            let own = entity.and_then(|entity| entity.properties.get("name")?.as_str());
            own.is_some_and(|own| own.to_lowercase() == name.to_lowercase())
        })
    }

    /// Returns the item for a file of this name: a new one, or the existing one.
    pub(super) fn place_file(
        &mut self,
        folder: Id,
        name: &str,
        conflict: Conflict,
    ) -> Result<(StatusCode, Id), Refusal> {
        let mut name = name.to_owned();
        if let Some(there) = self.child(folder, &name) {
            match conflict {
                Conflict::Fail => return Err(taken()),
                Conflict::Replace => return Ok((StatusCode::OK, there)),
                Conflict::Rename => name = self.free_name(folder, &name),
            }
        }
        let now = timestamp(self.now);
        let properties = json!({
            "name": name, "file": { "mimeType": media_type(&name) }, "createdDateTime": now,
            "lastModifiedDateTime": now,
        });
        let properties = properties.as_object().cloned().unwrap_or_default();
        let place = Below::many(folder, "children");
        let id = self.tenant.make(place, DRIVE_ITEM, None, properties);
        Ok((StatusCode::CREATED, id))
    }

    /// Returns `name 1.txt`, or the name with the first free number.
    pub(super) fn free_name(&self, folder: Id, name: &str) -> String {
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (name, String::new()),
        };
        let mut names = (1_u32..).map(|number| format!("{stem} {number}{extension}"));
        names
            .find(|name| self.child(folder, name).is_none())
            .unwrap_or_else(|| name.to_owned())
    }

    /// Writes the content of an existing file. A client that names it by path may have meant a new
    /// file.
    pub(super) fn put_content(&mut self, call: &Call<'_>, id: Id) -> Result<Answer, Refusal> {
        let by_path = call
            .steps
            .iter()
            .any(|step| matches!(step.value, StepValue::Path(_)));
        let entity = self.tenant.store.get(id);
        let name = entity.and_then(|entity| entity.properties.get("name")?.as_str());
        let name = name.unwrap_or_default().to_owned();
        let folder = entity.and_then(|entity| entity.parent.clone());
        match folder {
            Some((folder, _)) if by_path => self.put_file(call, folder, &name),
            _ => {
                let media_type = sent_type(call.request, &name);
                let bytes = call.request.body.clone();
                self.tenant.fill(id, "content", media_type, bytes, self.now);
                self.answer_entity(StatusCode::OK, id, DRIVE_ITEM)
            }
        }
    }

    /// Writes a small file: `PUT …:/name:/content`.
    pub(super) fn put_file(
        &mut self,
        call: &Call<'_>,
        folder: Id,
        name: &str,
    ) -> Result<Answer, Refusal> {
        check_name(name)?;
        let conflict = match call.options.custom(BEHAVIOR) {
            None => Conflict::Replace,
            Some(word) => Conflict::read(word).ok_or_else(|| unknown_behavior(word))?,
        };
        self.check_absent(call, self.child(folder, name))?;
        let (status, id) = self.place_file(folder, name, conflict)?;
        let media_type = sent_type(call.request, name);
        let bytes = call.request.body.clone();
        self.tenant.fill(id, "content", media_type, bytes, self.now);
        self.answer_entity(status, id, DRIVE_ITEM)
    }

    /// Checks `If-None-Match: *`, which accepts a new file only.
    pub(super) fn check_absent(&self, call: &Call<'_>, there: Option<Id>) -> Result<(), Refusal> {
        let new = call.request.header("if-none-match");
        if there.is_some() && new.is_some_and(|condition| condition == "*") {
            return Err(Refusal::precondition(Service::Files));
        }
        Ok(())
    }

    /// Creates a file from a completed upload whose name was taken: a `PUT` of a folder or path
    /// with `@microsoft.graph.sourceUrl`.
    pub(super) fn commit_upload(
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
            (Target::File { parent, name }, sent) => (*parent, sent.unwrap_or(name)),
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
        };
        let answer = self.finish_upload(purpose, bytes)?;
        self.storage.uploads.remove(&id);
        Ok(answer)
    }
}

pub(super) fn taken() -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        "nameAlreadyExists",
        "The specified item name already exists.",
    )
}

pub(super) fn unknown_behavior(word: &str) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "invalidRequest",
        format!("'{word}' is not a conflict behavior."),
    )
}

/// Checks that a drive accepts a name.
///
/// <https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint-64883a5d-228e-48f5-b3d2-eb39e07630fa>
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    const RESERVED: [&str; 7] = [".lock", "con", "prn", "aux", "nul", "_vti_", "desktop.ini"];
    let reserved = RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word));
    let bad = name.is_empty()
        || name.contains(['"', '*', ':', '<', '>', '?', '/', '\\', '|'])
        || name.trim() != name
        || matches!(name, "." | "..")
        || reserved;
    if !bad {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::BAD_REQUEST,
        "invalidRequest",
        format!("The name '{name}' is not valid."),
    ))
}
