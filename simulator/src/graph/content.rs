//! Bytes: `$value`, `content` and other streams, and the structural properties that have a path of their own.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Call, Graph, empty_payload};
use crate::answer::Answer;
use crate::body;
use crate::body::json::Json;
use crate::description::schema::Type;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::store::{Content, Id};
use crate::synth;

const DRIVE_ITEM: &str = "microsoft.graph.driveItem";

impl Graph<'_> {
    /// `$value` of an entity.
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

    /// A file that is made by its content: `PUT …/root:/Reports/new.csv:/content`.
    pub(super) fn new_file(
        &mut self,
        call: &Call<'_>,
        parent: Id,
        name: &str,
    ) -> Result<Answer, Refusal> {
        if call.operation.json_body().is_some() {
            return Err(Refusal::not_found(self.tenant.schemas, DRIVE_ITEM, name));
        }
        let media_type = call.request.media_type();
        let media_type = media_type.unwrap_or_else(|| "application/octet-stream".into());
        let now = crate::clock::timestamp(self.now);
        let properties = json!({
            "name": name, "file": { "mimeType": media_type }, "createdDateTime": now,
            "lastModifiedDateTime": now,
        });
        let properties = properties.as_object().cloned().unwrap_or_default();
        let place = Below::many(parent, "children");
        let id = self.tenant.make(place, DRIVE_ITEM, None, properties);
        self.stream(call, id, "content")?;
        self.answer_entity(StatusCode::CREATED, id, DRIVE_ITEM)
    }

    /// Reads, writes or removes bytes.
    fn stream(&mut self, call: &Call<'_>, id: Id, name: &str) -> Result<Answer, Refusal> {
        let request = call.request;
        match request.method {
            Method::GET => {
                if let Some(content) = self.tenant.store.content(id, name) {
                    return Ok(Answer::bytes(
                        StatusCode::OK,
                        &content.media_type,
                        content.bytes.clone(),
                    ));
                }
                let media_type = self.media_type(call);
                let bytes = synth::content(media_type, name);
                Ok(Answer::bytes(StatusCode::OK, media_type, bytes))
            }
            Method::PUT => {
                let media_type = request
                    .media_type()
                    .unwrap_or_else(|| "application/octet-stream".into());
                let size = request.body.len();
                self.tenant.store.set_content(
                    id,
                    name,
                    Content {
                        media_type,
                        bytes: request.body.clone(),
                    },
                );
                let kind = self
                    .tenant
                    .store
                    .get(id)
                    .map(|entity| entity.kind.clone())
                    .unwrap_or_default();
                if self.tenant.schemas.property(&kind, "size").is_some() {
                    self.tenant.store.change(id, |entity| {
                        entity.insert("size".into(), json!(size));
                    });
                }
                match call.operation.json_answer() {
                    // What comes back is the entity that the bytes belong to, where it is of the described type.
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
            Method::DELETE => {
                self.tenant.store.remove_content(id, name);
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            _ => Err(Refusal::method([Method::GET, Method::PUT].iter())),
        }
    }

    /// The media type in which the bytes go out.
    fn media_type<'c>(&self, call: &'c Call<'_>) -> &'c str {
        let described = call
            .operation
            .answer
            .iter()
            .map(|(media_type, _)| media_type.as_str());
        // Of several image types, the one that we can make.
        let png = described
            .clone()
            .find(|media_type| *media_type == "image/png");
        png.or_else(|| described.clone().next())
            .unwrap_or("application/octet-stream")
    }

    /// A structural property that has a path: `mailboxSettings`, `content`.
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
                self.set_property(owner, path, value.clone());
                let Some(answered) = call.operation.json_answer() else {
                    return Ok(Answer::empty(StatusCode::NO_CONTENT));
                };
                let body = match (self.tenant.schemas.resolve(answered), value) {
                    // A collection comes back bare where the description has it bare.
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
                (Some(Value::Object(before)), Value::Object(more)) => before.extend(more),
                (_, value) => {
                    object.insert(last.clone(), value);
                }
            }
        });
    }
}

/// `{"value": …}` stands around a property that is not an object.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::Object(mut entries) if entries.len() == 1 && entries.contains_key("value") => {
            entries.remove("value").unwrap_or_default()
        }
        other => other,
    }
}
