//! What Graph's services know of their own entities and the description does not say: that a user's `memberOf` is a
//! group's `members` read backwards, that a message made below a mailbox is a draft, that a drive has a root.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::clock::timestamp;
use crate::description::schema::Schemas;
use crate::ids::Ids;
use crate::storage::quick_xor::quick_xor_hash;
use crate::store::{Content, Id, Store};
use crate::synth;

/// Relations that are another one read from its other end.
const INVERSE: [(&str, &str); 5] = [
    ("memberOf", "members"),
    ("directReports", "manager"),
    ("ownedObjects", "owners"),
    ("ownedDevices", "registeredOwners"),
    ("registeredDevices", "registeredUsers"),
];

/// Relations that are another one, followed as far as it leads.
const TRANSITIVE: [(&str, &str); 3] = [
    ("transitiveMembers", "members"),
    ("transitiveMemberOf", "memberOf"),
    ("transitiveReports", "directReports"),
];

/// The entity set in which all entities of a type are found, wherever they were made.
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

/// The folders that each mailbox has: well-known name, display name.
const FOLDERS: [(&str, &str); 6] = [
    ("inbox", "Inbox"),
    ("drafts", "Drafts"),
    ("sentitems", "Sent Items"),
    ("deleteditems", "Deleted Items"),
    ("archive", "Archive"),
    ("junkemail", "Junk Email"),
];

/// Types of which one place finds all entities of an owner by id, however deep they hang: a mailbox finds each folder,
/// a drive each item.
const FLAT: [&str; 5] = [
    "microsoft.graph.mailFolder",
    "microsoft.graph.message",
    "microsoft.graph.event",
    "microsoft.graph.driveItem",
    "microsoft.graph.listItem",
];

/// What of a store and its description the rules need.
pub(crate) struct Tenant<'a> {
    pub(crate) schemas: &'a Schemas,
    pub(crate) store: &'a mut Store,
    pub(crate) ids: &'a mut Ids,
}

