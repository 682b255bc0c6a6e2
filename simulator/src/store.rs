//! The content of the tenant: entities, and the relations between them.
//!
//! The same entity may be in several relations. A message is below its folder and below its
//! mailbox, and a user is below `/users` and below a group's members. For this reason, entities are
//! stored apart from the relations between them. The service root is an entity as well: its
//! relations are the entity sets and singletons.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::changes::ChangeKind;
use crate::journal::{Change, Journal};

/// An entity's number, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u64);

impl Id {
    /// The service root.
    pub(crate) const ROOT: Self = Self(0);

    /// Returns the number, for a page's token.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// An entity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entity {
    /// Its type (`microsoft.graph.user`).
    pub(crate) kind: String,
    /// The key that names the entity in a URL.
    pub(crate) key: String,
    /// Its structural properties, without those that are not set or are null.
    pub(crate) properties: Map<String, Value>,
    /// The place where it was created.
    pub(crate) parent: Option<(Id, String)>,
    /// The number of its changes.
    pub(crate) revision: u64,
    /// `true` if the entity exists from the start, and no request or seed has set its properties.
    pub(crate) is_unknown: bool,
    relations: BTreeMap<String, Relation>,
    /// The relations that hold the entity: the inverse of [`relations`](Self::relations).
    hangs: BTreeSet<(Id, String)>,
    contents: BTreeMap<String, Content>,
}

/// The entities below an entity in one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// One entity, or `None` if it is known to be missing.
    One(Option<Id>),
    /// Many entities, in the order of creation.
    Many(BTreeSet<Id>),
}

/// The bytes behind `$value`, `content` and other streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// A copy of an entity and of those below it, which outlives them.
#[derive(Clone, Debug)]
pub(crate) struct Subtree {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) properties: Map<String, Value>,
    pub(crate) contents: BTreeMap<String, Content>,
    /// The entities below it: their relation, whether it holds many, and the entity.
    pub(crate) below: Vec<(String, bool, Subtree)>,
}

/// A point in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    journal: usize,
    next: u64,
}

/// All entities of the tenant.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    entities: BTreeMap<Id, Entity>,
    by_key: HashMap<String, BTreeSet<Id>>,
    /// The other names of an entity, in lower case: a user's principal name, a folder's well-known
    /// name.
    by_alias: HashMap<String, BTreeSet<Id>>,
    next: u64,
    /// The largest number of an item in each list.
    numbers: HashMap<Id, u64>,
    /// The identity of the caller who makes the present changes.
    pub(crate) author: Option<Value>,
    /// The changes, in their order.
    pub(crate) journal: Journal,
}

impl Store {
    pub(crate) fn new() -> Self {
        let entities = BTreeMap::from([(Id::ROOT, Entity::default())]);
        Self {
            entities,
            by_key: HashMap::new(),
            by_alias: HashMap::new(),
            next: 1,
            numbers: HashMap::new(),
            author: None,
            journal: Journal::default(),
        }
    }

    /// Adds an entity that is in no relation yet.
    pub(crate) fn insert(&mut self, kind: &str, key: &str, properties: Map<String, Value>) -> Id {
        let id = Id(self.next);
        self.next += 1;
        let entity = Entity {
            kind: kind.into(),
            key: key.into(),
            properties,
            revision: 1,
            ..Entity::default()
        };
        self.entities.insert(id, entity);
        self.by_key.entry(key.into()).or_default().insert(id);
        id
    }

