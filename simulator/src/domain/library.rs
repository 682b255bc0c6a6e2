//! Sites, lists and list items of SharePoint: their initial content, and the properties that follow
//! from other entities.

use serde_json::{Map, Value, json};

use super::drive::{encoded, without_null};
use super::{Below, DRIVE, DRIVE_ITEM, LIST, LIST_ITEM, SITE, Tenant};
use crate::clock::timestamp;
use crate::store::{Entity, Id};

const COLUMN: &str = "microsoft.graph.columnDefinition";
const CONTENT_TYPE: &str = "microsoft.graph.contentType";

/// The columns that each list has: name, display name, whether a client may write it, the facet of
/// its type.
const COLUMNS: [(&str, &str, bool, &str); 8] = [
    ("Title", "Title", true, "text"),
    ("ID", "ID", false, "number"),
    ("ContentType", "Content Type", false, "text"),
    ("Created", "Created", false, "dateTime"),
    ("Modified", "Modified", false, "dateTime"),
    ("Author", "Created By", false, "personOrGroup"),
    ("Editor", "Modified By", false, "personOrGroup"),
    ("Attachments", "Attachments", false, "boolean"),
];

/// The identifiers of SharePoint's content types.
///
/// <https://learn.microsoft.com/previous-versions/office/developer/sharepoint-2010/ms452896(v=office.14)>
const ITEM_TYPE: (&str, &str) = ("0x01", "Item");
const DOCUMENT_TYPE: (&str, &str) = ("0x0101", "Document");
const FOLDER_TYPE: (&str, &str) = ("0x0120", "Folder");

