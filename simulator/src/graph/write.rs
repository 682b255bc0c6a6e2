//! Requests that write entities: POST, PATCH, PUT and DELETE.

use http::StatusCode;
use http::header::{ETAG, LOCATION};
use serde_json::{Map, Value, json};

use super::calendar::is_read_only;
use super::directory::INVITATION;
use super::subscription::SUBSCRIPTION;
use super::{Call, Graph, empty_payload};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::body::{self, Related, Written};
use crate::clock::timestamp;
use crate::description::schema::Type;
use crate::description::walk::StepValue;
use crate::domain::Below;
use crate::domain::calendar::{CALENDAR, EVENT};
use crate::query::Options;
use crate::refusal::Refusal;
use crate::render::is_selected_only;
use crate::resource::{Resource, Target};
use crate::segment::Argument;
use crate::service::Service;
use crate::store::Id;
use crate::synth;

/// The properties that a service accepts and never returns.
pub(super) const SECRET: [&str; 1] = ["passwordProfile"];

impl Graph<'_> {
    /// Creates an entity in a collection, or at a place that holds a single one.
    pub(super) fn create(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let (place, declared, key) = match &resource.target {
            Target::Set {
                owner,
                relation,
                declared,
                key_property,
                ..
            } => {
                let key_property = key_property.as_deref();
                (
                    Below {
                        key_property,
                        ..Below::many(*owner, relation)
                    },
                    declared,
                    None,
                )
            }
            Target::Vacant {
                owner,
                relation,
                declared,
                key: Some(key),
                key_property,
            } => {
                let key_property = key_property.as_deref();
                (
                    Below {
                        key_property,
                        ..Below::many(*owner, relation)
                    },
                    declared,
                    Some(key.as_str()),
                )
            }
            Target::Vacant {
                owner,
                relation,
                declared,
                key: None,
                ..
            } => (Below::one(*owner, relation), declared, None),
            _ => return Err(Refusal::body("The resource does not support creation.")),
        };
        let written = match body {
            None if call.is_content() => self.read_content(call, declared)?,
            None => self.mime_message(call)?.ok_or_else(empty_payload)?,
            Some(body) => body::entity(self.tenant.schemas, declared, body)?,
        };
        if call.request.media_type().as_deref() == Some("application/json") {
            super::mail::check_headers(&written.properties)?;
        }
        if written.kind == SUBSCRIPTION {
            return self.subscribe(place, written);
        }
        if let Some(id) = self.same_transaction(place.owner, &written) {
            return self.answer_entity(StatusCode::CREATED, id, declared);
        }
        if written.kind == INVITATION {
            return self.invite_guest(place, written);
        }
        let mut written = written;
        if let Some(answer) = self.create_in_teams(place, &mut written)? {
            return Ok(answer);
        }
        let id = self.make(place, key, written)?;
        if call.is_content() {
            self.keep_content(call, id, declared);
        }
        if call.operation.answer.is_empty() {
            // The creation is a long-running operation, as for a team.
            return Ok(self.team_operation(id, "createTeam", id));
        }
        self.answer_entity(StatusCode::CREATED, id, declared)
    }

    /// Returns the properties that Graph reads from an entity that is sent as a file: a page of
    /// OneNote as HTML. What it reads from other files, such as a package of Teams, is not known.
    fn read_content(&self, call: &Call<'_>, declared: &str) -> Result<Written, Refusal> {
        let mut properties = Map::new();
        if self.tenant.synthesizes {
            properties = synth::object(self.tenant.schemas, declared);
            // Only Graph assigns keys.
            properties.remove("id");
        } else if declared == "microsoft.graph.onenotePage" {
            let html = String::from_utf8_lossy(&call.request.body);
            properties.insert("title".into(), json!(title(&html)));
        } else {
            return Err(Refusal::not_simulated(format!(
                "what Graph reads from a file that is sent to `{}`",
                call.path
            )));
        }
        Ok(Written {
            kind: declared.to_owned(),
            properties,
            related: Vec::new(),
            bound: Vec::new(),
        })
    }

    /// Stores the file itself, if the entity has a stream for it.
    fn keep_content(&mut self, call: &Call<'_>, id: Id, declared: &str) {
        let has_stream = self
            .tenant
            .schemas
            .property(declared, "content")
            .is_some_and(|property| property.kind == Type::Content);
        if has_stream {
            let media_type = call.request.media_type().unwrap_or_default();
            let bytes = call.request.body.clone();
            self.tenant.fill(id, "content", media_type, bytes, self.now);
        }
    }

    /// Creates the entity for a PATCH with an unused alternate key, if the client requests it.
    ///
    /// <https://learn.microsoft.com/graph/api/group-upsert>
    pub(super) fn create_missing(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let keys = call.steps.last().map(|step| &step.value);
        let (
            Target::Vacant {
                owner,
                relation,
                declared,
                ..
            },
            Some(StepValue::Arguments(keys)),
        ) = (&resource.target, keys)
        else {
            return Err(resource.target.missing(self.tenant.schemas));
        };
        let body = body.ok_or_else(empty_payload)?;
        let mut written = body::entity(self.tenant.schemas, declared, body)?;
        for (name, value) in keys {
            let (Argument::Quoted(text) | Argument::Bare(text) | Argument::Alias(text)) = value;
            written.properties.insert(name.clone(), json!(text));
        }
        let id = self.make(Below::many(*owner, relation), None, written)?;
        self.answer_entity(StatusCode::CREATED, id, declared)
    }

    /// Changes the properties that were sent. A null clears a property.
    pub(super) fn update(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, declared, .. } = &resource.target else {
            return Err(Refusal::body("The resource does not support updates."));
        };
        let written = self.written(*id, declared, body)?;
        if written.kind == SUBSCRIPTION {
            return self.renew(*id, &written);
        }
        self.apply(*id, written, false)?;
        self.member_changed(*id)?;
        // The directory responds to a change with 204, and other services with the changed entity.
        // A client can request either.
        let kind = self
            .tenant
            .store
            .get(*id)
            .map_or(declared.as_str(), |entity| entity.kind.as_str());
        let directory = Service::of(self.tenant.schemas, kind) == Service::Directory;
        let minimal = match call.request.preference("return").as_deref() {
            Some("minimal") => true,
            Some("representation") => false,
            _ => directory,
        };
        if minimal || call.operation.json_answer().is_none() {
            return Ok(Answer::empty(StatusCode::NO_CONTENT));
        }
        self.answer_entity(StatusCode::OK, *id, declared)
    }

    /// Replaces all properties: those that were not sent are removed.
    pub(super) fn replace(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, declared, .. } = &resource.target else {
            return Err(Refusal::body("The resource does not support replacement."));
        };
        let written = self.written(*id, declared, body)?;
        if written.kind == "microsoft.graph.team" && !self.tenant.synthesizes {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "Conflict",
                "Group is already provisioned as a team.",
            ));
        }
        self.apply(*id, written, true)?;
        if call.operation.json_answer().is_none() {
            return Ok(Answer::empty(StatusCode::NO_CONTENT));
        }
        self.answer_entity(StatusCode::OK, *id, declared)
    }

    /// Reads a body for an existing entity, with the properties of its actual type.
    pub(super) fn written(
        &self,
        id: Id,
        declared: &str,
        body: Option<Json>,
    ) -> Result<Written, Refusal> {
        let kind = self
            .tenant
            .store
            .get(id)
            .map_or(declared, |entity| entity.kind.as_str());
        let body = body.ok_or_else(empty_payload)?;
        body::entity(self.tenant.schemas, kind, body)
    }

    pub(super) fn apply(&mut self, id: Id, written: Written, replace: bool) -> Result<(), Refusal> {
        let Written {
            kind,
            mut properties,
            related,
            bound,
        } = written;
        let before = self.tenant.store.get(id).cloned().unwrap_or_default();
        if let Some(sent) = properties.remove("id")
            && before.properties.get("id").is_some_and(|own| *own != sent)
            && Service::of(self.tenant.schemas, &kind) == Service::Directory
        {
            return Err(Refusal::directory(
                "Property 'id' is read-only and cannot be set.",
            ));
        }
        self.check_name(&kind, &properties, Some(id))?;
        self.check_folder(&kind, self.folder_above(id), &properties, Some(id))?;
        self.tenant.follow(&kind, &mut properties);
        if kind == EVENT {
            self.prepare_event(id, &mut properties, Some(&before))?;
        }
        if kind == CALENDAR {
            properties.retain(|name, _| !is_read_only(name));
        }
        self.check_extensions(&kind, &properties)?;
        let now = timestamp(self.now);
        let modified = self.tenant.schemas.property(&kind, "lastModifiedDateTime");
        let modified = modified.is_some_and(|property| property.kind == Type::DateTime);
        if let Some(name) = properties.get("userPrincipalName").and_then(Value::as_str) {
            if let Some(old) = before
                .properties
                .get("userPrincipalName")
                .and_then(Value::as_str)
            {
                self.tenant.store.forget_alias(id, old);
            }
            self.tenant.store.alias(id, name);
        }
        self.tenant.store.change(id, |entity| {
            if replace {
                entity.retain(|name, _| matches!(name.as_str(), "id" | "createdDateTime"));
            }
            for (name, value) in properties {
                merge(entity, name, value);
            }
            entity.retain(|name, value| !value.is_null() && !SECRET.contains(&name.as_str()));
            if modified {
                entity.insert("lastModifiedDateTime".into(), json!(now));
            }
        });
        for (relation, related) in related {
            let (many, all) = match related {
                Related::One(one) => (false, vec![one]),
                Related::Many(all) => (true, all),
            };
            // The entities that are sent for a relation replace its previous ones.
            for old in self.tenant.store.many(id, &relation) {
                self.tenant.store.take(id, &relation, old);
            }
            for one in all {
                self.make(
                    Below {
                        many,
                        ..Below::one(id, &relation)
                    },
                    None,
                    one,
                )?;
            }
        }
        self.bind(id, &kind, bound)?;
        if kind == EVENT {
            self.event_changed(id, &before.properties);
        }
        Ok(())
    }

    /// Removes an entity.
    pub(super) fn delete(&mut self, resource: &Resource<'_>) -> Result<Answer, Refusal> {
        let Target::Entity { id, found, .. } = &resource.target else {
            return Err(Refusal::body("The resource does not support deletion."));
        };
        self.check_folder_removable(*id)?;
        if self.is_photo(*id) {
            return Ok(self.clear_photo(*id));
        }
        if !self.tenant.synthesizes {
            self.check_general(*id)?;
            if self.remove_member(*id)? {
                return Ok(Answer::empty(StatusCode::NO_CONTENT));
            }
        }
        // A singleton that was created on the way does not come back after it was removed.
        if self.tenant.store.one(found.owner, &found.relation) == Some(*id) {
            self.tenant.store.set(found.owner, &found.relation, None);
        }
        match self
            .tenant
            .store
            .get(*id)
            .map(|entity| entity.kind.as_str())
        {
            Some(EVENT) => self.delete_event(*id),
            Some(CALENDAR) => {
                self.check_calendar_removable(*id)?;
                self.tenant.delete(*id);
            }
            _ => self.tenant.delete(*id),
        }
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// Returns the response to a write: the entity as it is now.
    pub(super) fn answer_entity(
        &self,
        status: StatusCode,
        id: Id,
        declared: &str,
    ) -> Result<Answer, Refusal> {
        self.answer_expanded(status, id, declared, &Options::default())
    }

    /// Returns the response to a write, with the entities that it expands.
    pub(super) fn answer_expanded(
        &self,
        status: StatusCode,
        id: Id,
        declared: &str,
        options: &Options,
    ) -> Result<Answer, Refusal> {
        let mut entity = self.renderer().entity(id, declared, options);
        // The response holds all properties that were just written, including those that a GET
        // would leave out.
        if let Some(stored) = self.tenant.store.get(id) {
            let stored = stored
                .properties
                .iter()
                .filter(|(name, _)| !is_selected_only(self.tenant.schemas, &stored.kind, name));
            for (name, value) in stored {
                if entity.get(name).is_none_or(Value::is_null) {
                    entity.insert(name.clone(), value.clone());
                }
            }
        }
        let context = self.written_context(id, declared);
        entity.insert("@odata.context".into(), json!(context));
        let etag = entity
            .get("@odata.etag")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let mut answer = Answer::json(status, &Value::Object(entity));
        if let Some(etag) = etag {
            answer = answer.with(ETAG, &etag);
        }
        if status == StatusCode::CREATED {
            let location = self.location(id);
            answer = answer.with(LOCATION, &format!("{}{location}", self.root));
        }
        Ok(answer)
    }
}

/// Sets a property. A complex value keeps the parts that were not sent, as OData's PATCH defines.
pub(super) fn merge(properties: &mut Map<String, Value>, name: String, value: Value) {
    match (properties.get_mut(&name), value) {
        (Some(Value::Object(before)), Value::Object(more)) => {
            for (name, value) in more {
                merge(before, name, value);
            }
            before.retain(|_, value| !value.is_null());
        }
        (_, value) => {
            properties.insert(name, value);
        }
    }
}

/// Returns the title of a page of HTML. It is empty if the page has none.
fn title(html: &str) -> &str {
    let title = html.split_once("<title>").map(|(_, rest)| rest);
    let title = title.and_then(|rest| rest.split_once("</title>"));
    title.map_or("", |(title, _)| title.trim())
}