    /// Returns the present point in time, for a later look at the changes since then.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            journal: self.journal.end(),
            next: self.next,
        }
    }

    /// Returns the changes since a mark, each entity once for each kind of change.
    pub(crate) fn changed_since(&self, mark: Mark) -> Vec<(ChangeKind, Id, &Entity)> {
        let mut changed: Vec<(ChangeKind, Id, &Entity)> = Vec::new();
        for change in self.journal.between(mark.journal, self.journal.end()) {
            let (kind, id, entity) = match change {
                Change::Properties { computed: true, .. } => continue,
                Change::Removed { id, entity, .. } => (ChangeKind::Deleted, *id, Some(&**entity)),
                Change::Properties { id, .. } => (ChangeKind::Updated, *id, self.get(*id)),
                Change::Linked { id, .. } => (ChangeKind::Linked, *id, self.get(*id)),
                Change::Unlinked { id, .. } => (ChangeKind::Unlinked, *id, self.get(*id)),
            };
            let kind = match kind {
                ChangeKind::Deleted => kind,
                // Further changes of a new entity are a part of its creation.
                _ if id.0 >= mark.next => ChangeKind::Created,
                kind => kind,
            };
            let known = |other: &(ChangeKind, Id, &Entity)| (other.0, other.1) == (kind, id);
            if let Some(entity) = entity
                && !changed.iter().any(known)
            {
                changed.push((kind, id, entity));
            }
        }
        changed
    }

    /// Returns the entity of this number.
    pub(crate) fn numbered(&self, number: u64) -> Option<Id> {
        let id = Id(number);
        self.entities.contains_key(&id).then_some(id)
    }

    pub(crate) fn get(&self, id: Id) -> Option<&Entity> {
        self.entities.get(&id)
    }

    /// Sets the time for all changes from now on.
    pub(crate) fn at(&mut self, now: DateTime<Utc>) {
        self.journal.now = now;
    }

    /// Returns the largest number that an item of a list has had.
    pub(crate) fn last_number(&self, list: Id) -> u64 {
        self.numbers.get(&list).copied().unwrap_or_default()
    }

    pub(crate) fn set_last_number(&mut self, list: Id, number: u64) {
        self.numbers.insert(list, number);
    }

    /// Changes an entity's properties. Its revision goes up, and the journal records the changed
    /// names.
    pub(crate) fn change(&mut self, id: Id, change: impl FnOnce(&mut Map<String, Value>)) {
        let Some(entity) = self.entities.get_mut(&id) else {
            return;
        };
        let before = entity.properties.clone();
        change(&mut entity.properties);
        entity.is_unknown = false;
        entity.revision += 1;
        let after = &entity.properties;
        let names = before
            .keys()
            .chain(after.keys().filter(|name| !before.contains_key(*name)));
        let changed = names.filter(|name| before.get(*name) != after.get(*name));
        let names = changed.cloned().collect();
        let computed = false;
        self.journal.write(Change::Properties {
            id,
            names,
            computed,
        });
    }

    /// Sets properties that follow from other entities. The entity keeps its version.
    pub(crate) fn compute(&mut self, id: Id, properties: &[(&str, Value)]) {
        let Some(entity) = self.entities.get_mut(&id) else {
            return;
        };
        let mut names = Vec::new();
        for (name, value) in properties {
            if entity.properties.get(*name) != Some(value) {
                entity.properties.insert((*name).into(), value.clone());
                names.push((*name).to_owned());
            }
        }
        if !names.is_empty() {
            let computed = true;
            self.journal.write(Change::Properties {
                id,
                names,
                computed,
            });
        }
    }

    /// Records that the properties of an entity are not known.
    pub(crate) fn set_unknown(&mut self, id: Id) {
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.is_unknown = true;
        }
    }

    /// Removes an entity and the entities that were created below it.
    pub(crate) fn remove(&mut self, id: Id) -> Option<Entity> {
        let above = self.ancestors(id).skip(1).map(|(id, _)| id).collect();
        self.remove_below(id, above)
    }

    /// Removes an entity. `above` are the entities that it was below.
    fn remove_below(&mut self, id: Id, above: Vec<Id>) -> Option<Entity> {
        let entity = self.entities.remove(&id)?;
        if let Some(ids) = self.by_key.get_mut(&entity.key) {
            ids.remove(&id);
        }
        for (owner, name) in &entity.hangs {
            let owner = self.entities.get_mut(owner);
            match owner.and_then(|owner| owner.relations.get_mut(name)) {
                Some(Relation::Many(ids)) => {
                    ids.remove(&id);
                }
                Some(Relation::One(one)) => *one = None,
                None => {}
            }
        }
        let below: Vec<Id> = entity.relations.values().flat_map(Relation::ids).collect();
        for (name, relation) in &entity.relations {
            for other in relation.ids() {
                if let Some(other) = self.entities.get_mut(&other) {
                    other.hangs.remove(&(id, name.clone()));
                }
            }
        }
        let above_these: Vec<Id> = std::iter::once(id).chain(above.iter().copied()).collect();
        self.journal.write(Change::Removed {
            id,
            above,
            entity: Box::new(Entity {
                relations: BTreeMap::new(),
                contents: BTreeMap::new(),
                ..entity.clone()
            }),
        });
        for other in below {
            let parent = self
                .entities
                .get(&other)
                .and_then(|other| other.parent.as_ref());
            if parent.is_some_and(|(owner, _)| *owner == id) {
                self.remove_below(other, above_these.clone());
            }
        }
        Some(entity)
    }

    /// Returns a copy of an entity's properties.
    pub(crate) fn properties(&self, id: Id) -> Option<Map<String, Value>> {
        self.get(id).map(|entity| entity.properties.clone())
    }

    /// Returns all entities except for the root.
    pub(crate) fn entities(&self) -> impl Iterator<Item = (Id, &Entity)> {
        self.entities
            .iter()
            .filter(|(id, _)| **id != Id::ROOT)
            .map(|(id, entity)| (*id, entity))
    }

    /// Gives an entity another name.
    pub(crate) fn alias(&mut self, id: Id, alias: &str) {
        self.by_alias
            .entry(alias.to_lowercase())
            .or_default()
            .insert(id);
    }

    /// Removes another name from an entity.
    pub(crate) fn forget_alias(&mut self, id: Id, alias: &str) {
        if let Some(ids) = self.by_alias.get_mut(&alias.to_lowercase()) {
            ids.remove(&id);
        }
    }

    /// Returns the existing entities with this key, and those with this name.
    pub(crate) fn named(&self, key: &str) -> impl Iterator<Item = (Id, &Entity)> {
        let by_alias = self.by_alias.get(&key.to_lowercase());
        let ids = self.by_key.get(key).into_iter().chain(by_alias).flatten();
        ids.filter_map(|id| Some((*id, self.entities.get(id)?)))
    }

    /// Returns the relation of this name below `owner`. Returns `None` if it was never set.
    pub(crate) fn relation(&self, owner: Id, name: &str) -> Option<&Relation> {
        self.entities.get(&owner)?.relations.get(name)
    }

    /// Returns the single entity of the relation.
    pub(crate) fn one(&self, owner: Id, name: &str) -> Option<Id> {
        match self.relation(owner, name)? {
            Relation::One(id) => id.filter(|id| self.entities.contains_key(id)),
            Relation::Many(_) => None,
        }
    }

    /// Returns the entities of the relation.
    pub(crate) fn many(&self, owner: Id, name: &str) -> Vec<Id> {
        match self.relation(owner, name) {
            Some(Relation::Many(ids)) => ids
                .iter()
                .copied()
                .filter(|id| self.entities.contains_key(id))
                .collect(),
            Some(Relation::One(Some(id))) if self.entities.contains_key(id) => vec![*id],
            _ => Vec::new(),
        }
    }

    /// Checks whether the relation holds `id`.
    pub(crate) fn holds(&self, owner: Id, name: &str, id: Id) -> bool {
        match self.relation(owner, name) {
            Some(Relation::Many(ids)) => ids.contains(&id),
            Some(Relation::One(one)) => *one == Some(id),
            None => false,
        }
    }

    /// Sets the single entity of the relation, or none.
    pub(crate) fn set(&mut self, owner: Id, name: &str, id: Option<Id>) {
        let Some(entity) = self.entities.get_mut(&owner) else {
            return;
        };
        let before = entity.relations.insert(name.into(), Relation::One(id));
        let before: Vec<Id> = before.iter().flat_map(Relation::ids).collect();
        for other in before.iter().filter(|other| Some(**other) != id) {
            self.unhang(owner, name, *other);
        }
        if let Some(id) = id.filter(|id| !before.contains(id)) {
            self.hang(owner, name, id);
        }
    }

    /// Adds an entity to a relation whose content follows from other entities. The journal does not
    /// record it, because no request has changed anything.
    pub(crate) fn attach(&mut self, owner: Id, name: &str, id: Id, many: bool) {
        let Some(entity) = self.entities.get_mut(&owner) else {
            return;
        };
        let relation = entity.relations.entry(name.into());
        match (
            many,
            relation.or_insert_with(|| Relation::Many(BTreeSet::new())),
        ) {
            (true, Relation::Many(ids)) => {
                ids.insert(id);
            }
            (_, relation) => *relation = Relation::One(Some(id)),
        }
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.hangs.insert((owner, name.into()));
        }
    }

    fn hang(&mut self, owner: Id, name: &str, id: Id) {
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.hangs.insert((owner, name.into()));
        }
        let relation = name.into();
        self.journal.write(Change::Linked {
            owner,
            relation,
            id,
        });
    }

    fn unhang(&mut self, owner: Id, name: &str, id: Id) {
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.hangs.remove(&(owner, name.to_owned()));
        }
        let relation = name.into();
        self.journal.write(Change::Unlinked {
            owner,
            relation,
            id,
        });
    }

    /// Creates the collection, if it does not exist yet.
    pub(crate) fn open(&mut self, owner: Id, name: &str) {
        if let Some(entity) = self.entities.get_mut(&owner) {
            entity
                .relations
                .entry(name.into())
                .or_insert_with(|| Relation::Many(BTreeSet::new()));
        }
    }

    /// Adds an entity to the collection. Returns `false` if the collection already held it.
    pub(crate) fn add(&mut self, owner: Id, name: &str, id: Id) -> bool {
        let Some(entity) = self.entities.get_mut(&owner) else {
            return false;
        };
        let new = match entity
            .relations
            .entry(name.into())
            .or_insert_with(|| Relation::Many(BTreeSet::new()))
        {
            Relation::Many(ids) => ids.insert(id),
            relation @ Relation::One(_) => {
                *relation = Relation::Many(BTreeSet::from([id]));
                true
            }
        };
        if new {
            self.hang(owner, name, id);
        }
        new
    }

    /// Takes an entity out of the relation. Returns `false` if the relation did not hold it.
    pub(crate) fn take(&mut self, owner: Id, name: &str, id: Id) -> bool {
        let Some(entity) = self.entities.get_mut(&owner) else {
            return false;
        };
        let taken = match entity.relations.get_mut(name) {
            Some(Relation::Many(ids)) => ids.remove(&id),
            Some(Relation::One(one)) if *one == Some(id) => one.take().is_some(),
            _ => false,
        };
        if taken {
            self.unhang(owner, name, id);
        }
        taken
    }

    /// Sets the place where an entity was created.
    pub(crate) fn settle(&mut self, id: Id, owner: Id, name: &str) {
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.parent = Some((owner, name.into()));
        }
    }

    /// Returns the entity and those above it, up to the root.
    pub(crate) fn ancestors(&self, id: Id) -> impl Iterator<Item = (Id, &Entity)> {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let id = next.filter(|id| *id != Id::ROOT)?;
            let entity = self.entities.get(&id)?;
            next = entity.parent.as_ref().map(|(owner, _)| *owner);
            Some((id, entity))
        })
    }

    /// Returns the entities that were created below an entity: their relation, and whether it holds
    /// many.
    pub(crate) fn own(&self, id: Id) -> Vec<(String, bool, Id)> {
        let relations = self.entities.get(&id).map(|entity| &entity.relations);
        let all = relations
            .into_iter()
            .flatten()
            .flat_map(|(name, relation)| {
                let many = matches!(relation, Relation::Many(_));
                relation.ids().map(move |other| (name.clone(), many, other))
            });
        let is_own = |(name, _, other): &(String, bool, Id)| {
            let parent = self.get(*other).and_then(|other| other.parent.as_ref());
            parent.is_some_and(|(owner, relation)| *owner == id && relation == name)
        };
        all.filter(is_own).collect()
    }

    /// Returns the streams of an entity.
    pub(crate) fn contents(&self, id: Id) -> Vec<(String, Content)> {
        let contents = self.entities.get(&id).map(|entity| &entity.contents);
        let contents = contents.into_iter().flatten();
        contents
            .map(|(name, content)| (name.clone(), content.clone()))
            .collect()
    }

    /// Returns the owners whose relation of this name holds `id`.
    pub(crate) fn owners(&self, name: &str, id: Id) -> Vec<Id> {
        self.entities
            .get(&id)
            .map_or_else(Vec::new, |entity| entity.below(name))
    }

    pub(crate) fn content(&self, id: Id, name: &str) -> Option<&Content> {
        self.entities.get(&id)?.contents.get(name)
    }

    /// Returns a copy of an entity, and of all entities that were created below it.
    pub(crate) fn subtree(&self, id: Id) -> Option<Subtree> {
        let entity = self.entities.get(&id)?;
        let mut below = Vec::new();
        for (name, relation) in &entity.relations {
            let many = matches!(relation, Relation::Many(_));
            for other in relation.ids() {
                let own = self
                    .entities
                    .get(&other)
                    .and_then(|other| other.parent.as_ref());
                if own.is_some_and(|(owner, relation)| *owner == id && relation == name)
                    && let Some(tree) = self.subtree(other)
                {
                    below.push((name.clone(), many, tree));
                }
            }
        }
        Some(Subtree {
            kind: entity.kind.clone(),
            key: entity.key.clone(),
            properties: entity.properties.clone(),
            contents: entity.contents.clone(),
            below,
        })
    }

    /// Stores the bytes of a stream.
    pub(crate) fn set_content(&mut self, id: Id, name: &str, content: Content) {
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.contents.insert(name.into(), content);
            self.touched(id, name);
        }
    }

    /// Removes the bytes of a stream. Returns `false` if there were none.
    pub(crate) fn remove_content(&mut self, id: Id, name: &str) -> bool {
        let entity = self.entities.get_mut(&id);
        let removed = entity.is_some_and(|entity| entity.contents.remove(name).is_some());
        if removed {
            self.touched(id, name);
        }
        removed
    }

    fn touched(&mut self, id: Id, name: &str) {
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.revision += 1;
        }
        let (names, computed) = (vec![name.to_owned()], false);
        self.journal.write(Change::Properties {
            id,
            names,
            computed,
        });
    }
}

impl Entity {
    /// Checks whether the relation of this name below `owner` holds the entity.
    pub(crate) fn hangs(&self, owner: Id, name: &str) -> bool {
        self.hangs
            .iter()
            .any(|(id, relation)| *id == owner && relation == name)
    }

    /// Returns the owners whose relation of this name holds the entity.
    pub(crate) fn below(&self, name: &str) -> Vec<Id> {
        let own = self.hangs.iter().filter(|(_, relation)| relation == name);
        own.map(|(owner, _)| *owner).collect()
    }
}

impl Relation {
    /// Returns the entities of the relation.
    fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        let ids: Vec<Id> = match self {
            Self::One(one) => one.iter().copied().collect(),
            Self::Many(many) => many.iter().copied().collect(),
        };
        ids.into_iter()
    }
}
