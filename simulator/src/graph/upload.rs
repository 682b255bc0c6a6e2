//! The action `createUploadSession`, and the result of a completed upload.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Map, Value, json};

use super::files::{BEHAVIOR, DRIVE_ITEM, check_name, taken, unknown_behavior};
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
use crate::store::Id;

const FILE_ATTACHMENT: &str = "microsoft.graph.fileAttachment";
const PRINT_DOCUMENT: &str = "microsoft.graph.printDocument";

/// The size of the smallest attachment for which Exchange opens a session. Smaller ones are sent in
/// one request.
const SMALLEST: u64 = 3_000_000;

/// The size of the largest attachment.
const LARGEST: u64 = 150 * 1024 * 1024;

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
        self.check_etag(call, resource)?;
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

    /// Checks the body against the description. `deferCommit` is allowed, although the description
    /// lacks it.
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
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        item: &Value,
    ) -> Result<Purpose, Refusal> {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        // Some clients still write the annotation of the earlier interface of OneDrive.
        let conflict = match text(BEHAVIOR).or_else(|| text("@name.conflictBehavior")) {
            None => Conflict::Fail,
            Some(word) => Conflict::read(word).ok_or_else(|| unknown_behavior(word))?,
        };
        let by_path = call
            .steps
            .iter()
            .any(|step| matches!(step.value, StepValue::Path(_)));
        let mut missing: &[String] = &[];
        let (folder, name, there) = match &resource.target {
            Target::File {
                parent,
                folders,
                name,
            } => {
                missing = folders;
                (*parent, name.clone(), None)
            }
            Target::Entity { id, found, .. } => {
                let entity = self.tenant.store.get(*id);
                let property = |name: &str| entity.and_then(|entity| entity.properties.get(name));
                match (property("file"), text("name")) {
                    // The path of the file leads to a folder.
                    (None, Some(name)) if by_path && self.tenant.name(*id) == Some(name) => {
                        return Err(taken());
                    }
                    // The request creates a new file in the named folder.
                    (None, Some(name)) => (*id, name.to_owned(), self.tenant.child(*id, name)),
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
        // An item named by id is the existing one. An item named by path may be a new one.
        let by_id =
            !by_path && matches!(&resource.target, Target::Entity { id, .. } if Some(*id) == there);
        if there.is_some() && conflict == Conflict::Fail && !by_id {
            return Err(taken());
        }
        let folder = self.make_folders(folder, missing)?;
        let properties = ["description", "fileSystemInfo"].into_iter();
        let properties = properties.filter_map(|name| Some((name.into(), item.get(name)?.clone())));
        Ok(Purpose::File {
            folder,
            name,
            conflict,
            item: there.filter(|_| by_id),
            properties: properties.collect(),
        })
    }

    fn attachment_purpose(&self, owner: Id, item: &Value) -> Result<(Purpose, u64), Refusal> {
        let invalid =
            |code: &str, message: &str| Refusal::new(StatusCode::BAD_REQUEST, code, message);
        let size = item.get("size").and_then(Value::as_u64);
        let size = size.ok_or_else(|| invalid("ErrorInvalidRequest", "The size is missing."))?;
        // Tasks accept small attachments as well.
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
                "The size of the attachment is larger than the limit of a message.",
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

    /// Creates the result of a session from its bytes.
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
                properties,
            } => {
                let (status, id) = match item.filter(|id| self.tenant.store.get(*id).is_some()) {
                    Some(item) => (StatusCode::OK, item),
                    None => self.place_file(folder, &name, conflict)?,
                };
                // The media type follows from the name.
                let media_type = String::new();
                self.tenant.fill(id, "content", media_type, bytes, self.now);
                self.keep_sent(id, &properties);
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
        self.tenant.make(place, kind, None, properties)
    }
}
