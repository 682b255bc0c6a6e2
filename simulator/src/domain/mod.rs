//! The rules of Graph's services for their own entities that the description does not state. For
//! example, a user's `memberOf` is the inverse of a group's `members`. A message that is created
//! directly below a mailbox is a draft. A drive has a root.

pub(crate) mod calendar;
mod drive;
mod library;
mod license;
mod list_item;
pub(crate) mod mail;
mod place;
mod share;
mod team;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::clock::timestamp;
use crate::description::schema::Schemas;
use crate::ids::Ids;
use crate::service::Service;
use crate::storage::media_type;
use crate::storage::quick_xor::quick_xor_hash;
use crate::store::{Content, Id, Store};

pub(crate) use drive::without_null;

const DRIVE: &str = "microsoft.graph.drive";
const DRIVE_ITEM: &str = "microsoft.graph.driveItem";
const LIST: &str = "microsoft.graph.list";
const LIST_ITEM: &str = "microsoft.graph.listItem";
const SITE: &str = "microsoft.graph.site";

/// The relations that are the inverse of another one.
const INVERSE: [(&str, &str); 5] = [
    ("memberOf", "members"),
    ("directReports", "manager"),
    ("ownedObjects", "owners"),
    ("ownedDevices", "registeredOwners"),
    ("registeredDevices", "registeredUsers"),
];

/// The relations that follow another one transitively.
const TRANSITIVE: [(&str, &str); 3] = [
    ("transitiveMembers", "members"),
    ("transitiveMemberOf", "memberOf"),
    ("transitiveReports", "directReports"),
];

/// The entity set in which all entities of a type are found, independent of the place of creation.
const HOMES: [(&str, &str); 11] = [
    ("microsoft.graph.user", "users"),
    ("microsoft.graph.group", "groups"),
    ("microsoft.graph.application", "applications"),
    ("microsoft.graph.servicePrincipal", "servicePrincipals"),
    ("microsoft.graph.device", "devices"),
    ("microsoft.graph.orgContact", "contacts"),
    ("microsoft.graph.directoryRole", "directoryRoles"),
    ("microsoft.graph.drive", "drives"),
    ("microsoft.graph.site", "sites"),
    ("microsoft.graph.team", "teams"),
    ("microsoft.graph.chat", "chats"),
];

/// The types whose entities are found by id in one place of their owner, at any depth. A mailbox
/// finds each folder, and a drive finds each item.
const FLAT: [&str; 4] = [
    "microsoft.graph.mailFolder",
    "microsoft.graph.message",
    "microsoft.graph.event",
    "microsoft.graph.driveItem",
];

/// The parts of a store and its description that the rules need.
pub(crate) struct Tenant<'a> {
    pub(crate) schemas: &'a Schemas,
    pub(crate) store: &'a mut Store,
    pub(crate) ids: &'a mut Ids,
    /// `true` if values that are not stored are made from their types.
    pub(crate) synthesizes: bool,
}

