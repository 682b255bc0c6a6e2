//! `createUploadSession`, and what an upload becomes in the end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Map, Value, json};

use super::{Call, Graph};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::clock::timestamp;
use crate::description::walk::StepValue;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::service::Service;
use crate::storage::upload::{Conflict, Purpose, Upload};
use crate::storage::{media_type, sent_type};
use crate::store::Id;

const DRIVE_ITEM: &str = "microsoft.graph.driveItem";
const FILE_ATTACHMENT: &str = "microsoft.graph.fileAttachment";
const PRINT_DOCUMENT: &str = "microsoft.graph.printDocument";

/// The smallest attachment for which Exchange opens a session; smaller ones are sent along.
const SMALLEST: u64 = 3_000_000;

/// The largest attachment.
const LARGEST: u64 = 150 * 1024 * 1024;

/// The name of the annotation that says what to do with a name that is taken.
const BEHAVIOR: &str = "@microsoft.graph.conflictBehavior";

impl Graph<'_> {
    /// Opens a session.
    pub(super) fn open_upload(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let body = body.map_or(Value::Null, Json::into_value);
        let given = |name: &str| match &body {
            Value::Object(entries) => {
                let mut entries = entries.iter();
                let found = entries.find(|(other, _)| other.eq_ignore_ascii_case(name));
                found.map_or(Value::Null, |(_, value)| value.clone())
            }
            _ => Value::Null,
        };
        self.check_session(call, &body)?;
        let (purpose, size) = match &resource.target {
            Target::File { .. } | Target::Entity { .. } if self.is_item(&resource.target) => {
                let item = given("item");
                let purpose = self.file_purpose(call, resource, &item)?;
                (purpose, item.get("fileSize").and_then(Value::as_u64))
            }
            Target::Entity { id, declared, .. } if declared == PRINT_DOCUMENT => {
                let size = given("properties").get("size").and_then(Value::as_u64);
                (Purpose::Document { id: *id }, size)
            }
            Target::Set { owner, .. } => {
                let item = match given("AttachmentItem") {
                    Value::Null => given("attachmentInfo"),
                    item => item,
                };
                let (purpose, size) = self.attachment_purpose(*owner, &item)?;
                (purpose, Some(size))
            }
            target => return Err(target.missing(self.tenant.schemas)),
        };
        let id = self.tenant.ids.secret(24);
        let secret = self.tenant.ids.secret(48);
        let attachment = matches!(purpose, Purpose::Attachment { .. });
        let name = if attachment { "authtoken" } else { "tempauth" };
        let target = format!("/upload/{id}?{name}={secret}");
        let mut upload = Upload::new(purpose, target.clone(), self.root, self.caller, self.now);
        upload.size = size;
        upload.deferred = given("deferCommit") == json!(true);
        let next = match (&upload.purpose, size) {
            (Purpose::Document { .. }, Some(size)) => format!("0-{}", size.saturating_sub(1)),
            _ => "0-".to_owned(),
        };
        let answer = json!({
            "@odata.context": format!("{}/$metadata#microsoft.graph.uploadSession", self.root),
            "uploadUrl": format!("{}{target}", self.storage.host),
            "expirationDateTime": timestamp(upload.expires),
            "nextExpectedRanges": [next],
        });
        self.storage.uploads.insert(id, upload);
        let status = if attachment {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(Answer::json(status, &answer))
    }

    /// The body is what the description says, but for `deferCommit`, which it has forgotten.
    fn check_session(&self, call: &Call<'_>, body: &Value) -> Result<(), Refusal> {
        let (Some(described), Value::Object(entries)) = (call.operation.json_body(), body) else {
            return Ok(());
        };
        let mut entries = entries.clone();
        entries.remove("deferCommit");
        let text = Value::Object(entries).to_string();
        let json = Json::read(text.as_bytes())
            .map_err(|_| Refusal::body("The body of the session cannot be read."))?;
        let schemas = self.tenant.schemas;
        crate::body::parameters(schemas, described, json, "createUploadSession").map(|_| ())
    }

    fn is_item(&self, target: &Target) -> bool {
        match target {
            Target::File { .. } => true,
            Target::Entity { declared, .. } => declared == DRIVE_ITEM,
            _ => false,
        }
    }

    fn file_purpose(
        &self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        item: &Value,
    ) -> Result<Purpose, Refusal> {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let conflict = match text(BEHAVIOR) {
            None => Conflict::Fail,
            Some(word) => Conflict::read(word).ok_or_else(|| unknown_behavior(word))?,
        };
        let (folder, name, there) = match &resource.target {
            Target::File { parent, name } => (*parent, name.clone(), None),
            Target::Entity { id, found, .. } => {
                let entity = self.tenant.store.get(*id);
                let property = |name: &str| entity.and_then(|entity| entity.properties.get(name));
                match (property("file"), text("name")) {
                    // A new file in the folder that was named.
                    (None, Some(name)) => (*id, name.to_owned(), self.child(*id, name)),
                    (None, None) => {
                        return Err(Refusal::body("The name of the file is missing."));
                    }
                    (Some(_), _) => {
                        let name = property("name").and_then(Value::as_str);
                        (found.owner, name.unwrap_or_default().to_owned(), Some(*id))
                    }
                }
            }
            target => return Err(target.missing(self.tenant.schemas)),
        };
        if text("name").is_some_and(|sent| !sent.eq_ignore_ascii_case(&name)) {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "invalidRequest",
                "The name in the body differs from the one in the URL.",
            ));
        }
        check_name(&name)?;
        self.check_absent(call, there)?;
        // By its id, an item is meant as it is; by its path, perhaps as a new one.
        let by_id = !call
            .steps
            .iter()
            .any(|step| matches!(step.value, StepValue::Path(_)))
            && matches!(&resource.target, Target::Entity { id, .. } if Some(*id) == there);
        if there.is_some() && conflict == Conflict::Fail && !by_id {
            return Err(taken());
        }
        Ok(Purpose::File {
            folder,
            name,
            conflict,
            item: there.filter(|_| by_id),
        })
    }

    fn attachment_purpose(&self, owner: Id, item: &Value) -> Result<(Purpose, u64), Refusal> {
        let invalid =
            |code: &str, message: &str| Refusal::new(StatusCode::BAD_REQUEST, code, message);
        let size = item.get("size").and_then(Value::as_u64);
        let size = size.ok_or_else(|| invalid("ErrorInvalidRequest", "The size is missing."))?;
        // Tasks take small ones as well.
        let mail =
            self.tenant.store.get(owner).is_some_and(|owner| {
                Service::of(self.tenant.schemas, &owner.kind) == Service::Outlook
            });
        if mail && size < SMALLEST {
            return Err(invalid(
                "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
                "The size of the attachment is smaller than the minimum for an upload session.",
            ));
        }
        if size > LARGEST {
            return Err(invalid(
                "ErrorAttachmentSizeLimitExceeded",
                "The size of the attachment is larger than what a message may hold.",
            ));
        }
        let names = ["name", "contentType", "isInline", "contentId"];
        let properties: Map<String, Value> = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())))
            .collect();
        if !properties.contains_key("name") {
            return Err(invalid("ErrorInvalidRequest", "The name is missing."));
        }
        Ok((Purpose::Attachment { owner, properties }, size))
    }

    /// What the bytes of a session become.
    pub(crate) fn finish_upload(
        &mut self,
        purpose: Purpose,
        bytes: Bytes,
    ) -> Result<Answer, Refusal> {
        match purpose {
            Purpose::File {
                folder,
                name,
                conflict,
                item,
            } => {
                let media_type = media_type(&name).to_owned();
                let (status, id) = match item.filter(|id| self.tenant.store.get(*id).is_some()) {
                    Some(item) => (StatusCode::OK, item),
                    None => self.place_file(folder, &name, conflict)?,
                };
                self.tenant.fill(id, "content", media_type, bytes, self.now);
                self.answer_entity(status, id, DRIVE_ITEM)
            }
            Purpose::Attachment { owner, properties } => {
                let id = self.attach(owner, properties, &bytes);
                let location = self.location(id);
                let location = format!("{}{location}", self.root);
                Ok(Answer::empty(StatusCode::CREATED).with(LOCATION, &location))
            }
            Purpose::Document { id } => {
                let media_type = "application/octet-stream".to_owned();
                self.tenant.fill(id, "$value", media_type, bytes, self.now);
                self.answer_entity(StatusCode::CREATED, id, PRINT_DOCUMENT)
            }
        }
    }

    fn attach(&mut self, owner: Id, mut properties: Map<String, Value>, bytes: &Bytes) -> Id {
        let owner_kind = self.tenant.store.get(owner).map(|owner| owner.kind.clone());
        let task = owner_kind.as_deref() == Some("microsoft.graph.todoTask");
        properties.insert("size".into(), json!(bytes.len()));
        properties.insert("contentBytes".into(), json!(STANDARD.encode(bytes)));
        properties.insert("lastModifiedDateTime".into(), json!(timestamp(self.now)));
        let kind = if task {
            "microsoft.graph.taskFileAttachment"
        } else {
            FILE_ATTACHMENT
        };
        let place = Below::many(owner, "attachments");
        let id = self.tenant.make(place, kind, None, properties);
        self.tenant.store.change(owner, |owner| {
            owner.insert("hasAttachments".into(), json!(true));
        });
        id
    }

    /// The item of a name in a folder; names have no case.
    pub(super) fn child(&self, folder: Id, name: &str) -> Option<Id> {
        let children = self.tenant.store.many(folder, "children");
        children.into_iter().find(|child| {
            let entity = self.tenant.store.get(*child);
            let own = entity.and_then(|entity| entity.properties.get("name")?.as_str());
            own.is_some_and(|own| own.to_lowercase() == name.to_lowercase())
        })
    }

    /// The item that a file of this name becomes: a new one, or the one that is there.
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

    /// `name 1.txt`, or the first number that is free.
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

    /// Writes the content of a file that is there. By its path, a client may have meant a new one.
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

    /// `If-None-Match: *` takes nothing but a new file.
    fn check_absent(&self, call: &Call<'_>, there: Option<Id>) -> Result<(), Refusal> {
        let new = call.request.header("if-none-match");
        if there.is_some() && new.is_some_and(|condition| condition == "*") {
            return Err(Refusal::precondition(Service::Files));
        }
        Ok(())
    }

    /// A file out of an upload that is whole and found its name taken: `PUT` of a folder or path with
    /// `@microsoft.graph.sourceUrl`.
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
                    // The path of the file itself, or that of its folder.
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

fn taken() -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        "nameAlreadyExists",
        "The specified item name already exists.",
    )
}

fn unknown_behavior(word: &str) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "invalidRequest",
        format!("'{word}' is not a conflict behavior."),
    )
}

/// Names that a drive takes.
///
/// <https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint-64883a5d-228e-48f5-b3d2-eb39e07630fa>
fn check_name(name: &str) -> Result<(), Refusal> {
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
