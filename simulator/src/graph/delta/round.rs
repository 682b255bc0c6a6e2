//! The content of a round of a delta query: the changed entities, and the deleted ones.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::super::{Call, Graph};
use super::Scope;
use crate::delta::Cursor;
use crate::journal::Change;
use crate::query::{Options, filter};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::store::{Entity, Id};

/// One item of a round.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// An entity that exists.
    Live {
        id: Id,
        /// `true` if the client does not know the entity yet.
        created: bool,
        /// The part of its members that this item holds. The members of a large group take several
        /// items.
        part: usize,
    },
    /// An entity that no longer exists.
    Gone {
        key: String,
        /// `true` if the entity can be restored.
        restorable: bool,
        properties: Map<String, Value>,
    },
}

impl Graph<'_> {
    /// Returns all items of the round.
    pub(super) fn round(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        cursor: &Cursor,
        until: usize,
        size: usize,
    ) -> Result<Vec<Entry>, Refusal> {
        let members = self.watched(call, scope)?;
        let entries = match cursor.since {
            None => {
                let live = |id| Entry::Live {
                    id,
                    created: true,
                    part: 0,
                };
                let items = self.renderer().list(members, &listed(&call.options));
                items.into_iter().map(live).collect()
            }
            Some(since) => self.changed(call, scope, &members, since, until),
        };
        let wanted = call.options.custom("changeType");
        let entries = entries.into_iter().filter(|entry| {
            let kind = match entry {
                Entry::Live { created: true, .. } => "created",
                Entry::Live { .. } => "updated",
                Entry::Gone { .. } => "deleted",
            };
            wanted.is_none_or(|wanted| wanted == kind)
        });
        let mut parts = Vec::new();
        for entry in entries {
            let Entry::Live { id, created, .. } = entry else {
                parts.push(entry);
                continue;
            };
            let members = self
                .tracked(call, scope)
                .into_iter()
                .map(|relation| self.moved(cursor, until, id, created, relation).len());
            let count = members.max().unwrap_or(0).div_ceil(size.max(1)).max(1);
            parts.extend((0..count).map(|part| Entry::Live { id, created, part }));
        }
        Ok(parts)
    }

    /// Returns the watched entities, as they are now.
    fn watched(&self, call: &Call<'_>, scope: &Scope) -> Result<Vec<Id>, Refusal> {
        let members = self.tenant.members(scope.owner, &scope.relation);
        let Some(nested) = scope.nested else {
            return self.in_view(call, &scope.relation, members);
        };
        let mut found = match scope.service {
            Service::Files => vec![scope.owner],
            _ => members,
        };
        let mut at = 0;
        while let Some(id) = found.get(at) {
            found.extend(self.tenant.store.many(*id, nested));
            at += 1;
        }
        Ok(found)
    }

    /// Returns the relations of an entity whose changes are reported with it.
    pub(super) fn tracked(&self, call: &Call<'_>, scope: &Scope) -> Vec<&'static str> {
        if scope.service != Service::Directory {
            return Vec::new();
        }
        const TRACKED: [&str; 3] = ["members", "owners", "manager"];
        let select = &call.options.select;
        let named = |relation: &str| {
            let first = |path: &Vec<String>| path.first().is_some_and(|name| name == relation);
            // Without `$select`, a group's members are included.
            select.iter().any(first) || (select.is_empty() && relation == "members")
        };
        let schemas = self.tenant.schemas;
        let has = |relation: &str| {
            let property = schemas.property(&scope.declared, relation);
            property.is_some_and(|property| property.navigation)
        };
        TRACKED
            .into_iter()
            .filter(|relation| named(relation) && has(relation))
            .collect()
    }

    /// Returns the entities that were added to a relation and removed from it. For a new entity, it
    /// returns all entities of the relation.
    pub(super) fn moved(
        &self,
        cursor: &Cursor,
        until: usize,
        id: Id,
        created: bool,
        relation: &str,
    ) -> Vec<(Id, bool)> {
        let store = &self.tenant.store;
        let Some(since) = cursor.since.filter(|_| !created) else {
            return store
                .many(id, relation)
                .into_iter()
                .map(|id| (id, true))
                .collect();
        };
        let mut moved: Vec<(Id, bool)> = Vec::new();
        for change in store.journal.between(since, until) {
            let other = match change {
                Change::Linked {
                    owner,
                    relation: name,
                    id: other,
                }
                | Change::Unlinked {
                    owner,
                    relation: name,
                    id: other,
                } if *owner == id && name == relation => *other,
                Change::Removed {
                    id: other, entity, ..
                } if entity.hangs(id, relation) => *other,
                _ => continue,
            };
            moved.retain(|(known, _)| *known != other);
            moved.push((other, store.holds(id, relation, other)));
        }
        moved
    }

    /// Returns the changes from one position of the journal to another. Each entity occurs once, in
    /// the order of its last change.
    fn changed(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        members: &[Id],
        since: usize,
        until: usize,
    ) -> Vec<Entry> {
        let store = &self.tenant.store;
        let present: HashSet<Id> = members.iter().copied().collect();
        let tracked = self.tracked(call, scope);
        let mut created: HashSet<Id> = HashSet::new();
        let mut gone: HashMap<String, Map<String, Value>> = HashMap::new();
        let mut touched: Vec<(Option<Id>, String)> = Vec::new();
        let mut touch = |id: Option<Id>, key: &str| {
            touched.retain(|(_, known)| known != key);
            touched.push((id, key.to_owned()));
        };
        let key = |id: Id| store.get(id).map_or("", |entity| entity.key.as_str());
        let view = scope.relation == "calendarView";
        for change in store.journal.between(since, until) {
            match change {
                Change::Properties { id, .. } if present.contains(id) => touch(Some(*id), key(*id)),
                Change::Linked {
                    owner, relation, ..
                }
                | Change::Unlinked {
                    owner, relation, ..
                } if present.contains(owner) && tracked.contains(&relation.as_str()) => {
                    touch(Some(*owner), key(*owner));
                }
                Change::Linked {
                    owner,
                    relation,
                    id,
                } if present.contains(id) && self.is_watched(scope, &present, *owner, relation) => {
                    created.insert(*id);
                    touch(Some(*id), key(*id));
                }
                // A series with other times may have other occurrences.
                Change::Properties { id, names, .. }
                    if view
                        && names
                            .iter()
                            .any(|name| name == "recurrence" || name == "start")
                        && store.holds(scope.owner, "events", *id) =>
                {
                    for occurrence in store.many(*id, "instances") {
                        if present.contains(&occurrence) {
                            touch(Some(occurrence), key(occurrence));
                        }
                    }
                }
                // The occurrences of a new series are new.
                Change::Linked { owner, id, .. } if view && *owner == scope.owner => {
                    for occurrence in store.many(*id, "instances") {
                        if present.contains(&occurrence) {
                            created.insert(occurrence);
                            touch(Some(occurrence), key(occurrence));
                        }
                    }
                }
                Change::Unlinked {
                    owner,
                    relation,
                    id,
                } if !present.contains(id)
                    && self.is_watched(scope, &present, *owner, relation)
                    && store.get(*id).is_some() =>
                {
                    let properties = store.get(*id).map(|entity| entity.properties.clone());
                    gone.insert(key(*id).to_owned(), properties.unwrap_or_default());
                    touch(None, key(*id));
                }
                Change::Removed { above, entity, .. } => {
                    for owner in tracked.iter().flat_map(|relation| entity.below(relation)) {
                        if present.contains(&owner) {
                            touch(Some(owner), key(owner));
                        }
                    }
                    // An object that was already among the deleted ones is now gone for good.
                    let purged = scope.service == Service::Directory
                        && self.tenant.schemas.is_a(&entity.kind, &scope.declared)
                        && !entity.below("deletedItems").is_empty();
                    let was_here = entity.hangs(scope.owner, &scope.relation)
                        || (scope.nested.is_some()
                            && entity.kind == scope.declared
                            && above.contains(&scope.owner))
                        || (view && above.contains(&scope.owner) && is_listed(entity));
                    if was_here || purged {
                        gone.insert(entity.key.clone(), entity.properties.clone());
                        touch(None, &entity.key);
                    }
                }
                _ => {}
            }
        }
        let mut entries = Vec::new();
        let mut parents = HashSet::new();
        for (id, key) in touched {
            let Some(id) = id else {
                let properties = gone.remove(&key).unwrap_or_default();
                if self.passes(&call.options, &properties) {
                    entries.push(Entry::Gone {
                        restorable: self.is_restorable(&key),
                        key,
                        properties,
                    });
                }
                continue;
            };
            if self
                .renderer()
                .list(vec![id], &listed(&call.options))
                .is_empty()
            {
                continue;
            }
            let with_parents = scope.service == Service::Files && scope.nested.is_some();
            if with_parents && call.request.header("deltaexcludeparent").is_none() {
                parents.extend(store.ancestors(id).skip(1).map(|(id, _)| id));
            }
            let created = created.contains(&id);
            entries.push(Entry::Live {
                id,
                created,
                part: 0,
            });
        }
        // The folders above the changed items, the outermost first.
        let known: HashSet<Id> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Live { id, .. } => Some(*id),
                Entry::Gone { .. } => None,
            })
            .collect();
        let parents = members
            .iter()
            .filter(|id| parents.contains(id) && !known.contains(id));
        let parents = parents.map(|id| Entry::Live {
            id: *id,
            created: false,
            part: 0,
        });
        parents.chain(entries).collect()
    }

    /// Checks whether the entities of this relation are watched.
    fn is_watched(&self, scope: &Scope, present: &HashSet<Id>, owner: Id, relation: &str) -> bool {
        if scope.nested == Some(relation) && present.contains(&owner) {
            return true;
        }
        owner == scope.owner
            && (relation == scope.relation
                || (scope.relation == "calendarView" && relation == "events"))
    }

    fn is_restorable(&self, key: &str) -> bool {
        let mut named = self.tenant.store.named(key);
        named.any(|(_, entity)| !entity.below("deletedItems").is_empty())
    }

    /// Checks whether a deleted entity matches the query's filter.
    fn passes(&self, options: &Options, properties: &Map<String, Value>) -> bool {
        let read = |path: &[String]| {
            let first = path.first().and_then(|name| properties.get(name));
            let mut rest = path.iter().skip(1);
            let value = first.cloned().unwrap_or(Value::Null);
            rest.try_fold(value, |value, name| value.get(name).cloned())
                .unwrap_or(Value::Null)
        };
        let condition = options.filter.as_ref();
        condition.is_none_or(|condition| filter::matches(condition, &read))
    }
}

/// Checks whether a view of a calendar lists an event: all except for the masters of series.
fn is_listed(event: &Entity) -> bool {
    let mut relation = event.parent.iter().map(|(_, relation)| relation.as_str());
    let is_master = event.properties.get("type") == Some(&Value::from("seriesMaster"));
    relation.any(|relation| matches!(relation, "events" | "instances")) && !is_master
}

/// Returns the options that filter and sort. A delta query pages by its tokens only.
fn listed(options: &Options) -> Options {
    Options {
        skip: 0,
        ..options.clone()
    }
}
