//! POST, PATCH, PUT and DELETE of entities.

use http::StatusCode;
use http::header::{ETAG, LOCATION};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::subscription::SUBSCRIPTION;
use super::{Call, Graph, empty_payload};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::body::{self, Related, Written};
use crate::clock::timestamp;
use crate::description::schema::Type;
use crate::description::walk::StepValue;
use crate::domain::{Below, Tenant};
use crate::query::Options;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::segment::Argument;
use crate::service::Service;
use crate::store::{Id, Relation};

/// Properties without which the directory makes no entity.
const REQUIRED: [(&str, &[&str]); 3] = [
    (
        "microsoft.graph.user",
        &[
            "accountEnabled",
            "displayName",
            "mailNickname",
            "passwordProfile",
            "userPrincipalName",
        ],
    ),
    (
        "microsoft.graph.group",
        &[
            "displayName",
            "mailEnabled",
            "mailNickname",
            "securityEnabled",
        ],
    ),
    ("microsoft.graph.application", &["displayName"]),
];

/// Properties that a service takes and never gives back.
const SECRET: [&str; 1] = ["passwordProfile"];

/// How many references the directory takes in one request.
const BOUND: usize = 20;

impl Graph<'_> {
    /// A new entity in a collection, or at a place that has room for one.
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
            _ => return Err(Refusal::body("Nothing can be created here.")),
        };
        let written = body::entity(
            self.tenant.schemas,
            declared,
            body.ok_or_else(empty_payload)?,
        )?;
        if written.kind == SUBSCRIPTION {
            return self.subscribe(place, written);
        }
        let id = self.make(place, key, written)?;
        if call.operation.answer.is_empty() {
            // A creation that takes its time, as that of a team does.
            return Ok(self.team_operation(id, "createTeam", id));
        }
        self.answer_entity(StatusCode::CREATED, id, declared)
    }

    /// PATCH of an alternate key that nobody has makes the entity, where the client wants it so.
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

    /// Makes an entity and all that its body holds of others.
    fn make(
        &mut self,
        place: Below<'_>,
        key: Option<&str>,
        written: Written,
    ) -> Result<Id, Refusal> {
        let Written {
            kind,
            mut properties,
            related,
            bound,
        } = written;
        self.check_new(&kind, &properties)?;
        let own = self.chosen_key(&kind, &mut properties);
        let key = key.map(str::to_owned).or(own);
        if let Some(key) = &key
            && self
                .tenant
                .find(place.owner, place.relation, &kind, key)
                .is_some()
        {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "Request_MultipleObjectsWithSameKeyValue",
                format!(
                    "Another object with the same value for property id already exists: '{key}'."
                ),
            ));
        }
        self.stamp(&kind, &mut properties);
        properties.retain(|name, value| !value.is_null() && !SECRET.contains(&name.as_str()));
        let id = self.tenant.make(place, &kind, key.as_deref(), properties);
        for (relation, related) in related {
            match related {
                Related::One(one) => {
                    self.make(Below::one(id, &relation), None, one)?;
                }
                Related::Many(many) => {
                    self.tenant.store.open(id, &relation);
                    for one in many {
                        self.make(Below::many(id, &relation), None, one)?;
                    }
                }
            }
        }
        self.bind(id, &kind, bound)?;
        Ok(id)
    }

    /// The id that a client chooses itself; where the service chooses, one that was sent is passed over.
    fn chosen_key(&self, kind: &str, properties: &mut Map<String, Value>) -> Option<String> {
        let sent = properties
            .remove("id")
            .and_then(|id| id.as_str().map(str::to_owned));
        if kind == "microsoft.graph.openTypeExtension" {
            return properties
                .get("extensionName")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
        sent.filter(|id| !id.is_empty() && Service::of(self.tenant.schemas, kind) == Service::Other)
    }

    /// What a service sets by itself.
    fn stamp(&self, kind: &str, properties: &mut Map<String, Value>) {
        let now = timestamp(self.now);
        for name in ["createdDateTime", "lastModifiedDateTime"] {
            let described = self.tenant.schemas.property(kind, name);
            if described.is_some_and(|property| property.kind == Type::DateTime) {
                properties.insert(name.into(), json!(now));
            }
        }
        if kind == "microsoft.graph.message" {
            properties.entry("isDraft").or_insert(json!(true));
        }
        if matches!(
            kind,
            "microsoft.graph.application" | "microsoft.graph.servicePrincipal"
        ) {
            let app_id = crate::ids::hash(&format!("{now}{properties:?}"));
            properties
                .entry("appId")
                .or_insert_with(|| json!(crate::ids::guid(app_id, app_id.rotate_left(17))));
        }
    }

    fn check_new(&self, kind: &str, properties: &Map<String, Value>) -> Result<(), Refusal> {
        let required = REQUIRED
            .iter()
            .find(|(name, _)| *name == kind)
            .map_or(&[][..], |(_, required)| required);
        if let Some(missing) = required
            .iter()
            .find(|name| properties.get(**name).is_none_or(Value::is_null))
        {
            let resource = kind.rsplit('.').next().unwrap_or(kind);
            return Err(Refusal::directory(format!(
                "A value is required for property '{missing}' of resource '{}'.",
                capitalized(resource)
            ))
            .target(missing));
        }
        self.check_name(kind, properties, None)
    }

    /// A principal name belongs to one user only.
    fn check_name(
        &self,
        kind: &str,
        properties: &Map<String, Value>,
        own: Option<Id>,
    ) -> Result<(), Refusal> {
        let name = properties.get("userPrincipalName").and_then(Value::as_str);
        let Some(name) = name.filter(|_| kind == "microsoft.graph.user") else {
            return Ok(());
        };
        let taken = self
            .tenant
            .store
            .named(name)
            .any(|(id, entity)| entity.kind == kind && Some(id) != own);
        if !taken {
            return Ok(());
        }
        let message =
            "Another object with the same value for property userPrincipalName already exists.";
        Err(Refusal::directory(message).detail("ObjectConflict", "userPrincipalName", message))
    }

    /// Changes the properties that were sent; null clears one.
    pub(super) fn update(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, declared, .. } = &resource.target else {
            return Err(Refusal::body("Nothing can be changed here."));
        };
        let written = self.written(*id, declared, body)?;
        if written.kind == SUBSCRIPTION {
            return self.renew(*id, &written);
        }
        self.apply(*id, written, false)?;
        // The directory answers a change with 204, the others with what it has become; a client can ask for either.
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

    /// Changes all properties: those that were not sent are no longer there.
    pub(super) fn replace(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, declared, .. } = &resource.target else {
            return Err(Refusal::body("Nothing can be replaced here."));
        };
        let written = self.written(*id, declared, body)?;
        self.apply(*id, written, true)?;
        if call.operation.json_answer().is_none() {
            return Ok(Answer::empty(StatusCode::NO_CONTENT));
        }
        self.answer_entity(StatusCode::OK, *id, declared)
    }

    /// What a body says of an entity that is there: it has the properties of its actual type.
    fn written(&self, id: Id, declared: &str, body: Option<Json>) -> Result<Written, Refusal> {
        let kind = self
            .tenant
            .store
            .get(id)
            .map_or(declared, |entity| entity.kind.as_str());
        let body = body.ok_or_else(empty_payload)?;
        body::entity(self.tenant.schemas, kind, body)
    }

    fn apply(&mut self, id: Id, written: Written, replace: bool) -> Result<(), Refusal> {
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
            // What is sent of a relation replaces what hung there.
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
        self.bind(id, &kind, bound)
    }

    /// `members@odata.bind`
    fn bind(
        &mut self,
        id: Id,
        kind: &str,
        bound: Vec<(String, Vec<String>)>,
    ) -> Result<(), Refusal> {
        for (relation, urls) in bound {
            if urls.len() > BOUND {
                return Err(Refusal::directory(format!(
                    "The number of bound references {} exceeds the limit of {BOUND}.",
                    urls.len()
                ))
                .target(&relation));
            }
            let property = self.tenant.schemas.property(kind, &relation);
            let (declared, many) = match property.map(|property| &property.kind) {
                Some(Type::Collection(items)) => (items.as_ref(), true),
                Some(kind) => (kind, false),
                None => continue,
            };
            let Type::Named(declared) = declared else {
                continue;
            };
            let declared = declared.clone();
            for url in urls {
                let target = self.referred_as(&declared, &relation, &url)?;
                if many {
                    self.add_reference(id, &relation, target)?;
                } else {
                    self.tenant.store.set(id, &relation, Some(target));
                }
            }
        }
        Ok(())
    }

    /// Removes an entity.
    pub(super) fn delete(&mut self, resource: &Resource<'_>) -> Result<Answer, Refusal> {
        let Target::Entity { id, found, .. } = &resource.target else {
            return Err(Refusal::body("Nothing can be deleted here."));
        };
        // What was made on the way to an empty place does not come back once it was removed.
        if self.tenant.store.one(found.owner, &found.relation) == Some(*id) {
            self.tenant.store.set(found.owner, &found.relation, None);
        }
        self.tenant.delete(*id);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// A write's answer: the entity as it is now.
    pub(super) fn answer_entity(
        &self,
        status: StatusCode,
        id: Id,
        declared: &str,
    ) -> Result<Answer, Refusal> {
        let mut entity = self.renderer().entity(id, declared, &Options::default());
        // What was just written is all sent back, also where a GET would leave it out.
        if let Some(stored) = self.tenant.store.get(id) {
            let stored = stored
                .properties
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()));
            entity.extend(stored);
        }
        let context = format!("{}/$metadata#{}/$entity", self.root, declared);
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

