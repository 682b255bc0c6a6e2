//! The conversion of stored entities to the JSON that a client receives.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::description::schema::{Schemas, Type};
use crate::domain::Tenant;
use crate::domain::mail::{MESSAGE, unique_body};
use crate::graph::calendar;
use crate::prefer::Shape;
use crate::query::path::{cast, is_extension};
use crate::query::{Expand, Options, filter};
use crate::service::Service;
use crate::storage::Storage;
use crate::store::{Entity, Id};

/// The properties that the directory sends of a user when none are selected.
const USER: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// The number of entities of a directory relation that `$expand` returns.
const EXPANDED: usize = 20;

/// A renderer that writes entities as the service does.
pub(crate) struct Renderer<'a> {
    pub(crate) tenant: &'a Tenant<'a>,
    pub(crate) storage: &'a Storage,
    pub(crate) now: DateTime<Utc>,
    pub(crate) shape: &'a Shape,
}

/// The annotation with the URL of a file's content.
const DOWNLOAD_URL: &str = "@microsoft.graph.downloadUrl";

impl Renderer<'_> {
    fn schemas(&self) -> &Schemas {
        self.tenant.schemas
    }

    /// Writes an entity, with the properties that the query selects and expands. `declared` is the
    /// type that the reader expects. If the entity has another type, `@odata.type` names it.
    pub(crate) fn entity(&self, id: Id, declared: &str, options: &Options) -> Map<String, Value> {
        let Some(entity) = self.complete(id) else {
            return Map::new();
        };
        let entity = entity.as_ref();
        let service = Service::of(self.schemas(), &entity.kind);
        let mut object = if options.select.is_empty() {
            self.unselected(entity, service)
        } else {
            self.selected(entity, options)
        };
        self.shape.apply(self.schemas(), entity, &mut object);
        let tag = etag(self.schemas(), entity);
        calendar::dress(entity, tag.as_deref(), options, &mut object);
        if entity.kind != declared {
            object.insert("@odata.type".into(), json!(format!("#{}", entity.kind)));
        }
        if let Some(etag) = tag {
            object.insert("@odata.etag".into(), json!(etag));
        }
        let named = |path: &Vec<String>| path.first().is_some_and(|name| name == DOWNLOAD_URL);
        if (options.select.is_empty() || options.select.iter().any(named))
            && self.tenant.store.content(id, "content").is_some()
            && entity.kind == "microsoft.graph.driveItem"
        {
            let url = self.storage.download_url(id, "content", "", self.now);
            object.insert(DOWNLOAD_URL.into(), json!(url));
        }
        for expand in &options.expand {
            self.expand(id, expand, service, &mut object);
        }
        object
    }

    /// Returns an entity with the properties that follow from other entities.
    pub(crate) fn complete(&self, id: Id) -> Option<Cow<'_, Entity>> {
        let entity = self.tenant.store.get(id)?;
        let facts = self
            .tenant
            .facts(id, &|drive| self.storage.recycled_size(drive));
        let described = |name| self.schemas().property(&entity.kind, name).is_some();
        let tag = etag(self.schemas(), entity);
        let key = tag
            .as_deref()
            .map(|tag| tag.trim_start_matches("W/").trim_matches('"'));
        let tags = [
            ("changeKey", key.filter(|_| described("changeKey"))),
            ("eTag", tag.as_deref().filter(|_| described("eTag"))),
        ];
        if facts.is_none() && tags.iter().all(|(_, tag)| tag.is_none()) {
            return Some(Cow::Borrowed(entity));
        }
        let mut entity = entity.clone();
        entity.properties.extend(facts.unwrap_or_default());
        for (name, tag) in tags {
            if let Some(tag) = tag {
                entity.properties.insert(name.into(), json!(tag));
            }
        }
        Some(Cow::Owned(entity))
    }

    fn unselected(&self, entity: &Entity, service: Service) -> Map<String, Value> {
        if service != Service::Directory {
            let mut object = entity.properties.clone();
            object.retain(|name, _| !is_selected_only(self.schemas(), &entity.kind, name));
            return object;
        }
        // The directory also sends properties that are not set: null, or an empty collection.
        let user = entity.kind == "microsoft.graph.user";
        let described = self.schemas().properties(&entity.kind).into_iter();
        let sent = described.filter(|property| {
            !property.navigation && (!user || USER.contains(&property.name.as_str()))
        });
        let mut object: Map<_, _> = sent
            .map(|property| (property.name.clone(), self.read(entity, &property.name)))
            .collect();
        let open = entity
            .properties
            .iter()
            // Extensions are sent only if they are selected.
            .filter(|(name, _)| (!user && !is_extension(name)) || *name == "deletedDateTime")
            .filter(|(name, _)| !object.contains_key(*name));
        let open: Vec<_> = open
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        object.extend(open);
        object
    }

    fn selected(&self, entity: &Entity, options: &Options) -> Map<String, Value> {
        let mut object = Map::new();
        if self.schemas().property(&entity.kind, "id").is_some() {
            object.insert("id".into(), self.read(entity, "id"));
        }
        for path in &options.select {
            // `microsoft.graph.user/mail` means `mail` if the entity is a user.
            let path = match path.split_first() {
                Some((first, rest)) => match cast(self.schemas(), first) {
                    Some(type_name) if self.schemas().is_a(&entity.kind, &type_name) => rest,
                    Some(_) => continue,
                    None => path.as_slice(),
                },
                None => continue,
            };
            let Some((name, rest)) = path.split_first() else {
                continue;
            };
            let stored = entity.properties.get(name);
            match self.schemas().property(&entity.kind, name) {
                Some(property) if property.navigation => continue,
                None if stored.is_none() => continue,
                _ => {}
            }
            // Files leave out the properties that are not set: a folder has no `file`.
            let missing = || rest.iter().try_fold(stored?, |value, name| value.get(name));
            if Service::of(self.schemas(), &entity.kind) == Service::Files && missing().is_none() {
                continue;
            }
            let value = self.read(entity, name);
            let value = if rest.is_empty() {
                value
            } else {
                project(&value, rest)
            };
            match (object.get_mut(name), value) {
                (Some(Value::Object(before)), Value::Object(more)) => before.extend(more),
                (_, value) => {
                    object.insert(name.clone(), value);
                }
            }
        }
        object
    }

    /// Returns a property's value. It is null or an empty collection if it is not set.
    fn read(&self, entity: &Entity, name: &str) -> Value {
        if let Some(value) = entity.properties.get(name) {
            return value.clone();
        }
        if name == "uniqueBody" && self.schemas().is_a(&entity.kind, MESSAGE) {
            return entity
                .properties
                .get("body")
                .map_or(Value::Null, unique_body);
        }
        match self
            .schemas()
            .property(&entity.kind, name)
            .map(|property| self.schemas().resolve(&property.kind))
        {
            Some(Type::Collection(_)) => json!([]),
            _ => Value::Null,
        }
    }

    fn expand(&self, id: Id, expand: &Expand, service: Service, object: &mut Map<String, Value>) {
        let relation = &expand.relation;
        let Some(entity) = self.tenant.store.get(id) else {
            return;
        };
        let Some(property) = self.schemas().property(&entity.kind, relation) else {
            return;
        };
        let (declared, many) = match &property.kind {
            Type::Collection(items) => (items.as_ref(), true),
            kind => (kind, false),
        };
        let Type::Named(declared) = declared else {
            return;
        };
        // The remaining `$levels` apply to the expanded entities.
        let mut options = expand.options.clone();
        if expand.levels > 1 {
            let levels = expand.levels - 1;
            options.expand.push(Expand {
                levels,
                ..expand.clone()
            });
        }
        if !many {
            if let Some(one) = self.tenant.store.one(id, relation) {
                object.insert(
                    relation.clone(),
                    Value::Object(self.entity(one, declared, &options)),
                );
            }
            return;
        }
        let mut members = self.list(self.tenant.members(id, relation), &expand.options);
        if expand.options.count {
            object.insert(format!("{relation}@odata.count"), json!(members.len()));
        }
        if service == Service::Directory {
            members.truncate(EXPANDED);
        }
        members.truncate(expand.options.top.unwrap_or(usize::MAX));
        let items = members
            .into_iter()
            .map(|member| Value::Object(self.entity(member, declared, &options)));
        object.insert(relation.clone(), items.collect());
    }

    /// Returns the entities that the query selects, in its order, after its `$skip`.
    pub(crate) fn list(&self, mut ids: Vec<Id>, options: &Options) -> Vec<Id> {
        if let Some(condition) = &options.filter {
            ids.retain(|id| filter::matches(condition, &|path| self.at(*id, path)));
        }
        if let Some(search) = &options.search {
            ids.retain(|id| search.finds(&|property| self.searched(*id, property)));
        }
        if !options.orderby.is_empty() {
            let mut keyed: Vec<(Vec<Value>, Id)> = ids
                .into_iter()
                .map(|id| {
                    (
                        options
                            .orderby
                            .iter()
                            .map(|order| self.at(id, &order.path))
                            .collect(),
                        id,
                    )
                })
                .collect();
            keyed.sort_by(|(left, _), (right, _)| {
                let orders = left.iter().zip(right).zip(&options.orderby);
                orders
                    .map(|((left, right), order)| {
                        let ordering = filter::compare(left, right);
                        if order.descending {
                            ordering.reverse()
                        } else {
                            ordering
                        }
                    })
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            ids = keyed.into_iter().map(|(_, id)| id).collect();
        }
        ids.drain(..options.skip.min(ids.len()));
        ids
    }

    /// Returns the value at a path from an entity. The path may go through the entity's relations.
    pub(crate) fn at(&self, id: Id, path: &[String]) -> Value {
        let Some(entity) = self.complete(id) else {
            return Value::Null;
        };
        let entity = entity.as_ref();
        let Some((first, rest)) = path.split_first() else {
            return Value::Object(entity.properties.clone());
        };
        if let Some(type_name) = cast(self.schemas(), first) {
            return if self.schemas().is_a(&entity.kind, &type_name) {
                self.at(id, rest)
            } else {
                Value::Null
            };
        }
        let property = self.schemas().property(&entity.kind, first);
        if let Some(property) = property.filter(|property| property.navigation) {
            if !matches!(property.kind, Type::Collection(_)) {
                return self
                    .tenant
                    .store
                    .one(id, first)
                    .map_or(Value::Null, |one| self.at(one, rest));
            }
            let members = self.tenant.members(id, first);
            return match rest {
                [count] if count == "$count" => json!(members.len()),
                _ => members
                    .into_iter()
                    .map(|member| self.at(member, rest))
                    .collect(),
            };
        }
        let value = self.read(entity, first);
        match rest {
            [] => value,
            [count] if count == "$count" => value
                .as_array()
                .map_or(Value::Null, |items| json!(items.len())),
            _ => rest.iter().fold(value, |value, name| {
                value.get(name).cloned().unwrap_or(Value::Null)
            }),
        }
    }

    /// Returns the value that `$search` examines. For mail, the words `from`, `subject` and `body`
    /// name properties, as at Exchange; `to` and `cc` stand for the recipients' properties.
    fn searched(&self, id: Id, property: Option<&str>) -> Value {
        let properties = self.tenant.store.get(id).map(|entity| &entity.properties);
        match property {
            Some("to") => self.searched(id, Some("toRecipients")),
            Some("cc") => self.searched(id, Some("ccRecipients")),
            Some(name) => properties
                .and_then(|properties| properties.get(name))
                .cloned()
                .unwrap_or(Value::Null),
            None => properties.map_or(Value::Null, |properties| Value::Object(properties.clone())),
        }
    }
}

/// Returns the value at a path within a value, with the objects around it.
fn project(value: &Value, path: &[String]) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return value.clone();
    };
    match value {
        Value::Object(entries) => {
            let inner = entries
                .get(first)
                .map_or(Value::Null, |inner| project(inner, rest));
            Value::Object(Map::from_iter([(first.clone(), inner)]))
        }
        Value::Array(items) => items.iter().map(|item| project(item, path)).collect(),
        _ => Value::Null,
    }
}

/// Checks whether a property is only sent if `$select` names it.
///
/// <https://learn.microsoft.com/graph/api/resources/message>
pub(crate) fn is_selected_only(schemas: &Schemas, kind: &str, name: &str) -> bool {
    match name {
        "internetMessageHeaders" | "uniqueBody" => schemas.is_a(kind, MESSAGE),
        "mailboxSettings" => kind == "microsoft.graph.user",
        _ => false,
    }
}

/// Returns the entity's ETag, if its service keeps one.
pub(crate) fn etag(schemas: &Schemas, entity: &Entity) -> Option<String> {
    match Service::of(schemas, &entity.kind) {
        Service::Files => {
            let (high, low) = (
                crate::ids::hash(&entity.key),
                crate::ids::hash(&format!("{}2", entity.key)),
            );
            Some(format!(
                "\"{{{}}},{}\"",
                crate::ids::guid(high, low).to_uppercase(),
                entity.revision
            ))
        }
        service if service.has_etags() => {
            let change = STANDARD.encode(format!(
                "{:08x}{}",
                crate::ids::hash(&entity.key) as u32,
                entity.revision
            ));
            Some(format!("W/\"{change}\""))
        }
        _ => None,
    }
}