impl Tenant<'_> {
    /// Gives an entity the parts that the service creates with it, before the path continues below
    /// it: the mailbox of a user, the library of a site, the columns of a list.
    pub(crate) fn open(&mut self, owner: Id, relation: &str) {
        let Some(entity) = self.store.get(owner) else {
            return;
        };
        match (entity.kind.as_str(), relation) {
            ("microsoft.graph.user", "drives") => self.open_drive(owner),
            ("microsoft.graph.user", _) => self.open_mailbox(owner),
            ("microsoft.graph.group", "drives") => self.open_drive(owner),
            ("microsoft.graph.group", "calendar" | "calendarView" | "events") => {
                self.open_group_calendar(owner);
            }
            (SITE, "drive" | "drives" | "lists") => self.open_site(owner),
            (DRIVE, "list") => {
                self.library(owner);
            }
            (DRIVE_ITEM, "listItem") => {
                self.entry(owner);
            }
            (LIST, "drive" | "items") => self.open_library(owner),
            (LIST, "columns") => self.open_columns(owner),
            (LIST, "contentTypes") => self.open_content_types(owner),
            (LIST_ITEM, "fields") => self.open_fields(owner),
            _ => {}
        }
    }

    /// Creates the default drive of an owner, if it does not exist yet, and lists it.
    fn open_drive(&mut self, owner: Id) {
        if self.store.relation(owner, "drive").is_none() {
            self.materialize(owner, "drive", DRIVE);
        }
        if let Some(drive) = self.store.one(owner, "drive") {
            self.store.add(owner, "drives", drive);
        }
    }

    /// Creates the document library of a site.
    fn open_site(&mut self, site: Id) {
        self.open_drive(site);
        if let Some(drive) = self.store.one(site, "drive") {
            self.library(drive);
        }
    }

    /// Returns the list of a drive, and creates it at the first call.
    fn library(&mut self, drive: Id) -> Option<Id> {
        if self.store.relation(drive, "list").is_some() {
            return self.store.one(drive, "list");
        }
        let (owner, _) = self.store.get(drive)?.parent.clone()?;
        let site = self
            .store
            .get(owner)
            .is_some_and(|owner| owner.kind == SITE);
        let template = match site {
            true => "documentLibrary",
            false => "mySiteDocumentLibrary",
        };
        let list = json!({
            "displayName": "Documents", "name": if site { "Shared Documents" } else { "Documents" },
            "list": { "template": template, "hidden": false, "contentTypesEnabled": false },
        });
        // The list of a drive without a site belongs to the drive.
        let place = match site {
            true => Below::many(owner, "lists"),
            false => Below::one(drive, "list"),
        };
        let list = self.make_json(place, LIST, list);
        self.store.set(drive, "list", Some(list));
        self.store.set(list, "drive", Some(drive));
        Some(list)
    }

    /// Creates the list items of a document library, one for each item of its drive.
    fn open_library(&mut self, list: Id) {
        self.store.open(list, "items");
        let Some(drive) = self.store.one(list, "drive") else {
            return;
        };
        for item in self.store.many(drive, "items") {
            self.entry(item);
        }
    }

    /// Returns the list item of a drive item, and creates it at the first call. The root has none.
    fn entry(&mut self, item: Id) -> Option<Id> {
        if let Some(entry) = self.store.one(item, "listItem") {
            return Some(entry);
        }
        let entity = self.store.get(item)?;
        if entity.properties.contains_key("root") {
            return None;
        }
        let (id, name) = match entity.properties.contains_key("folder") {
            true => FOLDER_TYPE,
            false => DOCUMENT_TYPE,
        };
        let mut properties = json!({ "contentType": { "id": id, "name": name } });
        for copied in [
            "createdBy",
            "createdDateTime",
            "lastModifiedBy",
            "lastModifiedDateTime",
        ] {
            if let Some(value) = entity.properties.get(copied) {
                properties[copied] = value.clone();
            }
        }
        let drive = self.drive_of(item)?;
        let list = self.library(drive)?;
        let key = self.next_number(list);
        let properties = properties.as_object().cloned().unwrap_or_default();
        let entry = self.make(
            Below::one(item, "listItem"),
            LIST_ITEM,
            Some(&key),
            properties,
        );
        self.store.add(list, "items", entry);
        self.store.set(entry, "driveItem", Some(item));
        Some(entry)
    }

    /// Returns the number of the next item of a list, which no item has had before.
    pub(crate) fn next_number(&mut self, list: Id) -> String {
        let items = self.store.many(list, "items").into_iter();
        let numbers = items.filter_map(|item| self.store.get(item)?.key.parse::<u64>().ok());
        let number = numbers.max().unwrap_or(0).max(self.store.last_number(list)) + 1;
        self.store.set_last_number(list, number);
        number.to_string()
    }

    /// Returns the list of a site that has this title.
    pub(crate) fn titled(&self, site: Id, relation: &str, title: &str) -> Option<Id> {
        let entity = self.store.get(site)?;
        if entity.kind != SITE || relation != "lists" {
            return None;
        }
        let lists = self.store.many(site, relation).into_iter();
        let mut lists = lists.filter_map(|id| Some((id, self.store.get(id)?)));
        let own = |list: &Entity| {
            let own = list.properties.get("displayName").and_then(Value::as_str);
            own.is_some_and(|own| own.eq_ignore_ascii_case(title))
        };
        lists.find(|(_, list)| own(list)).map(|(id, _)| id)
    }

    fn open_columns(&mut self, list: Id) {
        if !self.columns(list).iter().any(|name| name == "ID") {
            let library = self.store.one(list, "drive").is_some();
            for (name, title, written, facet) in COLUMNS {
                if library && name == "Attachments" {
                    continue;
                }
                let column = json!({
                    "name": name, "displayName": title, "readOnly": !written, "hidden": false,
                    "indexed": name == "ID", "required": name == "Title" && !library, facet: {},
                });
                self.make_json(Below::many(list, "columns"), COLUMN, column);
            }
            if library {
                let column = json!({
                    "name": "FileLeafRef", "displayName": "Name", "readOnly": false,
                    "hidden": false, "indexed": false, "required": true, "text": {},
                });
                self.make_json(Below::many(list, "columns"), COLUMN, column);
            }
        }
    }

    /// Returns the names of the columns that were created in a list.
    fn columns(&self, list: Id) -> Vec<String> {
        let columns = self.store.many(list, "columns").into_iter();
        columns
            .filter_map(|id| self.name(id).map(str::to_owned))
            .collect()
    }

    fn open_content_types(&mut self, list: Id) {
        if self.store.relation(list, "contentTypes").is_some() {
            return;
        }
        let first = match self.store.one(list, "drive") {
            Some(_) => DOCUMENT_TYPE,
            None => ITEM_TYPE,
        };
        for (id, name) in [first, FOLDER_TYPE] {
            let kind = json!({ "name": name, "hidden": false, "readOnly": false, "sealed": false });
            let kind = kind.as_object().cloned().unwrap_or_default();
            self.make(
                Below::many(list, "contentTypes"),
                CONTENT_TYPE,
                Some(id),
                kind,
            );
        }
    }

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

    /// Returns the list that a list item is in.
    pub(crate) fn list_of(&self, item: Id) -> Option<Id> {
        self.store.owners("items", item).into_iter().find(|owner| {
            let owner = self.store.get(*owner);
            owner.is_some_and(|owner| owner.kind == LIST)
        })
    }

    /// Returns the address of a list for a browser.
    pub(super) fn list_url(&self, list: Id) -> Option<String> {
        let entity = self.store.get(list)?;
        if let Some(drive) = self.store.one(list, "drive") {
            let (owner, _) = self.store.get(drive)?.parent.as_ref()?;
            if *owner != list {
                return self.drive_url(drive);
            }
        }
        let (site, _) = entity.parent.as_ref()?;
        let site = self.store.get(*site)?;
        let url = site.properties.get("webUrl")?.as_str()?;
        let name = entity.properties.get("name")?.as_str()?.to_owned();
        let path = encoded(&[name]);
        let library = entity.properties.get("list").and_then(|info| {
            let template = info.get("template")?.as_str()?;
            Some(template == "documentLibrary")
        });
        match library {
            Some(true) => Some(format!("{url}{path}")),
            _ => Some(format!("{url}/Lists{path}")),
        }
    }

    /// Returns the properties of a list that follow from other entities.
    pub(super) fn list_facts(&self, id: Id) -> Map<String, Value> {
        let mut facts = Map::new();
        if let Some(url) = self.list_url(id) {
            facts.insert("webUrl".into(), json!(url));
        }
        if let Some(site) = self.site_of(id) {
            facts.insert("parentReference".into(), json!({ "siteId": site.key }));
        }
        facts
    }

    fn site_of(&self, id: Id) -> Option<&Entity> {
        self.store.get(self.holder(id, &[SITE])?)
    }

    /// Returns the properties of a list item that follow from other entities.
    pub(super) fn list_item_facts(&self, id: Id, item: &Entity) -> Map<String, Value> {
        let mut facts = Map::new();
        let Some(list) = self.list_of(id) else {
            return facts;
        };
        let site = self.site_of(list);
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
        let site = site.map(|site| site.key.clone());
        let ids = json!({ "listId": list_key, "listItemId": item.key, "siteId": site });
        facts.insert("sharepointIds".into(), without_null(ids));
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