/// Sets a property: complex values keep what was not sent of them, as OData's PATCH has it.
fn merge(properties: &mut Map<String, Value>, name: String, value: Value) {
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

/// What of an id stands in a URL as it is, beside letters and digits (RFC 3986, pchar; a `+` is kept out of doubt).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'!')
    .remove(b'\'')
    .remove(b'=')
    .remove(b',')
    .remove(b':')
    .remove(b'@');

/// Where an entity is found: `/users('…')/messages('…')`, `/drives('…')/items('…')`.
pub(super) fn location(tenant: &Tenant<'_>, id: Id) -> String {
    let quoted = |key: &str| {
        let key = key.replace('\'', "''");
        format!("('{}')", utf8_percent_encode(&key, ENCODED))
    };
    let store = &tenant.store;
    let mut segments: Vec<String> = Vec::new();
    let mut inside = false;
    for (_, entity) in store.ancestors(id) {
        // A drive finds all of its items, however deep they lie.
        let item = entity.kind == "microsoft.graph.driveItem";
        if item && std::mem::replace(&mut inside, true) {
            continue;
        }
        inside = item;
        if let Some(set) = tenant.home(&entity.kind) {
            segments.push(format!("/{set}{}", quoted(&entity.key)));
            break;
        }
        let Some((owner, relation)) = &entity.parent else {
            continue;
        };
        if item {
            segments.push(format!("/items{}", quoted(&entity.key)));
        } else if matches!(store.relation(*owner, relation), Some(Relation::One(_))) {
            segments.push(format!("/{relation}"));
        } else {
            segments.push(format!("/{relation}{}", quoted(&entity.key)));
        }
    }
    segments.reverse();
    segments.concat()
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