impl Tenant<'_> {
    /// Returns the entities of a collection, and computes them if the collection is not stored.
    pub(crate) fn members(&self, owner: Id, relation: &str) -> Vec<Id> {
        if owner == Id::ROOT && relation == "directoryObjects" {
            let directory = |kind: &str| self.schemas.is_a(kind, "microsoft.graph.directoryObject");
            return self
                .store
                .entities()
                .filter(|(_, entity)| {
                    directory(&entity.kind) && entity.below("deletedItems").is_empty()
                })
                .map(|(id, _)| id)
                .collect();
        }
        if relation == "calendarView" {
            // A series stands for its occurrences.
            let events = self.store.many(owner, "events").into_iter();
            return events
                .flat_map(|event| match self.is_series(event) {
                    true => self.store.many(event, "instances"),
                    false => vec![event],
                })
                .collect();
        }
        if relation == "exceptionOccurrences" {
            let mut instances = self.store.many(owner, "instances");
            instances.retain(|id| {
                let event = self.store.get(*id);
                let kind = event.and_then(|event| event.properties.get("type"));
                kind == Some(&json!("exception"))
            });
            return instances;
        }
        if let Some(members) = self.of_teams(owner, relation) {
            return members;
        }
        if relation == "joinedTeams" {
            let groups = self.store.owners("members", owner).into_iter();
            return groups
                .filter_map(|group| self.store.one(group, "team"))
                .collect();
        }
        if relation == "versions" && self.is_item(owner) {
            let mut versions = self.store.many(owner, relation);
            // The newest is the first.
            versions.reverse();
            return versions;
        }
        if relation == "permissions" && self.is_item(owner) {
            return self.inherited(owner, relation);
        }
        if let Some((_, source)) = TRANSITIVE.iter().find(|(name, _)| *name == relation) {
            let mut found: Vec<Id> = Vec::new();
            let mut next = vec![owner];
            while let Some(id) = next.pop() {
                for member in self.members(id, source) {
                    if member != owner && !found.contains(&member) {
                        found.push(member);
                        next.push(member);
                    }
                }
            }
            found.sort_unstable();
            return found;
        }
        match INVERSE.iter().find(|(name, _)| *name == relation) {
            Some((_, source)) if self.store.relation(owner, relation).is_none() => {
                self.store.owners(source, owner)
            }
            _ => self.store.many(owner, relation),
        }
    }

    /// Checks whether an event is the master of a series.
    pub(crate) fn is_series(&self, event: Id) -> bool {
        let event = self.store.get(event);
        event.is_some_and(|event| event.properties.get("type") == Some(&json!("seriesMaster")))
    }

    /// Checks whether the relation is not stored, but computed from others.
    pub(crate) fn is_computed(&self, owner: Id, relation: &str) -> bool {
        (owner == Id::ROOT && relation == "directoryObjects")
            || self.of_teams(owner, relation).is_some()
            || matches!(
                relation,
                "calendarView" | "exceptionOccurrences" | "joinedTeams"
            )
            || TRANSITIVE
                .iter()
                .chain(&INVERSE)
                .any(|(name, _)| *name == relation)
    }

    /// Returns the entity of a collection that has this key.
    pub(crate) fn find(&self, owner: Id, relation: &str, item: &str, key: &str) -> Option<Id> {
        let flat = FLAT.contains(&item);
        let top = |id| self.store.ancestors(id).last().map(|(id, _)| id);
        let mut computed = None;
        self.store.named(key).map(|(id, _)| id).find(|id| {
            let kind = self
                .store
                .get(*id)
                .map_or("", |entity| entity.kind.as_str());
            self.store.holds(owner, relation, *id)
                || (flat && self.schemas.is_a(kind, item) && top(*id) == top(owner))
                || ((self.is_computed(owner, relation)
                    || (relation == "permissions" && self.is_item(owner)))
                    && computed
                        .get_or_insert_with(|| self.members(owner, relation))
                        .contains(id))
        })
    }

    /// Creates an entity below `owner`, in a collection or alone, and adds it to its other places.
    pub(crate) fn make(
        &mut self,
        place: Below<'_>,
        kind: &str,
        key: Option<&str>,
        properties: Map<String, Value>,
    ) -> Id {
        let Below {
            owner,
            relation,
            many,
            key_property,
        } = place;
        let mut properties = properties;
        let sent = key_property.and_then(|name| match properties.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        });
        let key = match (key.map(str::to_owned).or(sent), kind) {
            (Some(key), _) => key,
            // A team has the id of its group.
            (None, "microsoft.graph.team") if owner != Id::ROOT => self
                .store
                .get(owner)
                .map(|group| group.key.clone())
                .unwrap_or_default(),
            (None, _) => self.ids.entity(self.schemas, kind),
        };
        if let Some(name) = key_property.filter(|name| !properties.contains_key(*name)) {
            properties.insert(name.to_owned(), json!(key));
        }
        if self.schemas.property(kind, "id").is_some() {
            properties.insert("id".into(), json!(key));
        }
        self.complete_mail(place, kind, &mut properties);
        if self.schemas.is_a(kind, "microsoft.graph.baseItem") {
            self.sign(&mut properties);
        }
        let id = self.store.insert(kind, &key, properties);
        self.store.settle(id, owner, relation);
        if many {
            self.store.add(owner, relation, id);
        } else {
            self.store.set(owner, relation, Some(id));
        }
        self.place(id, owner, relation, kind);
        id
    }

    /// Creates a copy of an entity and of all that was created below it.
    pub(crate) fn duplicate(&mut self, id: Id, place: Below<'_>) -> Option<Id> {
        let entity = self.store.get(id)?;
        let (kind, key) = (entity.kind.clone(), entity.key.clone());
        let mut properties = entity.properties.clone();
        properties.remove("id");
        // Exchange assigns ids. The keys of extensions are names that clients choose.
        let chosen = Service::of(self.schemas, &kind) == Service::Other;
        let key = chosen.then_some(key.as_str());
        let copy = self.make(place, &kind, key, properties);
        for (relation, many, other) in self.store.own(id) {
            let place = Below {
                many,
                ..Below::one(copy, &relation)
            };
            self.duplicate(other, place);
        }
        for (name, content) in self.store.contents(id) {
            self.store.set_content(copy, &name, content);
        }
        Some(copy)
    }

    /// Checks whether an entity is an item of a drive or of a list.
    fn is_item(&self, id: Id) -> bool {
        let entity = self.store.get(id);
        entity.is_some_and(|entity| matches!(entity.kind.as_str(), DRIVE_ITEM | LIST_ITEM))
    }

    /// Adds the time and the author of a new item of SharePoint.
    fn sign(&self, properties: &mut Map<String, Value>) {
        let now = timestamp(self.store.journal.now);
        for name in ["createdDateTime", "lastModifiedDateTime"] {
            properties.entry(name).or_insert_with(|| json!(now));
        }
        let Some(author) = &self.store.author else {
            return;
        };
        for name in ["createdBy", "lastModifiedBy"] {
            properties.entry(name).or_insert_with(|| author.clone());
        }
    }

    /// Returns the properties of an entity that follow from other entities, or `None` if it has no
    /// such properties. `deleted` is the size of the deleted items of a drive.
    pub(crate) fn facts(&self, id: Id, deleted: &dyn Fn(Id) -> u64) -> Option<Map<String, Value>> {
        let entity = self.store.get(id)?;
        match entity.kind.as_str() {
            DRIVE => Some(self.drive_facts(id, entity, deleted(id))),
            DRIVE_ITEM => Some(self.item_facts(id, entity)),
            LIST => Some(self.list_facts(id)),
            LIST_ITEM => Some(self.list_item_facts(id, entity)),
            "microsoft.graph.fieldValueSet" => Some(self.field_facts(entity)),
            _ => None,
        }
    }

    /// Returns the entity set in which an entity is found, independent of the place of creation.
    pub(crate) fn home(&self, kind: &str) -> Option<&'static str> {
        let home = HOMES.iter().find(|(base, _)| self.schemas.is_a(kind, base));
        home.map(|(_, set)| *set)
    }

    /// Stores the bytes of a stream, and the properties of its entity that describe them.
    pub(crate) fn fill(
        &mut self,
        id: Id,
        stream: &str,
        media_type: String,
        bytes: Bytes,
        now: DateTime<Utc>,
    ) {
        let (size, hash) = (bytes.len(), quick_xor_hash(&bytes));
        let media_type = match self.name(id) {
            // OneDrive knows the type of a file from its name only.
            Some(name) if self.is_item(id) => self::media_type(name).to_owned(),
            _ => media_type,
        };
        let content = Content { media_type, bytes };
        self.store.set_content(id, stream, content);
        let Some(entity) = self.store.get(id) else {
            return;
        };
        let kind = entity.kind.clone();
        let described = |name: &str| self.schemas.property(&kind, name).is_some();
        let sized = described("size");
        if kind == DRIVE_ITEM && stream == "content" {
            self.fill_file(id, size, &hash, now);
        } else if sized {
            self.store.change(id, |properties| {
                properties.insert("size".into(), json!(size));
            });
        }
    }

    /// Restores a deleted object of the directory. Returns `None` if it is not among the deleted
    /// ones.
    pub(crate) fn restore(&mut self, id: Id) -> Option<Id> {
        let entity = self.store.get(id)?;
        if entity.below("deletedItems").is_empty() {
            return None;
        }
        let (_, set) = HOMES
            .iter()
            .find(|(base, _)| self.schemas.is_a(&entity.kind, base))?;
        let mut entity = self.store.remove(id)?;
        entity.properties.remove("deletedDateTime");
        let place = Below::many(Id::ROOT, set);
        Some(self.make(place, &entity.kind, Some(&entity.key), entity.properties))
    }

    /// Removes an entity. Objects of the directory stay among its deleted items, so that they can
    /// be restored.
    pub(crate) fn delete(&mut self, id: Id) {
        let groups = [
            self.store.owners("members", id),
            self.store.owners("owners", id),
        ]
        .concat();
        let Some(mut entity) = self.store.remove(id) else {
            return;
        };
        for group in groups {
            self.sync_team(group);
        }
        self.count_licenses();
        let kept = [
            "microsoft.graph.administrativeUnit",
            "microsoft.graph.application",
            "microsoft.graph.group",
            "microsoft.graph.servicePrincipal",
            "microsoft.graph.user",
        ];
        let Some(directory) = self
            .store
            .one(Id::ROOT, "directory")
            .filter(|_| kept.contains(&entity.kind.as_str()))
            // An object that is deleted a second time cannot be restored.
            .filter(|directory| !entity.hangs(*directory, "deletedItems"))
        else {
            return;
        };
        let deleted = timestamp(self.store.journal.now);
        entity
            .properties
            .insert("deletedDateTime".into(), json!(deleted));
        let copy = self
            .store
            .insert(&entity.kind, &entity.key, entity.properties);
        self.store.settle(copy, directory, "deletedItems");
        self.store.add(directory, "deletedItems", copy);
    }
}

/// The place of a new entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Below<'a> {
    pub(crate) owner: Id,
    pub(crate) relation: &'a str,
    /// `true` if the place holds many entities.
    pub(crate) many: bool,
    /// The property that holds an entity's key there, if it is not `id`.
    pub(crate) key_property: Option<&'a str>,
}

impl<'a> Below<'a> {
    /// Creates a place in a collection.
    pub(crate) fn many(owner: Id, relation: &'a str) -> Self {
        Self {
            owner,
            relation,
            many: true,
            key_property: None,
        }
    }

    /// Creates a place for a single entity.
    pub(crate) fn one(owner: Id, relation: &'a str) -> Self {
        Self {
            owner,
            relation,
            many: false,
            key_property: None,
        }
    }
}
