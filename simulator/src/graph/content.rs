//! Bytes: `$value`, `content` and other streams, and the structural properties that have their own
//! path.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ETAG, LOCATION};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::calendar::check_settings;
use super::files::no_folder;
use super::photo::{PHOTO, no_photo};
use super::{Call, Graph, empty_payload};
use crate::answer::Answer;
use crate::body;
use crate::body::json::Json;
use crate::description::schema::Type;
use crate::domain::mail::MESSAGE;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::storage::media_type;
use crate::store::{Content, Id};
use crate::synth;

/// Checks whether a file of this name can be converted to PDF.
fn is_convertible(name: &str) -> bool {
    const CONVERTIBLE: [&str; 9] = [
        "csv", "doc", "docx", "odt", "ppt", "pptx", "rtf", "xls", "xlsx",
    ];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let mut known = CONVERTIBLE.iter();
    known.any(|known| known.eq_ignore_ascii_case(extension))
}

impl Graph<'_> {
    /// Handles `$value` of an entity.
    pub(super) fn content(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        name: &str,
    ) -> Result<Answer, Refusal> {
        match &resource.target {
            Target::Entity { id, .. } => self.stream(call, *id, name),
            Target::Property { owner, path, .. } => self.stream(call, *owner, &path.join("/")),
            Target::Vacant { .. } | Target::File { .. } => {
                Err(resource.target.missing(self.tenant.schemas))
            }
            Target::Set { .. } | Target::Root => Err(Refusal::unknown_segment(name)),
        }
    }

    /// Redirects to a file's content: a URL that is valid for some minutes and takes no token.
    fn redirect(&mut self, call: &Call<'_>, id: Id) -> Result<Answer, Refusal> {
        let Some(entity) = self.tenant.store.get(id) else {
            return Ok(Answer::empty(StatusCode::NOT_FOUND));
        };
        if self.tenant.is_folder(id) && !self.tenant.synthesizes {
            return Err(no_folder());
        }
        // A version has the name of its file.
        let file = entity.parent.as_ref().map(|(file, _)| *file);
        let name = self.tenant.name(id);
        let name = name.or_else(|| self.tenant.name(file?));
        let name = name.unwrap_or_default().to_owned();
        let etag = crate::render::etag(self.tenant.schemas, entity).unwrap_or_default();
        if let Some(known) = call.request.header("if-none-match")
            && super::names(&known, &etag, entity)
        {
            return Ok(Answer::empty(StatusCode::NOT_MODIFIED).with(ETAG, &etag));
        }
        let query = match call.options.custom("format") {
            None => "",
            Some("pdf") if is_convertible(&name) => "format=pdf",
            Some(format) => {
                return Err(Refusal::new(
                    StatusCode::NOT_ACCEPTABLE,
                    "notSupported",
                    format!("The file cannot be converted to '{format}'."),
                ));
            }
        };
        if self.tenant.store.content(id, "content").is_none() {
            let media_type = media_type(&name);
            let bytes = match self.tenant.synthesizes {
                true => synth::content(media_type, &name).into(),
                false => Bytes::new(),
            };
            self.tenant
                .fill(id, "content", media_type.into(), bytes, self.now);
        }
        let url = self.storage.download_url(id, "content", query, self.now);
        Ok(Answer::empty(StatusCode::FOUND).with(LOCATION, &url))
    }

    /// Checks whether the content of an entity is downloaded from another URL.
    fn is_download(&self, id: Id) -> bool {
        let entity = self.tenant.store.get(id);
        let kind = entity.map_or("", |entity| entity.kind.as_str());
        self.is_file(id) || kind == "microsoft.graph.driveItemVersion"
    }

    /// Returns a usage report: a redirect to a table of the tenant's users.
    pub(super) fn report(&mut self, owner: Id, name: &str) -> Answer {
        let date = self.now.format("%Y-%m-%d");
        // The table begins with a byte order mark, as the service's own do.
        let mut table =
            "\u{feff}Report Refresh Date,User Principal Name,Display Name\r\n".to_owned();
        for user in self.tenant.members(Id::ROOT, "users") {
            let properties = self.tenant.store.get(user).map(|user| &user.properties);
            let text = |name: &str| {
                let value = properties.and_then(|properties| properties.get(name)?.as_str());
                value.unwrap_or_default().replace('"', "\"\"")
            };
            let (principal, shown) = (text("userPrincipalName"), text("displayName"));
            table.push_str(&format!("{date},{principal},\"{shown}\"\r\n"));
        }
        let content = Content {
            media_type: "text/csv".into(),
            bytes: table.into(),
        };
        self.tenant.store.set_content(owner, name, content);
        let url = self.storage.download_url(owner, name, "", self.now);
        Answer::empty(StatusCode::FOUND).with(LOCATION, &url)
    }

    /// Reads, writes or removes bytes.
    fn stream(&mut self, call: &Call<'_>, id: Id, name: &str) -> Result<Answer, Refusal> {
        let request = call.request;
        match request.method {
            Method::GET if name == "content" && self.is_download(id) => self.redirect(call, id),
            Method::GET => {
                if let Some(bytes) = self.attached(id).filter(|_| name == "$value") {
                    return Ok(Answer::bytes(
                        StatusCode::OK,
                        &bytes.media_type,
                        bytes.bytes,
                    ));
                }
                if name == "$value"
                    && let Some(mime) = self.mime_of(id)
                {
                    return Ok(Answer::bytes(StatusCode::OK, "text/plain", mime?));
                }
                if let Some(content) = self.tenant.store.content(id, name) {
                    return Ok(Answer::bytes(
                        StatusCode::OK,
                        &content.media_type,
                        content.bytes.clone(),
                    ));
                }
                if !self.tenant.synthesizes {
                    return Err(self.no_content(call, id, name));
                }
                let media_type = self.media_type(call);
                let bytes = synth::content(media_type, name);
                Ok(Answer::bytes(StatusCode::OK, media_type, bytes))
            }
            Method::PUT => {
                self.check_put(call, id)?;
                let media_type = request
                    .media_type()
                    .unwrap_or_else(|| "application/octet-stream".into());
                let bytes = request.body.clone();
                self.tenant.fill(id, name, media_type, bytes, self.now);
                if self.is_photo(id) {
                    self.photo_written(id);
                }
                let kind = self
                    .tenant
                    .store
                    .get(id)
                    .map(|entity| entity.kind.clone())
                    .unwrap_or_default();
                match call.operation.json_answer() {
                    // The response is the entity that the bytes belong to, if it is of the
                    // described type.
                    Some(Type::Named(declared)) if self.tenant.schemas.is_a(&kind, declared) => {
                        self.answer_entity(StatusCode::OK, id, declared)
                    }
                    Some(described) => Ok(Answer::json(
                        StatusCode::OK,
                        &synth::value(self.tenant.schemas, described, name),
                    )),
                    None => Ok(Answer::empty(StatusCode::NO_CONTENT)),
                }
            }
            Method::DELETE if self.is_photo(id) => Ok(self.clear_photo(id)),
            Method::DELETE => {
                self.tenant.store.remove_content(id, name);
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            _ => Err(Refusal::method([Method::GET, Method::PUT].iter())),
        }
    }

    /// Returns the refusal to read bytes that were never written.
    fn no_content(&self, call: &Call<'_>, id: Id, name: &str) -> Refusal {
        let kind = self.tenant.store.get(id).map(|entity| entity.kind.as_str());
        match kind {
            Some(PHOTO) => no_photo(),
            _ => Refusal::not_simulated(format!(
                "the content of `{}`, because no request has written `{name}`",
                call.path
            )),
        }
    }

    /// Refuses to write bytes if the response is another entity, which only the service knows.
    fn check_put(&self, call: &Call<'_>, id: Id) -> Result<(), Refusal> {
        let kind = self
            .tenant
            .store
            .get(id)
            .map_or("", |entity| entity.kind.as_str());
        match call.operation.json_answer() {
            Some(Type::Named(declared)) if self.tenant.schemas.is_a(kind, declared) => Ok(()),
            None if !self.tenant.synthesizes && self.tenant.schemas.is_a(kind, MESSAGE) => Err(
                Refusal::not_simulated("the replacement of a message by MIME"),
            ),
            Some(_) if !self.tenant.synthesizes => Err(Refusal::not_simulated(format!(
                "writes to `{}`, whose response only the service knows",
                call.path
            ))),
            _ => Ok(()),
        }
    }

    /// Returns the bytes of an attachment, which its JSON also holds.
    fn attached(&self, id: Id) -> Option<Content> {
        let entity = self.tenant.store.get(id)?;
        let is = |base| self.tenant.schemas.is_a(&entity.kind, base);
        if !is("microsoft.graph.attachment") && !is("microsoft.graph.attachmentBase") {
            return None;
        }
        let properties = &entity.properties;
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let bytes = STANDARD.decode(text("contentBytes")?).ok()?;
        let media_type = text("contentType").unwrap_or("application/octet-stream");
        Some(Content {
            media_type: media_type.to_owned(),
            bytes: bytes.into(),
        })
    }

    /// Returns the media type of the bytes in the response.
    fn media_type<'c>(&self, call: &'c Call<'_>) -> &'c str {
        let described = call
            .operation
            .answer
            .iter()
            .map(|(media_type, _)| media_type.as_str());
        // PNG is the only image type that the simulator can create.
        let png = described
            .clone()
            .find(|media_type| *media_type == "image/png");
        png.or_else(|| described.clone().next())
            .unwrap_or("application/octet-stream")
    }

    /// Handles a structural property that has a path: `mailboxSettings`, `content`.
    pub(super) fn property(
        &mut self,
        call: &Call<'_>,
        owner: Id,
        path: &[String],
        kind: &Type,
        sent: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let reads_bytes = call
            .operation
            .answer
            .iter()
            .any(|(media_type, _)| media_type != "application/json");
        let writes_bytes = !call.operation.body.is_empty() && call.operation.json_body().is_none();
        let stream = matches!(kind, Type::Content) || reads_bytes || writes_bytes;
        match call.request.method {
            _ if stream => self.stream(call, owner, &path.join("/")),
            Method::GET => self.get_property(call, owner, path),
            Method::DELETE => {
                self.set_property(owner, path, Value::Null);
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            _ => {
                let described = call.operation.json_body().unwrap_or(kind);
                let name = path.last().map_or("", String::as_str);
                let value = body::checked(
                    self.tenant.schemas,
                    described,
                    sent.ok_or_else(empty_payload)?,
                    name,
                )?;
                let value = unwrapped(value);
                if path == ["mailboxSettings"] {
                    check_settings(&value)?;
                }
                self.set_property(owner, path, value.clone());
                let Some(answered) = call.operation.json_answer() else {
                    return Ok(Answer::empty(StatusCode::NO_CONTENT));
                };
                let body = match (self.tenant.schemas.resolve(answered), value) {
                    // A collection has no wrapper if the description defines none.
                    (Type::Collection(_), value @ Value::Array(_)) => value,
                    (Type::Collection(_), value) => json!([value]),
                    (_, value @ Value::Object(_)) => value,
                    (_, value) => json!({ "value": value }),
                };
                Ok(Answer::json(StatusCode::OK, &body))
            }
        }
    }

    fn set_property(&mut self, owner: Id, path: &[String], value: Value) {
        let Some((last, above)) = path.split_last() else {
            return;
        };
        self.tenant.store.change(owner, |mut object| {
            for name in above {
                let inner = object.entry(name.clone()).or_insert_with(|| json!({}));
                match inner {
                    Value::Object(entries) => object = entries,
                    _ => return,
                }
            }
            match (object.get_mut(last), value) {
                (_, Value::Null) => {
                    object.remove(last);
                }
                (_, value) => super::write::merge(object, last.clone(), value),
            }
        });
    }
}

/// Removes the `{"value": …}` around a property that is not an object.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::Object(mut entries) if entries.len() == 1 && entries.contains_key("value") => {
            entries.remove("value").unwrap_or_default()
        }
        other => other,
    }
}
