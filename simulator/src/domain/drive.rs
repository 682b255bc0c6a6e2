//! The properties of drives and their items that follow from other entities: paths, sizes, counts.
//!
//! They are computed when an entity is read, so that they are right after each change.

use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{Below, DRIVE, DRIVE_ITEM, Tenant};
use crate::clock::timestamp;
use crate::storage::media_type;
use crate::store::{Entity, Id};

/// The storage of a user of OneDrive for work or school, in bytes: 1 TB.
///
/// <https://learn.microsoft.com/office365/servicedescriptions/onedrive-for-business-service-description>
const QUOTA: u64 = 1024 * 1024 * 1024 * 1024;

/// The characters that are encoded in the path of a `parentReference` or `webUrl`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'!')
    .remove(b'(')
    .remove(b')')
    .remove(b'\'');

/// Checks for the facet of a folder.
fn is_folder(properties: &Map<String, Value>) -> bool {
    properties.contains_key("folder") && !properties.contains_key("file")
}

/// Percent-encodes the names of a path.
pub(super) fn encoded(names: &[String]) -> String {
    let names = names
        .iter()
        .map(|name| format!("/{}", utf8_percent_encode(name, ENCODED)));
    names.collect()
}

impl Tenant<'_> {
    /// Returns the item of this name in a folder. Names are compared without case.
    pub(crate) fn child(&self, folder: Id, name: &str) -> Option<Id> {
        let wanted = name.to_lowercase();
        let mut children = self.store.many(folder, "children").into_iter();
        children.find(|child| {
            self.name(*child)
                .is_some_and(|own| own.to_lowercase() == wanted)
        })
    }

    /// Returns the name of an item.
    pub(crate) fn name(&self, item: Id) -> Option<&str> {
        self.store.get(item)?.properties.get("name")?.as_str()
    }

    /// Returns the drive that an item is in.
    pub(crate) fn drive_of(&self, item: Id) -> Option<Id> {
        self.holder(item, &[DRIVE])
    }

    /// Checks whether an item is a folder.
    pub(crate) fn is_folder(&self, item: Id) -> bool {
        let entity = self.store.get(item);
        entity.is_some_and(|entity| is_folder(&entity.properties))
    }

    /// Returns the item and all items below it.
    pub(crate) fn tree(&self, item: Id) -> Vec<Id> {
        let mut found = vec![item];
        let mut at = 0;
        while let Some(id) = found.get(at) {
            found.extend(self.store.many(*id, "children"));
            at += 1;
        }
        found
    }

    /// Returns the size of a file, or of all files below a folder.
    pub(crate) fn size(&self, item: Id) -> u64 {
        let size = |id: Id| {
            let entity = self.store.get(id)?;
            let file = !is_folder(&entity.properties);
            entity.properties.get("size")?.as_u64().filter(|_| file)
        };
        self.tree(item).into_iter().filter_map(size).sum()
    }

    /// Returns the names from the root of the drive to an item, without the root.
    pub(crate) fn names(&self, item: Id) -> Vec<String> {
        let above = self.store.ancestors(item);
        let items = above.take_while(|(_, entity)| entity.kind == DRIVE_ITEM);
        let named = items.filter(|(_, entity)| !entity.properties.contains_key("root"));
        let mut names: Vec<String> = named
            .filter_map(|(_, entity)| Some(entity.properties.get("name")?.as_str()?.to_owned()))
            .collect();
        names.reverse();
        names
    }

    /// Stores the properties of a file that describe its new content, and keeps the content as a
    /// version.
    pub(super) fn fill_file(&mut self, id: Id, size: usize, hash: &str, now: DateTime<Utc>) {
        let Some(entity) = self.store.get(id) else {
            return;
        };
        let key = entity.key.clone();
        let author = self.store.author.clone();
        let now = json!(timestamp(now));
        let name = self.name(id).unwrap_or_default();
        let file = json!({
            "mimeType": media_type(name), "hashes": { "quickXorHash": hash },
        });
        self.store.change(id, |properties| {
            properties.insert("size".into(), json!(size));
            properties.insert("file".into(), file);
            properties.insert("lastModifiedDateTime".into(), now.clone());
            if let Some(author) = author {
                properties.insert("lastModifiedBy".into(), author);
            }
            // The time that a client has set belongs to the content before.
            if let Some(Value::Object(info)) = properties.get_mut("fileSystemInfo") {
                info.remove("lastModifiedDateTime");
            }
            // The tag of the content, which other changes do not affect.
            let tag = properties.get("cTag").and_then(Value::as_str);
            let version =
                tag.and_then(|tag| tag.trim_end_matches('"').rsplit(',').next()?.parse().ok());
            let version: u64 = version.unwrap_or(0) + 1;
            properties.insert("cTag".into(), json!(format!("\"c:{{{key}}},{version}\"")));
        });
        self.keep_version(id, size, now);
    }

    /// Keeps the present content of a file as its newest version.
    fn keep_version(&mut self, id: Id, size: usize, now: Value) {
        let versions = self.store.many(id, "versions").into_iter();
        let numbers = versions.filter_map(|version| {
            let key = &self.store.get(version)?.key;
            key.split('.').next()?.parse::<u64>().ok()
        });
        let number = numbers.max().unwrap_or(0) + 1;
        let author = self.store.author.clone();
        let version = json!({
            "size": size, "lastModifiedDateTime": now, "lastModifiedBy": author,
        });
        let Value::Object(version) = without_null(version) else {
            return;
        };
        let place = Below::many(id, "versions");
        let content = self.store.content(id, "content").cloned();
        let key = format!("{number}.0");
        let version = self.make(
            place,
            "microsoft.graph.driveItemVersion",
            Some(&key),
            version,
        );
        if let Some(content) = content {
            self.store.set_content(version, "content", content);
        }
    }

    /// Returns the properties of a drive item that follow from other entities.
    pub(super) fn item_facts(&self, id: Id, item: &Entity) -> Map<String, Value> {
        let mut facts = Map::new();
        let time = |name: &str| item.properties.get(name);
        let mut info = json!({
            "createdDateTime": time("createdDateTime"),
            "lastModifiedDateTime": time("lastModifiedDateTime"),
        });
        if let (Some(info), Some(Value::Object(sent))) =
            (info.as_object_mut(), item.properties.get("fileSystemInfo"))
        {
            info.extend(sent.clone());
        }
        facts.insert("fileSystemInfo".into(), without_null(info));
        facts.insert("size".into(), json!(self.size(id)));
        if let Some(Value::Object(folder)) = item.properties.get("folder") {
            let mut folder = folder.clone();
            let count = self.store.many(id, "children").len();
            folder.insert("childCount".into(), json!(count));
            facts.insert("folder".into(), folder.into());
        }
        if let Some(scope) = self.shared_scope(id) {
            facts.insert("shared".into(), json!({ "scope": scope }));
        }
        if let Some(entry) = self.store.one(id, "listItem")
            && let Some(ids) = self.sharepoint_ids(entry)
        {
            facts.insert("sharepointIds".into(), ids);
        }
        let drive = self.drive_of(id);
        if let Some(url) = drive.and_then(|drive| self.drive_url(drive)) {
            let path = encoded(&self.names(id));
            facts.insert("webUrl".into(), json!(format!("{url}{path}")));
        }
        if let Some(mut reference) = item.properties.get("parentReference").cloned() {
            self.complete_reference(id, drive, &mut reference);
            facts.insert("parentReference".into(), reference);
        }
        facts
    }

    /// Adds the properties of a `parentReference` that change with the folders above the item.
    fn complete_reference(&self, id: Id, drive: Option<Id>, reference: &mut Value) {
        let above = self.store.ancestors(id).nth(1);
        let Some((folder, entity)) = above.filter(|(_, above)| above.kind == DRIVE_ITEM) else {
            return;
        };
        if let Some(drive) = drive.and_then(|drive| self.store.get(drive)) {
            let path = encoded(&self.names(folder));
            reference["path"] = json!(format!("/drives/{}/root:{path}", drive.key));
        }
        reference["name"] = json!(entity.properties.get("name"));
        let owners = drive.map(|drive| self.store.owners("drive", drive));
        let mut owners = owners.into_iter().flatten();
        let site = owners.find_map(|owner| self.site_of(owner));
        if let Some(site) = site {
            reference["siteId"] = json!(site.key);
        }
    }

    /// Returns the address of a drive for a browser.
    pub(super) fn drive_url(&self, drive: Id) -> Option<String> {
        let (owner, _) = self.store.get(drive)?.parent.as_ref()?;
        let entity = self.store.get(*owner)?;
        let text = |name: &str| entity.properties.get(name).and_then(Value::as_str);
        match entity.kind.as_str() {
            "microsoft.graph.user" => {
                let principal = text("userPrincipalName")?.to_lowercase();
                let person = principal.replace(['@', '.'], "_");
                Some(format!(
                    "https://contoso-my.sharepoint.com/personal/{person}/Documents"
                ))
            }
            "microsoft.graph.group" => {
                let name = text("mailNickname")?;
                Some(format!(
                    "https://contoso.sharepoint.com/sites/{name}/Shared%20Documents"
                ))
            }
            super::SITE => Some(format!("{}/Shared%20Documents", text("webUrl")?)),
            "microsoft.graph.list" => self.list_url(*owner),
            _ => None,
        }
    }

    /// Returns the properties of a drive that follow from other entities. `deleted` is the size of
    /// its deleted items.
    pub(super) fn drive_facts(&self, id: Id, drive: &Entity, deleted: u64) -> Map<String, Value> {
        let mut facts = Map::new();
        let root = self.store.one(id, "root");
        let used = root.map_or(0, |root| self.size(root));
        let remaining = QUOTA.saturating_sub(used).saturating_sub(deleted);
        let state = match remaining {
            0 => "exceeded",
            few if few < QUOTA / 100 => "critical",
            few if few < QUOTA / 10 => "nearing",
            _ => "normal",
        };
        let quota = json!({
            "deleted": deleted, "remaining": remaining, "state": state, "total": QUOTA,
            "used": used,
        });
        facts.insert("quota".into(), quota);
        if let Some(url) = self.drive_url(id) {
            facts.insert("webUrl".into(), json!(url));
        }
        let owner = drive.parent.as_ref().map(|(owner, _)| *owner);
        if let Some(owner) = owner.and_then(|owner| self.owner_of(owner)) {
            facts.insert("owner".into(), owner);
        }
        facts
    }

    /// Returns the identity of a drive's owner.
    fn owner_of(&self, owner: Id) -> Option<Value> {
        let entity = self.store.get(owner)?;
        let identity = |mail: &str| {
            without_null(json!({
                "displayName": entity.properties.get("displayName"),
                "email": entity.properties.get(mail),
                "id": entity.key,
            }))
        };
        match entity.kind.as_str() {
            "microsoft.graph.user" => Some(json!({ "user": identity("mail") })),
            "microsoft.graph.group" => Some(json!({ "group": identity("mail") })),
            _ => None,
        }
    }
}

/// Returns an object without its null properties.
pub(crate) fn without_null(value: Value) -> Value {
    match value {
        Value::Object(entries) => Value::Object(
            entries
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
        ),
        other => other,
    }
}
