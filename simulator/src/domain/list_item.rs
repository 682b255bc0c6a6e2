//! The items of lists: their values, their versions, and the properties that follow from other
//! entities.

use serde_json::{Map, Value, json};

use super::drive::encoded;
use super::{Below, LIST_ITEM, Tenant, without_null};
use crate::clock::timestamp;
use crate::store::{Entity, Id};

impl Tenant<'_> {
    /// Creates the values of a list item that has none.
    pub(crate) fn open_fields(&mut self, item: Id) {
        if self.store.relation(item, "fields").is_none() {
            let key = self.store.get(item).map(|item| item.key.clone());
            let place = Below::one(item, "fields");
            let kind = "microsoft.graph.fieldValueSet";
            self.make(place, kind, key.as_deref(), Map::new());
        }
    }

    /// Keeps the present values of a list item as its newest version.
    pub(crate) fn keep_fields(&mut self, item: Id) {
        let fields = self.store.one(item, "fields");
        let Some(fields) = fields.and_then(|fields| self.store.get(fields)) else {
            return;
        };
        let properties = fields.properties.clone();
        let number = self.store.many(item, "versions").len() + 1;
        let version = json!({
            "lastModifiedDateTime": timestamp(self.store.journal.now),
            "lastModifiedBy": self.store.author,
        });
        let version = without_null(version);
        let version = version.as_object().cloned().unwrap_or_default();
        let key = format!("{number}.0");
        let kind = "microsoft.graph.listItemVersion";
        let version = self.make(Below::many(item, "versions"), kind, Some(&key), version);
        let kind = "microsoft.graph.fieldValueSet";
        self.make(Below::one(version, "fields"), kind, Some(&key), properties);
    }

    /// Returns the properties of a list item that follow from other entities.
    pub(super) fn list_item_facts(&self, id: Id, item: &Entity) -> Map<String, Value> {
        let mut facts = Map::new();
        let Some(list) = self.list_of(id) else {
            return facts;
        };
        let list_key = self.store.get(list).map(|list| list.key.clone());
        let url = match self.store.one(id, "driveItem") {
            Some(file) => {
                let drive = self.drive_of(file).and_then(|drive| self.drive_url(drive));
                drive.map(|url| format!("{url}{}", encoded(&self.names(file))))
            }
            None => self
                .list_url(list)
                .map(|url| format!("{url}/{}_.000", item.key)),
        };
        facts.insert("webUrl".into(), json!(url));
        let site = self.site_of(list).map(|site| site.key.clone());
        if let Some(ids) = self.sharepoint_ids(id) {
            facts.insert("sharepointIds".into(), ids);
        }
        let reference = json!({ "id": list_key, "siteId": site });
        facts.insert("parentReference".into(), without_null(reference));
        if let Some(file) = self
            .store
            .one(id, "driveItem")
            .and_then(|file| self.store.get(file))
        {
            for name in ["lastModifiedBy", "lastModifiedDateTime"] {
                if let Some(value) = file.properties.get(name) {
                    facts.insert(name.into(), value.clone());
                }
            }
        }
        facts
    }

    /// Returns the identifiers of a list item, its list and its site.
    pub(super) fn sharepoint_ids(&self, item: Id) -> Option<Value> {
        let list = self.list_of(item)?;
        let key = |id: Id| self.store.get(id).map(|entity| entity.key.clone());
        let site = self.site_of(list).map(|site| site.key.clone());
        let ids = json!({ "listId": key(list), "listItemId": key(item), "siteId": site });
        Some(without_null(ids))
    }

    /// Returns the columns of a list item that the service sets.
    pub(super) fn field_facts(&self, fields: &Entity) -> Map<String, Value> {
        let mut facts = Map::new();
        let Some((id, item)) = fields
            .parent
            .as_ref()
            .and_then(|(item, _)| Some((*item, self.store.get(*item)?)))
            .filter(|(_, item)| item.kind == LIST_ITEM)
        else {
            return facts;
        };
        facts.insert("id".into(), json!(item.key));
        let read = |name: &str| item.properties.get(name).cloned();
        let kind = read("contentType").and_then(|kind| kind.get("name").cloned());
        let file = self.store.one(id, "driveItem");
        let changed = file
            .and_then(|file| self.store.get(file))
            .and_then(|file| file.properties.get("lastModifiedDateTime").cloned());
        for (name, value) in [
            ("ContentType", kind),
            ("Created", read("createdDateTime")),
            ("Modified", changed.or_else(|| read("lastModifiedDateTime"))),
        ] {
            if let Some(value) = value {
                facts.insert(name.into(), value);
            }
        }
        let Some((file, name)) = file.and_then(|file| Some((file, self.name(file)?))) else {
            facts.insert("Attachments".into(), json!(false));
            if let Some(title) = fields.properties.get("Title") {
                facts.insert("LinkTitle".into(), title.clone());
            }
            return facts;
        };
        facts.insert("FileLeafRef".into(), json!(name));
        facts.insert("LinkFilename".into(), json!(name));
        if !self.is_folder(file) {
            if let Some((_, extension)) = name.rsplit_once('.') {
                facts.insert("DocIcon".into(), json!(extension));
            }
            facts.insert("FileSizeDisplay".into(), json!(self.size(file).to_string()));
        }
        facts
    }
}
