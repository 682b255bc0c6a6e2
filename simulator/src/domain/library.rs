//! Sites, lists and list items of SharePoint: their initial content, and the properties that follow
//! from other entities.

use serde_json::{Map, Value, json};

use super::drive::encoded;
use super::{Below, DRIVE, DRIVE_ITEM, LIST, LIST_ITEM, SITE, Tenant};
use crate::store::{Entity, Id};

const GROUP: &str = "microsoft.graph.group";
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
            (GROUP, "drives") => self.open_drive(owner),
            (GROUP, "sites") => self.open_team_site(owner),
            (GROUP, "calendar" | "calendarView" | "events") => self.open_group_calendar(owner),
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

    /// Creates the site of a Microsoft 365 group. Its library is the drive of the group.
    fn open_team_site(&mut self, group: Id) {
        if self.store.relation(group, "sites").is_some() {
            return;
        }
        let Some(entity) = self.store.get(group) else {
            return;
        };
        let read = |name: &str| entity.properties.get(name);
        let unified = read("groupTypes").and_then(Value::as_array);
        let unified = unified.is_some_and(|types| types.contains(&json!("Unified")));
        let Some(name) = read("mailNickname")
            .and_then(Value::as_str)
            .filter(|_| unified)
        else {
            return;
        };
        let site = json!({
            "displayName": read("displayName"), "name": name, "isPersonalSite": false,
            "webUrl": format!("https://contoso.sharepoint.com/sites/{name}"),
        });
        let site = self.make_json(Below::many(group, "sites"), SITE, site);
        self.open_drive(group);
        let drive = self.store.one(group, "drive");
        self.store.set(site, "drive", drive);
    }

    /// Creates the document library of a site.
    fn open_site(&mut self, site: Id) {
        self.open_drive(site);
        if let Some(drive) = self.store.one(site, "drive")
            && let Some(list) = self.library(drive)
        {
            self.store.add(site, "lists", list);
        }
    }

    /// Returns the list of a drive, and creates it at the first call.
    fn library(&mut self, drive: Id) -> Option<Id> {
        if self.store.relation(drive, "list").is_some() {
            return self.store.one(drive, "list");
        }
        let (owner, _) = self.store.get(drive)?.parent.clone()?;
        let kind = self
            .store
            .get(owner)
            .map_or("", |owner| owner.kind.as_str());
        let site = kind == SITE;
        let template = match kind {
            "microsoft.graph.user" => "mySiteDocumentLibrary",
            _ => "documentLibrary",
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

    /// Returns the list of a site that has this title, or the site of a group that is its root.
    pub(crate) fn titled(&self, site: Id, relation: &str, title: &str) -> Option<Id> {
        let entity = self.store.get(site)?;
        if entity.kind == GROUP && relation == "sites" && title.eq_ignore_ascii_case("root") {
            return self.store.many(site, relation).first().copied();
        }
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

    /// Returns the site that an entity is in.
    pub(super) fn site_of(&self, id: Id) -> Option<&Entity> {
        self.store.get(self.holder(id, &[SITE])?)
    }
}