impl Tenant<'_> {
    /// The entities of a collection, computed where it is not kept.
    pub(crate) fn members(&self, owner: Id, relation: &str) -> Vec<Id> {
        if owner == Id::ROOT && relation == "directoryObjects" {
            let directory = |kind: &str| self.schemas.is_a(kind, "microsoft.graph.directoryObject");
            return self
                .store
                .entities()
                .filter(|(_, entity)| directory(&entity.kind))
                .map(|(id, _)| id)
                .collect();
        }
        if relation == "calendarView" {
            return self.store.many(owner, "events");
        }
        if relation == "joinedTeams" {
            let groups = self.store.owners("members", owner).into_iter();
            return groups
                .filter_map(|group| self.store.one(group, "team"))
                .collect();
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

    /// Whether the relation is not kept, but read out of others.
    pub(crate) fn is_computed(owner: Id, relation: &str) -> bool {
        (owner == Id::ROOT && relation == "directoryObjects")
            || matches!(relation, "calendarView" | "joinedTeams")
            || TRANSITIVE
                .iter()
                .chain(&INVERSE)
                .any(|(name, _)| *name == relation)
    }

    /// The entity of a collection that a key stands for.
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
                || (Self::is_computed(owner, relation)
                    && computed
                        .get_or_insert_with(|| self.members(owner, relation))
                        .contains(id))
        })
    }

    /// A folder of a drive that is there under a name of its own, as soon as it is asked for.
    ///
    /// <https://learn.microsoft.com/graph/api/drive-get-specialfolder>
    pub(crate) fn special(&mut self, drive: Id, relation: &str, name: &str) -> Option<Id> {
        const SPECIAL: [(&str, &str); 6] = [
            ("approot", "Apps"),
            ("cameraroll", "Camera Roll"),
            ("desktop", "Desktop"),
            ("documents", "Documents"),
            ("music", "Music"),
            ("photos", "Pictures"),
        ];
        let known = |(word, _): &&(&str, &str)| word.eq_ignore_ascii_case(name);
        let (word, title) = SPECIAL
            .iter()
            .find(known)
            .filter(|_| relation == "special")?;
        let root = self.store.one(drive, "root")?;
        let made = self.store.many(drive, "special").into_iter().find(|id| {
            let item = self.store.get(*id);
            item.is_some_and(|item| {
                item.properties.get("specialFolder") == Some(&json!({ "name": word }))
            })
        });
        made.or_else(|| {
            let folder = json!({
                "name": title, "folder": { "childCount": 0 }, "specialFolder": { "name": word },
            });
            let place = Below::many(root, "children");
            let id = self.make_json(place, "microsoft.graph.driveItem", folder);
            self.store.add(drive, "special", id);
            Some(id)
        })
    }

    /// Makes an entity below `owner`, in a collection or alone, and puts it wherever else it belongs.
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
            // A team is its group, seen from Teams.
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

    /// Makes the singleton that a path names and nobody has made yet.
    pub(crate) fn materialize(&mut self, owner: Id, relation: &str, kind: &str) -> Id {
        let mut properties = synth::object(self.schemas, kind);
        if kind == "microsoft.graph.drive" {
            properties.insert("driveType".into(), json!("business"));
            properties.insert("name".into(), json!("OneDrive"));
        }
        self.make(Below::one(owner, relation), kind, None, properties)
    }

    /// What an entity has from the start, and where else it hangs.
    fn place(&mut self, id: Id, owner: Id, relation: &str, kind: &str) {
        let home = HOMES.iter().find(|(base, _)| self.schemas.is_a(kind, base));
        if let Some((_, set)) = home {
            self.store.add(Id::ROOT, set, id);
        }
        match kind {
            "microsoft.graph.user" => {
                if let Some(name) = self.text(id, "userPrincipalName") {
                    self.store.alias(id, &name);
                }
            }
            "microsoft.graph.message" => self.place_message(id, owner, relation),
            "microsoft.graph.event" => self.place_event(id, owner),
            "microsoft.graph.drive" => {
                let root = json!({ "name": "root", "root": {}, "folder": { "childCount": 0 } });
                self.make_json(Below::one(id, "root"), "microsoft.graph.driveItem", root);
            }
            "microsoft.graph.driveItem" => self.place_drive_item(id, owner, relation),
            _ => {}
        }
    }

    fn make_json(&mut self, place: Below<'_>, kind: &str, properties: Value) -> Id {
        let properties = match properties {
            Value::Object(properties) => properties,
            _ => Map::new(),
        };
        self.make(place, kind, None, properties)
    }

    fn text(&self, id: Id, property: &str) -> Option<String> {
        self.store
            .get(id)?
            .properties
            .get(property)?
            .as_str()
            .map(str::to_owned)
    }

    /// Gives a user what a mailbox has: its folders and its calendar. Does nothing the second time.
    pub(crate) fn open_mailbox(&mut self, user: Id) {
        if self.store.relation(user, "mailFolders").is_some() {
            return;
        }
        self.store.open(user, "mailFolders");
        self.store.open(user, "messages");
        self.store.open(user, "events");
        for (name, title) in FOLDERS {
            let properties = json!({
                "displayName": title, "childFolderCount": 0, "unreadItemCount": 0, "totalItemCount": 0,
                "isHidden": false,
            });
            let place = Below::many(user, "mailFolders");
            let folder = self.make_json(place, "microsoft.graph.mailFolder", properties);
            self.store.alias(folder, name);
        }
        let properties = json!({ "name": "Calendar", "isDefaultCalendar": true, "canEdit": true, "color": "auto" });
        let place = Below::many(user, "calendars");
        let calendar = self.make_json(place, "microsoft.graph.calendar", properties);
        self.store.set(user, "calendar", Some(calendar));
    }

    /// The mailbox, calendar or drive that `id` is part of.
    fn holder(&self, id: Id, kinds: &[&str]) -> Option<Id> {
        self.store
            .ancestors(id)
            .find(|(_, entity)| kinds.contains(&entity.kind.as_str()))
            .map(|(id, _)| id)
    }

    fn place_message(&mut self, id: Id, owner: Id, relation: &str) {
        let Some(mailbox) = self.holder(owner, &["microsoft.graph.user"]) else {
            return;
        };
        if relation != "messages" {
            return;
        }
        let folder = if owner == mailbox {
            // What is made in no folder is a draft.
            let drafts = self
                .store
                .named("drafts")
                .map(|(id, _)| id)
                .collect::<Vec<_>>();
            let drafts = drafts
                .into_iter()
                .find(|id| self.store.holds(mailbox, "mailFolders", *id));
            drafts.inspect(|folder| {
                self.store.add(*folder, "messages", id);
            })
        } else {
            self.store.add(mailbox, "messages", id);
            Some(owner)
        };
        let folder = folder
            .and_then(|folder| self.store.get(folder))
            .map(|folder| folder.key.clone());
        if let Some(folder) = folder {
            self.store.change(id, |message| {
                message.insert("parentFolderId".into(), json!(folder));
            });
        }
    }

    fn place_event(&mut self, id: Id, owner: Id) {
        let Some(mailbox) = self.holder(owner, &["microsoft.graph.user"]) else {
            return;
        };
        let calendar = self.store.one(mailbox, "calendar");
        if owner == mailbox {
            if let Some(calendar) = calendar {
                self.store.add(calendar, "events", id);
            }
        } else if Some(owner) == calendar {
            self.store.add(mailbox, "events", id);
        }
    }

    fn place_drive_item(&mut self, id: Id, owner: Id, relation: &str) {
        let Some(drive) = self.holder(owner, &["microsoft.graph.drive"]) else {
            return;
        };
        if relation == "root" {
            self.store.alias(id, "root");
        }
        self.store.add(drive, "items", id);
        let drive_key = self.store.get(drive).map(|drive| drive.key.clone());
        let parent = self
            .store
            .get(owner)
            .filter(|owner| owner.kind == "microsoft.graph.driveItem");
        let mut reference = json!({ "driveId": drive_key, "driveType": "business" });
        if let Some(parent) = parent {
            reference["id"] = json!(parent.key);
        }
        self.store.change(id, |item| {
            item.insert("parentReference".into(), reference);
        });
    }

    /// The entity set in which an entity is found, wherever it was made.
    pub(crate) fn home(&self, kind: &str) -> Option<&'static str> {
        let home = HOMES.iter().find(|(base, _)| self.schemas.is_a(kind, base));
        home.map(|(_, set)| *set)
    }

    /// Stores the bytes of a stream, and what its entity says of them.
    pub(crate) fn fill(
        &mut self,
        id: Id,
        stream: &str,
        media_type: String,
        bytes: Bytes,
        now: DateTime<Utc>,
    ) {
        let (size, hash) = (bytes.len(), quick_xor_hash(&bytes));
        let content = Content {
            media_type: media_type.clone(),
            bytes,
        };
        self.store.set_content(id, stream, content);
        let Some(entity) = self.store.get(id) else {
            return;
        };
        let (kind, key) = (entity.kind.clone(), entity.key.clone());
        let described = |name: &str| self.schemas.property(&kind, name).is_some();
        let (sized, file) = (described("size"), kind == "microsoft.graph.driveItem");
        self.store.change(id, |properties| {
            if sized {
                properties.insert("size".into(), json!(size));
            }
            if !file || stream != "content" {
                return;
            }
            let file = json!({ "mimeType": media_type, "hashes": { "quickXorHash": hash } });
            properties.insert("file".into(), file);
            properties.insert("lastModifiedDateTime".into(), json!(timestamp(now)));
            // The content's own tag, which other changes leave as it is.
            let tag = properties.get("cTag").and_then(Value::as_str);
            let version =
                tag.and_then(|tag| tag.trim_end_matches('"').rsplit(',').next()?.parse().ok());
            let version: u64 = version.unwrap_or(0) + 1;
            properties.insert("cTag".into(), json!(format!("\"c:{{{key}}},{version}\"")));
        });
    }

    /// The folders in which a message lies.
    pub(crate) fn folders_of(&self, message: Id) -> Vec<Id> {
        let mut owners = self.store.owners("messages", message);
        owners.retain(|owner| {
            let owner = self.store.get(*owner);
            owner.is_some_and(|owner| owner.kind == "microsoft.graph.mailFolder")
        });
        owners
    }

    /// Brings a deleted object of the directory back. `None` where it is not among the deleted ones.
    pub(crate) fn restore(&mut self, id: Id) -> Option<Id> {
        let entity = self.store.get(id)?;
        if entity.below("deletedItems").is_empty() {
            return None;
        }
        let (_, set) = HOMES
            .iter()
            .find(|(base, _)| self.schemas.is_a(&entity.kind, base))?;
        let entity = self.store.remove(id)?;
        let place = Below::many(Id::ROOT, set);
        Some(self.make(place, &entity.kind, Some(&entity.key), entity.properties))
    }

    /// Removes an entity, and keeps those of the directory among its deleted items, from where they can be restored.
    pub(crate) fn delete(&mut self, id: Id) {
        let Some(entity) = self.store.remove(id) else {
            return;
        };
        let kept = [
            "microsoft.graph.user",
            "microsoft.graph.group",
            "microsoft.graph.application",
        ];
        let Some(directory) = self
            .store
            .one(Id::ROOT, "directory")
            .filter(|_| kept.contains(&entity.kind.as_str()))
            // What is deleted a second time is gone.
            .filter(|directory| !entity.hangs(*directory, "deletedItems"))
        else {
            return;
        };
        let copy = self
            .store
            .insert(&entity.kind, &entity.key, entity.properties);
        self.store.settle(copy, directory, "deletedItems");
        self.store.add(directory, "deletedItems", copy);
    }
}

/// A place for a new entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Below<'a> {
    pub(crate) owner: Id,
    pub(crate) relation: &'a str,
    /// Whether many hang there.
    pub(crate) many: bool,
    /// The property whose value is an entity's key there, where it is not `id`.
    pub(crate) key_property: Option<&'a str>,
}

impl<'a> Below<'a> {
    /// A place in a collection.
    pub(crate) fn many(owner: Id, relation: &'a str) -> Self {
        Self {
            owner,
            relation,
            many: true,
            key_property: None,
        }
    }

    /// A place for one alone.
    pub(crate) fn one(owner: Id, relation: &'a str) -> Self {
        Self {
            owner,
            relation,
            many: false,
            key_property: None,
        }
    }
}
