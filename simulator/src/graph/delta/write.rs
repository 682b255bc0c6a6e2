//! The JSON of an item of a delta query.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::{Call, Graph};
use super::Scope;
use super::round::Entry;
use crate::delta::Cursor;
use crate::journal::Change;
use crate::service::Service;
use crate::store::Id;

/// The largest number of members in one item of a group, independent of the page size.
const MEMBERS: usize = 100;

impl Graph<'_> {
    /// Returns the JSON of an item.
    pub(super) fn write(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        cursor: &Cursor,
        until: usize,
        entry: &Entry,
    ) -> Value {
        match entry {
            Entry::Gone {
                key,
                restorable,
                properties,
            } => gone(scope, key, *restorable, properties),
            Entry::Live { id, created, part } => {
                let mut object = self.live(call, scope, cursor, until, *id, *created);
                if *part > 0 {
                    // An item with further members of the same group does not repeat the group's
                    // properties.
                    object.retain(|name, _| name == "id" || name == "@odata.type");
                }
                let size = self.page_size(call, &scope.declared).unwrap_or(MEMBERS);
                for relation in self.tracked(call, scope) {
                    let moved = self.moved(cursor, until, *id, *created, relation);
                    let moved = moved.into_iter().skip(part * size).take(size);
                    let moved: Vec<Value> = moved.map(|(id, held)| self.member(id, held)).collect();
                    if !moved.is_empty() {
                        object.insert(format!("{relation}@delta"), moved.into());
                    }
                }
                Value::Object(object)
            }
        }
    }

    /// Returns a member that was added or removed.
    fn member(&self, id: Id, held: bool) -> Value {
        let store = &self.tenant.store;
        let known = store
            .get(id)
            .map(|entity| (entity.kind.clone(), entity.key.clone()));
        // An entity that no longer exists is known to the journal only.
        let known = known.or_else(|| {
            let mut all = store.journal.between(0, store.journal.end());
            all.find_map(|change| match change {
                Change::Removed {
                    id: gone, entity, ..
                } if *gone == id => Some((entity.kind.clone(), entity.key.clone())),
                _ => None,
            })
        });
        let (kind, key) = known.unwrap_or_default();
        let mut member = json!({ "@odata.type": format!("#{kind}"), "id": key });
        if !held {
            member["@removed"] = json!({ "reason": "deleted" });
        }
        member
    }

    /// Returns an entity that exists.
    fn live(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        cursor: &Cursor,
        until: usize,
        id: Id,
        created: bool,
    ) -> Map<String, Value> {
        let mut object = self.renderer().entity(id, &scope.declared, &call.options);
        if scope.service == Service::Files {
            // Business drives leave it out here.
            object.remove("cTag");
            // A folder that is renamed changes the paths of items that are not reported.
            if let Some(Value::Object(parent)) = object.get_mut("parentReference") {
                parent.remove("path");
            }
            return object;
        }
        let minimal = call.request.preference("return").as_deref() == Some("minimal");
        if scope.service != Service::Directory && !minimal {
            return object;
        }
        let changed: HashSet<&str> = cursor
            .since
            .into_iter()
            .flat_map(|since| self.tenant.store.journal.between(since, until))
            .filter_map(|change| match change {
                Change::Properties {
                    id: other, names, ..
                } if *other == id => Some(names),
                _ => None,
            })
            .flatten()
            .map(String::as_str)
            .collect();
        let stored = self.tenant.store.get(id).map(|entity| &entity.properties);
        object.retain(|name, _| {
            // A property that was never set is left out. A property that was cleared is null.
            let set = stored.is_some_and(|stored| stored.contains_key(name));
            let own = name == "id" || name.contains('@');
            own || changed.contains(name.as_str()) || (set && (created || !minimal))
        });
        object
    }
}

/// Returns the JSON of an entity that no longer exists.
fn gone(scope: &Scope, key: &str, restorable: bool, properties: &Map<String, Value>) -> Value {
    if scope.service == Service::Files {
        let mut item = json!({ "id": key, "deleted": { "state": "deleted" }, "size": 0 });
        if let Some(parent) = properties.get("parentReference") {
            item["parentReference"] = parent.clone();
        }
        return item;
    }
    let reason = if restorable { "changed" } else { "deleted" };
    json!({ "id": key, "@removed": { "reason": reason } })
}
